//! What the system says of this process.

use std::fs;

/// How many ticks of CPU time a second has, in what the kernel tells every program.
const TICKS_A_SECOND: f64 = 100.0;

/// The numbers of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    cpu_seconds: f64,
    resident_bytes: f64,
    open_fds: f64,
    max_fds: f64,
    started_at: f64,
}

impl Process {
    /// As it is now; `None` where the system has no `/proc`.
    pub fn look() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let open = u32::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?;
        Self::read(&stat, &system, &status, &limits, open)
    }

    fn read(stat: &str, system: &str, status: &str, limits: &str, open: u32) -> Option<Self> {
        // The second field is the program's name, which may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let resident: f64 = resident.split_whitespace().next()?.parse().ok()?;
        let max = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        Some(Self {
            cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS_A_SECOND,
            resident_bytes: resident * 1024.0,
            // Without the one that was opened to count them.
            open_fds: f64::from(open.saturating_sub(1)),
            max_fds: max.split_whitespace().next()?.parse().ok()?,
            started_at: boot + ticks(19)? / TICKS_A_SECOND,
        })
    }

    /// By the names that every program gives them.
    pub fn values(&self) -> [(&'static str, f64); 5] {
        [
            ("process_cpu_seconds_total", self.cpu_seconds),
            ("process_resident_memory_bytes", self.resident_bytes),
            ("process_open_fds", self.open_fds),
            ("process_max_fds", self.max_fds),
            ("process_start_time_seconds", self.started_at),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 12000 99 88";
        let limits = "Limit   Soft  Hard  Units\nMax open files            1024                 4096                 files\n";
        let seen = Process::read(stat, "cpu 1\nbtime 1000\n", "VmRSS:\t    2048 kB\n", limits, 11);
        let wanted = Process {
            cpu_seconds: 2.0,
            resident_bytes: 2_097_152.0,
            open_fds: 10.0,
            max_fds: 1024.0,
            started_at: 1120.0,
        };
        assert_eq!(seen, Some(wanted));
        assert_eq!(Process::read("", "", "", "", 0), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process() {
        let process = Process::look().expect("/proc");
        assert!(process.values().iter().all(|(_, value)| *value >= 0.0));
        assert!(process.resident_bytes > 1e6 && process.open_fds >= 3.0, "{process:?}");
    }
}
