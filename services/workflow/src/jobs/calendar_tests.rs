//! Reminders, due dates and escalation over weekends, holidays, a pause and the end of a run.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::Clock as _;
use portico_proto::{
    events::v1::NoticeRequested,
    workflow::v1::{CancelRunRequest, PauseRunRequest, ResumeRunRequest},
};

use crate::{
    rpc::{cancel_run, pause_run, resume_run},
    testing::{Engagement, Fixture, ONBOARDING},
};

/// The shipped onboarding, in which the questionnaire is escalated a working day after it was due.
async fn begin() -> (Fixture, Engagement) {
    let fixture = Fixture::new().await;
    // A Thursday; the week after has Christmas in it.
    fixture.database.clock.set("2026-12-17T09:00:00Z".parse().unwrap());
    fixture.close(&["2026-12-24", "2026-12-25", "2026-12-31", "2027-01-01"]);
    let yaml = portico_definition::gallery()[ONBOARDING].yaml;
    let plain = "form: intake_questionnaire, due: {after: start, workdays: 5}";
    assert!(yaml.contains(plain));
    let escalated = format!("{plain}, escalate: {{after: due, workdays: 1, to: {{role: project_manager}}}}");
    let one = fixture.engagement_of(&yaml.replacen(plain, &escalated, 1)).await;
    (fixture, one)
}

async fn of_intake(fixture: &Fixture, kind: &str) -> usize {
    let told = fixture.said::<NoticeRequested>().await;
    let about = |notice: &&NoticeRequested| notice.subject.ends_with("Complete the intake questionnaire");
    told.iter().filter(|notice| notice.kind == kind).filter(about).count()
}

/// Looks every six hours for so many days. Answers the days, as `12-31`, on which the client was reminded, and those of escalations.
async fn days(fixture: &Fixture, days: i64) -> (Vec<String>, Vec<String>) {
    let (mut reminded, mut escalated) = (Vec::new(), Vec::new());
    for _ in 0..days * 4 {
        let before = (of_intake(fixture, "reminder").await, of_intake(fixture, "escalation").await);
        fixture.pass(TimeDelta::hours(6)).await;
        let day = || fixture.database.clock.now().format("%m-%d").to_string();
        let after = (of_intake(fixture, "reminder").await, of_intake(fixture, "escalation").await);
        (before.0..after.0).for_each(|_| reminded.push(day()));
        (before.1..after.1).for_each(|_| escalated.push(day()));
    }
    (reminded, escalated)
}

async fn due(fixture: &Fixture, one: &Engagement) -> DateTime<Utc> {
    let due = fixture.step(&one.client, &one.run, "intake").await.due.unwrap();
    DateTime::from_timestamp(due.seconds, 0).unwrap()
}

#[tokio::test]
async fn weekends_and_holidays_do_not_count_and_reminders_end() {
    let (fixture, one) = begin().await;
    // 18, 21, 22, 23 and 28 December are worked.
    assert_eq!(due(&fixture, &one).await.to_rfc3339(), "2026-12-28T23:59:59+00:00");
    let (reminded, escalated) = days(&fixture, 45).await;
    // Two days before, a day after, and every three days, three times; the first look after midnight is on the next day.
    assert_eq!(reminded, ["12-27", "12-30", "01-02", "01-05"]);
    assert_eq!(escalated, ["12-30"], "once, to somebody else");
}

#[tokio::test]
async fn what_is_done_is_neither_reminded_of_nor_escalated() {
    let (fixture, one) = begin().await;
    let (reminded, _) = days(&fixture, 11).await;
    assert_eq!(reminded, ["12-27"]);
    let step = fixture.step(&one.client, &one.run, "intake").await;
    fixture.fulfil(&one.run, &step).await;
    assert_eq!(days(&fixture, 30).await, (vec![], vec![]));
}

#[tokio::test]
async fn a_paused_run_is_silent_and_goes_on_with_its_dates_moved() {
    let (fixture, one) = begin().await;
    days(&fixture, 5).await;
    let pause = PauseRunRequest { run_id: one.run.clone(), reason: "Holidays".to_owned() };
    pause_run::handle(&fixture.service, one.manager.clone(), pause.clone()).await.unwrap();
    let told = fixture.said::<NoticeRequested>().await.len();
    for _ in 0..10 {
        fixture.pass(TimeDelta::days(1)).await;
    }
    assert_eq!(fixture.said::<NoticeRequested>().await.len(), told, "nobody hears anything");
    let resume = ResumeRunRequest { run_id: one.run.clone() };
    let first = resume_run::handle(&fixture.service, one.manager.clone(), resume.clone()).await.unwrap();
    assert!(!first.event.is_empty());
    let again = resume_run::handle(&fixture.service, one.manager.clone(), resume).await.unwrap();
    assert_eq!(due(&fixture, &one).await.to_rfc3339(), "2027-01-07T23:59:59+00:00", "ten days later, once");
    assert_eq!(again.run.unwrap().etag, first.run.unwrap().etag);
    let (reminded, escalated) = days(&fixture, 30).await;
    assert_eq!(reminded, ["01-06", "01-09", "01-12", "01-15"]);
    assert_eq!(escalated, ["01-09"]);
}

#[tokio::test]
async fn a_cancelled_run_is_silent_for_good() {
    let (fixture, one) = begin().await;
    days(&fixture, 5).await;
    let cancel = CancelRunRequest { run_id: one.run.clone(), reason: "Merged".to_owned() };
    cancel_run::handle(&fixture.service, one.manager.clone(), cancel).await.unwrap();
    let told = fixture.said::<NoticeRequested>().await.len();
    assert_eq!(days(&fixture, 30).await, (vec![], vec![]));
    assert_eq!(fixture.said::<NoticeRequested>().await.len(), told);
}
