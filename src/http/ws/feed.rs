//! A stream with some bytes that were read from it already, which counts what is taken from it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream. Nothing can be written to it: it is a WebSocket's only to be read.
pub(crate) struct Feed<R> {
    ahead: Vec<u8>,
    at: usize,
    io: R,
    fed: Arc<AtomicUsize>,
}

impl<R> Feed<R> {
    /// `ahead` comes first. The counter says how many bytes have been handed out.
    pub(crate) fn new(ahead: Vec<u8>, io: R) -> (Self, Arc<AtomicUsize>) {
        let fed = Arc::new(AtomicUsize::new(0));
        (Self { ahead, at: 0, io, fed: Arc::clone(&fed) }, fed)
    }

    /// The stream behind. What is left of the bytes before it is lost.
    pub(crate) fn into_inner(self) -> R {
        self.io
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Feed<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = if self.at < self.ahead.len() {
            let end = self.ahead.len().min(self.at + buffer.remaining());
            buffer.put_slice(&self.ahead[self.at..end]);
            self.at = end;
            Poll::Ready(Ok(()))
        } else {
            Pin::new(&mut self.io).poll_read(cx, buffer)
        };
        self.fed.fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        result
    }
}

impl<R: Unpin> AsyncWrite for Feed<R> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn what_was_read_ahead_comes_first_and_all_is_counted() {
        let (mut feed, fed) = Feed::new(b"first".to_vec(), &b" second"[..]);
        let mut three = [0; 3];
        feed.read_exact(&mut three).await.expect("read");
        assert_eq!((&three, fed.load(Ordering::Relaxed)), (b"fir", 3));
        let mut rest = String::new();
        feed.read_to_string(&mut rest).await.expect("read");
        assert_eq!((rest.as_str(), fed.load(Ordering::Relaxed)), ("st second", 12));
    }
}
