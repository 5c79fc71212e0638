//! What is asked in CalDAV's words, and what the answers say.

use std::{collections::BTreeSet, fmt::Write as _};

use roxmltree::{Document, Node, ParsingOptions};

use super::Trouble;
use crate::domain::availability::Stretch;

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// The most parts of one answer.
const MOST_NODES: u32 = 1_000_000;
/// The longest start tag, in bytes.
const LONGEST_TAG: usize = 4 * 1024;
/// The most attributes of one part.
const MOST_ATTRIBUTES: usize = 64;
/// The most short names for vocabularies in one answer. Each part that names one anew is compared with all that are known there.
const MOST_PREFIXES: usize = 32;
/// The most times that an answer names a vocabulary. Some servers do so in each part.
const MOST_NAMINGS: usize = 50_000;
/// How many entries are counted out at a time.
pub(super) const EVENTS_AT_ONCE: usize = 200;

/// The question what is at an address.
pub(super) const PROPERTIES: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:resourcetype/><d:current-user-principal/>
<c:calendar-home-set/><c:supported-calendar-component-set/><c:schedule-calendar-transp/></d:prop></d:propfind>"#;

/// What an entry must say for its times to be known, and nothing else of it.
const NEEDED: [&str; 10] =
    ["UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP"];

/// The question for the entries of a calendar in a stretch of time.
pub(super) fn events((begin, end): Stretch) -> String {
    let mut needed = String::new();
    for name in NEEDED {
        let _ = write!(needed, r#"<c:prop name="{name}"/>"#);
    }
    let moment = "%Y%m%dT%H%M%SZ";
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data><c:comp name="VCALENDAR">
<c:prop name="VERSION"/><c:comp name="VEVENT">{needed}</c:comp><c:comp name="VTIMEZONE"/></c:comp></c:calendar-data></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{}" end="{}"/></c:comp-filter>
</c:comp-filter></c:filter></c:calendar-query>"#,
        begin.format(moment),
        end.format(moment)
    )
}

/// One thing that an answer is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) href: String,
    /// Whether it is a calendar.
    pub(super) calendar: bool,
    /// Whether it may hold entries that take time, rather than tasks.
    pub(super) events: bool,
    /// Whether its owner has said that nothing in it takes time.
    pub(super) takes_no_time: bool,
    /// Where the server describes the user.
    pub(super) principal: Option<String>,
    /// Where the user's calendars are.
    pub(super) home: Option<String>,
    /// An entry in iCalendar format.
    pub(super) data: Option<String>,
}

/// What a server answered, thing by thing.
pub(super) fn read(text: &str) -> Result<Vec<Resource>, Trouble> {
    if !modest(text) {
        return Err(Trouble::TooLarge);
    }
    // No document type, so that no entity grows without end.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| Trouble::NoCalendar)?;
    let root = document.root_element();
    if !root.has_tag_name((DAV, "multistatus")) {
        return Err(Trouble::NoCalendar);
    }
    let mut found = Vec::new();
    for response in root.children().filter(|node| node.has_tag_name((DAV, "response"))) {
        // A list that was cut short looks like free time.
        if child(response, DAV, "status").is_some_and(|status| words(status).contains(" 507")) {
            return Err(Trouble::TooLarge);
        }
        found.push(resource(response));
    }
    Ok(found)
}

