//! A booked meeting as an iCalendar file (RFC 5545).

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

/// What a calendar is told.
pub(crate) struct Entry<'a> {
    /// The same for every version of the same meeting.
    pub(crate) uid: String,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) summary: &'a str,
    pub(crate) description: &'a str,
}

/// The file, with lines folded at 75 bytes and ended as the standard asks.
pub(crate) fn write(entry: &Entry<'_>) -> String {
    let moment = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Client portal//EN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", escape(&entry.uid)),
        format!("DTSTAMP:{}", moment(entry.made_at)),
        format!("DTSTART:{}", moment(entry.starts_at)),
        format!("DTEND:{}", moment(entry.ends_at)),
        format!("SUMMARY:{}", escape(entry.summary)),
        format!("DESCRIPTION:{}", escape(entry.description)),
        "STATUS:CONFIRMED".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
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

    #[test]
    fn long_and_hostile_texts_stay_within_their_line() {
        let at = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let summary = format!("Kickoff; with, Ä\r\nATTENDEE:mailto:eve@evil.example {}", "ü".repeat(80));
        let file = write(&Entry {
            uid: "step-1".to_owned(),
            made_at: at,
            starts_at: at,
            ends_at: at,
            summary: &summary,
            description: "",
        });
        assert!(file.split("\r\n").all(|line| line.len() <= 75), "{file}");
        assert!(!file.contains("\r\nATTENDEE"));
        let unfolded = file.replace("\r\n ", "");
        assert!(
            unfolded.contains("SUMMARY:Kickoff\\; with\\, Ä\\nATTENDEE:mailto:eve@evil.example üü"),
            "{unfolded}"
        );
        assert!(unfolded.contains("DTSTART:20270115T090000Z\r\n"));
    }
}
