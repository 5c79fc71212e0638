//! What a mail of each kind says.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_core::parse_time_zone;
use portico_proto::{identity::v1::Person, tenancy::v1::Tenant};

use crate::domain::{
    letter::{Action, Letter, paragraphs},
    mail::Mail,
    notification::own_path,
    words::Words,
};

/// What a mail is written from.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) mail: &'a Mail,
    pub(super) firm: &'a Tenant,
    /// The address of the firm's portal.
    pub(super) origin: &'a str,
    pub(super) person: &'a Person,
    /// Whom replies reach.
    pub(super) reply_to: Option<&'a Person>,
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
            firm: self.firm.name.clone(),
            subject,
            greeting: self.words().greeting(&self.person.name),
            paragraphs,
            action,
            notes,
        }
    }

    fn action(&self, label: &str, path: &str) -> Action {
        Action {
            label: label.to_owned(),
            url: format!("{}{path}", self.origin),
            otherwise: self.words().if_the_button_fails(),
        }
    }

    fn zone(&self) -> Tz {
        [&self.person.time_zone, &self.firm.time_zone]
            .into_iter()
            .find_map(|zone| parse_time_zone(zone).ok())
            .unwrap_or(Tz::UTC)
    }

    /// A notice: the words are finished, ours are those around them.
    pub(super) fn notice(&self) -> Letter {
        let path = own_path(&self.mail.link);
        let label = if self.mail.link_text.is_empty() { self.words().open() } else { &self.mail.link_text };
        let action = (!path.is_empty()).then(|| self.action(label, path));
        self.letter(self.mail.subject.clone(), paragraphs(&self.mail.body), action, Vec::new())
    }

    pub(super) fn invitation(&self, link: &Link) -> Letter {
        let (words, firm) = (self.words(), self.firm.name.as_str());
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
        let (words, firm) = (self.words(), self.firm.name.as_str());
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
        let words = self.words();
        let action = self.action(words.read_and_answer(), own_path(&self.mail.link));
        let notes = vec![words.messages_stay_inside().to_owned()];
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
        action: None,
        notes: Vec::new(),
    }
}
