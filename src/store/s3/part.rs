//! A part of an object as it comes, for whoever sends it on: nothing is fetched ahead of what is read but what the connection
//! itself holds, so that a server can have many of them open. A body that breaks off is asked for again from there, of the same
//! state of the object.

use super::client::Answer;
use super::fault::Fault;
use super::read::{Cuts, Location, stat, total};
use crate::base::Result;
use crate::store::Stat;
use aws_sdk_s3::primitives::ByteStream;
use std::io::{self, Cursor, ErrorKind, Read};
use std::ops::Range;

/// A part that is read once, from its first byte to its last.
pub(super) struct Part {
    location: Location,
    /// The state that was opened.
    tag: String,
    left: Range<u64>,
    body: ByteStream,
    /// What came and was not read yet.
    came: Cursor<Vec<u8>>,
    cuts: Cuts,
}

impl Part {
    /// Opens these bytes of an object, and tells the state of the whole of it.
    ///
    /// # Errors
    /// Holds the call where the object is missing or may not be read.
    pub fn open(location: Location, part: Range<u64>) -> Result<(Self, Stat)> {
        let client = location.client.clone();
        client.wait(Self::begin(location, part)).map_err(Fault::reading)
    }

    async fn begin(location: Location, part: Range<u64>) -> Answer<(Self, Stat)> {
        let answer = location.part(&part, None).await?;
        let stat = stat(total(&answer)?, answer.e_tag(), answer.last_modified());
        let tag = stat.version.clone();
        Ok((
            Self { location, tag, left: part, body: answer.body, came: Cursor::default(), cuts: Cuts::default() },
            stat,
        ))
    }

    /// The next bytes as they come; nothing at the end.
    async fn next(&mut self) -> io::Result<Vec<u8>> {
        while !self.left.is_empty() {
            match self.body.next().await {
                Some(Ok(bytes)) if bytes.len() as u64 > self.left.end - self.left.start => {
                    return Err(ErrorKind::InvalidData.into());
                }
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => {
                    self.left.start += bytes.len() as u64;
                    return Ok(bytes.to_vec());
                }
                Some(Err(_)) | None => self.resume().await?,
            }
        }
        Ok(Vec::new())
    }

    async fn resume(&mut self) -> io::Result<()> {
        if !self.cuts.wait().await {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.body = self.location.part(&self.left, Some(&self.tag)).await.map_err(io::Error::other)?.body;
        Ok(())
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.came.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        let client = self.location.client.clone();
        self.came = Cursor::new(client.wait(self.next())?);
        self.came.read(buffer)
    }
}
