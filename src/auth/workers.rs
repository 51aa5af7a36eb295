//! Threads for what takes long and may wait: below the priority of everything else, so that a crowd of logins takes what
//! the chat leaves.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use frontdesk_domain::refusal::{Code, Refusal};
use tokio::sync::oneshot;

/// The nice value of such a thread: at 10 it gets a tenth of a core that others want as well.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when the last handle is dropped.
#[derive(Clone, Debug)]
pub(super) struct Workers {
    jobs: SyncSender<Job>,
}

impl Workers {
    /// So many threads; `waiting` jobs may wait for one.
    pub(super) fn start(threads: usize, waiting: usize) -> Self {
        let (jobs, queue) = sync_channel(waiting);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            if let Err(error) =
                thread::Builder::new().name("passwords".to_owned()).spawn(move || work(&queue))
            {
                tracing::error!(%error, "a thread for passwords did not start");
            }
        }
        Self { jobs }
    }

    /// Has a job done, if anybody still waits for it when its turn comes.
    ///
    /// # Errors
    /// `overloaded` when as many wait as may; `internal` if it panicked.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (reply, done) = oneshot::channel();
        let job = Box::new(move || {
            if !reply.is_closed() {
                let _ = reply.send(job());
            }
        });
        self.jobs.try_send(job).map_err(|_| Refusal::overloaded())?;
        done.await.map_err(|_| Refusal::new(Code::Internal, "internal"))
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    step_back();
    loop {
        // One waits for a job and the others for the queue.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A panic drops the job's reply, and whoever waits for it is told.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

/// Everywhere else the threads are as all others.
#[cfg(not(target_os = "linux"))]
fn step_back() {}

/// Linux knows the priority of a thread by its own id.
#[cfg(target_os = "linux")]
fn step_back() {
    let own = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(own), NICE) {
        tracing::warn!(%error, "passwords are hashed at the priority of everything else");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_does_not_lose_its_worker() {
        let workers = Workers::start(1, 4);
        for _ in 0..3 {
            let refusal = workers.run(|| panic!("on purpose")).await.expect_err("panicked");
            assert_eq!(refusal.code, Code::Internal);
        }
        assert_eq!(workers.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn jobs_beyond_the_bound_are_refused_at_once_and_those_that_wait_are_done() {
        let workers = Workers::start(1, 2);
        let ((runs, begun), (end, ends)) = (oneshot::channel(), channel());
        let busy = workers.clone();
        let first = tokio::spawn(async move {
            let job = move || {
                let _ = runs.send(());
                ends.recv()
            };
            busy.run(job).await
        });
        begun.await.expect("runs");
        // The one thread is busy: two wait, and the third ends it once it is refused.
        let beyond = async {
            let refused = workers.run(|| 3).await;
            end.send(()).expect("still runs");
            refused
        };
        let (one, two, three) = tokio::join!(biased; workers.run(|| 1), workers.run(|| 2), beyond);
        assert_eq!((one, two, three), (Ok(1), Ok(2), Err(Refusal::overloaded())));
        assert_eq!(first.await.expect("ends"), Ok(Ok(())));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn its_threads_run_below_everything_else() {
        let nice = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).expect("known");
        let own = nice();
        let workers = Workers::start(1, 1);
        assert_eq!(workers.run(nice).await, Ok(NICE));
        assert_eq!(nice(), own, "who asks stays where it is");
    }
}
