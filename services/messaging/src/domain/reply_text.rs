//! What somebody has written in an answer by mail, without what they answer to and without their signature.
//!
//! There is no standard for this: mail programs put what is answered to below a line of their own, or mark it with `>`. The rule here
//! rather leaves too much than takes a word away: it cuts only at marks that people do not write themselves.

/// Lines that stand above a whole forwarded or answered mail.
const BORDERS: [&str; 7] = [
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "forwarded message",
    "weitergeleitete nachricht",
    "message d'origine",
    "mensaje original",
];
/// Names of headers that Outlook repeats above what is answered to.
const HEADERS: [&str; 12] =
    ["from", "sent", "to", "subject", "date", "cc", "von", "gesendet", "an", "betreff", "datum", "kopie"];
/// How programs end the line before a quotation, as far as it does not only end with a colon.
const WROTE: [&str; 8] =
    ["wrote:", "schrieb:", "geschrieben:", "a écrit :", "a écrit:", "escribió:", "ha scritto:", "schreef:"];
/// How programs begin it.
const ON: [&str; 6] = ["on ", "am ", "le ", "el ", "il ", "op "];
/// What telephones put under a mail.
const TELEPHONES: [&str; 8] = [
    "sent from my ",
    "von meinem ",
    "gesendet von ",
    "get outlook for ",
    "outlook für ",
    "envoyé de mon ",
    "sent via ",
    "diese nachricht wurde von meinem ",
];
/// An attribution may be broken over so many lines.
const BROKEN_OVER: usize = 3;

/// The text that somebody has written themselves; empty where there is nothing of their own.
pub(crate) fn own_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\u{a0}', " ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if is_border(lines[at]) || is_header_block(&lines[at..]) || is_signature(lines[at]) {
            break;
        }
        if let Some(length) = attribution(&lines[at..]) {
            // What stands below without a mark is quoted as a whole; between marked lines somebody may have answered.
            let marked = lines[at + length..].iter().find(|line| !line.trim().is_empty());
            if !marked.is_some_and(|line| is_quoted(line)) {
                break;
            }
            at += length;
            continue;
        }
        if !is_quoted(lines[at]) {
            kept.push(lines[at]);
        }
        at += 1;
    }
    while kept.last().is_some_and(|line| line.trim().is_empty() || is_telephone(line)) {
        kept.pop();
    }
    let mut said = String::new();
    let mut blank = 0;
    for line in kept.iter().skip_while(|line| line.trim().is_empty()) {
        blank = if line.trim().is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            said.push_str(line);
            said.push('\n');
        }
    }
    said.trim_end().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The line that mail programs put above a signature (RFC 3676), and its form without the blank, which some cut off.
fn is_signature(line: &str) -> bool {
    line == "--" || line == "-- "
}

fn is_telephone(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    line.chars().count() < 80 && TELEPHONES.iter().any(|start| line.starts_with(start))
}

fn is_border(line: &str) -> bool {
    let inner = line.trim().trim_matches(['-', '_', '*', ' ']).to_lowercase();
    let dashes = line.trim().chars().take_while(|letter| matches!(letter, '-' | '_' | '*')).count();
    (dashes >= 3 && BORDERS.iter().any(|border| inner == *border)) || (dashes >= 20 && inner.is_empty())
}

/// Three lines in a row that begin like headers, such as Outlook writes them.
fn is_header_block(lines: &[&str]) -> bool {
    let named = |line: &&str| {
        let line = line.trim().trim_start_matches('*').to_lowercase();
        line.split_once(':').is_some_and(|(name, value)| {
            HEADERS.contains(&name.trim().trim_end_matches('*')) && !value.trim_matches(['*', ' ']).is_empty()
        })
    };
    lines.len() >= 3 && lines.iter().take(3).all(named)
}

