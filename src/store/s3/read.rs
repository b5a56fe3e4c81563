//! An object as something to read and seek in, in bounded memory.
//!
//! Reading on asks for nothing new: one request streams, and a few blocks are fetched ahead of what is read. A body that
//! breaks off is asked for again from there, of the same state of the object (`If-Match`). Seeking elsewhere opens a
//! second stream and keeps the first, because a recording's header is read first, then its end, then all between.

use super::client::{Answer, Client, Running};
use super::fault::Fault;
use crate::base::{Phi, Result};
use crate::store::Stat;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of a block, about.
const BLOCK_BYTES: usize = 512 << 10;
/// Blocks that are fetched ahead of what is read.
const BLOCKS_AHEAD: usize = 2;
/// Up to this size an object is one block, so that going to its end and back asks for nothing.
const ONE_BLOCK_BYTES_MAX: usize = 4 << 20;
/// Streams of one object that are open at once.
const STREAMS_MAX: usize = 2;
/// How often one stream may break off.
const CUTS_MAX: u32 = 8;
/// Wait before the first resumption; each next one waits twice as long.
const RESUME_AFTER: Duration = Duration::from_millis(50);

/// An object of a bucket.
pub(super) struct Location {
    pub client: Client,
    pub bucket: String,
    pub key: Phi<String>,
}

impl Location {
    /// Its state now.
    pub async fn stat(&self) -> Answer<Stat> {
        let head = self.client.sdk.head_object().bucket(&self.bucket).key(self.key.expose()).send().await?;
        let bytes = self.size(head.content_length(), head.e_tag()).await?;
        Ok(stat(bytes, head.e_tag(), head.last_modified()))
    }

    /// Opens it: its state and its body.
    async fn open(&self) -> Answer<(Stat, ByteStream)> {
        let answer = self.get(0, None).await?;
        let bytes = self.size(answer.content_length(), answer.e_tag()).await?;
        Ok((stat(bytes, answer.e_tag(), answer.last_modified()), answer.body))
    }

    /// Its size as a server said it, or, where a proxy in between has left that out, as a range of it says.
    async fn size(&self, told: Option<i64>, tag: Option<&str>) -> Answer<u64> {
        if let Some(bytes) = told {
            return u64::try_from(bytes).map_err(|_| Fault::BadAnswer(200));
        }
        let request = self.client.sdk.get_object().bucket(&self.bucket).key(self.key.expose()).range("bytes=0-0");
        match request.set_if_match(tag.map(str::to_owned)).send().await.map_err(Fault::from) {
            Ok(answer) => total(&answer),
            // There is no first byte.
            Err(Fault::Refused(416, _)) => Ok(0),
            Err(fault) => Err(fault),
        }
    }

    /// Its content from byte `from` on; `tag` is the state that it must still have.
    async fn get(&self, from: u64, tag: Option<&str>) -> Answer<GetObjectOutput> {
        self.ask((from > 0).then(|| format!("bytes={from}-")), from, tag).await
    }

    /// These bytes of it; `tag` is the state that it must still have.
    pub async fn part(&self, part: &Range<u64>, tag: Option<&str>) -> Answer<GetObjectOutput> {
        let last = part.end.saturating_sub(1);
        self.ask(Some(format!("bytes={}-{last}", part.start)), part.start, tag).await
    }

    /// A server or proxy that leaves out the range, or the condition, has answered another question: its bytes would stand in the
    /// wrong place, or be those of another state.
    async fn ask(&self, range: Option<String>, from: u64, tag: Option<&str>) -> Answer<GetObjectOutput> {
        let is_part = range.is_some();
        let request = self.client.sdk.get_object().bucket(&self.bucket).key(self.key.expose());
        let answer = request.set_range(range).set_if_match(tag.map(quoted)).send().await?;
        let is_there = !is_part || first(&answer) == Some(from);
        let is_of = tag.is_none_or(|tag| answer.e_tag().is_some_and(|now| unquoted(now) == tag));
        if is_there && is_of { Ok(answer) } else { Err(Fault::BadAnswer(if is_part { 206 } else { 200 })) }
    }

