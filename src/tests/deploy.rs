//! The files that others run us by: they name settings that exist, and leave the time that a goodbye takes.

use std::path::Path;

use frontdesk::config::SETTINGS;

const FILES: &[&str] = &[
    "Dockerfile",
    "src/deploy/compose.yaml",
    "src/deploy/compose.postgres.yaml",
    "src/deploy/compose.nodes.yaml",
    "src/deploy/frontdesk.service",
    "src/deploy/render.yaml",
    "src/deploy/kubernetes.yaml",
];

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every word of the file that looks like a setting of ours. One in a list that goes on (`WHATSAPP_…`) is none.
fn settings_named(text: &str) -> Vec<&str> {
    let word = |letter: char| !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    text.split(word)
        .filter(|word| {
            ["FRONTDESK_", "OPENAI_", "WHATSAPP_", "DATABASE_URL", "NATS_URL"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
                && !word.ends_with('_')
        })
        .collect()
}

#[test]
fn every_setting_that_a_file_names_exists() {
    for file in FILES {
        let text = text(file);
        let named = settings_named(&text);
        assert!(!named.is_empty(), "{file} sets nothing");
        for name in named {
            assert!(
                SETTINGS.iter().any(|known| known.name == name),
                "{file} names {name}, which is no setting"
            );
        }
    }
}

#[test]
fn nobody_kills_us_within_the_ten_seconds_that_a_goodbye_may_take() {
    for (file, key) in [
        ("src/deploy/compose.yaml", "stop_grace_period:"),
        ("src/deploy/frontdesk.service", "TimeoutStopSec="),
        ("src/deploy/render.yaml", "maxShutdownDelaySeconds:"),
        ("src/deploy/kubernetes.yaml", "terminationGracePeriodSeconds:"),
    ] {
        let text = text(file);
        let (_, after) = text.split_once(key).unwrap_or_else(|| panic!("{file} has no {key}"));
        let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
        let seconds: u32 = digits.parse().unwrap_or_else(|_| panic!("{file}: {key} takes seconds"));
        assert!(seconds > 10, "{file} gives {seconds} s");
    }
}
