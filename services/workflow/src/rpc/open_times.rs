//! The times at which a meeting can be had by the hours that those who are met keep.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, PersonId, StepId};
use portico_db::Tx;
use portico_definition::{MeetingHost, MeetingStep, MeetingTimes, Scope, Side};

use super::get_meeting::minutes;
use crate::{
    advance,
    domain::{
        availability::{Hours, MOST_STARTS, Stretch, fairest},
        fields,
    },
    error::WorkflowError,
    reach::RunInReach,
    service::Service,
    store::{self, meetings::Slot},
};

/// For so long past meetings count when it is decided whose turn it is.
const LATELY: TimeDelta = TimeDelta::days(90);

/// Those who can be met, in the order in which the record names them.
pub(super) async fn hosts(
    service: &Service,
    ctx: &Ctx,
    found: &RunInReach,
    meeting: &MeetingStep,
) -> Result<Vec<PersonId>, WorkflowError> {
    if meeting.times == MeetingTimes::Offered {
        return Ok(Vec::new());
    }
    let prepared = advance::prepare_for(service, ctx, found, &[]).await?;
    let holders = prepared.directory.holders.0.get(&meeting.with.role).cloned().unwrap_or_default();
    let assigned = found
        .definition
        .spec
        .roles
        .get(&meeting.with.role)
        .is_some_and(|role| role.side == Side::Internal && role.scope == Scope::Assigned);
    if !assigned {
        return Ok(holders);
    }
    let kind = fields::kind_of(&found.definition, &found.record.kind);
    let team = kind.map(|kind| fields::named(kind, &found.record.fields).staff).unwrap_or_default();
    let people: Vec<PersonId> = team.iter().copied().filter(|person| holders.contains(person)).collect();
    Ok(if people.is_empty() { team } else { people })
}

/// The hours of those who can be met, and what is taken of them.
pub(super) struct OpenTimes {
    /// In the order in which they are asked; one where only the first is met.
    hosts: Vec<(PersonId, Hours)>,
    busy: BTreeMap<PersonId, Vec<Stretch>>,
    length: TimeDelta,
    notice: TimeDelta,
    now: DateTime<Utc>,
}

impl OpenTimes {
    /// Reads them. `step`'s own meeting takes no time from itself.
    pub(super) async fn read(
        tx: &mut Tx,
        hosts: &[PersonId],
        meeting: &MeetingStep,
        step: StepId,
        now: DateTime<Utc>,
    ) -> Result<Self, WorkflowError> {
        let mut kept =
            if hosts.is_empty() { BTreeMap::new() } else { store::availability::of(tx, hosts).await? };
        let in_order = hosts.iter().filter_map(|host| Some((*host, kept.remove(host)?)));
        let most = if meeting.host == MeetingHost::First { 1 } else { usize::MAX };
        let hosts: Vec<_> = in_order.take(most).collect();
        let ids: Vec<PersonId> = hosts.iter().map(|(id, _)| *id).collect();
        let busy = if ids.is_empty() {
            BTreeMap::new()
        } else {
            store::availability::busy(tx, &ids, step.0, now).await?
        };
        let (length, notice) =
            (minutes(meeting.duration.total_minutes()), minutes(meeting.notice.total_minutes()));
        Ok(Self { hosts, busy, length, notice, now })
    }

    fn busy(&self, host: PersonId) -> &[Stretch] {
        self.busy.get(&host).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every time at which somebody is free, with who that is first.
    pub(super) fn slots(&self) -> Vec<(DateTime<Utc>, PersonId)> {
        let mut found = BTreeMap::new();
        for (host, hours) in &self.hosts {
            for start in hours.starts(self.length, self.notice, self.busy(*host), self.now) {
                found.entry(start).or_insert(*host);
            }
        }
        found.into_iter().take(MOST_STARTS).collect()
    }

    /// Those who are free at a time.
    fn free(&self, start: DateTime<Utc>) -> BTreeSet<PersonId> {
        let offers = |(host, hours): &&(PersonId, Hours)| {
            hours.offers(start, self.length, self.notice, self.busy(*host), self.now)
        };
        self.hosts.iter().filter(offers).map(|(host, _)| *host).collect()
    }

    fn gap(&self, host: PersonId) -> TimeDelta {
        self.hosts.iter().find(|(id, _)| *id == host).map_or(TimeDelta::zero(), |(_, hours)| hours.gap())
    }

    /// Books a time with whoever's turn it is among those who are free: fair by count, and of equals always the same. Nothing where
    /// all of them have just been taken.
    pub(super) async fn book(
        &self,
        tx: &mut Tx,
        service: &Service,
        step: StepId,
        start: DateTime<Utc>,
    ) -> Result<Option<Slot>, WorkflowError> {
        let free: Vec<PersonId> = self.free(start).into_iter().collect();
        if free.is_empty() {
            return Ok(None);
        }
        // Whose turn it is says who is asked first, and two may be asking the same people in another order.
        store::meetings::hold_hosts(tx, &free).await?;
        let had = store::availability::had(tx, &free, self.now - LATELY).await?;
        for host in fairest(&had) {
            let slot = Slot {
                id: service.entropy.uuid(self.now),
                host: host.0,
                starts_at: start,
                ends_at: start + self.length,
                free: false,
            };
            if store::meetings::book(tx, step, &slot, self.gap(host), self.now).await? {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }
}

/// A time from the hours that are kept, as a slot's id names it: the seconds since 1970 at which it begins.
pub(super) fn moment_of(slot_id: &str) -> Option<DateTime<Utc>> {
    let plain =
        !slot_id.is_empty() && slot_id.len() <= 12 && slot_id.bytes().all(|byte| byte.is_ascii_digit());
    slot_id.parse().ok().filter(|_| plain).and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}
