//! Meetings by the hours that staff keep: booked once however many ask at once, in turn among several, moved and cancelled by either
//! side, with what calendars are told.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use portico_core::{Clock as _, Ctx, ErrorCode, Problem};
use portico_proto::{events::v1::NoticeRequested, workflow::v1::*};
use portico_rpc::ServiceError as _;
use serde_json::json;

use super::{
    book_time, cancel_meeting, get_availability, get_meeting, move_meeting, set_availability,
    transition_record,
};
use crate::testing::{Engagement, Fixture, ONBOARDING, id};

/// The shipped onboarding, in which the kickoff call is booked by the hours that managers keep.
fn open(host: &str) -> String {
    let yaml = portico_definition::gallery()[ONBOARDING].yaml;
    let plain = "duration: PT45M, notice: PT24H,";
    assert!(yaml.contains(plain));
    yaml.replace(plain, &format!("duration: PT60M, notice: PT24H, times: open, host: {host},"))
}

pub(super) fn nine_to_five() -> Availability {
    Availability {
        time_zone: "Europe/Berlin".to_owned(),
        weekly: (1..=5).map(|day| Window { day, from_minute: 540, until_minute: 1020 }).collect(),
        horizon_days: 14,
        step_minutes: 60,
        ..Availability::default()
    }
}

pub(super) async fn keep(fixture: &Fixture, ctx: &Ctx, hours: Availability) -> Result<Availability, Problem> {
    let request = SetAvailabilityRequest { person_id: String::new(), availability: Some(hours) };
    let kept = set_availability::handle(&fixture.service, ctx.clone(), request).await;
    kept.map(|answer| answer.availability.unwrap()).map_err(|error| error.problem())
}

pub(super) async fn meeting(fixture: &Fixture, ctx: &Ctx, step: &str) -> GetMeetingResponse {
    let request = GetMeetingRequest { step_id: step.to_owned() };
    get_meeting::handle(&fixture.service, ctx.clone(), request).await.unwrap()
}

pub(super) async fn book(fixture: &Fixture, ctx: &Ctx, step: &str, slot: &str) -> Result<Slot, Problem> {
    let request = BookTimeRequest { step_id: step.to_owned(), slot_id: slot.to_owned() };
    let booked = book_time::handle(&fixture.service, ctx.clone(), request).await;
    booked.map(|answer| answer.booked.unwrap()).map_err(|error| error.problem())
}

pub(super) async fn shift(
    fixture: &Fixture,
    ctx: &Ctx,
    step: &str,
    slot: &str,
) -> Result<MoveMeetingResponse, Problem> {
    let request = MoveMeetingRequest { step_id: step.to_owned(), slot_id: slot.to_owned() };
    move_meeting::handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
}

async fn call_off(fixture: &Fixture, ctx: &Ctx, step: &str) -> Result<CancelMeetingResponse, Problem> {
    let request = CancelMeetingRequest { step_id: step.to_owned(), reason: "I am ill".to_owned() };
    cancel_meeting::handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
}

async fn mails(fixture: &Fixture) -> Vec<NoticeRequested> {
    fixture.said::<NoticeRequested>().await.into_iter().filter(|notice| notice.kind == "meeting").collect()
}

/// A line of a calendar file, unfolded.
fn line<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.split("\r\n").find_map(|line| line.strip_prefix(name))
}

/// A fixture at a Monday noon, with an engagement whose manager keeps hours.
async fn begin(host: &str) -> (Fixture, Engagement, String) {
    begin_in(Fixture::new().await, host).await
}

/// The same in a fixture that is there.
pub(super) async fn begin_in(fixture: Fixture, host: &str) -> (Fixture, Engagement, String) {
    fixture.database.clock.set("2026-10-19T10:00:00Z".parse().unwrap());
    let one = fixture.engagement_of(&open(host)).await;
    keep(&fixture, &one.manager, nine_to_five()).await.unwrap();
    let step = fixture.step(&one.client, &one.run, "kickoff").await;
    assert!(step.can_act, "there is always something to choose from");
    (fixture, one, step.id)
}

