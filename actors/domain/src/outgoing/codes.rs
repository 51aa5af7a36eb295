//! WhatsApp's error codes: what to do about each, and how it is told to an agent. They are the same in a
//! refused request and in a failed status.

/// What an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The same message may go later.
    Later,
    /// This guest gets too many at once: later, and only for this guest.
    GuestTooFast,
    /// The number sends too many at once: later, for all.
    NumberTooFast,
    /// Nothing goes any more until a person has done something: token, permission, payment, ban.
    Stopped,
    /// This message will never arrive.
    Never,
}

/// What to do about a code. One that nobody has heard of is taken as final for its message: a retry that
/// never ends helps nobody, and staff see the failure.
pub fn class(code: i64) -> Class {
    match code {
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => Class::Later,
        131_056 => Class::GuestTooFast,
        4 | 80_007 | 130_429 => Class::NumberTooFast,
        0
        | 3
        | 10
        | 190
        | 200..=299
        | 368
        | 130_497
        | 131_005
        | 131_031
        | 131_037
        | 131_042
        | 131_045
        | 131_048
        | 131_064
        | 133_010 => Class::Stopped,
        _ => Class::Never,
    }
}

/// A code in words that an agent understands.
pub fn words(code: i64) -> &'static str {
    match code {
        131_047 => "More than 24 hours have passed since the guest last wrote. Send a template instead.",
        131_026 => "WhatsApp cannot deliver to this guest: no WhatsApp on that number, or an old version.",
        131_049 | 130_472 => "WhatsApp held this back to spare the guest marketing. Try again in 24 hours.",
        131_050 => "The guest does not want marketing messages from you.",
        131_021 => "The hotel's number cannot write to itself.",
        131_030 => "This number is not on the list of test recipients of the WhatsApp account.",
        131_062 => "WhatsApp does not let this number write to a guest who hides the phone number.",
        137_000 => "The guest's WhatsApp identity has changed. Make sure that it is still the same person.",
        0 | 190 => {
            "WhatsApp no longer accepts the hotel's access token. Nothing is sent until it is renewed."
        }
        3 | 10 | 200..=299 | 131_005 => {
            "The hotel's access token lacks a permission. Nothing is sent until it has it."
        }
        368 | 130_497 | 131_031 => "WhatsApp has restricted the hotel's account.",
        131_042 => "WhatsApp asks for a valid means of payment in the hotel's account.",
        131_045 | 133_010 => "The hotel's number is not registered with WhatsApp.",
        131_037 => "WhatsApp has not approved the display name of the hotel's number.",
        131_048 | 131_064 => "WhatsApp has limited how much the hotel's number may send.",
        131_056 => "Too many messages to this guest in a short time.",
        4 | 80_007 | 130_429 => "Too many messages in a short time.",
        131_051 => "WhatsApp does not take this kind of message.",
        131_052 | 131_053 => "WhatsApp could not take the file.",
        132_000 | 132_012 => "The blanks of the template were not filled in as it asks.",
        132_001 => "There is no such template in this language.",
        132_005 => "The template is too long once its blanks are filled in.",
        132_007 | 132_015 | 132_016 => "WhatsApp has paused or disabled this template.",
        _ => "WhatsApp refused the message.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (codes, wanted) in [
            (&[1, 2, 131_000, 131_016, 133_004][..], Class::Later),
            (&[131_056], Class::GuestTooFast),
            (&[4, 80_007, 130_429], Class::NumberTooFast),
            (&[0, 190, 10, 200, 299, 131_005, 131_042, 368], Class::Stopped),
            (&[131_047, 131_026, 100, 132_001, 131_009, 999_999, -1], Class::Never),
        ] {
            for code in codes {
                assert_eq!(class(*code), wanted, "{code}");
            }
        }
    }
}
