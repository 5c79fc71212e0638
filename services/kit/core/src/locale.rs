//! Small values that people type and that must be right: e-mail addresses and time zones.

use std::{fmt, str::FromStr};

use chrono_tz::Tz;

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("enter an e-mail address like name@example.com")]
pub struct InvalidEmail;

/// An e-mail address as people have them, in lower case, so that one mailbox is one person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of the address to recognise one's own and too little to learn another's: `a…@example.com`.
    pub fn masked(&self) -> String {
        match (self.0.chars().next(), self.0.split_once('@')) {
            (Some(first), Some((_, domain))) => format!("{first}…@{domain}"),
            _ => String::new(),
        }
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let local_is_fine = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let domain_is_fine = domain.len() <= 253
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        if local_is_fine && domain_is_fine { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidEmail) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose a time zone like Europe/Berlin")]
pub struct InvalidTimeZone;

/// Reads an IANA time zone name.
///
/// # Errors
/// [`InvalidTimeZone`] where the name is not in the time zone database.
pub fn parse_time_zone(name: &str) -> Result<Tz, InvalidTimeZone> {
    name.trim().parse().map_err(|_| InvalidTimeZone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_address() {
        assert_eq!("  Ana@Acme.Example ".parse::<Email>().unwrap().as_str(), "ana@acme.example");
        assert_eq!("ana@acme.example".parse::<Email>().unwrap().masked(), "a…@acme.example");
    }

    #[test]
    fn what_cannot_receive_mail_is_refused() {
        for text in [
            "",
            "ana",
            "@acme.example",
            "ana@acme",
            "a b@acme.example",
            "ana@-acme.example",
            "ana@acme..example",
            "ana\r\nBcc: eve@evil.example@acme.example",
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
    }
}
