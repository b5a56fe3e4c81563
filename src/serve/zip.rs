//! A ZIP file of stored entries, written while it is read: sizes are known beforehand, sums when an entry has passed. Entries
//! and files of 4 GiB and more are written as ZIP64 (APPNOTE 6.3.10, section 4). Must not hold more than a header.

use flate2::Crc;
use std::collections::VecDeque;
use std::io::{self, Read};

/// Flag: the sum follows the data (bit 3), names are UTF-8 (bit 11).
const FLAGS: u16 = 1 << 3 | 1 << 11;
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;
/// 1980-01-01, the first day that the format knows: entries have no time of their own.
const DAY: u16 = 0x0021;
const MAX_32: u64 = 0xffff_ffff;

type Source = Box<dyn Read + Send>;

/// A file to be put in.
pub(super) struct Entry {
    /// Its name; ASCII.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Opens it when its turn comes.
    pub open: Box<dyn FnOnce() -> io::Result<Source> + Send>,
}

impl Entry {
    /// One whose content is at hand.
    pub(super) fn of(name: impl Into<String>, content: Vec<u8>) -> Self {
        let bytes = content.len() as u64;
        Self { name: name.into(), bytes, open: Box::new(|| Ok(Box::new(io::Cursor::new(content)))) }
    }
}

/// The ZIP file of these entries, to be read once.
pub(super) fn zip(entries: Vec<Entry>) -> impl Read + Send {
    Zip { waiting: entries.into(), current: None, done: Vec::new(), out: io::Cursor::default(), at: 0, is_ended: false }
}

struct Zip {
    waiting: VecDeque<Entry>,
    current: Option<Current>,
    done: Vec<Done>,
    /// Headers that are to be read next.
    out: io::Cursor<Vec<u8>>,
    /// Bytes that were handed out or lie in `out`.
    at: u64,
    is_ended: bool,
}

struct Current {
    name: String,
    bytes: u64,
    left: u64,
    offset: u64,
    crc: Crc,
    content: Source,
}

/// An entry that has passed, as the directory names it.
struct Done {
    name: String,
    bytes: u64,
    offset: u64,
    crc: u32,
}

impl Read for Zip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.out.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Some(current) = &mut self.current {
                let most = usize::try_from(current.left).unwrap_or(usize::MAX).min(buffer.len());
                let read = current.content.read(&mut buffer[..most])?;
                if read > 0 {
                    current.crc.update(&buffer[..read]);
                    current.left -= read as u64;
                    self.at += read as u64;
                    return Ok(read);
                }
                self.end_entry()?;
            } else if let Some(entry) = self.waiting.pop_front() {
                self.begin(entry)?;
            } else if self.is_ended {
                return Ok(0);
            } else {
                self.is_ended = true;
                let directory = directory(&self.done, self.at);
                self.put(directory);
            }
        }
    }
}

impl Zip {
    fn put(&mut self, bytes: Vec<u8>) {
        self.at += bytes.len() as u64;
        self.out = io::Cursor::new(bytes);
    }

    fn begin(&mut self, entry: Entry) -> io::Result<()> {
        let Entry { name, bytes, open } = entry;
        let is_64 = bytes >= MAX_32;
        let mut header = Vec::new();
        put32(&mut header, 0x0403_4b50);
        put16(&mut header, if is_64 { VERSION_64 } else { VERSION });
        fields(&mut header, 0, bytes, &name, if is_64 { 20 } else { 0 });
        header.extend(name.as_bytes());
        if is_64 {
            put16(&mut header, 1);
            put16(&mut header, 16);
            put64(&mut header, bytes);
            put64(&mut header, bytes);
        }
        let offset = self.at;
        self.put(header);
        self.current = Some(Current { name, bytes, left: bytes, offset, crc: Crc::new(), content: open()? });
        Ok(())
    }

    fn end_entry(&mut self) -> io::Result<()> {
        let Some(Current { name, bytes, left, offset, crc, .. }) = self.current.take() else { return Ok(()) };
        if left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut descriptor = Vec::new();
        put32(&mut descriptor, 0x0807_4b50);
        put32(&mut descriptor, crc.sum());
        for _ in 0..2 {
            if bytes >= MAX_32 { put64(&mut descriptor, bytes) } else { put32(&mut descriptor, bytes as u32) }
        }
        self.put(descriptor);
        self.done.push(Done { name, bytes, offset, crc: crc.sum() });
        Ok(())
    }
}

