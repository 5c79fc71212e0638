//! A firm: its name in hosts, its brand, its policies.

use portico_core::{Email, TenantId, parse_time_zone};
use portico_service::Fields;

/// The longest logo, in bytes.
pub(crate) const MAX_LOGO_BYTES: usize = 512 * 1024;
/// The most hosts that a firm has beside the one of its slug.
pub(crate) const MAX_FURTHER_HOSTS: usize = 20;

/// A firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) slug: String,
    pub(crate) profile: Profile,
    /// SHA-256 in hexadecimal; empty without a logo.
    pub(crate) logo_hash: String,
    pub(crate) hosts: Vec<String>,
    /// Counts the changes, from 1.
    pub(crate) version: i32,
}

/// What a firm says of itself and may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// `#rrggbb` in lower case.
    pub(crate) colour: String,
    pub(crate) time_zone: String,
    pub(crate) language: String,
    pub(crate) sender_address: String,
    pub(crate) allow_unscanned_files: bool,
}

impl Profile {
    /// The profile with every part in its usual form; notes each that breaks a rule under `prefix`.
    pub(crate) fn check(self, prefix: &str, fields: &mut Fields) -> Self {
        let at = |field: &str| format!("{prefix}{field}");
        let name = fields.line(&at("name"), &self.name, 120);
        let colour = self.colour.trim().to_ascii_lowercase();
        let digits = colour.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            fields.refuse(at("colour"), "Choose a colour like #1a5fb4.");
        }
        if let Err(error) = parse_time_zone(&self.time_zone) {
            fields.refuse(at("time_zone"), sentence(&error.to_string()));
        }
        if !matches!(self.language.as_str(), "en" | "de") {
            fields.refuse(at("language"), "Choose en or de.");
        }
        let sender_address = match self.sender_address.parse::<Email>() {
            Ok(address) => address.as_str().to_owned(),
            Err(error) => {
                fields.refuse(at("sender_address"), sentence(&error.to_string()));
                self.sender_address
            }
        };
        let time_zone = self.time_zone.trim().to_owned();
        Self { name, colour, time_zone, sender_address, ..self }
    }
}

/// Notes a slug that breaks a rule.
pub(crate) fn check_slug(slug: &str, fields: &mut Fields) {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = slug.as_bytes();
    let fine = (2..=40).contains(&bytes.len())
        && bytes.iter().all(|byte| word(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| word(*byte))
        && bytes.last().is_some_and(|byte| word(*byte));
    if !fine {
        fields.refuse(
            "slug",
            "Use 2 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends.",
        );
    }
}

/// All hosts of a firm: the one of its slug, then `further`. A host under `base_host` belongs to the slug of that name.
pub(crate) fn hosts(own: String, base_host: &str, further: &[String], fields: &mut Fields) -> Vec<String> {
    let mut hosts = vec![own];
    if further.len() > MAX_FURTHER_HOSTS {
        fields.refuse("hosts", format!("Name at most {MAX_FURTHER_HOSTS} hosts."));
        return hosts;
    }
    let below_base = format!(".{base_host}");
    for (place, text) in further.iter().enumerate() {
        match check_host(text) {
            None => fields.refuse(
                format!("hosts[{place}]"),
                "Write a host name in lower case without port, such as portal.example.com.",
            ),
            Some(host) if hosts.iter().any(|known| known == host) => {}
            Some(host) if host == base_host || host.ends_with(&below_base) => fields.refuse(
                format!("hosts[{place}]"),
                "Hosts of this domain are given out by the firms' short names. Use a domain of your own.",
            ),
            Some(host) => hosts.push(host.to_owned()),
        }
    }
    hosts
}

/// The host, if it is one: labels of lower-case letters, digits and hyphens between dots.
pub(crate) fn check_host(host: &str) -> Option<&str> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (host.len() <= 253 && host.split('.').all(label)).then_some(host)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(check: impl FnOnce(&mut Fields)) -> Vec<String> {
        let mut fields = Fields::default();
        check(&mut fields);
        fields
            .check()
            .err()
            .map(|problem| problem.fields.into_iter().map(|at| at.field).collect())
            .unwrap_or_default()
    }

    #[test]
    fn a_slug_can_stand_in_a_host() {
        for slug in ["ab", "northwind", "a-1", &"a".repeat(40)] {
            assert!(refused(|fields| check_slug(slug, fields)).is_empty(), "{slug}");
        }
        for slug in ["", "a", "-ab", "ab-", "Ab", "a.b", "ä-b", "a b", &"a".repeat(41)] {
            assert_eq!(refused(|fields| check_slug(slug, fields)), ["slug"], "{slug}");
        }
    }

    #[test]
    fn a_profile_is_brought_into_form_or_every_mistake_is_named() {
        let good = Profile {
            name: " Northwind ".to_owned(),
            colour: "#1A5FB4".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "de".to_owned(),
            sender_address: "Office@Northwind.example".to_owned(),
            allow_unscanned_files: false,
        };
        let mut fields = Fields::default();
        let checked = good.clone().check("", &mut fields);
        assert!(fields.check().is_ok());
        assert_eq!((checked.name.as_str(), checked.colour.as_str()), ("Northwind", "#1a5fb4"));
        assert_eq!(checked.sender_address, "office@northwind.example");

        let bad = Profile {
            name: String::new(),
            colour: "red".to_owned(),
            time_zone: "Berlin".to_owned(),
            language: "fr".to_owned(),
            sender_address: "office".to_owned(),
            allow_unscanned_files: true,
        };
        let named = refused(|fields| {
            bad.check("tenant.", fields);
        });
        assert_eq!(
            named,
            ["tenant.name", "tenant.colour", "tenant.time_zone", "tenant.language", "tenant.sender_address"]
        );
    }

    #[test]
    fn nobody_takes_a_host_that_another_slug_would_have() {
        let own = || "northwind.localhost".to_owned();
        let further = ["portal.northwind.example".to_owned(), own()];
        let mut fields = Fields::default();
        assert_eq!(hosts(own(), "localhost", &further, &mut fields), [own(), further[0].clone()]);
        assert!(fields.check().is_ok());
        for wrong in ["contoso.localhost", "localhost", "Portal.example", "a:80", "", "../x"] {
            let named = refused(|fields| {
                hosts(own(), "localhost", &[wrong.to_owned()], fields);
            });
            assert_eq!(named, ["hosts[0]"], "{wrong}");
        }
    }
}
