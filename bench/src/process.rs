//! What the system knows of a process, and what it lets this one have.

use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// CPU time and memory of a process at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time since its start.
    pub cpu: Duration,
    /// Resident memory in KiB.
    pub resident_kib: u64,
    /// Of that, what is no page of a file.
    pub own_kib: u64,
}

/// The usage of a process, or `None` when it is gone.
pub fn usage(pid: Pid) -> Option<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks_a_second = sysconf(SysconfVar::CLK_TCK).ok()??;
    let cpu = cpu_ticks(&stat)?.checked_mul(1_000_000)? / u64::try_from(ticks_a_second).ok()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let cpu = Duration::from_micros(cpu);
    Some(Usage { cpu, resident_kib: resident_kib(&status)?, own_kib: kib(&status, "RssAnon:")? })
}

/// The usage of this process.
pub fn own() -> Usage {
    usage(Pid::this()).unwrap_or_default()
}

/// User and system time, in ticks, in the text of `/proc/<pid>/stat`. A process that has ended has none.
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The name may hold anything, also brackets and spaces.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    let (user, system): (u64, u64) = (fields.nth(10)?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

/// The resident memory in the text of `/proc/<pid>/status`.
pub fn resident_kib(status: &str) -> Option<u64> {
    kib(status, "VmRSS:")
}

fn kib(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// How many cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Puts the calling thread, and what it starts from now on, on one core; gives back where it could run.
///
/// # Errors
/// There is no such core for us.
pub fn pin(core: usize) -> nix::Result<CpuSet> {
    let before = sched_getaffinity(Pid::from_raw(0))?;
    let mut only = CpuSet::new();
    only.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &only)?;
    Ok(before)
}

/// Lets the calling thread run where it could before.
///
/// # Errors
/// The system does not let it.
pub fn unpin(before: &CpuSet) -> nix::Result<()> {
    sched_setaffinity(Pid::from_raw(0), before)
}

/// Raises the limit of open files, for this process and what it starts, to at least `wanted` if the system
/// lets it; gives back the limit.
pub fn raise_open_files(wanted: u64) -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    if hard < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_ok() {
        return wanted;
    }
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return hard;
    }
    soft
}

/// What the machine is, in one line.
pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: u64 = kib.and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // Not how many this thread may use: it may be on a core of its own.
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    format!("{model}, {cores} cores, {} GiB, Linux {}", (kib + (1 << 19)) >> 20, kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_tables() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t   12345 kB\nThreads:\t1\n"), Some(12345));
        assert_eq!(resident_kib(""), None);
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks(&stat.replace(") S", ") Z")), None, "ended");
    }

    #[test]
    fn a_thread_roams_again_after_it_was_pinned() {
        let all = cores();
        let before = pin(0).expect("there is a first core");
        assert_eq!(cores(), 1);
        unpin(&before).expect("as before");
        assert_eq!(cores(), all);
    }

    #[test]
    fn work_shows_as_time() {
        let before = own();
        let mut x = 1_u64;
        let give_up = std::time::Instant::now() + Duration::from_secs(20);
        while own().cpu < before.cpu + Duration::from_millis(20) && std::time::Instant::now() < give_up {
            for _ in 0..100_000 {
                x = std::hint::black_box(x.wrapping_mul(31).wrapping_add(7));
            }
        }
        assert!(own().cpu >= before.cpu + Duration::from_millis(20));
        assert!(own().resident_kib > 100);
        assert_eq!(usage(Pid::from_raw(i32::MAX)), None);
    }
}
