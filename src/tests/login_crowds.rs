//! Many logins at once, beside a chat; and whether the time of a login tells who has an account.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::server::ADMIN;
use crate::support::{Client, Server};

fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1_024
}

/// The time of each of so many messages.
async fn chat(page: &mut Client, name: &str, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for n in 0..count {
        let asked = Instant::now();
        page.done(json!({"type":"send","id":format!("{name}{n}"),"text":"we are well"})).await;
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.sort_unstable();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_logins_at_once_beside_a_chat() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (_, mut page) = server.guest_page().await;
    chat(&mut page, "warm", 20).await;
    let calm = chat(&mut page, "calm", 200).await;
    let before = memory(&server);
    let logins = join_all((0..200).map(|_| {
        let mut caller = server.caller();
        async move {
            let body = json!({"email": ADMIN.0, "password": ADMIN.1});
            caller.post("/api/login", body).await.0
        }
    }));
    let (statuses, busy) = tokio::join!(logins, chat(&mut page, "busy", 200));
    let grown = memory(&server).saturating_sub(before);
    let of = |status: u16| statuses.iter().filter(|seen| **seen == status).count();
    let [median, at_99] = [100, 198].map(|nth| (calm[nth], busy[nth]));
    println!(
        "200 logins at once: {} taken, {} told to come again; a message {median:?} (median), {at_99:?} (p99) before and \
         beside; {grown} MiB more memory",
        of(200),
        of(429) + of(503)
    );
    assert_eq!(of(200) + of(429) + of(503), 200, "{statuses:?}");
    assert!(of(200) > 0);
    // The bound on time is for a machine that does nothing else; this one is for any.
    assert!(busy[100] < Duration::from_secs(1), "{:?}", busy[100]);
}

/// The mean and its variance of what lies in the middle four fifths: a machine that does other things too spoils the
/// ends.
fn trimmed(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let cut = times.len() / 10;
    let middle = &times[cut..times.len() - cut];
    let count = middle.len() as f64;
    let mean = middle.iter().sum::<f64>() / count;
    let spread = middle.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, spread / count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_login_does_not_tell_who_has_an_account() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // Guesses slow down the guesser of an account: each address has its own.
    let mut admin = server.admin().await;
    for n in 0..50 {
        let email = format!("known-{n}@hotel.test");
        let account =
            json!({"email": email, "name": "K", "role": "viewer", "password": "a password for tests"});
        assert_eq!(admin.post("/api/agents", account).await.0, 201);
    }
    let mut caller = server.caller();
    for n in 0..500 {
        // In turn, and each of the two first as often.
        for is_known in [n % 2 == 0, n % 2 != 0] {
            let name = if is_known { "known" } else { "nobody" };
            let body =
                json!({"email": format!("{name}-{}@hotel.test", n % 50), "password": "not the right one"});
            let asked = Instant::now();
            let (status, _) = caller.post("/api/login", body).await;
            let took = asked.elapsed().as_secs_f64() * 1_000.0;
            assert_eq!(status, 401);
            if is_known { known.push(took) } else { unknown.push(took) }
        }
    }
    let ((a, va), (b, vb)) = (trimmed(&mut known), trimmed(&mut unknown));
    let t = (a - b) / (va + vb).sqrt();
    println!("a wrong password {a:.2} ms, an unknown address {b:.2} ms: t = {t:.2} of 2 x 500");
    assert!((a - b).abs() < 0.05 * a.max(b) || t.abs() < 2.6, "{a} {b} {t}");
}
