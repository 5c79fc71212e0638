//! What makes a password acceptable. Nothing here hashes: an unacceptable one is refused before any work is done.

use std::{collections::HashSet, sync::LazyLock};

/// The fewest characters.
const FEWEST: usize = 12;
/// The most characters.
const MOST: usize = 256;
/// The longest password that a sign-in looks at, in bytes.
pub(crate) const MOST_TRIED_BYTES: usize = 1024;

/// Words and patterns that are guessed first, one a line, in lower case.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Why a password is refused, for the person who chose it; none where it is acceptable.
pub(crate) fn refusal(password: &str, name: &str, email: &str) -> Option<&'static str> {
    // Bytes first, so that a huge text is not even counted.
    if password.len() > MOST * 4 || password.chars().count() > MOST {
        return Some("Use at most 256 characters.");
    }
    if password.chars().count() < FEWEST {
        return Some("Use at least 12 characters. A few words in a row are easy to remember.");
    }
    let lower = password.to_lowercase();
    if is_common(&lower) {
        return Some("This password is among the first that others would guess. Choose another one.");
    }
    if is_about(&lower, name, email) {
        return Some("Leave your name and your address out of the password.");
    }
    None
}

/// Whether the password is a common one, as it stands, repeated, or with digits and signs around it.
fn is_common(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    COMMON.contains(lower)
        || COMMON.contains(bare)
        || is_sequence(&letters)
        // A short piece again and again: abcabcabcabc.
        || (1..=letters.len() / 2).any(|length| {
            let piece = &letters[..length];
            letters.chunks(length).all(|chunk| piece.starts_with(chunk))
                && (length <= 4 || COMMON.contains(piece.iter().collect::<String>().as_str()))
        })
}

/// Whether each character follows the one before, upwards or downwards: 123456789012, fedcba….
fn is_sequence(letters: &[char]) -> bool {
    let steps = |by: i64| {
        letters.windows(2).all(|pair| {
            let difference = i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
            // After 9 comes 0, and before 0 comes 9.
            difference == by || difference == -9 * by
        })
    };
    steps(1) || steps(-1)
}

/// Whether little else than the person's name or address is left.
fn is_about(lower: &str, name: &str, email: &str) -> bool {
    let mut rest = lower.to_owned();
    let (name, email) = (name.to_lowercase(), email.to_lowercase());
    let mut words: Vec<&str> =
        name.split_whitespace().chain(email.split(['@', '.', '_', '-', '+'])).collect();
    words.push(&email);
    words.retain(|word| word.chars().count() >= 3);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let before = rest.len();
    for word in words {
        rest = rest.replace(word, "");
    }
    rest.len() < before && rest.chars().filter(|c| c.is_alphanumeric()).count() < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        refusal(password, "Ana Miller", "ana.miller@acme.example").is_some()
    }

    #[test]
    fn n056_weak_passwords_are_refused() {
        for weak in [
            "",
            "short",
            "elevenchars",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "passwordpassword",
            "Password1234",
            "password2024!",
            "qwertyuiop123",
            "correcthorsebatterystaple",
            "abcdefghijkl",
            "AnaMiller2024",
            "ana.miller@acme.example",
            "millermiller1",
        ] {
            assert!(refused(weak), "{weak}");
        }
        assert!(refused(&"x".repeat(257)));
        assert!(refused(&"ab1".repeat(4000)));
    }

    #[test]
    fn what_nobody_guesses_first_is_accepted() {
        for fine in [
            "seven green kettles",
            "tr0ubled-Lantern",
            "Übermäßig-große-Füße",
            "ana and seven green kettles",
            "mango4-trellis-9",
        ] {
            assert!(!refused(fine), "{fine}");
        }
        let long: String =
            (0..256).map(|at| char::from(b'a' + u8::try_from(at * at % 26).unwrap())).collect();
        assert!(!refused(&long));
    }

    #[test]
    fn the_list_is_there() {
        assert!(COMMON.len() >= 900, "{}", COMMON.len());
        assert!(COMMON.iter().all(|line| *line == line.to_lowercase()));
    }
}
