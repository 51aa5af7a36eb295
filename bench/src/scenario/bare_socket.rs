//! What the system itself takes to hand a frame to a loopback socket: write calls with no server around them, to a reader
//! that is always at work, so that none is woken. It is the least that a frame in a write of its own can cost, and beside it
//! the figures of another machine can be read.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::measure::float;
use crate::process;

/// Sockets that are written to in turn, as in `rooms`.
const SOCKETS: usize = 60;
/// A frame of a short message.
const FRAME: [u8; 300] = [b'x'; 300];
/// Frames between two looks at the clock.
const ROUND: usize = 20;

/// CPU time of one write of one frame, in microseconds, over this long. `core`: where to run, as the server did.
///
/// # Errors
/// The system gives no sockets.
pub fn write(length: Duration, core: Option<usize>) -> anyhow::Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let mut pairs = Vec::new();
    for _ in 0..SOCKETS {
        let reader = TcpStream::connect(address)?;
        let writer = listener.accept()?.0;
        // As servers do: each write is a packet of its own.
        writer.set_nodelay(true)?;
        pairs.push((writer, reader));
    }
    let (mut writers, readers): (Vec<TcpStream>, Vec<TcpStream>) = pairs.into_iter().unzip();
    let reading = std::thread::spawn(move || drain(readers));
    // A thread of its own: the place where it runs is its own.
    let writing = std::thread::spawn(move || {
        if let Some(core) = core {
            process::pin(core)?;
        }
        let (before, until) = (cpu()?, Instant::now() + length);
        let mut frames = 0_u64;
        while Instant::now() < until {
            for _ in 0..ROUND {
                for writer in &mut writers {
                    writer.write_all(&FRAME)?;
                    frames += 1;
                }
            }
        }
        anyhow::Ok(float(cpu()?.saturating_sub(before)) / float(frames.max(1)))
    });
    let cpu = writing.join().map_err(|_| anyhow::anyhow!("the bare writes broke"))?;
    reading.join().ok().context("the bare reads broke")?;
    cpu
}

/// CPU time of this thread so far, in microseconds.
fn cpu() -> anyhow::Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok(u64::try_from((usage.user_time() + usage.system_time()).num_microseconds())?)
}

/// Reads in turn until all are closed. A writer that is ahead waits in its call, which costs it nothing.
fn drain(mut readers: Vec<TcpStream>) {
    let mut room = vec![0; 64 * 1024];
    while !readers.is_empty() {
        readers.retain_mut(|reader| matches!(reader.read(&mut room), Ok(read) if read > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_takes_some_time_and_not_much() {
        let micros = write(Duration::from_millis(200), None).expect("loopback sockets");
        assert!(micros > 0.1 && micros < 1_000.0, "{micros}");
    }
}
