//! What mails about envelopes say, in English and German.

use portico_proto::events::v1::{NoticeRequested, NoticeWords};

/// The words of one language.
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) link_text: &'static str,
}

/// A notice with these words, in English where nothing else is asked for.
pub(super) fn notice(english: Said, german: Said) -> NoticeRequested {
    NoticeRequested {
        subject: english.subject,
        body: english.body,
        link_text: english.link_text.to_owned(),
        translations: vec![NoticeWords {
            language: "de".to_owned(),
            subject: german.subject,
            body: german.body,
            link_text: german.link_text.to_owned(),
        }],
        ..NoticeRequested::default()
    }
}

/// Whether a signature or an approval is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Signature,
    Approval,
}

impl Asked {
    const fn english(self) -> &'static str {
        match self {
            Self::Signature => "sign",
            Self::Approval => "approve",
        }
    }

    const fn german(self) -> &'static str {
        match self {
            Self::Signature => "unterschreiben",
            Self::Approval => "freigeben",
        }
    }
}

/// Asks for it.
pub(super) fn ask(asked: Asked, title: &str) -> NoticeRequested {
    let (act, tat) = (asked.english(), asked.german());
    notice(
        Said {
            subject: format!("Please {act}: {title}"),
            body: format!("It is your turn to {act} {title}."),
            link_text: "Open it",
        },
        Said {
            subject: format!("Bitte {tat}: {title}"),
            body: format!("Sie sind an der Reihe: Bitte {title} {tat}."),
            link_text: "Öffnen",
        },
    )
}

/// Reminds of it; `until` is the last day in English and in German, where there is one.
pub(super) fn remind(asked: Asked, title: &str, until: Option<(String, String)>) -> NoticeRequested {
    let (act, tat) = (asked.english(), asked.german());
    let (end, ende) = until.map_or_else(Default::default, |(day, tag)| {
        (format!(" You can do so until {day}."), format!(" Das geht bis zum {tag}."))
    });
    notice(
        Said {
            subject: format!("Reminder: please {act} {title}"),
            body: format!("{title} still waits for you to {act} it.{end}"),
            link_text: "Open it",
        },
        Said {
            subject: format!("Erinnerung: Bitte {title} {tat}"),
            body: format!("{title} wartet noch auf Sie: Bitte {tat}.{ende}"),
            link_text: "Öffnen",
        },
    )
}

/// Tells somebody that they were named to sign, by whom, and what that person said.
pub(super) fn named(asked: Asked, title: &str, by: &str, message: &str) -> NoticeRequested {
    let (act, tat) = (asked.english(), asked.german());
    let with = |text: String| if message.is_empty() { text } else { format!("{text}\n\n{message}") };
    notice(
        Said {
            subject: format!("Please {act}: {title}"),
            body: with(format!("{by} has named you to {act} {title}.")),
            link_text: "Open it",
        },
        Said {
            subject: format!("Bitte {tat}: {title}"),
            body: with(format!("{by} hat Sie benannt: Bitte {title} {tat}.")),
            link_text: "Öffnen",
        },
    )
}

/// Tells the firm that somebody's time is over.
pub(super) fn expired(title: &str, who: &str) -> NoticeRequested {
    notice(
        Said {
            subject: format!("Time to sign ran out: {title}"),
            body: format!(
                "{who} has not signed {title} in time and can no longer do so.\n\nYou can give them more time, or have somebody else sign."
            ),
            link_text: "Open the signing",
        },
        Said {
            subject: format!("Frist zum Unterschreiben abgelaufen: {title}"),
            body: format!(
                "{who} hat {title} nicht rechtzeitig unterschrieben und kann es nun nicht mehr.\n\nSie können die Frist verlängern oder jemand \
                 anderen unterschreiben lassen."
            ),
            link_text: "Vorgang öffnen",
        },
    )
}

/// Tells somebody that they have time again, until this day in English and in German.
pub(super) fn extended(title: &str, (day, tag): (String, String)) -> NoticeRequested {
    notice(
        Said {
            subject: format!("You have more time: {title}"),
            body: format!("You can sign {title} again, until {day}."),
            link_text: "Open it",
        },
        Said {
            subject: format!("Sie haben mehr Zeit: {title}"),
            body: format!("Sie können {title} wieder unterschreiben, und zwar bis zum {tag}."),
            link_text: "Öffnen",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_in_both_languages_and_names_the_paper() {
        let days = || ("3 December 2026".to_owned(), "03.12.2026".to_owned());
        for said in [
            ask(Asked::Signature, "NDA"),
            ask(Asked::Approval, "NDA"),
            remind(Asked::Signature, "NDA", Some(days())),
            remind(Asked::Approval, "NDA", None),
            named(Asked::Signature, "NDA", "Ana", "Thank you"),
            expired("NDA", "Ana"),
            extended("NDA", days()),
        ] {
            let german = &said.translations[0];
            assert_eq!(german.language, "de");
            for (one, other) in [
                (&said.subject, &german.subject),
                (&said.body, &german.body),
                (&said.link_text, &german.link_text),
            ] {
                assert!(!one.is_empty() && !other.is_empty() && one != other, "{one} / {other}");
            }
            assert!(
                said.subject.contains("NDA") && german.subject.contains("NDA") && german.body.contains("NDA")
            );
        }
    }
}
