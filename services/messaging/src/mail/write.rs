//! What a mail of each kind says.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_proto::{identity::v1::Person, tenancy::v1::Tenant};

use super::Office;
use crate::{
    domain::{
        letter::{Action, Letter, Line, paragraphs},
        mail::Mail,
        notification::own_path,
        words::Words,
    },
    peers::zone_of,
};

/// The page where people choose what they are mailed.
const CHOICES: &str = "/me/mail";

/// What a mail is written from.
pub(super) struct Sheet<'a> {
    pub(super) mail: &'a Mail,
    pub(super) office: &'a Office,
    pub(super) person: &'a Person,
    /// Whom replies reach.
    pub(super) reply_to: Option<&'a Person>,
    /// The address that switches mails of this kind off, where one may.
    pub(super) unsubscribe: Option<&'a str>,
    /// Whether an answer to the mail is posted in its thread.
    pub(super) answerable: bool,
}

/// A link that lets its person in.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) secret: String,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl Sheet<'_> {
    fn words(&self) -> Words {
        Words::of(&self.person.language)
    }

    fn letter(
        &self,
        subject: String,
        paragraphs: Vec<String>,
        action: Option<Action>,
        notes: Vec<String>,
    ) -> Letter {
        Letter {
            language: self.words().code(),
            firm: self.office.firm.name.clone(),
            subject,
            greeting: self.words().greeting(&self.person.name),
            paragraphs,
            action,
            notes,
            footer: self.footer(),
            ..Letter::default()
        }
    }

    fn footer(&self) -> Vec<Line> {
        let Some(address) = self.unsubscribe else { return Vec::new() };
        let stop = self.words().stop_mails(&self.mail.kind).to_owned();
        vec![choices(self.office, self.words()), Line { text: stop, url: address.to_owned() }]
    }

    /// A mail that says that there is something, and nothing about it.
    fn nothing_but_news(&self) -> Letter {
        let words = self.words();
        let path = own_path(&self.mail.link);
        let action = self.action(words.open(), if path.is_empty() { "/" } else { path });
        let said = vec![words.something_new(&self.mail.kind).to_owned()];
        let notes = vec![words.contents_stay_inside().to_owned()];
        self.letter(words.something_new_subject(&self.office.firm.name), said, Some(action), notes)
    }

    fn action(&self, label: &str, path: &str) -> Action {
        Action {
            label: label.to_owned(),
            url: format!("{}{path}", self.office.origin),
            otherwise: self.words().if_the_button_fails(),
        }
    }

    fn zone(&self) -> Tz {
        zone_of(self.person, &self.office.firm)
    }

    /// A notice: the words are finished, ours are those around them.
    pub(super) fn notice(&self) -> Letter {
        if self.office.settings.hide_contents {
            return self.nothing_but_news();
        }
        let path = own_path(&self.mail.link);
        let label = if self.mail.link_text.is_empty() { self.words().open() } else { &self.mail.link_text };
        let action = (!path.is_empty()).then(|| self.action(label, path));
        self.letter(self.mail.subject.clone(), paragraphs(&self.mail.body), action, Vec::new())
    }

    pub(super) fn invitation(&self, link: &Link) -> Letter {
        let (words, firm) = (self.words(), self.office.firm.name.as_str());
        let mut said = words.invitation(firm, self.reply_to.map(|person| person.name.as_str()));
        let sentence = self.mail.body.trim();
        if !sentence.is_empty() {
            said.push(words.quoted(sentence));
        }
        let mut notes = Vec::new();
        if let Some(moment) = link.expires_at {
            notes.push(format!("{} {}", words.works_until(moment, self.zone()), words.ask_for_a_new_one()));
        }
        notes.push(words.invitation_is_personal(&self.person.name));
        let action = self.action(words.accept_invitation(), &format!("/link/{}", link.secret));
        self.letter(words.invitation_subject(firm), said, Some(action), notes)
    }

    pub(super) fn sign_in(&self, link: &Link) -> Letter {
        let (words, firm) = (self.words(), self.office.firm.name.as_str());
        let mut notes = Vec::new();
        if let Some(moment) = link.expires_at {
            notes.push(words.works_until(moment, self.zone()));
        }
        notes.push(words.sign_in_not_asked_for().to_owned());
        let action = self.action(words.sign_in_label(), &format!("/link/{}", link.secret));
        self.letter(words.sign_in_subject(firm), vec![words.sign_in(firm)], Some(action), notes)
    }

    /// That messages wait in a thread called `title`; never what they say.
    pub(super) fn messages(&self, title: &str, unread: i32) -> Letter {
        if self.office.settings.hide_contents {
            return self.nothing_but_news();
        }
        let words = self.words();
        let action = self.action(words.read_and_answer(), own_path(&self.mail.link));
        let mut notes = vec![words.messages_stay_inside().to_owned()];
        if self.answerable {
            notes.push(words.answer_by_mail().to_owned());
        }
        self.letter(self.mail.subject.clone(), vec![words.messages_wait(unread, title)], Some(action), notes)
    }
}

/// A test mail, to nobody in particular.
pub(crate) fn test(firm: &Tenant) -> Letter {
    let words = Words::of(&firm.language);
    let mut said = words.test(&firm.name).into_iter();
    Letter {
        language: words.code(),
        firm: firm.name.clone(),
        subject: words.test_subject(&firm.name),
        greeting: said.next().unwrap_or_default(),
        paragraphs: said.collect(),
        ..Letter::default()
    }
}

/// A day's digest with these lines.
pub(super) fn digest(office: &Office, person: &Person, lines: Vec<Line>) -> Letter {
    let words = Words::of(&person.language);
    let open = Action {
        label: words.open().to_owned(),
        url: format!("{}/", office.origin),
        otherwise: words.if_the_button_fails(),
    };
    Letter {
        language: words.code(),
        firm: office.firm.name.clone(),
        subject: words.digest_subject(&office.firm.name, lines.len()),
        greeting: words.greeting(&person.name),
        paragraphs: vec![words.digest_begins().to_owned()],
        action: Some(open),
        footer: vec![choices(office, words)],
        lines,
        ..Letter::default()
    }
}

/// Where people choose what they are mailed.
fn choices(office: &Office, words: Words) -> Line {
    Line { text: words.choose_mails().to_owned(), url: format!("{}{CHOICES}", office.origin) }
}