/// What local headers and the directory have in common: from the flags to the lengths of name and extra field.
fn fields(out: &mut Vec<u8>, crc: u32, bytes: u64, name: &str, extra: u16) {
    put16(out, FLAGS);
    put16(out, 0);
    put16(out, 0);
    put16(out, DAY);
    put32(out, crc);
    put32(out, bytes.min(MAX_32) as u32);
    put32(out, bytes.min(MAX_32) as u32);
    put16(out, name.len() as u16);
    put16(out, extra);
}

/// The directory at the end, which begins at byte `start`.
fn directory(entries: &[Done], start: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let is_64 = entry.bytes >= MAX_32 || entry.offset >= MAX_32;
        put32(&mut out, 0x0201_4b50);
        put16(&mut out, if is_64 { VERSION_64 } else { VERSION });
        put16(&mut out, if is_64 { VERSION_64 } else { VERSION });
        let bytes = if is_64 { MAX_32 } else { entry.bytes };
        fields(&mut out, entry.crc, bytes, &entry.name, if is_64 { 28 } else { 0 });
        put16(&mut out, 0);
        put16(&mut out, 0);
        put16(&mut out, 0);
        put32(&mut out, 0);
        put32(&mut out, if is_64 { MAX_32 } else { entry.offset } as u32);
        out.extend(entry.name.as_bytes());
        if is_64 {
            put16(&mut out, 1);
            put16(&mut out, 24);
            [entry.bytes, entry.bytes, entry.offset].iter().for_each(|number| put64(&mut out, *number));
        }
    }
    let (length, count) = (out.len() as u64, entries.len() as u64);
    let end = start + length;
    if start >= MAX_32 {
        put32(&mut out, 0x0606_4b50);
        put64(&mut out, 44);
        put16(&mut out, VERSION_64);
        put16(&mut out, VERSION_64);
        put64(&mut out, 0);
        [count, count, length, start].iter().for_each(|number| put64(&mut out, *number));
        put32(&mut out, 0x0706_4b50);
        put32(&mut out, 0);
        put64(&mut out, end);
        put32(&mut out, 1);
    }
    put32(&mut out, 0x0605_4b50);
    put32(&mut out, 0);
    put16(&mut out, count as u16);
    put16(&mut out, count as u16);
    put32(&mut out, length as u32);
    put32(&mut out, start.min(MAX_32) as u32);
    put16(&mut out, 0);
    out
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// As another program reads it: names and contents.
    fn unzipped(zip: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        std::fs::write(&path, zip).unwrap();
        let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                      print([(i.filename, i.file_size, z.read(i)[:3]) for i in z.infolist()])";
        let ran = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }

    #[test]
    fn another_program_reads_what_was_put_in() {
        let entries =
            vec![Entry::of("a.txt", b"abc".to_vec()), Entry::of("empty", Vec::new()), Entry::of("b", vec![7; 100_000])];
        let mut bytes = Vec::new();
        zip(entries).read_to_end(&mut bytes).unwrap();
        let want = "[('a.txt', 3, b'abc'), ('empty', 0, b''), ('b', 100000, b'\\x07\\x07\\x07')]\n";
        assert_eq!(unzipped(&bytes), want);
    }

    /// 4 GiB of zeros would take long to be read again: the headers alone, with the content left out, must fit the format.
    #[test]
    fn files_of_4_gib_and_more_are_told_in_numbers_of_8_bytes() {
        let big = 5 << 30;
        let entry = Entry { name: "big".into(), bytes: big, open: Box::new(|| Ok(Box::new(io::empty()))) };
        let mut head = vec![0; 30 + 3 + 20];
        zip(vec![entry]).read_exact(&mut head).unwrap();
        assert_eq!(head[18..26], [0xff; 8]);
        assert_eq!(head[33..53], [&[1, 0, 16, 0][..], &u64::to_le_bytes(big), &u64::to_le_bytes(big)].concat());
        let done = [Done { name: "big".into(), bytes: big, offset: 0, crc: 1 }];
        let directory = directory(&done, big + 100);
        let end = directory.len() - 22;
        assert_eq!(directory[end..end + 4], 0x0605_4b50_u32.to_le_bytes());
        assert_eq!(directory[end + 16..end + 20], [0xff; 4]);
        let locator = end - 20;
        let end_64 = u64::from_le_bytes(directory[locator + 8..locator + 16].try_into().unwrap());
        let record = usize::try_from(end_64 - big - 100).unwrap();
        assert_eq!(directory[record..record + 4], 0x0606_4b50_u32.to_le_bytes());
        assert_eq!(directory[record + 48..record + 56], (big + 100).to_le_bytes());
    }

    #[test]
    fn a_file_that_is_shorter_than_was_said_is_an_error() {
        let entry = Entry { bytes: 4, ..Entry::of("a", b"abc".to_vec()) };
        assert!(zip(vec![entry]).read_to_end(&mut Vec::new()).is_err());
    }
}