#[tokio::test]
async fn a_client_picks_from_the_hours_that_are_kept_across_the_change_of_the_clocks() {
    let (fixture, one, step) = begin("first").await;
    let shown = meeting(&fixture, &one.client, &step).await;
    assert_eq!(shown.with_name, "Mina Manager");
    let starts: Vec<String> = shown
        .slots
        .iter()
        .map(|slot| DateTime::from_timestamp(slot.starts_at.unwrap().seconds, 0).unwrap().to_rfc3339())
        .collect();
    assert_eq!(starts[0], "2026-10-20T11:00:00+00:00", "a day's notice, by the wall in Berlin");
    assert!(starts.contains(&"2026-10-23T07:00:00+00:00".to_owned()));
    assert!(
        starts.contains(&"2026-10-26T08:00:00+00:00".to_owned())
            && !starts.contains(&"2026-10-26T07:00:00+00:00".to_owned())
    );
    let booked = book(&fixture, &one.client, &step, &shown.slots[3].id).await.unwrap();
    assert_eq!(booked.starts_at, shown.slots[3].starts_at);
    let again = book(&fixture, &one.client, &step, &shown.slots[3].id).await.unwrap();
    assert_eq!(again, booked, "a double click is one booking");
    for wrong in ["1", "99999999999", "now", "", "-5"] {
        assert!(shift(&fixture, &one.client, &step, wrong).await.is_err(), "{wrong}");
    }
}

/// An engagement of another client with the same definition; its kickoff.
async fn another(fixture: &Fixture, one: &Engagement, name: &str, team: &[&Ctx]) -> (Ctx, String) {
    let account = fixture.database.account();
    let client = fixture.client(name, account, &["client"]);
    let team: Vec<String> = team.iter().map(|ctx| id(ctx)).collect();
    let fields = json!({"title": name, "team": team, "contacts": [id(&client)]});
    let record = fixture.record(&one.admin, one.portal, "engagement", account, fields).await;
    let request =
        TransitionRecordRequest { record_id: record.id, to_state: "signed".to_owned(), ..Default::default() };
    let moved = transition_record::handle(&fixture.service, one.admin.clone(), request).await.unwrap();
    let step = fixture.step(&client, &moved.run_ids[0], "kickoff").await.id;
    (client, step)
}

#[tokio::test]
async fn of_twenty_who_ask_for_one_time_at_once_exactly_one_gets_it() {
    let (fixture, one, step) = begin("first").await;
    let slot = meeting(&fixture, &one.client, &step).await.slots[0].id.clone();
    let mut clients = vec![(one.client.clone(), step)];
    for number in 1..20 {
        clients.push(another(&fixture, &one, &format!("Client {number}"), &[&one.manager]).await);
    }
    let asked = clients.iter().map(|(client, step)| book(&fixture, client, step, &slot));
    let answers = join_all(asked).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(won, 1, "{answers:?}");
    assert!(
        answers.iter().flat_map(|answer| answer.as_ref().err()).all(|problem| problem.reason == "time_taken")
    );
    let rows: i64 = sqlx::query_scalar("select count(*) from workflow.bookings")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    assert_eq!(rows, 1);
    let loser = answers.iter().position(Result::is_err).unwrap();
    let left = meeting(&fixture, &clients[loser].0, &clients[loser].1).await;
    assert!(left.slots.iter().all(|other| other.id != slot), "what is taken is not shown");
}

#[tokio::test]
async fn several_hosts_take_turns_by_how_many_meetings_they_have() {
    let (fixture, one, step) = begin("round_robin").await;
    let (max, nils) =
        (fixture.staff("Max", &["project_manager"]), fixture.staff("Nils", &["project_manager"]));
    for ctx in [&max, &nils] {
        keep(&fixture, ctx, nine_to_five()).await.unwrap();
    }
    let team = [&one.manager, &max, &nils];
    book(&fixture, &one.client, &step, &meeting(&fixture, &one.client, &step).await.slots[0].id)
        .await
        .unwrap();
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..6 {
        let (client, step) = another(&fixture, &one, &format!("Client {number}"), &team).await;
        let shown = meeting(&fixture, &client, &step).await;
        assert!(!shown.with_name.contains("Mina"), "before it is booked it is the team");
        book(&fixture, &client, &step, &shown.slots[0].id).await.unwrap();
        let with = meeting(&fixture, &client, &step).await.with_name;
        *hosts.entry(with).or_default() += 1;
    }
    // Mina had one before; six more make it two or three for each.
    assert!(hosts.values().all(|had| (1..=3).contains(had)), "{hosts:?}");
    assert_eq!(hosts.len(), 3, "{hosts:?}");
}

