//! A time that somebody has chosen for a meeting: one that was offered, or one from the hours that are kept.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, PersonId};
use portico_definition::{MeetingStep, MeetingTimes};
use portico_proto::identity::v1::Person;
use uuid::Uuid;

use super::{
    book_time::taken,
    change::Held,
    get_meeting::minutes,
    meeting_mail::Parties,
    open_times::{self, OpenTimes},
};
use crate::{
    domain::engine::StepRecord,
    error::WorkflowError,
    peers,
    reach::RunInReach,
    service::Service,
    store::{self, meetings::Slot},
};

/// Which time.
enum Time {
    /// One that was offered by hand.
    Offered(Uuid),
    /// One from the hours that are kept, and those who could be met.
    Open(DateTime<Utc>, Vec<PersonId>),
}

/// A time that was chosen, with everybody whom it may concern.
pub(super) struct Choice {
    time: Time,
    known: HashMap<PersonId, Person>,
}

impl Choice {
    /// Looks up what a slot's id names, before anything is held.
    ///
    /// # Errors
    /// NOT_FOUND for a time that this meeting never had.
    pub(super) async fn read(
        service: &Service,
        ctx: &Ctx,
        step: &StepRecord,
        found: &RunInReach,
        meeting: &MeetingStep,
        slot_id: &str,
    ) -> Result<Self, WorkflowError> {
        let mut people: Vec<PersonId> = ctx.actor.person.into_iter().collect();
        people.extend(step.ended_by.as_ref().map(|by| by.id));
        let time = match (Uuid::try_parse(slot_id), open_times::moment_of(slot_id)) {
            (_, Some(at)) if meeting.times == MeetingTimes::Open => {
                let hosts = open_times::hosts(service, ctx, found, meeting).await?;
                people.extend(&hosts);
                Time::Open(at, hosts)
            }
            (Ok(id), _) => {
                let mut tx = service.store.begin(ctx).await?;
                let offered = store::meetings::slots(&mut tx, step.id).await?;
                tx.rollback().await?;
                let slot = offered.into_iter().find(|slot| slot.id == id).ok_or(WorkflowError::NotFound)?;
                people.push(PersonId(slot.host));
                Time::Offered(id)
            }
            _ => return Err(WorkflowError::NotFound),
        };
        let known = peers::people(service, ctx, &people).await?;
        Ok(Self { time, known })
    }

    /// Everybody whom it may concern.
    pub(super) fn people(&self) -> Vec<PersonId> {
        self.known.keys().copied().collect()
    }

    /// Whether a booked time is this one.
    pub(super) fn is(&self, booked: &Slot) -> bool {
        match &self.time {
            Time::Offered(id) => booked.id == *id,
            Time::Open(at, _) => booked.starts_at == *at,
        }
    }

    /// Takes the time; nothing where somebody else has just taken it, or it is too near.
    pub(super) async fn book(
        &self,
        held: &mut Held<'_>,
        service: &Service,
        meeting: &MeetingStep,
    ) -> Result<Option<Slot>, WorkflowError> {
        let (step, now) = (held.step.id, held.stage.now);
        match &self.time {
            Time::Offered(id) => {
                // Other times may have been offered since.
                let offered = store::meetings::slots(&mut held.stage.tx, step).await?;
                let slot = offered.into_iter().find(|one| one.id == *id).ok_or_else(taken)?;
                let notice = minutes(meeting.notice.total_minutes());
                let late = slot.starts_at <= now + notice;
                let tx = &mut held.stage.tx;
                let booked = !late && store::meetings::book(tx, step, &slot, TimeDelta::zero(), now).await?;
                Ok(booked.then_some(slot))
            }
            Time::Open(at, hosts) => {
                let tx = &mut held.stage.tx;
                let open = OpenTimes::read(tx, hosts, meeting, step, now).await?;
                open.book(tx, service, step, *at).await
            }
        }
    }

    /// The two who meet.
    pub(super) fn parties(&self, host: PersonId, guest: Option<PersonId>) -> Parties {
        let named = |id: PersonId| {
            self.known.get(&id).cloned().unwrap_or_else(|| Person { id: id.to_string(), ..Person::default() })
        };
        let guest = guest.filter(|guest| *guest != host).map(named).unwrap_or_default();
        Parties { host: named(host), guest }
    }
}
