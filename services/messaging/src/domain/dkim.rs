//! Keys that sign mail (RFC 6376): their names, their records, and how they follow one another.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// For so long a retired key is still listed: its record may go when the mails that it has signed have arrived.
pub(crate) const AFTERLIFE: TimeDelta = TimeDelta::days(30);

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSA with 2048 bits: what every receiver can check.
    Rsa,
    /// Ed25519 (RFC 8463): short records, and not known to every receiver.
    Ed25519,
}

impl Algorithm {
    /// The word in the database, in requests and in records.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// What a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Rsa, Self::Ed25519].into_iter().find(|algorithm| algorithm.as_str() == word)
    }
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Made, and waits for its record to be published.
    Pending,
    /// Signs.
    Active,
    /// Signs no more; its private half is gone.
    Retired,
}

impl KeyState {
    /// The word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// What a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Retired].into_iter().find(|state| state.as_str() == word)
    }
}

/// A key.
#[derive(Debug, Clone)]
pub(crate) struct DkimKey {
    pub(crate) id: Uuid,
    pub(crate) domain: String,
    pub(crate) selector: String,
    pub(crate) algorithm: Algorithm,
    /// In Base64, as it stands in the record.
    pub(crate) public_key: String,
    /// Sealed; none once the key has retired.
    pub(crate) private_key: Option<Vec<u8>>,
    pub(crate) state: KeyState,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) activated_at: Option<DateTime<Utc>>,
    pub(crate) retired_at: Option<DateTime<Utc>>,
}

impl DkimKey {
    /// Where the record stands.
    pub(crate) fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// What the record says.
    pub(crate) fn record_text(&self) -> String {
        format!("v=DKIM1; k={}; p={}", self.algorithm.as_str(), self.public_key)
    }

    /// Whether a published record gives this key. Its other words may be what they like.
    pub(crate) fn is_published_by(&self, record: &str) -> bool {
        let value = |name: &str| {
            record.split(';').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key.trim() == name).then(|| value.split_whitespace().collect::<String>())
            })
        };
        let algorithm = value("k").unwrap_or_else(|| Algorithm::Rsa.as_str().to_owned());
        algorithm == self.algorithm.as_str() && value("p").as_deref() == Some(&self.public_key)
    }
}

/// What purpose a private half is sealed for; the key's id keeps one from standing in for another.
pub(crate) fn purpose(id: Uuid) -> String {
    format!("messaging.dkim_key.{id}")
}

/// The name of a key made at `now`: the day, and a letter where the domain has used that name before.
pub(crate) fn selector(now: DateTime<Utc>, used: &[String]) -> String {
    let day = now.format("s%Y%m%d").to_string();
    let named = std::iter::once(day.clone()).chain(('b'..='z').map(|letter| format!("{day}{letter}")));
    let free = named.into_iter().find(|name| !used.contains(name));
    free.unwrap_or_else(|| format!("{day}{}", used.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DkimKey {
        DkimKey {
            id: Uuid::nil(),
            domain: "northwind.example".to_owned(),
            selector: "s20261122".to_owned(),
            algorithm: Algorithm::Rsa,
            public_key: "QUJD".to_owned(),
            private_key: None,
            state: KeyState::Pending,
            created_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            activated_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn a_record_gives_the_key_or_it_does_not() {
        let key = key();
        assert_eq!(key.record_name(), "s20261122._domainkey.northwind.example");
        for record in [key.record_text().as_str(), "p=QUJD", "v=DKIM1;t=s; k=rsa;p = QU JD ;"] {
            assert!(key.is_published_by(record), "{record}");
        }
        for other in
            ["", "v=DKIM1; k=rsa; p=", "v=DKIM1; k=rsa; p=QUJE", "v=DKIM1; k=ed25519; p=QUJD", "QUJD"]
        {
            assert!(!key.is_published_by(other), "{other}");
        }
    }

    #[test]
    fn names_are_never_used_twice() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let mut used = Vec::new();
        for _ in 0..40 {
            let name = selector(now, &used);
            assert!(!used.contains(&name) && name.len() <= 63, "{name}");
            used.push(name);
        }
        assert_eq!(&used[..2], ["s20261118", "s20261118b"]);
    }
}
