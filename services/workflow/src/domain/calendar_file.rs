//! A booked meeting as an iCalendar file (RFC 5545), and as what calendars are told of it by mail (RFC 5546).

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

/// What becomes of the meeting in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A file that somebody puts into their calendar themselves.
    Publish,
    /// An invitation, or what has changed about it.
    Request,
    /// It does not take place.
    Cancel,
}

impl Method {
    const fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// Somebody who takes part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attendee {
    pub(crate) name: String,
    pub(crate) email: String,
}

/// What a calendar is told.
pub(crate) struct Entry<'a> {
    /// The same for every version of the same meeting.
    pub(crate) uid: String,
    /// Counts the versions: calendars take the highest.
    pub(crate) sequence: u32,
    pub(crate) method: Method,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) summary: &'a str,
    pub(crate) description: &'a str,
    /// Who invites, and who is invited; needed for all but a file.
    pub(crate) organizer: Option<Attendee>,
    pub(crate) attendee: Option<Attendee>,
}

/// The file, with lines folded at 75 bytes and ended as the standard asks.
pub(crate) fn write(entry: &Entry<'_>) -> String {
    let moment = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let status = if entry.method == Method::Cancel { "CANCELLED" } else { "CONFIRMED" };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Client portal//EN".to_owned(),
        format!("METHOD:{}", entry.method.word()),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", escape(&entry.uid)),
        format!("SEQUENCE:{}", entry.sequence),
        format!("DTSTAMP:{}", moment(entry.made_at)),
        format!("DTSTART:{}", moment(entry.starts_at)),
        format!("DTEND:{}", moment(entry.ends_at)),
        format!("SUMMARY:{}", escape(entry.summary)),
        format!("DESCRIPTION:{}", escape(entry.description)),
    ];
    if let Some(organizer) = &entry.organizer {
        lines.push(format!("ORGANIZER;CN={}:mailto:{}", quoted(&organizer.name), address(&organizer.email)));
    }
    if let Some(attendee) = &entry.attendee {
        let (name, email) = (quoted(&attendee.name), address(&attendee.email));
        lines.push(format!(
            "ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{email}"
        ));
    }
    lines.extend([format!("STATUS:{status}"), "END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    let mut file = String::new();
    for line in lines {
        fold(&mut file, &line);
    }
    file
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// A parameter's value: in quotation marks, which cannot stand in it.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control() && *c != '"').collect();
    format!("\"{plain}\"")
}

/// A mail address as it stands behind `mailto:`.
fn address(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}

/// A line has at most 75 bytes; what is longer goes on behind a space in the next, never in the middle of a character.
fn fold(file: &mut String, line: &str) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > 75 {
            file.push_str("\r\n ");
            used = 1;
        }
        // Writing to a String cannot fail.
        let _ = write!(file, "{c}");
        used += c.len_utf8();
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(summary: &str, method: Method, sequence: u32) -> String {
        let at = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let who = |name: &str, email: &str| Some(Attendee { name: name.to_owned(), email: email.to_owned() });
        write(&Entry {
            uid: "step-1".to_owned(),
            sequence,
            method,
            made_at: at,
            starts_at: at,
            ends_at: at,
            summary,
            description: "",
            organizer: who("Mina \"M\" Manager", "mina@firm.example"),
            attendee: who("Ana\r\nX-EVIL:1", "ana@acme.example\r\nX-EVIL:2"),
        })
    }

    #[test]
    fn long_and_hostile_texts_stay_within_their_line() {
        let summary = format!("Kickoff; with, Ä\r\nATTENDEE:mailto:eve@evil.example {}", "ü".repeat(80));
        let file = entry(&summary, Method::Request, 0);
        assert!(file.split("\r\n").all(|line| line.len() <= 75), "{file}");
        assert!(!file.contains("\r\nATTENDEE:") && !file.contains("\r\nX-EVIL"), "{file}");
        let unfolded = file.replace("\r\n ", "");
        assert!(
            unfolded.contains("SUMMARY:Kickoff\\; with\\, Ä\\nATTENDEE:mailto:eve@evil.example üü"),
            "{unfolded}"
        );
        assert!(unfolded.contains("DTSTART:20270115T090000Z\r\n"));
        assert!(
            unfolded.contains("ORGANIZER;CN=\"Mina M Manager\":mailto:mina@firm.example\r\n"),
            "{unfolded}"
        );
    }

    #[test]
    fn a_meeting_that_is_off_says_so_in_all_its_places() {
        let file = entry("Kickoff", Method::Cancel, 3);
        for line in ["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:3", "UID:step-1"] {
            assert!(file.contains(&format!("{line}\r\n")), "{line}: {file}");
        }
    }
}
