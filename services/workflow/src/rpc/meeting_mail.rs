//! What both sides of a meeting are told, with what their calendars are told: booked, moved or cancelled.

use portico_core::{Ctx, PersonId, parse_time_zone};
use portico_proto::{events::v1::NoticeRequested, identity::v1::Person};

use super::{change::Held, get_meeting::file};
use crate::{
    domain::{
        calendar_file::{Attendee, Method},
        places::{self, Reader},
        words::{News, Told, Words},
    },
    error::WorkflowError,
    peers,
    service::Service,
    store::meetings::Slot,
};

/// The two who meet, as other services know them. Asked before anything is held.
pub(super) struct Parties {
    pub(super) host: Person,
    pub(super) guest: Person,
}

impl Parties {
    /// Whoever hosts, and whoever comes; either may be unknown by now.
    pub(super) async fn of(
        service: &Service,
        ctx: &Ctx,
        host: PersonId,
        guest: Option<PersonId>,
    ) -> Result<Self, WorkflowError> {
        let ids: Vec<PersonId> = guest.into_iter().chain([host]).collect();
        let mut people = peers::people(service, ctx, &ids).await?;
        let named = |id: PersonId, found: Option<Person>| {
            found.unwrap_or_else(|| Person { id: id.to_string(), ..Person::default() })
        };
        let host = named(host, people.remove(&host));
        let guest = guest.map(|guest| named(guest, people.remove(&guest))).unwrap_or_default();
        Ok(Self { host, guest })
    }
}

/// Tells both sides. Each is invited by the other, under one id that stays the same: a calendar that knows the meeting moves it or
/// takes it out. Each reads the time by the wall where they are, or by the firm's where that is not known.
pub(super) async fn tell(
    held: &mut Held<'_>,
    parties: &Parties,
    slot: &Slot,
    sequence: u32,
    news: News<'_>,
) -> Result<(), WorkflowError> {
    let title = held.step.title.clone();
    let record = format!("{}: {}", held.found.record.account_name, held.found.record.title);
    let method = if let News::Cancelled { .. } = news { Method::Cancel } else { Method::Request };
    for (to, other, hosts) in [(&parties.host, &parties.guest, true), (&parties.guest, &parties.host, false)]
    {
        if to.id.is_empty() {
            continue;
        }
        let with = if other.name.is_empty() { held.found.record.account_name.as_str() } else { &other.name };
        let zone = parse_time_zone(&to.time_zone).unwrap_or(held.stage.prepared.firm.zone);
        let told = |words: Words| {
            let told = words.meeting(news, with, slot.starts_at, zone);
            Told { body: format!("{title}\n\n{} {record}.", told.body), ..told }
        };
        let english = told(Words::English);
        let others = Words::OTHERS.into_iter().map(|words| told(words).translation(words)).collect();
        let calendar = file(held, slot, sequence, method, Some((other, to)));
        let reader = if hosts { Reader::Watching } else { Reader::Client };
        let message = NoticeRequested {
            dedupe_key: format!("meeting:{}:{}:{sequence}", held.step.id, method as u8),
            person_ids: vec![to.id.clone()],
            account_id: held.found.record.account.to_string(),
            subject: english.subject,
            body: english.body,
            link: places::step(reader, &held.step),
            link_text: english.link_text.to_owned(),
            by: vec!["mail".to_owned(), "app".to_owned()],
            kind: "meeting".to_owned(),
            reply_to_person_id: if hosts { String::new() } else { parties.host.id.clone() },
            calendar,
            translations: others,
            ..Default::default()
        };
        let run = held.found.run.id.0;
        held.stage.say("notice", run, &message).await?;
    }
    Ok(())
}

/// Somebody as a calendar names them; nobody whose address is not known.
pub(super) fn attendee(person: &Person) -> Option<Attendee> {
    let known = !person.email.is_empty();
    known.then(|| Attendee { name: person.name.clone(), email: person.email.clone() })
}
