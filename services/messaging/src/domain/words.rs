//! The words of mails and notifications that are ours, in the languages that people can choose.

mod notices;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The language that a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// English.
    English,
    /// German.
    German,
}

impl Words {
    /// The words for a language code; English where there are none.
    pub(crate) fn of(language: &str) -> Self {
        if language == "de" { Self::German } else { Self::English }
    }

    /// The language code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub(crate) fn greeting(self, name: &str) -> String {
        match self {
            Self::English => format!("Hello {name},"),
            Self::German => format!("Guten Tag {name},"),
        }
    }

    pub(crate) const fn open(self) -> &'static str {
        match self {
            Self::English => "Open the portal",
            Self::German => "Portal öffnen",
        }
    }

    pub(crate) const fn if_the_button_fails(self) -> &'static str {
        match self {
            Self::English => "If the button does not work, copy this address into your browser:",
            Self::German => {
                "Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:"
            }
        }
    }

    pub(crate) fn invitation_subject(self, firm: &str) -> String {
        match self {
            Self::English => format!("{firm} invites you to its portal"),
            Self::German => format!("{firm} lädt Sie in das Portal ein"),
        }
    }

    /// Who invites, and what it is. `inviter` is a person of the firm, or nobody in particular.
    pub(crate) fn invitation(self, firm: &str, inviter: Option<&str>) -> Vec<String> {
        match self {
            Self::English => vec![
                match inviter {
                    Some(inviter) => format!("{inviter} of {firm} invites you to the portal of {firm}."),
                    None => format!("{firm} invites you to its portal."),
                },
                "It is the private place for your work together: what is needed from you, your documents, and messages, \
                 each visible only to the people concerned."
                    .to_owned(),
            ],
            Self::German => vec![
                match inviter {
                    Some(inviter) => format!("{inviter} von {firm} lädt Sie in das Portal von {firm} ein."),
                    None => format!("{firm} lädt Sie in das Portal ein."),
                },
                "Es ist der geschützte Ort Ihrer Zusammenarbeit: was von Ihnen gebraucht wird, Ihre Dokumente und \
                 Nachrichten, jeweils nur für die Beteiligten sichtbar."
                    .to_owned(),
            ],
        }
    }

    /// A sentence that the inviter has added.
    pub(crate) fn quoted(self, sentence: &str) -> String {
        match self {
            Self::English => format!("“{sentence}”"),
            Self::German => format!("„{sentence}“"),
        }
    }

    pub(crate) const fn accept_invitation(self) -> &'static str {
        match self {
            Self::English => "Accept the invitation",
            Self::German => "Einladung annehmen",
        }
    }

    /// For whom the link of an invitation works, and what somebody else should do.
    pub(crate) fn invitation_is_personal(self, name: &str) -> String {
        match self {
            Self::English => format!(
                "This link works for {name} only. If this mail was forwarded to you, do not use it: answer this mail and ask \
                 for an invitation of your own. If you do not know what this is about, you can ignore it."
            ),
            Self::German => format!(
                "Dieser Link gilt nur für {name}. Wurde diese Mail an Sie weitergeleitet, verwenden Sie ihn nicht: Antworten \
                 Sie auf diese Mail und bitten Sie um eine eigene Einladung. Wissen Sie nicht, worum es geht, können Sie sie \
                 ignorieren."
            ),
        }
    }

    pub(crate) fn works_until(self, moment: DateTime<Utc>, zone: Tz) -> String {
        let local = moment.with_timezone(&zone);
        match self {
            Self::English => {
                format!("It works until {} ({zone}).", local.format("%A, %-d %B %Y, %H:%M"))
            }
            Self::German => format!("Er gilt bis {} Uhr ({zone}).", local.format("%d.%m.%Y, %H:%M")),
        }
    }

    pub(crate) const fn ask_for_a_new_one(self) -> &'static str {
        match self {
            Self::English => "After that, the same link lets you ask for a new one.",
            Self::German => "Danach können Sie über denselben Link einen neuen anfordern.",
        }
    }

    pub(crate) fn sign_in_subject(self, firm: &str) -> String {
        match self {
            Self::English => format!("Your sign-in link for {firm}"),
            Self::German => format!("Ihr Anmeldelink für {firm}"),
        }
    }

    pub(crate) fn sign_in(self, firm: &str) -> String {
        match self {
            Self::English => format!("Here is the link to sign in to the portal of {firm}. It works once."),
            Self::German => format!("Hier ist der Link zur Anmeldung im Portal von {firm}. Er gilt einmal."),
        }
    }

    pub(crate) const fn sign_in_label(self) -> &'static str {
        match self {
            Self::English => "Sign in",
            Self::German => "Anmelden",
        }
    }

    pub(crate) const fn sign_in_not_asked_for(self) -> &'static str {
        match self {
            Self::English => "If you did not ask for it, you can ignore this mail. Do not pass the link on.",
            Self::German => {
                "Haben Sie ihn nicht angefordert, können Sie diese Mail ignorieren. Geben Sie den Link nicht weiter."
            }
        }
    }

    /// For a notification, and as the subject of a mail.
    pub(crate) fn wrote(self, author: &str, title: &str) -> String {
        match self {
            Self::English => format!("New message from {author}: {title}"),
            Self::German => format!("Neue Nachricht von {author}: {title}"),
        }
    }

    pub(crate) const fn read_and_answer(self) -> &'static str {
        match self {
            Self::English => "Read and answer",
            Self::German => "Lesen und antworten",
        }
    }

    /// How many messages wait in a thread.
    pub(crate) fn messages_wait(self, count: i32, title: &str) -> String {
        match (self, count) {
            (Self::English, 0 | 1) => {
                format!("A new message waits for you in the conversation about {title}.")
            }
            (Self::English, _) => {
                format!("{count} new messages wait for you in the conversation about {title}.")
            }
            (Self::German, 0 | 1) => format!("Im Gespräch über {title} wartet eine neue Nachricht auf Sie."),
            (Self::German, _) => format!("Im Gespräch über {title} warten {count} neue Nachrichten auf Sie."),
        }
    }

    pub(crate) const fn answer_by_mail(self) -> &'static str {
        match self {
            Self::English => "You can also answer this mail: what you write is posted in your name.",
            Self::German => {
                "Sie können auch auf diese E-Mail antworten: Was Sie schreiben, erscheint unter Ihrem Namen."
            }
        }
    }

    /// Said below an answer by mail some of whose files were refused.
    pub(crate) fn files_not_taken(self, names: &str) -> String {
        match self {
            Self::English => format!("Not taken over from the mail: {names}"),
            Self::German => format!("Aus der E-Mail nicht übernommen: {names}"),
        }
    }

    pub(crate) const fn messages_stay_inside(self) -> &'static str {
        match self {
            Self::English => {
                "Messages are read in the portal, so that they stay between the people concerned."
            }
            Self::German => "Nachrichten werden im Portal gelesen, damit sie unter den Beteiligten bleiben.",
        }
    }

    pub(crate) fn test_subject(self, firm: &str) -> String {
        match self {
            Self::English => format!("Test mail from {firm}"),
            Self::German => format!("Testmail von {firm}"),
        }
    }

    pub(crate) fn test(self, firm: &str) -> Vec<String> {
        match self {
            Self::English => vec![
                format!("This is how mails of {firm} arrive."),
                "You can read this, so the mail settings work. There is nothing to do.".to_owned(),
            ],
            Self::German => vec![
                format!("So kommen die Mails von {firm} an."),
                "Sie lesen dies, also funktionieren die Maileinstellungen. Es ist nichts zu tun.".to_owned(),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_until_when_it_works_where_the_person_is() {
        let moment = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        assert_eq!(
            Words::of("en").works_until(moment, berlin),
            "It works until Friday, 15 January 2027, 10:00 (Europe/Berlin)."
        );
        assert_eq!(
            Words::of("de").works_until(moment, berlin),
            "Er gilt bis 15.01.2027, 10:00 Uhr (Europe/Berlin)."
        );
        assert_eq!(Words::of("fr"), Words::English);
    }
}
