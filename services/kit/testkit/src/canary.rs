//! Marker strings that must never surface where they do not belong.

use std::collections::BTreeMap;

use portico_core::Entropy;

/// Unique marker strings, one a party. A test plants each party's canary in that party's data and then looks for the
/// others' in everything the party gets to see.
#[derive(Debug, Default)]
pub struct Canaries(BTreeMap<String, String>);

impl Canaries {
    /// A set without canaries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The canary of `party`, such as `northwind` or `northwind/acme`; the same party always has the same.
    ///
    /// It is a single word of letters and digits, so that it passes through search, file names, HTML and JSON unchanged.
    pub fn of(&mut self, party: &str, entropy: &dyn Entropy) -> String {
        self.0.entry(party.to_owned()).or_insert_with(|| format!("canary{}", &entropy.secret()[..24])).clone()
    }

    /// The parties other than `reader` whose canary occurs in `text`, whatever the case of its letters.
    pub fn strangers_in(&self, text: &str, reader: &str) -> Vec<&str> {
        let text = text.to_lowercase();
        self.0
            .iter()
            .filter(|(party, canary)| party.as_str() != reader && text.contains(canary.as_str()))
            .map(|(party, _)| party.as_str())
            .collect()
    }

    /// Fails the test where `text`, seen by `reader`, holds somebody else's canary.
    ///
    /// # Panics
    /// Names the parties whose canary got through.
    #[track_caller]
    pub fn assert_no_strangers(&self, text: &str, reader: &str) {
        let strangers = self.strangers_in(text, reader);
        assert!(strangers.is_empty(), "{reader} sees what belongs to {}: {text}", strangers.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::SeededEntropy;

    #[test]
    fn a_strangers_canary_is_found_and_ones_own_is_not() {
        let entropy = SeededEntropy::new(1);
        let mut canaries = Canaries::new();
        let (ours, theirs) = (canaries.of("northwind", &entropy), canaries.of("contoso", &entropy));
        assert_ne!(ours, theirs);
        assert_eq!(canaries.of("northwind", &entropy), ours);
        let text = format!("<p>{ours} {}</p>", theirs.to_uppercase());
        assert_eq!(canaries.strangers_in(&text, "northwind"), ["contoso"]);
        assert_eq!(canaries.strangers_in(&ours, "northwind"), Vec::<&str>::new());
    }
}
