//! Plays a stream to the client: borders of packets, pauses, and the ways to end badly.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::http;
use super::paper::{self, Paper};
use super::script::Script;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it should; the connection may be used again.
    Whole,
    /// The connection is to be closed.
    Close,
    /// The connection is to be reset.
    Reset,
}

/// Where the bytes go, and how.
pub(super) struct Stage<'a, W> {
    pub(super) to: W,
    pub(super) script: &'a Script,
    /// Bytes sent so far; read by the journal even if the client goes away in the middle.
    pub(super) sent: &'a AtomicUsize,
}

impl<W: AsyncWrite + Unpin> Stage<'_, W> {
    pub(super) async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes).await?;
        self.to.flush().await?;
        self.sent.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Plays the whole stream.
    pub(super) async fn play(&mut self, paper: &Paper, request: &Value) -> io::Result<Ending> {
        let script = self.script;
        let headers = super::failure::headers(script);
        self.put(&http::streaming(&headers, !script.has("unchunked"))).await?;
        tokio::time::sleep(script.wait("slow-first-token")).await;
        if script.has("endless") {
            return self.flood(request).await;
        }
        if script.number("packets") == Some(0) {
            let all: Vec<u8> = paper.events.iter().flat_map(|event| self.frame(event)).collect();
            self.packet(&all).await?;
            return self.end().await;
        }
        for (nth, event) in paper.events.iter().enumerate() {
            if script.number("stall-at") == Some(nth) {
                std::future::pending::<()>().await;
            }
            if script.number("cut-at") == Some(nth) {
                return self.cut(event).await;
            }
            if nth > 0 {
                pause(script.wait("delta")).await;
            }
            let frame = self.frame(event);
            self.pieces(&frame).await?;
        }
        if script.number("stall-at").is_some_and(|nth| nth >= paper.events.len()) {
            std::future::pending::<()>().await;
        }
        if script.number("cut-at").is_some_and(|nth| nth >= paper.events.len()) {
            return self.cut(b"").await;
        }
        self.end().await
    }

    fn frame(&self, event: &[u8]) -> Vec<u8> {
        let line = if self.script.has("crlf") { "\r\n" } else { "\n" };
        let mut frame = Vec::with_capacity(event.len() + 32);
        if self.script.has("comments") {
            frame.extend_from_slice(format!(": keep-alive{line}{line}").as_bytes());
        }
        frame.extend_from_slice(b"data: ");
        frame.extend_from_slice(event);
        frame.extend_from_slice(line.repeat(2).as_bytes());
        frame
    }

    async fn pieces(&mut self, frame: &[u8]) -> io::Result<()> {
        match self.script.number("packets") {
            Some(size) if size > 0 => {
                for piece in frame.chunks(size) {
                    self.packet(piece).await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            _ => self.packet(frame).await,
        }
    }

    async fn packet(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.script.has("unchunked") {
            return self.put(bytes).await;
        }
        self.put(&http::chunk(bytes)).await
    }

    async fn end(&mut self) -> io::Result<Ending> {
        if self.script.has("unchunked") {
            return Ok(Ending::Close);
        }
        self.put(b"0\r\n\r\n").await?;
        Ok(Ending::Whole)
    }

    async fn cut(&mut self, event: &[u8]) -> io::Result<Ending> {
        match self.script.text("cut") {
            Some("clean") => {
                self.end().await?;
                Ok(Ending::Close)
            }
            Some("reset") => {
                // The client should read what was sent before the reset overtakes it.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(Ending::Reset)
            }
            Some("half") => {
                let frame = self.frame(event);
                self.packet(&frame[..frame.len() / 2]).await?;
                Ok(Ending::Close)
            }
            _ => Ok(Ending::Close),
        }
    }

    async fn flood(&mut self, request: &Value) -> io::Result<Ending> {
        let value = paper::chunk(self.script, request, &json!({"content": "again and "}), &Value::Null);
        let frame = self.frame(value.to_string().as_bytes());
        loop {
            self.packet(&frame).await?;
            pause(self.script.wait("delta")).await;
        }
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