#[tokio::test]
async fn those_who_can_be_met_are_held_in_one_order_whoevers_turn_it_is() {
    let (fixture, one, _) = begin("round_robin").await;
    let max = fixture.staff("Max", &["project_manager"]);
    keep(&fixture, &max, nine_to_five()).await.unwrap();
    let mut hosts = [&one.manager, &max].map(|ctx| ctx.actor.person.unwrap());
    hosts.sort_unstable();
    // Of two with nothing yet the first in order is met, so that it is the other's turn next.
    let team = [&one.manager, &max];
    let (early, first) = another(&fixture, &one, "Early", &team).await;
    let slots = meeting(&fixture, &early, &first).await.slots;
    book(&fixture, &early, &first, &slots[0].id).await.unwrap();
    let (late, second) = another(&fixture, &one, "Late", &team).await;

    let store = &fixture.service.store;
    let ctx = Ctx::system(fixture.tenant, "Test");
    let mut holder = store.begin(&ctx).await.unwrap();
    crate::store::meetings::hold_hosts(&mut holder, &hosts[..1]).await.unwrap();
    let watch = async {
        let waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted \
                     and database = (select oid from pg_database where datname = current_database())";
        loop {
            let waiting: i64 = sqlx::query_scalar(waits).fetch_one(holder.conn()).await.unwrap();
            if waiting > 0 {
                break;
            }
        }
        // Whoever waits for the first holds nothing of the second.
        let key = format!("{}:{}", fixture.tenant, hosts[1]);
        let free: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(key)
            .fetch_one(holder.conn())
            .await
            .unwrap();
        holder.rollback().await.unwrap();
        free
    };
    let both = async { tokio::join!(book(&fixture, &late, &second, &slots[3].id), watch) };
    let (booked, free) = tokio::time::timeout(std::time::Duration::from_secs(60), both).await.unwrap();
    assert!(booked.is_ok() && free, "{booked:?}");
}

#[tokio::test]
async fn either_side_moves_and_cancels_and_calendars_follow_by_one_id() {
    let (fixture, one, step) = begin("first").await;
    let slots = meeting(&fixture, &one.client, &step).await.slots;
    book(&fixture, &one.client, &step, &slots[0].id).await.unwrap();
    let first = mails(&fixture).await;
    assert_eq!(first.len(), 2, "both sides");
    let uid = line(&first[0].calendar, "UID:").unwrap().to_owned();
    let sequence =
        |mail: &NoticeRequested| line(&mail.calendar, "SEQUENCE:").unwrap().parse::<u32>().unwrap();
    let method = |mail: &NoticeRequested| line(&mail.calendar, "METHOD:").unwrap().to_owned();
    assert!(first.iter().all(|mail| line(&mail.calendar, "UID:") == Some(&uid) && sequence(mail) == 0));

    let shown = meeting(&fixture, &one.client, &step).await;
    assert!(shown.changeable && !shown.slots.is_empty(), "the same times to move to");
    let moved = shift(&fixture, &one.client, &step, &slots[4].id).await.unwrap();
    let rows = fixture.rows().await;
    let again = shift(&fixture, &one.client, &step, &slots[4].id).await.unwrap();
    assert_eq!((again.event, fixture.rows().await), (moved.event, rows), "a double click moves once");
    let told = mails(&fixture).await;
    assert_eq!((told.len(), method(&told[3]).as_str(), sequence(&told[3])), (4, "REQUEST", 1));
    // What it had is free again for others.
    let (gil, theirs) = another(&fixture, &one, "Gil", &[&one.manager]).await;
    assert!(meeting(&fixture, &gil, &theirs).await.slots.iter().any(|slot| slot.id == slots[0].id));
    assert_eq!(shift(&fixture, &one.client, &step, &slots[0].id).await.map(|_| ()), Ok(()));
    book(&fixture, &gil, &theirs, &slots[4].id).await.unwrap();
    let taken = shift(&fixture, &one.manager, &step, &slots[4].id).await.unwrap_err();
    assert_eq!(taken.reason, "time_taken");
    assert!(meeting(&fixture, &one.client, &step).await.booked.is_some(), "nothing is lost by a try");

    call_off(&fixture, &one.manager, &step).await.unwrap();
    let told = mails(&fixture).await;
    let off: Vec<_> = told.iter().filter(|mail| method(mail) == "CANCEL").collect();
    assert_eq!((off.len(), sequence(off[0])), (2, 3));
    assert!(
        off.iter().all(|mail| line(&mail.calendar, "UID:") == Some(&uid) && mail.body.contains("I am ill"))
    );
    let step_now = fixture.step(&one.client, &one.run, "kickoff").await;
    assert_eq!((step_now.state(), step_now.can_act), (StepState::Active, true), "another time is chosen");
    book(&fixture, &one.client, &step, &slots[6].id).await.unwrap();
    let last = mails(&fixture).await.pop().unwrap();
    assert_eq!((method(&last).as_str(), sequence(&last)), ("REQUEST", 4), "higher than what was cancelled");
    fixture
        .database
        .clock
        .set(DateTime::<Utc>::from_timestamp(slots[6].starts_at.unwrap().seconds, 0).unwrap());
    assert_eq!(call_off(&fixture, &one.client, &step).await.unwrap_err().reason, "meeting_begun");
}

