//! Panics: said in the log where they happened, without the words of their message that may be a guest's.

use std::any::Any;
use std::sync::atomic::Ordering;

use frontdesk_domain::scrub::scrub;

use super::metrics::PANICS;

/// Has every panic logged and counted. Its message may quote what was being worked on, so the system's own way of
/// printing it is turned off.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        let place = panic.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(place, error = said(panic.payload()), "panicked");
    }));
}

/// What a panic says, as far as it may be told.
pub fn said(payload: &(dyn Any + Send)) -> String {
    let words = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    words.map_or_else(|| "something that is no text".to_owned(), scrub)
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_guests_words_are_not_told() {
        let words = "über uns".to_owned();
        let cut = std::panic::catch_unwind(move || words[1..].len()).expect_err("no character begins there");
        let told = said(cut.as_ref());
        assert!(told.contains("byte index 1") || told.contains("char boundary"), "{told}");
        assert!(!told.contains("ber uns"), "{told}");
        assert_eq!(said(&7), "something that is no text");
    }
}
