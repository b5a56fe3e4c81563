//! What a recording looks like: the least and the greatest sample of each of a fixed number of stretches of each channel, out
//! of the redacted copy. Made in the background, one at a time, so that nobody waits for an hour of sound to be decoded, and
//! kept in the index. Memory is that of one block of samples.

use super::answer::{Answer, json};
use super::app::{App, lock};
use super::asked::Asked;
use super::call::Call;
use super::index::Index;
use crate::audio;
use crate::base::{CallId, Kind, Phi, Result, Sha256Hex};
use crate::model::RawShape;
use crate::model::manifest::Artifact;
use crate::store::Store;
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// Stretches of a recording: a little more than a wide screen has dots.
const STRETCHES: usize = 1200;
/// Most recordings that wait to be decoded; whoever asks beyond that asks again.
const WAITING_MAX: usize = 64;
/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

/// Recordings that wait to be decoded. One thread does them all and ends when none is left.
#[derive(Clone, Default)]
pub(super) struct Waves(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    /// The first one is being done.
    recordings: VecDeque<Recording>,
}

/// A recording of a redacted copy.
#[derive(Clone)]
struct Recording {
    call: CallId,
    key: Phi<String>,
    sha256: Sha256Hex,
    channels: u16,
    raw: Option<RawShape>,
}

/// Peaks as pages read them: for each channel the least and the greatest sample of each stretch in turn, −127 to 127.
#[derive(Serialize)]
struct Peaks<'a> {
    channels: Vec<&'a [i8]>,
}

/// Answers with the peaks of a recording of a call (`file`; the first where none is named), or that they are being made.
pub(super) fn of_call(app: &App, asked: &Asked) -> Answer {
    let Some(recording) = Recording::of(asked.call()?, asked.query("file")) else {
        return Ok(json(StatusCode::OK, &Peaks { channels: Vec::new() }));
    };
    let Some(bytes) = app.parts.index.wave(&recording.call, recording.sha256.as_str())? else {
        app.waves.make(recording, &app.parts.store, &app.parts.index);
        return Ok(json(StatusCode::ACCEPTED, &serde_json::json!({ "ready": false })));
    };
    let peaks: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
    let of_channel = (peaks.len() / usize::from(recording.channels).max(1)).max(1);
    Ok(json(StatusCode::OK, &Peaks { channels: peaks.chunks(of_channel).collect() }))
}

impl Recording {
    fn of(call: &Call, file: Option<&str>) -> Option<Self> {
        let id = &call.manifest.call;
        call.manifest.artifacts.iter().find_map(|artifact| match artifact {
            Artifact::Recording { name, sha256, channels, .. } if file.is_none_or(|file| file == name) => Some(Self {
                call: id.clone(),
                key: Phi::new(format!("{id}/{name}")),
                sha256: sha256.clone(),
                channels: *channels,
                raw: artifact.raw(),
            }),
            Artifact::Recording { .. } | Artifact::Transcript { .. } => None,
        })
    }
}

impl Waves {
    /// Has peaks made and kept, unless they are waited for.
    fn make(&self, recording: Recording, store: &Arc<dyn Store>, index: &Arc<Index>) {
        let mut waiting = lock(&self.0);
        let is_known = waiting.recordings.iter().any(|r| r.sha256 == recording.sha256);
        if is_known || waiting.recordings.len() >= WAITING_MAX {
            return;
        }
        waiting.recordings.push_back(recording);
        if waiting.recordings.len() == 1 {
            let (waves, store, index) = (self.clone(), Arc::clone(store), Arc::clone(index));
            let thread = std::thread::Builder::new().name("waves".into()).spawn(move || waves.work(&*store, &index));
            if thread.is_err() {
                // Whoever asks next tries again.
                waiting.recordings.clear();
            }
        }
    }

