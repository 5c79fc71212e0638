//! The keys by which repeats of a command are known.

/// What is said of a key that is none.
pub(crate) const NO_KEY: &str = "A key has at most 100 characters, none of them unseen.";

/// The longest key, in characters.
const LONGEST: usize = 100;

/// Whether this can be a key. An empty one stands for none.
pub(crate) fn is_key(key: &str) -> bool {
    key.chars().count() <= LONGEST && !key.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_can_be_seen() {
        assert!(is_key("") && is_key("01890000-0000-7000-8000-000000000001") && is_key(&"ä".repeat(100)));
        assert!(!is_key(&"x".repeat(101)) && !is_key("a\0b") && !is_key("a\nb"));
    }
}
