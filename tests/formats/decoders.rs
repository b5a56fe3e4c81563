//! Recordings as other programs decode them, which share no line with this one. `scripts/test` installs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The samples of each recording (its bytes and its extension), all channels interleaved, as 16-bit integers.
///
/// Panics where ffmpeg is missing or has anything to complain about.
pub fn ffmpeg(recordings: &[(Vec<u8>, String)]) -> Vec<Vec<i16>> {
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), recordings);
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error"]);
    for (from, _) in &files {
        command.arg("-i").arg(from);
    }
    for (n, (_, to)) in files.iter().enumerate() {
        command.args(["-map", &format!("{n}:a"), "-f", "s16le"]).arg(to);
    }
    run(&mut command);
    files.iter().map(|(_, to)| samples(to)).collect()
}

/// The same by sox, one after the other.
pub fn sox(recordings: &[(Vec<u8>, String)]) -> Vec<Vec<i16>> {
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), recordings);
    for (from, to) in &files {
        // Without dither, which sox adds by default.
        run(Command::new("sox").arg("-D").arg(from).args(["-t", "raw", "-b", "16", "-e", "signed", "-L"]).arg(to));
    }
    files.iter().map(|(_, to)| samples(to)).collect()
}

/// These samples of one channel, as ffmpeg encodes them with these arguments.
pub fn encode(samples: &[i16], rate_hz: u32, how: &[&str], extension: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["raw", extension].map(|extension| folder.path().join("sound").with_extension(extension));
    fs::write(&from, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<_>>()).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-f", "s16le", "-ac", "1", "-ar", &rate_hz.to_string(), "-i"]);
    run(command.arg(from).args(how).args(["-fflags", "+bitexact"]).arg(&to));
    fs::read(to).unwrap()
}

fn write(folder: &Path, recordings: &[(Vec<u8>, String)]) -> Vec<(PathBuf, PathBuf)> {
    let name = |n: usize, extension: &str| folder.join(format!("{n}.{extension}"));
    let written = recordings.iter().enumerate().map(|(n, (bytes, extension))| {
        fs::write(name(n, extension), bytes).unwrap();
        (name(n, extension), name(n, "raw"))
    });
    written.collect()
}

fn run(command: &mut Command) {
    let output = command.output().expect("ffmpeg and sox run; scripts/test installs them");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
}

fn samples(file: &Path) -> Vec<i16> {
    fs::read(file).unwrap().chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}