    fn work(&self, store: &dyn Store, index: &Index) {
        loop {
            let Some(next) = lock(&self.0).recordings.front().cloned() else { return };
            let made = catch_unwind(AssertUnwindSafe(|| peaks(store, &next.key, next.raw)));
            let kept = match made {
                Ok(Ok(peaks)) => Some(peaks),
                Ok(Err(error)) if error.kind == Kind::Io => None,
                // It cannot be drawn, and need not be tried again.
                _ => Some(Vec::new()),
            };
            // An index that cannot be written has told so where it is brought up to date.
            let _ = kept.map(|peaks| index.keep_wave(&next.call, next.sha256.as_str(), &peaks));
            let mut waiting = lock(&self.0);
            waiting.recordings.pop_front();
            if waiting.recordings.is_empty() {
                return;
            }
        }
    }
}

/// The peaks of a recording, channel after channel, as signed bytes.
fn peaks(store: &dyn Store, key: &Phi<String>, raw: Option<RawShape>) -> Result<Vec<u8>> {
    let (object, _) = store.open(key)?;
    let mut source = BufReader::with_capacity(READ_BYTES, object);
    let opened = audio::open(&mut source, raw)?;
    let (frames, channels) = (opened.info().frames, usize::from(opened.info().channels));
    let mut peaks = vec![[0_i8; 2]; STRETCHES * channels];
    opened.decode(&mut source, &mut |block| {
        for (channel, plane) in block.planes().into_exposed().iter().enumerate() {
            let of_channel = &mut peaks[channel * STRETCHES..][..STRETCHES];
            for (frame, sample) in (block.first_frame()..).zip(plane) {
                let [least, greatest] = &mut of_channel[stretch(frame, frames)];
                let height = (sample * 127.0).round() as i8;
                (*least, *greatest) = ((*least).min(height), (*greatest).max(height));
            }
        }
        Ok(())
    })?;
    Ok(peaks.as_flattened().iter().map(|peak| peak.cast_unsigned()).collect())
}

/// Which stretch a frame lies in.
fn stretch(frame: u64, frames: u64) -> usize {
    let stretch = u128::from(frame) * STRETCHES as u128 / u128::from(frames.max(1));
    usize::try_from(stretch).map_or(STRETCHES - 1, |stretch| stretch.min(STRETCHES - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalStore;

    #[test]
    fn peaks_show_where_sound_is_and_where_it_is_muted() {
        let folder = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(folder.path().join("recording.wav"), spec).unwrap();
        let frames = 80_000;
        for frame in 0..frames {
            // The first channel is silent in its second half, the second one is half as loud throughout.
            writer.write_sample(if frame < frames / 2 { i16::MAX } else { 0 }).unwrap();
            writer.write_sample(if frame % 2 == 0 { i16::MIN / 2 } else { i16::MAX / 2 }).unwrap();
        }
        writer.finalize().unwrap();
        let store = LocalStore::source(folder.path()).unwrap();
        let peaks = peaks(&store, &Phi::new("recording.wav".into()), None).unwrap();
        let at = |channel: usize, stretch: usize| {
            let from = (channel * STRETCHES + stretch) * 2;
            [peaks[from].cast_signed(), peaks[from + 1].cast_signed()]
        };
        assert_eq!(peaks.len(), 2 * 2 * STRETCHES);
        assert_eq!((at(0, 0), at(0, STRETCHES / 2 - 1)), ([0, 127], [0, 127]));
        assert_eq!((at(0, STRETCHES / 2), at(0, STRETCHES - 1)), ([0, 0], [0, 0]));
        assert!(at(1, 7)[0] <= -63 && at(1, 7)[1] >= 63);
    }

    #[test]
    fn every_frame_has_its_stretch() {
        for frames in [1, 7, 1199, 1200, 1_000_003, u64::MAX] {
            assert_eq!(stretch(0, frames), 0);
            assert!(stretch(frames - 1, frames) < STRETCHES);
        }
        assert_eq!(stretch(0, 0), 0);
    }
}
