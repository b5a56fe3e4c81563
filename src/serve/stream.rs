//! A body that is read piece by piece, on threads that may wait, as fast as it is taken: nothing is buffered whole, and a
//! client that takes nothing keeps no thread.

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;

type Source = Box<dyn Read + Send>;

/// Sends what is read from `source`: `bytes` of it where that is known beforehand, else up to its end. A source that ends
/// early, or cannot be read, breaks the connection off: whoever asked sees that it is not all.
pub(super) fn body(source: Source, bytes: Option<u64>) -> Body {
    Body::new(Stream { state: State::Idle(source), left: bytes })
}

struct Stream {
    state: State,
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
}

enum State {
    Idle(Source),
    Reading(JoinHandle<(Source, io::Result<Bytes>)>),
    Ended,
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(_) if self.left == Some(0) => return Poll::Ready(None),
                State::Idle(source) => {
                    let most = self.left.map_or(PIECE_BYTES, |left| usize::try_from(left).unwrap_or(PIECE_BYTES));
                    self.state = State::Reading(spawn_blocking(move || piece(source, most.min(PIECE_BYTES))));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    let Ok((source, read)) = read else { return Poll::Ready(Some(Err(broken_off()))) };
                    return Poll::Ready(match read {
                        Ok(bytes) if bytes.is_empty() => self.left.is_some().then(|| Err(broken_off())),
                        Ok(bytes) => {
                            self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                            self.state = State::Idle(source);
                            Some(Ok(Frame::data(bytes)))
                        }
                        Err(error) => Some(Err(error)),
                    });
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0) || matches!(self.state, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Reads up to `most` bytes; none at the end.
fn piece(mut source: Source, most: usize) -> (Source, io::Result<Bytes>) {
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (source, Err(error)),
        }
    }
    bytes.truncate(filled);
    (source, Ok(Bytes::from(bytes)))
}

fn broken_off() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    fn read(source: &'static [u8], bytes: Option<u64>) -> Option<Vec<u8>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = runtime.block_on(to_bytes(body(Box::new(source), bytes), usize::MAX));
        all.ok().map(|bytes| bytes.to_vec())
    }

    #[test]
    fn what_is_read_is_sent_and_a_source_that_ends_early_is_an_error() {
        static LONG: [u8; 3 * PIECE_BYTES + 5] = [7; 3 * PIECE_BYTES + 5];
        assert!(read(&LONG, None).unwrap() == LONG);
        assert!(read(&LONG, Some(PIECE_BYTES as u64 + 1)).unwrap() == LONG[..=PIECE_BYTES]);
        assert_eq!(read(b"", None).unwrap(), b"");
        assert_eq!(read(b"abc", Some(0)).unwrap(), b"");
        assert!(read(b"abc", Some(4)).is_none());
    }
}
