//! Books one of the times that are offered.

use portico_core::{Ctx, PersonId};
use portico_proto::workflow::v1::{BookTimeRequest, BookTimeResponse};
use serde_json::json;

use super::{
    change::{self, Need},
    chosen_time::Choice,
    get_meeting::meeting_of,
    meeting_mail,
};
use crate::{
    convert,
    domain::{
        engine::Event,
        permissions::Viewer,
        words::{News, Words},
    },
    error::WorkflowError,
    jobs::free_times,
    service::Service,
    store,
};

const BOOKED: &str = "meeting.booked";

/// Of two clients exactly one gets the time. Both sides are told, with the meeting for their calendars.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: BookTimeRequest,
) -> Result<BookTimeResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Act).await?;
    let meeting = meeting_of(&found, &step)?.clone();
    let choice = Choice::read(service, &ctx, &step, &found, &meeting, &request.slot_id).await?;
    let others = choice.people();

    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Act, &others).await?;
    let booked = store::meetings::booked(&mut held.stage.tx, step.id).await?;
    if let Some(booked) = booked.filter(|booked| choice.is(booked) && held.ended_by_caller()) {
        let attempt = held.step.attempt;
        let (_, event) = held.repeated(BOOKED, attempt).await?;
        return Ok(BookTimeResponse { booked: Some(convert::slot(&booked)), event });
    }
    held.must_be_open()?;
    // Staff whose turn it is offer times; the choice is the client's.
    if held.step.owner.external && !viewer.is_client() {
        return Err(WorkflowError::NotAllowed);
    }
    let slot = choice.book(&mut held, service, &meeting).await?.ok_or_else(taken)?;
    let zone = held.stage.prepared.firm.zone;
    let when = Words::English.moment(slot.starts_at, zone);
    let attempt = held.step.attempt;
    held.happen(Event::Fulfilled { step: step.id, attempt, by: None, outcome: when }).await?;
    let host = PersonId(slot.host);
    let parties = choice.parties(host, ctx.actor.person);
    let sequence = held.step.told;
    meeting_mail::tell(&mut held, &parties, &slot, sequence, News::Booked).await?;
    held.stage.wake(&held.found.run, step.id, free_times::TIMER).await?;
    let (_, event) = held.finish_once(BOOKED, attempt, json!({ "starts_at": slot.starts_at })).await?;
    let booked = store::meetings::Slot { free: false, ..slot };
    Ok(BookTimeResponse { booked: Some(convert::slot(&booked)), event })
}

pub(super) fn taken() -> WorkflowError {
    WorkflowError::Precondition {
        reason: "time_taken",
        message: "This time has just been taken. Please choose another one.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::Clock as _;
    use portico_proto::{
        events::v1::NoticeRequested,
        time::timestamp,
        workflow::v1::{OfferTimesRequest, StepState},
    };
    use portico_rpc::ServiceError as _;
    use serde_json::Value;

    use super::*;
    use crate::{
        rpc::{get_meeting, offer_times, transition_record},
        testing::{Engagement, Fixture, id},
    };

    async fn offer(fixture: &Fixture, one: &Engagement, step: &str, hours: i64) -> String {
        let start = fixture.database.clock.now() + TimeDelta::hours(hours);
        let request = OfferTimesRequest { step_id: step.to_owned(), starts: vec![timestamp(start)] };
        let answer = offer_times::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        answer.slots[0].id.clone()
    }

    #[tokio::test]
    async fn two_clients_cannot_take_one_time_of_the_same_person() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let other_account = fixture.database.account();
        let gil = fixture.client("Gil Globex", other_account, &["client"]);
        let fields: Value = json!({"title": "Audit", "team": [id(&one.manager)], "contacts": [id(&gil)]});
        let record = fixture.record(&one.admin, one.portal, "engagement", other_account, fields).await;
        let request = portico_proto::workflow::v1::TransitionRecordRequest {
            record_id: record.id,
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let second_run =
            transition_record::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        let first = fixture.step(&one.client, &one.run, "kickoff").await;
        let second = fixture.step(&gil, &second_run.run_ids[0], "kickoff").await;
        // Not the same minute, but one person cannot be in both.
        let (mine, theirs) =
            (offer(&fixture, &one, &first.id, 48).await, offer(&fixture, &one, &second.id, 48).await);

        let book = async |ctx: &Ctx, step: &str, slot: &str| {
            let request = BookTimeRequest { step_id: step.to_owned(), slot_id: slot.to_owned() };
            handle(&fixture.service, ctx.clone(), request).await
        };
        let booked = book(&one.client, &first.id, &mine).await.unwrap();
        assert!(!booked.event.is_empty());
        let before = fixture.rows().await;
        assert_eq!(
            book(&one.client, &first.id, &mine).await.unwrap().booked,
            booked.booked,
            "a double click is one booking"
        );
        let taken = book(&gil, &second.id, &theirs).await.unwrap_err().problem();
        assert_eq!(taken.reason, "time_taken");
        assert_eq!(
            book(&gil, &first.id, &mine).await.unwrap_err().problem(),
            portico_core::Problem::not_found()
        );
        assert_eq!(fixture.rows().await, before);
        assert_eq!(fixture.step(&one.client, &one.run, "kickoff").await.state(), StepState::Done);

        let told = fixture.said::<NoticeRequested>().await;
        let invites: Vec<_> = told.iter().filter(|notice| notice.kind == "meeting").collect();
        assert_eq!(invites.len(), 2);
        assert!(invites.iter().all(|notice| notice.calendar.contains("BEGIN:VEVENT")));
        let request = portico_proto::workflow::v1::GetMeetingRequest { step_id: second.id };
        assert!(
            get_meeting::handle(&fixture.service, gil, request).await.unwrap().slots.is_empty(),
            "a taken time is not shown"
        );
    }
}
