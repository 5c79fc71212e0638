//! What comes back: delivery status notifications (RFC 3464) and complaints (RFC 5965), and what follows from them.

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _};

/// The longest explanation that is kept, in characters.
const MAX_DETAIL: usize = 500;

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The address does not work.
    Hard,
    /// It did not work this time.
    Soft,
    /// The reader has called the mail spam.
    Complaint,
}

impl Kind {
    /// The word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Complaint => "complaint",
        }
    }
}

/// How an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// Mail to it is sent.
    #[default]
    Fine,
    /// Mail to it came back: nothing is sent until somebody confirms it.
    Undeliverable,
    /// Its reader has complained: only what cannot be done without is sent.
    Complained,
}

impl Standing {
    /// The word in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Undeliverable => "undeliverable",
            Self::Complained => "complained",
        }
    }

    /// What a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Fine, Self::Undeliverable, Self::Complained].into_iter().find(|state| state.as_str() == word)
    }
}

/// A report as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) kind: Kind,
    /// Such as `5.1.1`; empty for complaints.
    pub(crate) status: String,
    /// The other server's words, on one line.
    pub(crate) detail: String,
}

/// What a message says about the delivery of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Something came back.
    Report(Report),
    /// It is a report, and there is nothing to do: the mail arrived, or is still on its way.
    Nothing,
    /// It is no report.
    Other,
}

/// Reads a message.
pub(crate) fn read(message: &Message<'_>) -> Reading {
    let is_report = message.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    });
    if !is_report {
        return Reading::Other;
    }
    for part in &message.parts {
        let Some(kind) = part.content_type() else { continue };
        if !kind.ctype().eq_ignore_ascii_case("message") {
            continue;
        }
        match kind.subtype().unwrap_or_default().to_ascii_lowercase().as_str() {
            "delivery-status" | "global-delivery-status" => return delivery(part.contents()),
            "feedback-report" => return feedback(part.contents()),
            _ => {}
        }
    }
    Reading::Other
}

/// The groups of fields of a delivery status: the first is about the message, each other about one recipient.
fn delivery(text: &[u8]) -> Reading {
    let mut reading = Reading::Nothing;
    for fields in groups(text) {
        let Some(action) = field(&fields, "Action") else { continue };
        if !action.eq_ignore_ascii_case("failed") {
            continue;
        }
        let status = field(&fields, "Status").unwrap_or_default();
        // Some servers add words behind the code.
        let status = kept(status.split_whitespace().next().unwrap_or_default());
        let detail = field(&fields, "Diagnostic-Code").unwrap_or_default();
        let report = Report { kind: weight(&status), status, detail: kept(&detail) };
        // One that failed for good says more than one that did not work this time.
        let harder = !matches!(&reading, Reading::Report(before) if before.kind == Kind::Hard);
        if harder {
            reading = Reading::Report(report);
        }
    }
    reading
}

/// Whether a status (RFC 3463) says that the address does not work. What is about the mail, the moment, or the sender's own standing
/// says nothing about the address.
fn weight(status: &str) -> Kind {
    let mut parts = status.split('.');
    let (class, subject, detail) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    match (class, subject, detail) {
        // A full mailbox, a mail that is too long, a list.
        ("5", "2", "2" | "3" | "4") => Kind::Soft,
        // Unknown, moved, switched off; a domain that does not exist or takes no mail.
        ("5", "1" | "2", _) | ("5", "4", "1" | "3" | "4") | ("5", "0", _) => Kind::Hard,
        _ => Kind::Soft,
    }
}

fn feedback(text: &[u8]) -> Reading {
    let groups = groups(text);
    let kind = groups.iter().find_map(|fields| field(fields, "Feedback-Type")).unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "abuse" | "fraud" | "virus" | "opt-out" | "other" => {
            Reading::Report(Report { kind: Kind::Complaint, status: String::new(), detail: kept(&kind) })
        }
        _ => Reading::Nothing,
    }
}

