//! How long the pure work of one message takes, and what it allocates: `make microbench`.

#![allow(missing_docs, reason = "a program for the terminal")]

mod cases;

use cases::{CASES, Case};
use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[divan::bench(args = &CASES)]
fn domain(bencher: Bencher<'_, '_>, case: &Case) {
    let mut once = (case.prepare)();
    // What is made at its first use is not measured.
    once();
    bencher.bench_local(once);
}
