//! Short messages of guests in need, and harmless ones that sound alike. Of `blind/alarms.txt` only
//! the first half may be read for tuning. `-- --nocapture` prints the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::print_stdout
)]

use frontdesk_domain::answerer::{Route, route};

const ALARMS: &str = include_str!("blind/alarms.txt");

struct Half {
    urgent: usize,
    raised: usize,
    calm: usize,
    alarmed: usize,
}

/// Counts one half; the failures are printed only for the half that may be read.
fn half(name: &str, show: bool) -> Half {
    let mut half = Half { urgent: 0, raised: 0, calm: 0, alarmed: 0 };
    let lines = ALARMS.lines().skip_while(|line| *line != format!("# {name}")).skip(1);
    for line in lines.take_while(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, ' ');
        let kind = parts.next().expect("kind");
        let text = parts.nth(1).expect(line);
        let raised = matches!(route(text), Route::Emergency(_));
        let right = match kind {
            "urgent" => {
                half.urgent += 1;
                half.raised += usize::from(raised);
                raised
            }
            "calm" => {
                half.calm += 1;
                half.alarmed += usize::from(raised);
                !raised
            }
            other => panic!("unknown kind {other}"),
        };
        if show && !right {
            println!("{line}");
        }
    }
    println!("{name}: raised {}/{}, false alarms {}/{}", half.raised, half.urgent, half.alarmed, half.calm);
    half
}

#[test]
fn alarms_are_raised_and_harmless_words_are_not() {
    let (first, second) = (half("first", true), half("second", false));
    for half in [&first, &second] {
        assert!(half.urgent >= 40 && half.calm >= 15, "the list was read whole");
        assert!(half.raised as f32 / half.urgent as f32 >= 0.97);
        assert!(half.alarmed <= 2);
    }
}
