//! What both sides of a meeting are told, with what their calendars are told: booked, moved or cancelled.

use portico_core::{Ctx, PersonId};
use portico_proto::{events::v1::NoticeRequested, identity::v1::Person};

use super::{change::Held, get_meeting::file};
use crate::{
    domain::{
        calendar_file::{Attendee, Method},
        places::{self, Reader},
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

/// What has become of the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News<'a> {
    Booked,
    Moved { from: &'a str },
    Cancelled { reason: &'a str },
}

/// Tells both sides. Each is invited by the other, under one id that stays the same: a calendar that knows the meeting moves it or
/// takes it out.
pub(super) async fn tell(
    held: &mut Held<'_>,
    parties: &Parties,
    slot: &Slot,
    sequence: u32,
    news: News<'_>,
) -> Result<(), WorkflowError> {
    let zone = held.stage.prepared.firm.zone;
    let when = slot.starts_at.with_timezone(&zone).format("%A, %-d %B %Y, %H:%M %Z").to_string();
    let title = held.step.title.clone();
    let record = format!("{}: {}", held.found.record.account_name, held.found.record.title);
    let (subject, method) = match news {
        News::Booked => (format!("Booked: {when}"), Method::Request),
        News::Moved { .. } => (format!("Moved: {when}"), Method::Request),
        News::Cancelled { .. } => (format!("Cancelled: {when}"), Method::Cancel),
    };
    for (to, other, hosts) in [(&parties.host, &parties.guest, true), (&parties.guest, &parties.host, false)]
    {
        if to.id.is_empty() {
            continue;
        }
        let with = if other.name.is_empty() { held.found.record.account_name.as_str() } else { &other.name };
        let said = match news {
            News::Booked => format!("You meet {with} on {when}."),
            News::Moved { from } => format!("Your meeting with {with} was moved from {from} to {when}."),
            News::Cancelled { reason: "" } => {
                format!("Your meeting with {with} on {when} does not take place.")
            }
            News::Cancelled { reason } => {
                format!("Your meeting with {with} on {when} does not take place. Reason: {reason}")
            }
        };
        let calendar = file(held, slot, sequence, method, Some((other, to)));
        let reader = if hosts { Reader::Watching } else { Reader::Client };
        let message = NoticeRequested {
            dedupe_key: format!("meeting:{}:{}:{sequence}", held.step.id, method as u8),
            person_ids: vec![to.id.clone()],
            account_id: held.found.record.account.to_string(),
            subject: subject.clone(),
            body: format!("{title}\n\n{said} {record}."),
            link: places::step(reader, &held.step),
            link_text: "Open the meeting".to_owned(),
            by: vec!["mail".to_owned(), "app".to_owned()],
            kind: "meeting".to_owned(),
            reply_to_person_id: if hosts { String::new() } else { parties.host.id.clone() },
            calendar,
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
