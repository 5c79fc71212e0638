//! The three parts of the first run: their fields, and what can be told of them before anything is asked.

use portico_core::Problem;

use super::attempt::Sent;
use crate::{form::Errors, layout::Shell, theme::Color};

/// The fields of each part, in order.
pub(super) const PARTS: [&[&str]; 3] = [
    &["name", "slug", "colour"],
    &["admin_name", "admin_email", "admin_password"],
    &["time_zone", "language", "sender_address"],
];

/// The shortest password, in characters; identity has the rest of the rule.
const SHORTEST_PASSWORD: usize = 12;

/// What can be told before anything is asked of a service.
pub(super) fn check(s: &Shell, part: usize, sent: &Sent) -> Errors {
    let mut errors = Errors::none();
    for field in PARTS.get(part).copied().unwrap_or_default() {
        let value = sent.of(field);
        let wrong = match *field {
            _ if value.is_empty() => Some("console-setup-needed"),
            "slug" if !is_slug(value) => Some("console-setup-slug-wrong"),
            "colour" if value.to_lowercase().parse::<Color>().is_err() => Some("console-setup-colour-wrong"),
            "admin_email" | "sender_address" if !value.contains('@') => Some("console-setup-mail-wrong"),
            "admin_password" if value.chars().count() < SHORTEST_PASSWORD => {
                Some("console-setup-password-short")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            errors.add(*field, s.t(wrong));
        }
    }
    errors
}

fn is_slug(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && (2..=40).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

/// The services' fields by the names that the form has.
pub(super) fn in_our_words(problem: &Problem) -> Errors {
    let mut errors = Errors::none();
    for violation in Errors::from(problem).all() {
        let field = match violation.field.as_str() {
            "email" => "admin_email",
            "password" | "new_password" => "admin_password",
            other => other,
        };
        errors.add(field, violation.description.clone());
    }
    errors
}

pub(super) fn part_of(errors: &Errors) -> usize {
    let first = errors.all().first().map_or("", |violation| &violation.field);
    PARTS.iter().position(|fields| fields.contains(&first)).unwrap_or(PARTS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_part_is_checked_before_the_next() {
        let fields = |part, pairs: &[(&str, &str)]| {
            check(
                &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
                part,
                &sent(pairs),
            )
            .all()
            .iter()
            .map(|violation| violation.field.clone())
            .collect::<Vec<_>>()
        };
        assert_eq!(
            fields(0, &[("name", "Northwind"), ("slug", "North wind"), ("colour", "blue")]),
            ["slug", "colour"]
        );
        assert!(fields(0, &[("name", "Northwind"), ("slug", "northwind"), ("colour", "#1F4E8C")]).is_empty());
        assert_eq!(
            fields(1, &[("admin_name", "Maria"), ("admin_email", "maria"), ("admin_password", "short")]),
            ["admin_email", "admin_password"]
        );
    }

    #[test]
    fn a_refusal_leads_to_the_part_it_is_about() {
        let errors = in_our_words(&Problem::invalid("new_password", "This is a common password."));
        assert_eq!((part_of(&errors), errors.of("admin_password")), (1, "This is a common password."));
        assert_eq!(part_of(&in_our_words(&Problem::invalid("slug", "Taken."))), 0);
    }
}
