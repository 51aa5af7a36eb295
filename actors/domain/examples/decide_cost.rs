//! What the rules cost for one message of a guest: `cargo run --release -p frontdesk-domain --example decide_cost`.
#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::time::Instant;

use frontdesk_domain::answerer::interruption;

fn main() {
    let texts = [
        "When is breakfast?",
        "Hello, we arrive tomorrow at about ten in the evening with two children; is the desk still open then?",
        "Wann gibt es Frühstück?",
        "几点有早餐？",
    ];
    for text in texts {
        let rounds = 20_000_u32;
        interruption(text);
        let start = Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(interruption(std::hint::black_box(text)));
        }
        println!("{:>8.1} µs  {text}", start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
    }
}
