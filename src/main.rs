//! The binary: reads the command line, and leaves all else to the library.

use std::process::ExitCode;

/// jemalloc, for the figures in bench/PROFILE.md; how it is set is in .cargo/config.toml.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    frontdesk::cli::run()
}