#[tokio::test]
async fn each_side_reads_the_time_by_its_own_clock_and_in_its_own_language() {
    let (fixture, one, step) = begin("first").await;
    fixture.keeps_zone(&one.client, "America/New_York");
    let slots = meeting(&fixture, &one.client, &step).await.slots;
    book(&fixture, &one.client, &step, &slots[0].id).await.unwrap();
    shift(&fixture, &one.client, &step, &slots[1].id).await.unwrap();
    call_off(&fixture, &one.manager, &step).await.unwrap();
    let told = mails(&fixture).await;
    let of = |person: &Ctx| -> Vec<NoticeRequested> {
        told.iter().filter(|mail| mail.person_ids == [id(person)]).cloned().collect()
    };
    let (client, manager) = (of(&one.client), of(&one.manager));
    assert_eq!((client.len(), manager.len()), (3, 3));
    // The firm is in UTC, and the manager has no zone of their own.
    assert_eq!(manager[0].subject, "Booked: Tuesday, 20 October 2026, 11:00 (UTC)");
    assert_eq!(client[0].subject, "Booked: Tuesday, 20 October 2026, 07:00 (America/New_York)");
    assert!(client[1].body.contains("from Tuesday, 20 October 2026, 07:00 (America/New_York) to "));
    let german: Vec<_> = client.iter().map(|mail| mail.translations[0].clone()).collect();
    assert!(german.iter().all(|words| words.language == "de" && words.link_text == "Termin öffnen"));
    assert_eq!(german[0].subject, "Vereinbart: Dienstag, 20. Oktober 2026, 07:00 Uhr (America/New_York)");
    assert!(german[1].subject.starts_with("Verschoben: ") && german[2].subject.starts_with("Abgesagt: "));
    assert!(german[2].body.contains("Grund: I am ill") && german[2].body.contains("Mina Manager"));
}

#[tokio::test]
async fn buffers_keep_meetings_apart() {
    let (fixture, one, step) = begin("first").await;
    let kept =
        get_availability::handle(&fixture.service, one.manager.clone(), GetAvailabilityRequest::default());
    let kept = kept.await.unwrap().availability.unwrap();
    let hours = Availability { buffer_after_minutes: 30, ..kept.clone() };
    keep(&fixture, &one.manager, hours).await.unwrap();
    assert_eq!(keep(&fixture, &one.manager, kept).await.unwrap_err().code, ErrorCode::Conflict, "two tabs");
    let slots = meeting(&fixture, &one.client, &step).await.slots;
    book(&fixture, &one.client, &step, &slots[1].id).await.unwrap();
    let (gil, theirs) = another(&fixture, &one, "Gil", &[&one.manager]).await;
    let left: Vec<String> =
        meeting(&fixture, &gil, &theirs).await.slots.into_iter().map(|slot| slot.id).collect();
    for near in [&slots[0], &slots[1], &slots[2]] {
        assert!(!left.contains(&near.id));
        assert_eq!(book(&fixture, &gil, &theirs, &near.id).await.unwrap_err().reason, "time_taken");
    }
    assert!(left.contains(&slots[3].id));
}

