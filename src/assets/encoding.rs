//! Which of a file's forms a client takes (RFC 9110, section 12.5.3).

/// A form of a file. The web build leaves the compressed ones beside the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// From the smallest to the largest.
    const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// The name on the wire.
    pub(super) fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// What the file's name ends with in this form.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }
}

/// The forms that a client takes, the one it likes best first, the smaller first where it likes them alike.
/// The plain form comes last even for one that takes nothing: an answer is better than none.
pub(super) fn accepted(header: Option<&str>) -> Vec<Encoding> {
    let Some(header) = header else { return vec![Encoding::Identity] };
    let mut liked: Vec<(Encoding, u16)> = Encoding::ALL
        .into_iter()
        .filter_map(|encoding| Some((encoding, weight(header, encoding)?)))
        .filter(|(_, weight)| *weight > 0)
        .collect();
    liked.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let mut order: Vec<Encoding> = liked.into_iter().map(|(encoding, _)| encoding).collect();
    if !order.contains(&Encoding::Identity) {
        order.push(Encoding::Identity);
    }
    order
}

/// How much a client likes a form, in thousandths; `None` if it does not say.
fn weight(header: &str, encoding: Encoding) -> Option<u16> {
    let mut any = None;
    for entry in header.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = weight.map_or(1_000, thousandths);
        if name.eq_ignore_ascii_case(encoding.token()) {
            return Some(weight);
        }
        if name == "*" {
            any = Some(weight);
        }
    }
    // Who says nothing of the plain form takes it when there is nothing better.
    any.or((encoding == Encoding::Identity).then_some(1))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0.0 to 1.0 times 1,000")]
fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1_000.0).round() as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding::{Brotli, Gzip, Identity};
    use super::*;

    #[test]
    fn negotiation() {
        for (header, order) in [
            (None, vec![Identity]),
            (Some(""), vec![Identity]),
            (Some("gzip, deflate, br, zstd"), vec![Brotli, Gzip, Identity]),
            (Some("gzip"), vec![Gzip, Identity]),
            (Some("GZIP;q=1.0, br;q=0.5"), vec![Gzip, Brotli, Identity]),
            (Some("br;q=0, gzip"), vec![Gzip, Identity]),
            (Some("br;q=nonsense, gzip;q=0.001"), vec![Gzip, Identity]),
            (Some("*"), vec![Brotli, Gzip, Identity]),
            (Some("*;q=0"), vec![Identity]),
            (Some("identity;q=1, br;q=0.2"), vec![Identity, Brotli]),
            (Some("identity;q=0, br"), vec![Brotli, Identity]),
        ] {
            assert_eq!(accepted(header), order, "{header:?}");
        }
    }
}