    /// All of it where it has at most `bytes_max` bytes, and its state.
    pub async fn read(&self, bytes_max: u64) -> Answer<Option<(Vec<u8>, Stat)>> {
        let (stat, body) = self.open().await?;
        if stat.bytes > bytes_max {
            return Ok(None);
        }
        let mut stream = Stream::of(body, 0, &stat);
        let mut bytes = Vec::with_capacity(usize::try_from(stat.bytes).unwrap_or_default());
        while let Some(block) = stream.block(self, &stat.version).await.map_err(|_| Fault::NoConnection)? {
            bytes.extend_from_slice(&block);
        }
        Ok(Some((bytes, stat)))
    }
}

/// What tells the state of an object.
///
/// The version is the ETag and not the version id, although that names more: a listing has no version ids, so that a
/// second run would have to read every object again to know it as the same.
pub(super) fn stat(bytes: u64, tag: Option<&str>, modified: Option<&DateTime>) -> Stat {
    let version = unquoted(tag.unwrap_or_default()).to_owned();
    Stat { bytes, version, modified_s: modified.and_then(|at| u64::try_from(at.secs()).ok()).unwrap_or_default() }
}

/// The size of the whole object, as the answer for a part of it says.
pub(super) fn total(answer: &GetObjectOutput) -> Answer<u64> {
    let total = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
    total.ok_or(Fault::BadAnswer(206))
}

/// The first byte of a part, as its answer says.
fn first(answer: &GetObjectOutput) -> Option<u64> {
    answer.content_range()?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// An ETag as conditions of requests have it.
pub(super) fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

fn unquoted(tag: &str) -> &str {
    tag.trim_matches('"')
}

/// How often a body has broken off.
#[derive(Default)]
pub(super) struct Cuts(u32);

impl Cuts {
    /// Waits until it may be asked for again; not, where it has broken off too often.
    pub async fn wait(&mut self) -> bool {
        if self.0 == CUTS_MAX {
            return false;
        }
        tokio::time::sleep(RESUME_AFTER * 2u32.pow(self.0)).await;
        self.0 += 1;
        true
    }
}

/// A body on its way, which is asked for again where it breaks off.
struct Stream {
    body: ByteStream,
    /// The byte of the object that comes next.
    at: u64,
    end: u64,
    block_bytes: usize,
    cuts: Cuts,
    /// What came and was not handed out yet.
    block: Vec<u8>,
    /// Whether anything was handed out. Until then the body is asked for anew, which has a sum to be checked by, and not
    /// from where it broke off.
    is_read: bool,
}

impl Stream {
    fn of(body: ByteStream, at: u64, stat: &Stat) -> Self {
        let block_bytes = if stat.bytes <= ONE_BLOCK_BYTES_MAX as u64 { ONE_BLOCK_BYTES_MAX } else { BLOCK_BYTES };
        Self { body, at, end: stat.bytes, block_bytes, cuts: Cuts::default(), block: Vec::new(), is_read: false }
    }

    /// The next bytes; nothing at the end. The last ones are handed out once the body has ended, and so has the SDK's
    /// check of its sum, where the server has told one.
    async fn block(&mut self, location: &Location, tag: &str) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.body.next().await {
                Some(Ok(bytes)) => {
                    let left = self.end - self.at;
                    if bytes.len() as u64 > left {
                        return Err(broken("the object is longer than the server said"));
                    }
                    self.at += bytes.len() as u64;
                    let is_full = !self.block.is_empty() && self.block.len() + bytes.len() > self.block_bytes;
                    let full = is_full.then(|| std::mem::take(&mut self.block));
                    if self.block.is_empty() {
                        let left = usize::try_from(left).map_or(self.block_bytes, |left| left.min(self.block_bytes));
                        self.block.reserve_exact(left);
                    }
                    self.block.extend_from_slice(&bytes);
                    if full.is_some() {
                        self.is_read = true;
                        return Ok(full);
                    }
                }
                None if self.at == self.end => {
                    let last = std::mem::take(&mut self.block);
                    return Ok((!last.is_empty()).then_some(last));
                }
                // All of it came, and it is not what was stored.
                Some(Err(_)) if self.at == self.end && self.is_read => {
                    return Err(broken("the object's checksum differs"));
                }
                Some(Err(_)) | None => self.resume(location, tag).await?,
            }
        }
    }

    async fn resume(&mut self, location: &Location, tag: &str) -> io::Result<()> {
        if !self.cuts.wait().await {
            return Err(broken("the object's body breaks off again and again"));
        }
        if !self.is_read {
            self.at -= self.block.len() as u64;
            self.block.clear();
        }
        self.body = location.get(self.at, Some(tag)).await.map_err(io::Error::other)?.body;
        Ok(())
    }
}