/// How many lines the words before a quotation take, where these lines begin with them: "On Friday, Tom wrote:".
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim().to_lowercase();
    let begins = ON.iter().any(|start| first.starts_with(start))
        && first.chars().any(|letter| letter.is_ascii_digit());
    let mut joined = String::new();
    for (index, line) in lines.iter().take(BROKEN_OVER).enumerate() {
        if line.trim().is_empty() {
            return None;
        }
        joined.push_str(&line.trim().to_lowercase());
        joined.push(' ');
        let whole = joined.trim_end();
        let ends = WROTE.iter().any(|end| whole.ends_with(end))
            || (whole.contains(" schrieb ") && whole.ends_with(':'));
        if begins && ends {
            return Some(index + 1);
        }
        // Without a date it is one only where a marked line follows at once.
        let followed = lines.get(index + 1).is_some_and(|next| is_quoted(next));
        if index == 0 && ends && followed {
            return Some(1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_of_answers() {
        for (name, mail, own) in [
            ("nothing but words", "Yes, please.\n\nTom", "Yes, please.\n\nTom"),
            (
                "gmail",
                "Thanks!\n\nOn Fri, 20 Nov 2026 at 10:00, Tom Berg <tom@n.example> wrote:\n\n> Hello\n> there\n",
                "Thanks!",
            ),
            (
                "gmail, broken over two lines",
                "Thanks!\r\n\r\nOn Fri, 20 Nov 2026 at 10:00, Tom Berg of Northwind Consulting\r\n<in+r1@mail.n.example> wrote:\r\n\r\n> Hello\r\n",
                "Thanks!",
            ),
            (
                "apple, german",
                "Danke!\n\nAm 20.11.2026 um 10:00 schrieb Tom Berg <tom@n.example>:\n\n> Hallo\n",
                "Danke!",
            ),
            (
                "thunderbird, german",
                "Danke!\n\nAm 20.11.26 um 10:00 schrieb Tom Berg:\n> Hallo\n> Gruß\n",
                "Danke!",
            ),
            (
                "french",
                "Merci.\n\nLe ven. 20 nov. 2026 à 10:00, Tom <t@n.example> a écrit :\n> Bonjour\n",
                "Merci.",
            ),
            (
                "outlook",
                "Fine with me.\n\nFrom: Tom Berg <tom@n.example>\nSent: Friday, 20 November 2026 10:00\nTo: Ana\nSubject: Relaunch\n\nHello Ana,\nis Friday fine?",
                "Fine with me.",
            ),
            (
                "outlook, german, with a border",
                "Passt.\n\n________________________________\nVon: Tom Berg\nGesendet: Freitag\nAn: Ana\nBetreff: Relaunch\n\nHallo",
                "Passt.",
            ),
            ("a border in words", "Ok\n\n-----Original Message-----\nFrom: Tom\nHello", "Ok"),
            ("forwarded", "See below\n---------- Forwarded message ---------\nFrom: X\n", "See below"),
            (
                "answers in between",
                "On Fri, 20 Nov 2026, Tom wrote:\n> Is Friday fine?\nYes.\n> And the room?\nThe large one.\n",
                "Yes.\nThe large one.",
            ),
            ("answer below", "> Is Friday fine?\n\nYes.\n", "Yes."),
            (
                "quoted whole without marks",
                "Yes\n\nOn 20 Nov 2026, at 10:00, Tom <t@n.example> wrote:\n\nIs Friday fine?\nTom",
                "Yes",
            ),
            ("signature", "Yes\n\n-- \nAna Souza\nAcme", "Yes"),
            ("signature without its blank", "Yes\n--\nAna Souza", "Yes"),
            ("telephone", "Yes\n\nSent from my iPhone", "Yes"),
            (
                "telephone, german, above a quotation",
                "Ja\n\nVon meinem iPhone gesendet\n\nAm 20.11.2026 um 10:00 schrieb Tom <t@n.example>:\n\n> Hallo",
                "Ja",
            ),
            ("many blank lines", "\n\nOne\n\n\n\n\nTwo\n\n", "One\n\nTwo"),
            ("nothing of one's own", "> Hello\n> there\n", ""),
            ("nothing but a signature", "-- \nAna", ""),
        ] {
            assert_eq!(own_words(mail), own, "{name}");
        }
    }

    #[test]
    fn what_people_write_themselves_stays() {
        for own in [
            "On Monday I wrote: please wait.\nDid you read it?",
            "The order:\n- from: Berlin\n- to: Paris",
            "From: here on it is easy.",
            "Am Montag schrieb ich Ihnen bereits.",
            "5 > 4, and a -- b.",
            "---\nA rule of three dashes\n---",
            "Sent from my point of view this is fine.\nBest, Ana",
        ] {
            assert_eq!(own_words(own), own, "{own}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_nothing_is_added(text in "(?s)[> a-zA-Z:\n\r.-]{0,400}") {
            let own = own_words(&text);
            let original = text.replace("\r\n", "\n");
            for line in own.lines().filter(|line| !line.is_empty()) {
                proptest::prop_assert!(original.contains(line), "{line:?}");
            }
            proptest::prop_assert_eq!(own_words(&own).len() <= own.len(), true);
        }
    }
}
