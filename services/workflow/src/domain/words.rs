//! What people are told of runs and meetings, in every language that people read.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;
use portico_core::Money;
use portico_proto::events::v1::NoticeWords;

use super::engine::{Assignment, Change};

/// A language that notices are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// English, which is what people read whose language is not here.
    English,
    /// German.
    German,
}

/// Something that people are told: subject, body and the words on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) link_text: &'static str,
}

impl Told {
    /// As words of a notice beside the English ones.
    pub(crate) fn translation(self, words: Words) -> NoticeWords {
        NoticeWords {
            language: words.code().to_owned(),
            subject: self.subject,
            body: self.body,
            link_text: self.link_text.to_owned(),
        }
    }
}

/// What has become of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News<'a> {
    Booked,
    Moved { from: DateTime<Utc> },
    Cancelled { reason: &'a str },
}

const GERMAN_DAYS: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

impl Words {
    /// The languages beside English, into which every notice is put as well.
    pub(crate) const OTHERS: [Self; 1] = [Self::German];

    /// The code of the language.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    fn either<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    fn told(self, english: (String, String), german: (String, String), links: [&'static str; 2]) -> Told {
        let (subject, body) = self.either(english, german);
        Told { subject, body, link_text: self.either(links[0], links[1]) }
    }

    fn task_told(self, english: (String, String), german: (String, String)) -> Told {
        self.told(english, german, ["Open the task", "Aufgabe öffnen"])
    }

    /// `3 December 2026`
    pub(crate) fn date(self, day: NaiveDate) -> String {
        match self {
            Self::English => day.format("%-d %B %Y").to_string(),
            Self::German => format!("{}. {} {}", day.day(), GERMAN_MONTHS[day.month0() as usize], day.year()),
        }
    }

    /// The day of a moment by the wall of a zone.
    pub(crate) fn day(self, at: DateTime<Utc>, zone: Tz) -> String {
        self.date(at.with_timezone(&zone).date_naive())
    }

    /// `Thursday, 3 December 2026, 10:00 (Europe/Berlin)`: the zone by its name, which says what it is to everybody.
    pub(crate) fn moment(self, at: DateTime<Utc>, zone: Tz) -> String {
        let there = at.with_timezone(&zone);
        let (date, time) = (self.date(there.date_naive()), there.format("%H:%M"));
        match self {
            Self::English => format!("{}, {date}, {time} ({zone})", there.format("%A")),
            Self::German => {
                let day = GERMAN_DAYS[there.weekday().num_days_from_monday() as usize];
                format!("{day}, {date}, {time} Uhr ({zone})")
            }
        }
    }

    /// `1,428.00 EUR`
    pub(crate) fn amount(self, money: &Money) -> String {
        let text = money.to_string();
        let swapped = |c| match c {
            ',' => '.',
            '.' => ',',
            other => other,
        };
        self.either(text.clone(), text.chars().map(swapped).collect())
    }

    /// A sentence that follows another, or nothing where nothing is due.
    pub(crate) fn due(self, due: Option<DateTime<Utc>>, zone: Tz) -> String {
        let Some(due) = due else { return String::new() };
        let day = self.day(due, zone);
        self.either(format!(" It is due on {day}."), format!(" Fällig am {day}."))
    }

    pub(crate) fn yes_or_no(self, yes: bool) -> &'static str {
        if yes { self.either("yes", "ja") } else { self.either("no", "nein") }
    }

    /// The words on a link to what is neither a task nor a meeting.
    pub(crate) fn open(self) -> &'static str {
        self.either("Open", "Öffnen")
    }

    /// Who is to act, as one writes it in a sentence.
    pub(crate) fn who(self, assignment: &Assignment) -> String {
        let people = assignment.people.iter().map(|person| person.name.as_str());
        let names: Vec<&str> = people.filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] if assignment.role_title.is_empty() => self.either("somebody", "jemand").to_owned(),
            [] => format!("{} {}", self.either("the role", "die Rolle"), assignment.role_title),
            [one] => (*one).to_owned(),
            [first @ .., last] => {
                format!("{} {} {last}", first.join(", "), self.either("and", "und"))
            }
        }
    }

    /// A step that is somebody's turn.
    pub(crate) fn task(self, title: &str, due: &str) -> Told {
        self.task_told(
            (title.to_owned(), format!("This is for you: “{title}”.{due}")),
            (title.to_owned(), format!("Das ist für Sie: „{title}“.{due}")),
        )
    }

    /// Several at once, a line each.
    pub(crate) fn tasks(self, count: usize, lines: &str) -> Told {
        self.told(
            (format!("{count} things need you"), lines.to_owned()),
            (format!("{count} Aufgaben warten auf Sie"), lines.to_owned()),
            ["See what needs you", "Aufgaben ansehen"],
        )
    }

    /// Times are to be offered, perhaps once more.
    pub(crate) fn offer_times(self, title: &str, due: &str, again: bool) -> Told {
        let (ask, frage) = if again {
            (
                "The times offered for it have passed or were taken. Please offer others for",
                "Die angebotenen Termine sind vorbei oder vergeben. Bitte bieten Sie andere an für",
            )
        } else {
            ("Please offer times for", "Bitte bieten Sie Termine an für")
        };
        self.task_told(
            (format!("Offer times: {title}"), format!("{ask} “{title}”.{due}")),
            (format!("Termine anbieten: {title}"), format!("{frage} „{title}“.{due}")),
        )
    }

    /// One of the times that are offered is to be chosen.
    pub(crate) fn choose_time(self, title: &str, due: &str) -> Told {
        self.task_told(
            (
                format!("Choose a time: {title}"),
                format!("Times are offered for “{title}”. Please choose one.{due}"),
            ),
            (
                format!("Termin wählen: {title}"),
                format!("Für „{title}“ stehen Termine zur Wahl. Bitte wählen Sie einen aus.{due}"),
            ),
        )
    }

    /// A client does not have what was asked for.
    pub(crate) fn missing(self, account: &str, name: &str, title: &str, said: &str) -> Told {
        let said = if said.is_empty() { String::new() } else { format!("\n\n{said}") };
        self.told(
            (
                format!("Not available: {name}"),
                format!("{account} does not have “{name}”, which “{title}” asks for.{said}"),
            ),
            (
                format!("Nicht vorhanden: {name}"),
                format!("{account} hat „{name}“ nicht, das für „{title}“ gebraucht wird.{said}"),
            ),
            ["Open the step", "Schritt öffnen"],
        )
    }

    /// Something is still open; `wanted` is what of it.
    pub(crate) fn reminder(self, title: &str, due: &str, wanted: &[String]) -> Told {
        let lines: String = wanted.iter().map(|name| format!("\n- {name}")).collect();
        let needed = |intro: &str| {
            if lines.is_empty() { String::new() } else { format!("\n\n{intro}{lines}") }
        };
        self.task_told(
            (
                format!("Reminder: {title}"),
                format!("“{title}” is still open.{due}{}", needed("What is still needed:")),
            ),
            (
                format!("Erinnerung: {title}"),
                format!("„{title}“ ist noch offen.{due}{}", needed("Es fehlt noch:")),
            ),
        )
    }

    /// Something is late, for whoever watches over it.
    pub(crate) fn escalation(self, title: &str, turn: &Assignment, due: &str) -> Told {
        let who = self.who(turn);
        self.task_told(
            (format!("Late: {title}"), format!("“{title}” is still open. It is the turn of {who}.{due}")),
            (format!("Verspätet: {title}"), format!("„{title}“ ist noch offen. Zuständig: {who}.{due}")),
        )
    }

    /// Something came back.
    pub(crate) fn returned(self, title: &str, reason: &str) -> Told {
        self.task_told(
            (
                format!("Please look again: {title}"),
                format!("“{title}” came back and needs you again.\n\n{reason}"),
            ),
            (
                format!("Bitte noch einmal ansehen: {title}"),
                format!("„{title}“ ist zurückgekommen und braucht Sie noch einmal.\n\n{reason}"),
            ),
        )
    }

    /// A version is there to be read and decided.
    pub(crate) fn deliverable(self, title: &str, file: &str, number: i32, due: &str) -> Told {
        self.task_told(
            (title.to_owned(), format!("{file} (version {number}) is there for you to read.{due}")),
            (title.to_owned(), format!("{file} (Fassung {number}) liegt für Sie zum Lesen bereit.{due}")),
        )
    }

    /// Somebody is not whom it should have gone to.
    pub(crate) fn declined(self, account: &str, title: &str, said: &str) -> Told {
        self.task_told(
            (
                format!("Not the right person: {title}"),
                format!(
                    "Somebody at {account} says that they are not the right person for “{title}”.\n\n{said}\n\nPlease give it to somebody else."
                ),
            ),
            (
                format!("Nicht die richtige Person: {title}"),
                format!(
                    "Jemand bei {account} schreibt, nicht die richtige Person für „{title}“ zu sein.\n\n{said}\n\nBitte geben Sie die Aufgabe jemand anderem."
                ),
            ),
        )
    }

    /// Something changed for those who had to do with it; `due` is of a date that moved.
    pub(crate) fn changed(self, what: Change, title: &str, record: &str, due: &str) -> Told {
        let links = [Self::English.open(), Self::German.open()];
        let (english, german) = match what {
            Change::Waived => (
                (format!("No longer needed: {title}"), format!("You need not do “{title}” any more.")),
                (
                    format!("Nicht mehr nötig: {title}"),
                    format!("„{title}“ brauchen Sie nicht mehr zu erledigen."),
                ),
            ),
            Change::DueMoved => (
                (format!("New date: {title}"), format!("“{title}” has a new date.{due}")),
                (format!("Neues Datum: {title}"), format!("Für „{title}“ gilt ein neues Datum.{due}")),
            ),
            Change::Paused => (
                (
                    format!("On hold: {record}"),
                    "This is on hold for now. You need not do anything.".to_owned(),
                ),
                (format!("Angehalten: {record}"), "Das ruht vorerst. Sie brauchen nichts zu tun.".to_owned()),
            ),
            Change::Resumed => (
                (
                    format!("It goes on: {record}"),
                    "This goes on. All dates have moved by the length of the pause.".to_owned(),
                ),
                (
                    format!("Es geht weiter: {record}"),
                    "Es geht weiter. Alle Termine haben sich um die Dauer der Pause verschoben.".to_owned(),
                ),
            ),
            Change::Cancelled => (
                (
                    format!("Cancelled: {record}"),
                    "This was cancelled. You need not do anything more.".to_owned(),
                ),
                (
                    format!("Abgebrochen: {record}"),
                    "Das wurde abgebrochen. Sie brauchen nichts mehr zu tun.".to_owned(),
                ),
            ),
        };
        self.told(english, german, links)
    }

    /// What has become of the meeting with somebody, by the wall of whoever reads it.
    pub(crate) fn meeting(self, news: News<'_>, with: &str, at: DateTime<Utc>, zone: Tz) -> Told {
        let when = self.moment(at, zone);
        let (english, german) = match news {
            News::Booked => (
                (format!("Booked: {when}"), format!("You meet {with} on {when}.")),
                (format!("Vereinbart: {when}"), format!("Sie treffen {with} am {when}.")),
            ),
            News::Moved { from } => {
                let from = self.moment(from, zone);
                (
                    (
                        format!("Moved: {when}"),
                        format!("Your meeting with {with} was moved from {from} to {when}."),
                    ),
                    (
                        format!("Verschoben: {when}"),
                        format!("Ihr Termin mit {with} wurde verschoben. Bisher: {from}. Neu: {when}."),
                    ),
                )
            }
            News::Cancelled { reason } => {
                let (because, grund) = if reason.is_empty() {
                    (String::new(), String::new())
                } else {
                    (format!(" Reason: {reason}"), format!(" Grund: {reason}"))
                };
                (
                    (
                        format!("Cancelled: {when}"),
                        format!("Your meeting with {with} on {when} does not take place.{because}"),
                    ),
                    (
                        format!("Abgesagt: {when}"),
                        format!("Ihr Termin mit {with} am {when} findet nicht statt.{grund}"),
                    ),
                )
            }
        };
        self.told(english, german, ["Open the meeting", "Termin öffnen"])
    }
}

#[cfg(test)]
mod tests;