fn broken(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

/// A stream as its reader sees it: the block that is read, and more to come.
struct Flow {
    start: u64,
    block: Vec<u8>,
    blocks: mpsc::Receiver<io::Result<Vec<u8>>>,
    _task: Running<()>,
}

impl Flow {
    /// Streams on from `body`, or from byte `start` where there is none yet.
    fn begin(location: &Arc<Location>, stat: &Stat, start: u64, body: Option<ByteStream>) -> Self {
        let (sender, blocks) = mpsc::channel(BLOCKS_AHEAD);
        let (location, stat) = (Arc::clone(location), stat.clone());
        let client = location.client.clone();
        let task = client.spawn(async move {
            let body = match body {
                Some(body) => body,
                None => match location.get(start, Some(&stat.version)).await {
                    Ok(answer) => answer.body,
                    Err(fault) => return drop(sender.send(Err(io::Error::other(fault))).await),
                },
            };
            let mut stream = Stream::of(body, start, &stat);
            while let Some(block) = stream.block(&location, &stat.version).await.transpose() {
                let is_last = block.is_err();
                if sender.send(block).await.is_err() || is_last {
                    return;
                }
            }
        });
        Self { start, block: Vec::new(), blocks, _task: task }
    }

    fn end(&self) -> u64 {
        self.start + self.block.len() as u64
    }

    /// What it has from `at` on; nothing where it does not lead there.
    fn bytes(&mut self, at: u64) -> io::Result<Option<&[u8]>> {
        if at == self.end() {
            let next = self.blocks.blocking_recv().unwrap_or_else(|| Err(ErrorKind::UnexpectedEof.into()))?;
            self.start = at;
            self.block = next;
        }
        let inside = at.checked_sub(self.start).and_then(|skip| self.block.get(usize::try_from(skip).ok()?..));
        Ok(inside.filter(|bytes| !bytes.is_empty()))
    }
}

/// An object that is open.
pub(super) struct Reader {
    location: Arc<Location>,
    stat: Stat,
    at: u64,
    /// Its streams, the one last used first.
    flows: VecDeque<Flow>,
}

impl Reader {
    /// Opens an object; its first bytes are on their way when this returns.
    ///
    /// # Errors
    /// Holds the call where the object is missing or may not be read.
    pub fn open(location: Location) -> Result<(Self, Stat)> {
        let location = Arc::new(location);
        let (stat, body) = location.client.wait(location.open()).map_err(Fault::reading)?;
        let flow = Flow::begin(&location, &stat, 0, Some(body));
        Ok((Self { location, stat: stat.clone(), at: 0, flows: [flow].into() }, stat))
    }

    /// Brings the stream that leads to the place to the front, and says what it has there.
    fn bytes(&mut self) -> io::Result<&[u8]> {
        let at = self.at;
        let leads = |flow: &Flow| (flow.start..=flow.end()).contains(&at);
        let flow = match self.flows.iter().position(leads).and_then(|i| self.flows.remove(i)) {
            Some(flow) => flow,
            None => Flow::begin(&self.location, &self.stat, at, None),
        };
        self.flows.push_front(flow);
        self.flows.truncate(STREAMS_MAX);
        // Split in two, because a stream that has failed is of no use any more.
        if let Err(error) = self.flows[0].bytes(at) {
            self.flows.pop_front();
            return Err(error);
        }
        self.flows[0].bytes(at)?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.stat.bytes || buffer.is_empty() {
            return Ok(0);
        }
        let bytes = self.bytes()?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.stat.bytes.checked_add_signed(by),
        };
        self.at = target.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
