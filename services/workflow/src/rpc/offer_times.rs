//! Offers times for a meeting.

use portico_core::Ctx;
use portico_proto::workflow::v1::{OfferTimesRequest, OfferTimesResponse};
use serde_json::json;

use super::{
    change::{self, Need},
    get_meeting::{meeting_of, minutes},
};
use crate::{
    convert,
    domain::{engine::Event, permissions::Viewer, times},
    error::WorkflowError,
    events::publish::step_changed,
    service::Service,
    store,
};

const OFFERED: &str = "meeting.offered";

/// The most times for one meeting.
const MOST: usize = 40;

/// The caller is whom the client will meet. Times that were offered before and not taken make room for these, and it becomes the
/// client's turn. The same times offered again change nothing.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: OfferTimesRequest,
) -> Result<OfferTimesResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Review).await?;
    let meeting = meeting_of(&found, &step)?;
    let host = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let (now, length) = (service.clock.now(), minutes(meeting.duration.total_minutes()));
    let notice = minutes(meeting.notice.total_minutes());
    if request.starts.is_empty() || request.starts.len() > MOST {
        return Err(WorkflowError::invalid("starts", format!("Offer between 1 and {MOST} times.")));
    }
    let mut slots = Vec::new();
    for (place, start) in request.starts.iter().enumerate() {
        let field = format!("starts[{place}]");
        let start = convert::chosen(&field, Some(start))?;
        if start <= now + notice || start > now + minutes(366 * 24 * 60) {
            let text =
                "Choose times that are far enough ahead for the notice that is asked for, within a year.";
            return Err(WorkflowError::invalid(&field, text));
        }
        slots.push((service.entropy.uuid(now), start, start + length));
    }
    slots.sort_by_key(|(_, start, _)| *start);
    slots.dedup_by_key(|(_, start, _)| *start);

    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Review, &[]).await?;
    held.must_be_open()?;
    let before = store::meetings::slots(&mut held.stage.tx, step.id).await?;
    let same = before.iter().map(|slot| (slot.host, slot.starts_at));
    let same = same.eq(slots.iter().map(|(_, start, _)| (host.0, *start)));
    if let Some(first) = before.first().filter(|_| same && held.step.offered_until.is_some()) {
        let (_, event) = held.repeated(OFFERED, first.id).await?;
        return Ok(OfferTimesResponse { slots: before.iter().map(convert::slot).collect(), event });
    }
    let account = held.found.record.account;
    store::meetings::offer(&mut held.stage.tx, step.id, account, host, &slots).await?;
    let round = slots.first().map(|(id, ..)| *id).unwrap_or_default();
    let slots = store::meetings::slots(&mut held.stage.tx, step.id).await?;
    let until = times::last_chance(slots.iter().map(|slot| (slot.starts_at, slot.free)), notice, now);
    let until = until.ok_or_else(|| {
        WorkflowError::invalid(
            "starts",
            "You have other meetings at these times. Choose times when you are free.",
        )
    })?;
    held.happen(Event::TimesOffered { step: step.id, until }).await?;
    if held.stage.event().is_empty() {
        // Other times until the same moment: nothing for the run, but pages show them.
        let changed = step_changed(&held.found.run, &held.step);
        held.stage.say("step", step.id.0, &changed).await?;
    }
    let (_, event) = held.finish_once(OFFERED, round, json!({ "times": slots.len() })).await?;
    Ok(OfferTimesResponse { slots: slots.iter().map(convert::slot).collect(), event })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use portico_core::Clock as _;
    use portico_proto::{
        events::v1::NoticeRequested,
        time::timestamp,
        workflow::v1::{
            BookTimeRequest, GetMeetingRequest, ListAttentionRequest, ListAttentionResponse,
            ListBlockedRequest, StepState, TransitionRecordRequest, WaiveStepRequest,
        },
    };
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{book_time, get_meeting, list_attention, list_blocked, transition_record, waive_step},
        testing::{Engagement, Fixture, id},
    };

    fn after(fixture: &Fixture, hours: i64) -> DateTime<Utc> {
        fixture.database.clock.now() + TimeDelta::hours(hours)
    }

    async fn offer(
        fixture: &Fixture,
        ctx: &Ctx,
        step: &str,
        hours: &[i64],
    ) -> Result<OfferTimesResponse, WorkflowError> {
        let starts = hours.iter().map(|hours| timestamp(after(fixture, *hours))).collect();
        let request = OfferTimesRequest { step_id: step.to_owned(), starts };
        handle(&fixture.service, ctx.clone(), request).await
    }

    async fn home(fixture: &Fixture, ctx: &Ctx) -> ListAttentionResponse {
        let request = ListAttentionRequest::default();
        list_attention::handle(&fixture.service, ctx.clone(), request).await.unwrap()
    }

    fn keys(items: &[portico_proto::workflow::v1::AttentionItem]) -> Vec<String> {
        let mut keys: Vec<String> =
            items.iter().map(|item| item.step.as_ref().unwrap().key.clone()).collect();
        keys.sort();
        keys
    }

    async fn told(fixture: &Fixture, subject: &str) -> Vec<NoticeRequested> {
        let told = fixture.said::<NoticeRequested>().await;
        told.into_iter().filter(|notice| notice.subject == subject).collect()
    }

    const OFFER: &str = "Offer times: Schedule the kickoff call";
    const CHOOSE: &str = "Choose a time: Schedule the kickoff call";

    #[tokio::test]
    async fn it_is_staffs_turn_until_times_are_offered_and_again_when_they_have_passed() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.manager, &one.run, "kickoff").await.id;

        let client = home(&fixture, &one.client).await;
        assert_eq!(keys(&client.needs_you), ["agreement", "intake", "sysdocs"]);
        assert_eq!(keys(&client.waiting), ["kickoff"]);
        assert!(!client.waiting[0].step.as_ref().unwrap().can_act);
        let staff = home(&fixture, &one.manager).await;
        assert_eq!(keys(&staff.needs_you), ["kickoff"]);
        assert_eq!(staff.needs_you[0].link, format!("/console/steps/{step}/meeting"));
        let blocked =
            list_blocked::handle(&fixture.service, one.manager.clone(), ListBlockedRequest::default());
        let blocked = blocked.await.unwrap();
        assert_eq!((blocked.on_client, blocked.on_us), (3, 1));
        assert_eq!(told(&fixture, OFFER).await.len(), 1);

        let first = offer(&fixture, &one.manager, &step, &[48, 72]).await.unwrap();
        assert!(!first.event.is_empty());
        assert_eq!(keys(&home(&fixture, &one.client).await.needs_you).len(), 4);
        assert!(home(&fixture, &one.manager).await.needs_you.is_empty());
        let choose = told(&fixture, CHOOSE).await;
        assert_eq!((choose.len(), &choose[0].person_ids, choose[0].role.as_str()), (1, &vec![], "client"));
        assert_eq!(choose[0].link, format!("/tasks/{step}"));
        let rows = fixture.rows().await;
        let again = offer(&fixture, &one.manager, &step, &[48, 72]).await.unwrap();
        assert_eq!((again.event, again.slots), (first.event, first.slots), "a double click offers once");
        assert_eq!(fixture.rows().await, rows);

        // Both could be chosen until a day before they begin.
        fixture.pass(TimeDelta::hours(47)).await;
        assert_eq!(keys(&home(&fixture, &one.client).await.needs_you).len(), 4);
        fixture.pass(TimeDelta::hours(1)).await;
        assert_eq!(keys(&home(&fixture, &one.client).await.needs_you).len(), 3);
        assert_eq!(keys(&home(&fixture, &one.manager).await.needs_you), ["kickoff"]);
        let ask = told(&fixture, OFFER).await;
        assert_eq!((ask.len(), &ask[1].person_ids), (2, &vec![id(&one.manager)]));
        assert!(ask[1].body.contains("have passed or were taken"), "{}", ask[1].body);
        fixture.pass(TimeDelta::hours(100)).await;
        assert_eq!(told(&fixture, OFFER).await.len(), 2, "staff are told once");
        offer(&fixture, &one.manager, &step, &[48]).await.unwrap();
        assert_eq!(told(&fixture, CHOOSE).await.len(), 2);
    }

    #[tokio::test]
    async fn what_happens_next_tells_offering_from_choosing() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        for key in ["intake", "sysdocs", "agreement"] {
            let step_id = fixture.step(&one.manager, &one.run, key).await.id;
            let waive = WaiveStepRequest { step_id, reason: "Not needed".to_owned() };
            waive_step::handle(&fixture.service, one.manager.clone(), waive).await.unwrap();
        }
        let next = home(&fixture, &one.client).await.next;
        assert!(next.contains("will offer times for “Schedule the kickoff call”"), "{next}");
        let step = fixture.step(&one.manager, &one.run, "kickoff").await.id;
        offer(&fixture, &one.manager, &step, &[48]).await.unwrap();
        let next = home(&fixture, &one.manager).await.next;
        assert!(next.contains("will choose a time for “Schedule the kickoff call”"), "{next}");
    }

    #[tokio::test]
    async fn the_time_that_staff_take_does_not_run_against_the_client() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = async || fixture.step(&one.client, &one.run, "kickoff").await;
        let (id, due) = (step().await.id, step().await.due.unwrap());
        let reminders = async || told(&fixture, "Reminder: Schedule the kickoff call").await.len();
        // Due in ten working days; three weeks later nothing has been offered.
        fixture.pass(TimeDelta::days(21)).await;
        fixture.pass(TimeDelta::days(1)).await;
        assert_eq!(reminders().await, 0);
        offer(&fixture, &one.manager, &id, &[24 * 30]).await.unwrap();
        let moved = step().await.due.unwrap();
        assert!(moved.seconds >= due.seconds + 20 * 86_400, "{due:?} {moved:?}");
        assert!(moved.seconds > fixture.database.clock.now().timestamp() + 9 * 86_400, "not late at once");
        assert_eq!(reminders().await, 0);
        // From here on it is the client who is reminded.
        fixture.database.clock.set(DateTime::from_timestamp(moved.seconds, 0).unwrap() - TimeDelta::days(1));
        fixture.pass(TimeDelta::zero()).await;
        assert_eq!(reminders().await, 1);
    }

    async fn globex(fixture: &Fixture, one: &Engagement) -> (Ctx, String) {
        let account = fixture.database.account();
        let gil = fixture.client("Gil Globex", account, &["client"]);
        let fields = json!({"title": "Audit", "team": [id(&one.manager)], "contacts": [id(&gil)]});
        let record = fixture.record(&one.admin, one.portal, "engagement", account, fields).await;
        let request = TransitionRecordRequest {
            record_id: record.id,
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let run = transition_record::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        let step = fixture.step(&gil, &run.run_ids[0], "kickoff").await.id;
        (gil, step)
    }

    #[tokio::test]
    async fn when_others_have_taken_all_times_staff_are_asked_for_new_ones() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let (gil, theirs) = globex(&fixture, &one).await;
        let mine = fixture.step(&one.client, &one.run, "kickoff").await.id;
        let slots = offer(&fixture, &one.manager, &mine, &[48, 72]).await.unwrap().slots;
        offer(&fixture, &one.manager, &theirs, &[48]).await.unwrap();
        let book = async |ctx: &Ctx, step: &str, slot: &str| {
            let request = BookTimeRequest { step_id: step.to_owned(), slot_id: slot.to_owned() };
            book_time::handle(&fixture.service, ctx.clone(), request).await
        };
        let waits = async |ctx: &Ctx| keys(&home(&fixture, ctx).await.waiting);
        assert!(waits(&gil).await.is_empty());
        book(&one.client, &mine, &slots[0].id).await.unwrap();
        fixture.pass(TimeDelta::zero()).await;
        assert_eq!(waits(&gil).await, ["kickoff"], "nothing is left for Globex");
        assert_eq!(told(&fixture, OFFER).await.len(), 3);
        fixture.pass(TimeDelta::zero()).await;
        assert_eq!(told(&fixture, OFFER).await.len(), 3);
        assert_eq!(fixture.step(&one.client, &one.run, "kickoff").await.state(), StepState::Done);

        let busy = offer(&fixture, &one.manager, &theirs, &[48]).await.unwrap_err().problem();
        assert_eq!(busy.fields[0].field, "starts", "what is taken cannot be offered alone");
        assert_eq!(waits(&gil).await, ["kickoff"]);
        let fresh = offer(&fixture, &one.manager, &theirs, &[48, 96]).await.unwrap().slots;
        let request = GetMeetingRequest { step_id: theirs.clone() };
        let shown = get_meeting::handle(&fixture.service, gil.clone(), request).await.unwrap();
        assert_eq!(shown.slots, [fresh[1].clone()]);
        assert!(book(&one.manager, &theirs, &fresh[1].id).await.is_err(), "staff do not choose for clients");
        book(&gil, &theirs, &fresh[1].id).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_offers_times_of_a_step_that_is_not_theirs_to_host() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "kickoff").await.id;
        let intake = fixture.step(&one.client, &one.run, "intake").await.id;
        let rows = fixture.rows().await;
        let hidden = portico_core::Problem::not_found();
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for ctx in [&fixture.staff("Other", &["project_manager"]), &stranger] {
            assert_eq!(offer(&fixture, ctx, &step, &[48]).await.unwrap_err().problem(), hidden);
        }
        assert!(offer(&fixture, &one.manager, &intake, &[48]).await.is_err());
        for hours in [&[][..], &[23], &[24 * 400], &[48; 41]] {
            let problem = offer(&fixture, &one.manager, &step, hours).await.unwrap_err().problem();
            assert!(problem.fields[0].field.starts_with("starts"), "{problem:?}");
        }
        assert_eq!(fixture.rows().await, rows);
    }
}
