//! Durations as the API of Flux takes them: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`.

/// The units that it takes.
pub const UNITS: [&str; 4] = ["ms", "s", "m", "h"];

/// Whether it takes a text for a duration.
pub fn is_duration(text: &str) -> bool {
    is_duration_of(text, &UNITS)
}

/// Whether a text is one number with a unit after the other: `1h30m`, `1.5h`.
pub fn is_duration_of(mut text: &str, units: &[&str]) -> bool {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if text.is_empty() {
        return false;
    }
    while !text.is_empty() {
        let whole = digits(text);
        let rest = &text[whole..];
        let rest = match rest.strip_prefix('.') {
            Some(fraction) if digits(fraction) > 0 => &fraction[digits(fraction)..],
            _ => rest,
        };
        let Some(unit) = units.iter().find(|unit| whole > 0 && rest.starts_with(**unit)) else { return false };
        text = &rest[unit.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_pattern() {
        for text in ["5m", "1h30m", "1.5h", "100ms", "0s", "1h0m0s"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "5", "-5m", "+5m", "5d", "5us", "1.h", ".5h", "5m ", "m", "1e3s"] {
            assert!(!is_duration(text), "{text}");
        }
        assert!(is_duration_of("1m30s", &UNITS[..3]) && !is_duration_of("1h", &UNITS[..3]));
    }
}
