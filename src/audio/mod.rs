//! Recordings, in and out: containers and codecs, muting, proof of silence.