/// Whether an answer can be taken apart in a time that grows with its length alone: what its parts say in their start tags is compared
/// with each other. What is not well formed is left to whoever takes it apart.
fn modest(text: &str) -> bool {
    let (mut prefixes, mut namings, mut at) = (BTreeSet::new(), 0, 0_usize);
    while let Some(found) = text[at..].find('<') {
        at += found;
        let rest = &text[at..];
        let passed = [("<![CDATA[", "]]>"), ("<!--", "-->"), ("<?", "?>"), ("</", ">")];
        if let Some((begin, end)) = passed.into_iter().find(|(begin, _)| rest.starts_with(begin)) {
            let Some(length) = rest[begin.len()..].find(end) else { return true };
            at += begin.len() + length + end.len();
            continue;
        }
        let (names, length) = attributes(rest);
        let Some(length) = length else { return rest.len() <= LONGEST_TAG };
        if names.len() > MOST_ATTRIBUTES {
            return false;
        }
        for prefix in names.into_iter().filter_map(|name| name.strip_prefix("xmlns")) {
            prefixes.insert(prefix);
            namings += 1;
        }
        if prefixes.len() > MOST_PREFIXES || namings > MOST_NAMINGS {
            return false;
        }
        at += length;
    }
    true
}

/// The names of the attributes in the start tag with which a text begins, and how long that is; nothing where it does not end in time.
fn attributes(text: &str) -> (Vec<&str>, Option<usize>) {
    let (mut names, mut quote, mut from) = (Vec::new(), None, 0);
    for (at, byte) in text.bytes().enumerate().take(LONGEST_TAG) {
        match quote {
            None if byte == b'>' => return (names, Some(at + 1)),
            None if byte == b'"' || byte == b'\'' => {
                let before = text[from..at].trim_end().trim_end_matches('=').trim_end();
                names.push(before.rsplit(char::is_whitespace).next().unwrap_or_default());
                quote = Some(byte);
            }
            Some(open) if byte == open => (quote, from) = (None, at + 1),
            _ => {}
        }
    }
    (names, None)
}

fn resource(response: Node<'_, '_>) -> Resource {
    let href = child(response, DAV, "href").map(words).unwrap_or_default();
    let mut found = Resource { href, events: true, ..Resource::default() };
    let given = response.children().filter(|node| {
        node.has_tag_name((DAV, "propstat"))
            && child(*node, DAV, "status").is_none_or(|status| words(status).contains(" 200"))
    });
    for property in given.filter_map(|node| child(node, DAV, "prop")).flat_map(|prop| prop.children()) {
        let address = || child(property, DAV, "href").map(words).filter(|href| !href.is_empty());
        match (property.tag_name().namespace(), property.tag_name().name()) {
            (Some(DAV), "resourcetype") => found.calendar = child(property, CALDAV, "calendar").is_some(),
            (Some(DAV), "current-user-principal") => found.principal = address(),
            (Some(CALDAV), "calendar-home-set") => found.home = address(),
            (Some(CALDAV), "supported-calendar-component-set") => {
                let names = property.children().filter_map(|node| node.attribute("name"));
                found.events = names.clone().next().is_none() || names.clone().any(|name| name == "VEVENT");
            }
            (Some(CALDAV), "schedule-calendar-transp") => {
                found.takes_no_time = child(property, CALDAV, "transparent").is_some();
            }
            (Some(CALDAV), "calendar-data") => found.data = Some(words(property)),
            _ => {}
        }
    }
    found
}

fn child<'a, 'input>(node: Node<'a, 'input>, space: &str, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name((space, name)))
}