/// Groups of header fields, parted by blank lines.
fn groups(text: &[u8]) -> Vec<Message<'static>> {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    text.split("\n\n")
        .map(str::trim_start)
        .filter(|group| !group.is_empty())
        .filter_map(|group| {
            Some(MessageParser::new().parse_headers(format!("{group}\n\n").as_bytes())?.into_owned())
        })
        .collect()
}

/// A field's text, without the kind of code in front of it (`rfc822;`, `smtp;`).
fn field(fields: &Message<'_>, name: &str) -> Option<String> {
    let value = fields.headers().iter().find(|header| header.name().eq_ignore_ascii_case(name))?;
    let text = match value.value() {
        HeaderValue::Text(text) => text.to_string(),
        HeaderValue::TextList(texts) => texts.join(" "),
        _ => return None,
    };
    let text = text.trim();
    let behind = text
        .split_once(';')
        .filter(|(kind, _)| kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    Some(behind.map_or(text, |(_, rest)| rest.trim()).to_owned())
}

fn kept(text: &str) -> String {
    super::notification::one_line(text).chars().take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: &str, parts: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: in+b1@mail.northwind.example\r\nSubject: Undelivered\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind};\r\n boundary=\"x\"\r\n\r\n\
             --x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n--x\r\n{parts}\r\n--x\r\n\
             Content-Type: text/rfc822-headers\r\n\r\nSubject: Hello\r\n\r\n--x--\r\n"
        )
    }

    fn understood(source: &str) -> Reading {
        read(&MessageParser::default().parse(source.as_bytes()).unwrap())
    }

    fn status(action: &str, status: &str, diagnostic: &str) -> Reading {
        let parts = format!(
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\
             Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nFinal-Recipient: rfc822; ana@acme.example\r\n\
             Original-Recipient: rfc822;ana@acme.example\r\nAction: {action}\r\nStatus: {status}\r\n\
             Remote-MTA: dns; mail.acme.example\r\nDiagnostic-Code: {diagnostic}\r\n"
        );
        understood(&report("delivery-status", &parts))
    }

    #[test]
    fn a_status_says_whether_the_address_does_not_work() {
        for (code, kind) in [
            ("5.1.1", Kind::Hard),
            ("5.1.10 (null MX)", Kind::Hard),
            ("5.2.1", Kind::Hard),
            ("5.0.0", Kind::Hard),
            ("5.4.4", Kind::Hard),
            ("5.2.2", Kind::Soft),
            ("5.3.4", Kind::Soft),
            ("5.7.1", Kind::Soft),
            ("4.4.7", Kind::Soft),
            ("", Kind::Soft),
        ] {
            let Reading::Report(report) = status("failed", code, "smtp; 550 no such user\r\n    here") else {
                panic!("{code}")
            };
            assert_eq!((report.kind, report.detail.as_str()), (kind, "550 no such user here"), "{code}");
        }
        for quiet in ["delayed", "delivered", "relayed", "expanded"] {
            assert_eq!(status(quiet, "4.4.1", "smtp; later"), Reading::Nothing, "{quiet}");
        }
    }

    #[test]
    fn a_complaint_is_one_and_praise_is_none() {
        let of = |kind: &str| {
            let parts = format!(
                "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: Provider/1.0\r\nVersion: 1\r\n"
            );
            understood(&report("feedback-report", &parts))
        };
        assert!(matches!(of("abuse"), Reading::Report(report) if report.kind == Kind::Complaint));
        assert_eq!(of("not-spam"), Reading::Nothing);
    }

    #[test]
    fn what_is_no_report_is_something_else_and_what_is_broken_does_no_harm() {
        assert_eq!(
            understood("From: ana@acme.example\r\nSubject: Re: Hello\r\n\r\nThank you\r\n"),
            Reading::Other
        );
        assert_eq!(
            understood(&report("delivery-status", "Content-Type: text/plain\r\n\r\nNo.")),
            Reading::Other
        );
        let whole = report(
            "delivery-status",
            "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        );
        for end in 0..whole.len() {
            if let Some(message) = MessageParser::default().parse(&whole.as_bytes()[..end]) {
                read(&message);
            }
        }
    }
}
