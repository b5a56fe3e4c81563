//! The manifest: the commit record of a call, without text, raw keys or anything that varies.