#[tokio::test]
async fn hours_are_ones_own_and_must_make_sense() {
    let (fixture, one, step) = begin("first").await;
    let field = async |change: &dyn Fn(&mut Availability)| {
        let mut hours = nine_to_five();
        hours.etag = "1".to_owned();
        change(&mut hours);
        keep(&fixture, &one.manager, hours).await.unwrap_err().fields[0].field.clone()
    };
    assert_eq!(field(&|hours| hours.time_zone = "Mars/Olympus".to_owned()).await, "time_zone");
    assert_eq!(field(&|hours| hours.weekly[0].until_minute = 540).await, "weekly[0]");
    assert_eq!(field(&|hours| hours.weekly[1].day = 1).await, "weekly[0]");
    assert_eq!(field(&|hours| hours.weekly[1].day = 9).await, "weekly");
    assert_eq!(field(&|hours| hours.horizon_days = 0).await, "horizon_days");
    assert_eq!(field(&|hours| hours.step_minutes = -1).await, "step_minutes");
    let day = ExceptionDay { date: "2026-13-01".to_owned(), windows: Vec::new() };
    assert_eq!(field(&|hours| hours.exceptions.push(day.clone())).await, "exceptions[0]");

    let of = async |ctx: &Ctx, whose: &Ctx| {
        let request = GetAvailabilityRequest { person_id: id(whose) };
        get_availability::handle(&fixture.service, ctx.clone(), request)
            .await
            .map_err(|error| error.problem())
    };
    let other = fixture.staff("Other", &["project_manager"]);
    assert_eq!(of(&other, &one.manager).await.unwrap_err(), Problem::not_found());
    assert!(of(&one.admin, &one.manager).await.unwrap().availability.unwrap().kept);
    assert_eq!(of(&one.admin, &one.client).await.unwrap_err(), Problem::not_found());
    assert!(!of(&other, &other).await.unwrap().availability.unwrap().kept);
    let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    // The stand-in for identity knows every person everywhere; the hours are nobody's there all the same.
    assert!(of(&stranger, &one.manager).await.is_ok_and(|answer| !answer.availability.unwrap().kept));

    // Changing a meeting is for those whose it is.
    let slots = meeting(&fixture, &one.client, &step).await.slots;
    book(&fixture, &one.client, &step, &slots[0].id).await.unwrap();
    let gil = fixture.client("Gil", fixture.database.account(), &["client"]);
    for ctx in [&gil, &stranger, &other] {
        assert_eq!(shift(&fixture, ctx, &step, &slots[1].id).await.unwrap_err(), Problem::not_found());
        assert_eq!(call_off(&fixture, ctx, &step).await.unwrap_err(), Problem::not_found());
    }
    let reader = fixture.client("Reads only", fixture.acme, &["signatory"]);
    assert_eq!(call_off(&fixture, &reader, &step).await.unwrap_err().code, ErrorCode::PermissionDenied);
    assert!(!meeting(&fixture, &reader, &step).await.changeable);
}

/// Whoever offers times by hand goes on doing so, and a cancelled meeting is theirs to offer again.
#[tokio::test]
async fn times_offered_by_hand_stay_and_a_cancelled_meeting_is_offered_again() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    keep(&fixture, &one.manager, nine_to_five()).await.unwrap();
    let step = fixture.step(&one.client, &one.run, "kickoff").await;
    assert!(!step.can_act && meeting(&fixture, &one.client, &step.id).await.slots.is_empty());
    let start = fixture.database.clock.now() + TimeDelta::hours(48);
    let starts = vec![portico_proto::time::timestamp(start)];
    let request = OfferTimesRequest { step_id: step.id.clone(), starts };
    let offered = super::offer_times::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
    assert!(
        book(&fixture, &one.client, &step.id, &start.timestamp().to_string()).await.is_err(),
        "hours are not open"
    );
    book(&fixture, &one.client, &step.id, &offered.slots[0].id).await.unwrap();
    call_off(&fixture, &one.client, &step.id).await.unwrap();
    let now = fixture.step(&one.client, &one.run, "kickoff").await;
    assert_eq!((now.state(), now.can_act), (StepState::Active, false));
    assert!(fixture.step(&one.manager, &one.run, "kickoff").await.can_act);
}
