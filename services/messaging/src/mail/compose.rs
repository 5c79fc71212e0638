//! Puts a mail together: headers, a plain part and an HTML part, and an iCalendar file where there is one.

use std::time::SystemTime;

use askama::Template;
use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    address::Envelope as Route,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

use crate::domain::{colour::Brand, letter::Letter, mail::Parts};

/// From whom and to whom.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) message_id: String,
    /// The firm's name and the address that its mails come from.
    pub(crate) from: (String, String),
    /// The person's name, which may be empty, and address.
    pub(crate) to: (String, String),
    /// Whom replies reach, by name and address.
    pub(crate) reply_to: Option<(String, String)>,
    pub(crate) at: DateTime<Utc>,
    /// The address that this mail's bounces go to; the sender's where there is none.
    pub(crate) return_path: Option<String>,
    /// The address that switches mails of this kind off (RFC 8058), where that can be done.
    pub(crate) unsubscribe: Option<String>,
}

/// A mail that is ready to leave.
#[derive(Debug)]
pub(crate) struct Ready {
    /// From where and to whom, as servers tell one another.
    pub(crate) route: Route,
    /// The mail as it travels.
    pub(crate) source: Vec<u8>,
    /// The domain that it comes from.
    pub(crate) domain: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Ready {
    /// What the development mailbox keeps.
    pub(crate) fn parts(&self) -> Parts {
        let source = String::from_utf8_lossy(&self.source).into_owned();
        Parts { text: self.text.clone(), html: self.html.clone(), source }
    }
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    letter: &'a Letter,
    brand: Brand,
}

/// Nobody answers such a mail by a machine (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Where one kind of mail is switched off.
#[derive(Debug, Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// That mail programs may do so with one click.
#[derive(Debug, Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// Puts a mail together. `calendar` is an iCalendar file, or empty.
///
/// # Errors
/// Says for staff which address cannot be used.
pub(crate) fn compose(
    envelope: &Envelope,
    letter: &Letter,
    colour: &str,
    calendar: &str,
) -> Result<Ready, String> {
    let text = letter.text();
    let html = Page { letter, brand: Brand::new(colour) }.render().map_err(|error| error.to_string())?;
    let (from, to) = (mailbox(&envelope.from)?, mailbox(&envelope.to)?);
    let returned = match &envelope.return_path {
        Some(address) => address.parse().map_err(|_| format!("{address} is not a mail address"))?,
        None => from.email.clone(),
    };
    let domain = from.email.domain().to_ascii_lowercase();
    let route = Route::new(Some(returned), vec![to.email.clone()]).map_err(|error| error.to_string())?;
    let mut builder = Message::builder()
        .message_id(Some(envelope.message_id.clone()))
        .date(SystemTime::from(envelope.at))
        .from(from)
        .to(to)
        .subject(letter.subject.clone())
        .header(AutoSubmitted);
    if let Some(reply_to) = &envelope.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    if let Some(address) = &envelope.unsubscribe {
        builder = builder.header(ListUnsubscribe(format!("<{address}>"))).header(ListUnsubscribePost);
    }
    let bodies = MultiPart::alternative()
        .singlepart(SinglePart::plain(text.clone()))
        .singlepart(SinglePart::html(html.clone()));
    let whole = if calendar.is_empty() {
        bodies
    } else {
        let kind = ContentType::parse(&calendar_type(calendar)).map_err(|error| error.to_string())?;
        let file = Attachment::new("invite.ics".to_owned()).body(calendar.to_owned(), kind);
        MultiPart::mixed().multipart(bodies).singlepart(file)
    };
    let message = builder.multipart(whole).map_err(|error| error.to_string())?;
    Ok(Ready { route, source: message.formatted(), domain, text, html })
}

/// Calendars act on a file only under the method that it has inside.
fn calendar_type(calendar: &str) -> String {
    let method = calendar.lines().find_map(|line| line.trim_end().strip_prefix("METHOD:"));
    match method {
        Some(method) if method.bytes().all(|letter| letter.is_ascii_alphabetic()) => {
            format!("text/calendar; charset=utf-8; method={method}")
        }
        _ => "text/calendar; charset=utf-8".to_owned(),
    }
}

fn mailbox((name, address): &(String, String)) -> Result<Mailbox, String> {
    let parsed: Address = address.parse().map_err(|_| format!("{address} is not a mail address"))?;
    let name = crate::domain::notification::one_line(name);
    Ok(Mailbox::new(Some(name).filter(|name| !name.is_empty()), parsed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::letter::Action;

    pub(super) fn letter() -> Letter {
        Letter {
            language: "en",
            firm: "Müller & Söhne <GmbH>".to_owned(),
            subject: "Grüße, “Ana”".to_owned(),
            greeting: "Hello <b>Ana</b>,".to_owned(),
            paragraphs: vec!["One & two\nthree".to_owned()],
            action: Some(Action {
                label: "Open".to_owned(),
                url: "https://northwind.example/runs/1?a=1&b=2".to_owned(),
                otherwise: "Or copy:",
            }),
            ..Letter::default()
        }
    }

    fn envelope() -> Envelope {
        Envelope {
            message_id: "<m1@northwind.example>".to_owned(),
            from: ("Müller & Söhne <GmbH>".to_owned(), "office@northwind.example".to_owned()),
            to: ("Ana\r\nBcc: eve@evil.example".to_owned(), "ana@acme.example".to_owned()),
            reply_to: Some(("Tom Berg".to_owned(), "tom@northwind.example".to_owned())),
            at: DateTime::from_timestamp(1_800_003_600, 0).unwrap(),
            return_path: None,
            unsubscribe: None,
        }
    }

    #[test]
    fn what_people_wrote_is_text_in_the_html_part() {
        let ready = compose(&envelope(), &letter(), "#FFD400", "").unwrap().parts();
        let html = &ready.html;
        assert!(html.contains("<html lang=\"en\">"), "{html}");
        assert!(!html.contains("<b>") && !html.contains("<GmbH>"), "{html}");
        assert!(html.contains("One &#38; two") && html.contains("?a=1&#38;b=2"), "{html}");
        assert!(html.contains("background:#ffd400;color:#000000"), "{html}");
        for remote in ["<img", "src=", "url(", "<link", "<table", "@import"] {
            assert!(!html.contains(remote), "{remote}");
        }
        assert!(ready.text.starts_with("Hello <b>Ana</b>,\n\nOne & two\nthree\n\nOpen:\nhttps://"));
    }

    #[test]
    fn headers_are_whole_and_name_nobody_but_the_firm() {
        let source = compose(&envelope(), &letter(), "#1a5fb4", "").unwrap().parts().source;
        let (head, _) = source.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split_once(':'))
            .map(|pair| pair.0)
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            [
                "Auto-Submitted",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Reply-To",
                "Subject",
                "To"
            ]
        );
        assert!(head.contains("Message-ID: <m1@northwind.example>"), "{head}");
        assert!(head.contains("Date: Fri, 15 Jan 2027 09:00:00 +0000"), "{head}");
        assert!(head.contains("Reply-To: \"Tom Berg\" <tom@northwind.example>"), "{head}");
        assert!(head.contains("multipart/alternative"), "{head}");
        assert!(
            !source.to_lowercase().contains("portico") && !source.to_lowercase().contains("lettre"),
            "{source}"
        );
    }

    #[test]
    fn names_and_subjects_travel_in_any_language() {
        let letter = Letter { subject: "日本語の件名 und Grüße, ".repeat(6), ..letter() };
        let source = compose(&envelope(), &letter, "#1a5fb4", "").unwrap().parts().source;
        let (head, _) = source.split_once("\r\n\r\n").unwrap();
        assert!(head.is_ascii(), "{head}");
        assert!(head.contains("Subject: =?utf-8?b?") && head.contains("From: =?utf-8?b?"), "{head}");
        assert!(head.lines().all(|line| line.len() <= 998), "{head}");
        assert!(head.contains("<office@northwind.example>") && head.contains("<ana@acme.example>"), "{head}");
    }

    #[test]
    fn a_meeting_comes_with_its_calendar_file() {
        let calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
        let source = compose(&envelope(), &letter(), "#1a5fb4", calendar).unwrap().parts().source;
        for part in [
            "multipart/mixed",
            "multipart/alternative",
            "text/calendar; charset=utf-8; method=REQUEST",
            "invite.ics",
            "METHOD:REQUEST",
        ] {
            assert!(source.contains(part), "{part} in {source}");
        }
        assert_eq!(calendar_type("METHOD:X\";evil\r\n"), "text/calendar; charset=utf-8");
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        let wrong = Envelope { to: (String::new(), "nobody".to_owned()), ..envelope() };
        assert_eq!(compose(&wrong, &letter(), "", "").unwrap_err(), "nobody is not a mail address");
    }

    #[test]
    fn bounces_and_the_way_out_have_addresses_of_their_own() {
        let plain = compose(&envelope(), &letter(), "#1a5fb4", "").unwrap();
        assert_eq!(plain.route.from().unwrap().to_string(), "office@northwind.example");
        let address = format!("https://northwind.example/mail/unsubscribe/{}", "x".repeat(60));
        let own = Envelope {
            return_path: Some("in+b123@mail.northwind.example".to_owned()),
            unsubscribe: Some(address.clone()),
            ..envelope()
        };
        let ready = compose(&own, &letter(), "#1a5fb4", "").unwrap();
        assert_eq!(ready.route.from().unwrap().to_string(), "in+b123@mail.northwind.example");
        assert_eq!(ready.domain, "northwind.example");
        let source = ready.parts().source.replace("\r\n ", " ");
        let (head, _) = source.split_once("\r\n\r\n").unwrap();
        assert!(
            head.lines().any(|line| line.replace(": ", ":") == format!("List-Unsubscribe:<{address}>")),
            "{head}"
        );
        assert!(head.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{head}");
    }
}
