//! A server whose log is kept.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::Caller;
use super::server::{PATIENCE, program};

pub struct Teller {
    child: Child,
    pub address: String,
    log: Arc<Mutex<Vec<u8>>>,
    printed: Arc<Mutex<Vec<u8>>>,
    pub folder: TempDir,
}

impl Drop for Teller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Teller {
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let owned: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut child = program(&folder, &owned).stderr(Stdio::piped()).spawn().unwrap();
        let log = keep(BufReader::new(child.stderr.take().unwrap()));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "{}", String::from_utf8_lossy(&log.lock().unwrap()));
            if let Some((_, rest)) = line.split_once("://") {
                break rest.split('/').next().unwrap().to_owned();
            }
        };
        let teller = Self { child, address, log, printed: keep(out), folder };
        until("ready", async || Caller::new(&teller.address).get("/readyz").await.0 == 200).await;
        teller
    }

    /// What it has logged, byte for byte where that is text.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    /// What it has printed after the first address.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap()).into_owned()
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an operator does, so that it tells what is left.
    pub async fn stop(&mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        until("its end", async || self.child.try_wait().unwrap().is_some()).await;
        // The last bytes of a pipe may be read a moment after the process has gone.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Reads on, or a server that says more would block.
fn keep(mut from: impl BufRead + Send + 'static) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::<Mutex<Vec<u8>>>::default();
    let to = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            to.lock().unwrap().append(&mut line);
        }
    });
    kept
}

pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !so().await {
        assert!(Instant::now() < give_up, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