/// All the text within, without the blanks around it.
fn words(node: Node<'_, '_>) -> String {
    let text: String = node.descendants().filter(Node::is_text).filter_map(|part| part.text()).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_where_calendars_are_and_which_take_time() {
        let text = r#"<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:x="x:">
          <response><href>/ana/</href><propstat><prop><resourcetype><collection/></resourcetype>
            <current-user-principal><href>/people/ana/</href></current-user-principal>
            <C:calendar-home-set><href> /ana/ </href></C:calendar-home-set></prop><status>HTTP/1.1 200 OK</status></propstat>
            <propstat><prop><C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp></prop>
            <status>HTTP/1.1 404 Not Found</status></propstat></response>
          <response><href>/ana/work/</href><propstat><prop><resourcetype><collection/><C:calendar/></resourcetype>
            <C:supported-calendar-component-set><C:comp name="VTODO"/><C:comp name="VEVENT"/></C:supported-calendar-component-set>
            <C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp></prop>
            <status>HTTP/1.1 200 OK</status></propstat></response>
          <response><href>/ana/tasks/</href><propstat><prop><resourcetype><collection/><C:calendar/></resourcetype>
            <C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set></prop>
            <status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"#;
        let found = read(text).unwrap();
        assert_eq!(
            (found[0].calendar, found[0].takes_no_time),
            (false, false),
            "what was not found says nothing"
        );
        assert_eq!(found[0].principal.as_deref(), Some("/people/ana/"));
        assert_eq!(found[0].home.as_deref(), Some("/ana/"));
        assert!(found[1].calendar && found[1].events && found[1].takes_no_time);
        assert!(found[2].calendar && !found[2].events);
    }

    #[test]
    fn entries_come_out_whole_and_cut_lists_do_not_pass() {
        let answer = |inner: &str| {
            format!(
                r#"<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">{inner}</d:multistatus>"#
            )
        };
        let entry = "<d:response><d:href>/1.ics</d:href><d:propstat><d:prop><c:calendar-data><![CDATA[BEGIN:VCALENDAR\n]]>A&amp;B\n\
                     </c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>";
        assert_eq!(read(&answer(entry)).unwrap()[0].data.as_deref(), Some("BEGIN:VCALENDAR\nA&B"));
        let cut = "<d:response><d:href>/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>";
        assert_eq!(read(&answer(&format!("{entry}{cut}"))), Err(Trouble::TooLarge));
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>"#;
        for wrong in ["", "<html/>", "{}", "<d:multistatus", bomb] {
            assert_eq!(read(wrong), Err(Trouble::NoCalendar), "{wrong}");
        }
    }

    #[test]
    fn what_would_take_long_to_take_apart_is_too_large() {
        let answer = |more: &str, inner: &str| {
            format!(r#"<d:multistatus xmlns:d="DAV:"{more}>{inner}</d:multistatus>"#)
        };
        let prefixes = |count: usize| {
            (0..count).map(|one| format!(r#" xmlns:p{one}="p:""#)).collect::<Vec<_>>().concat()
        };
        let attributes =
            |count: usize| (0..count).map(|one| format!(" a{one}='>'")).collect::<Vec<_>>().concat();
        assert_eq!(read(&answer(&prefixes(20), "")), Ok(vec![]));
        assert_eq!(read(&answer(&prefixes(40), "")), Err(Trouble::TooLarge));
        assert_eq!(read(&answer(&attributes(60), "")), Ok(vec![]));
        assert_eq!(read(&answer(&attributes(80), "")), Err(Trouble::TooLarge));
        assert_eq!(read(&answer(&format!(" a='{}'", "x".repeat(LONGEST_TAG)), "")), Err(Trouble::TooLarge));
        // Some servers name a vocabulary in each part, and what is said within an entry is no part.
        assert_eq!(read(&answer("", &r#"<a xmlns="DAV:"/>"#.repeat(10_000))), Ok(vec![]));
        assert_eq!(read(&answer("", &r#"<a xmlns="DAV:"/>"#.repeat(MOST_NAMINGS))), Err(Trouble::TooLarge));
        let within = format!("<!-- < {0} --><![CDATA[< {0}]]>", "x".repeat(LONGEST_TAG));
        assert_eq!(read(&answer("", &within)), Ok(vec![]));
    }

    #[test]
    fn only_times_are_asked_for() {
        let within = ("2026-11-01T00:00:00Z".parse().unwrap(), "2026-12-01T12:30:00Z".parse().unwrap());
        let question = events(within);
        assert!(question.contains(r#"<c:time-range start="20261101T000000Z" end="20261201T123000Z"/>"#));
        assert!(!question.contains("SUMMARY") && !question.contains("DESCRIPTION"));
        assert!(Document::parse(&question).is_ok() && Document::parse(PROPERTIES).is_ok());
    }
}
