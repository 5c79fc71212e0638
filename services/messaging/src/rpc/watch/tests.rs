use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use portico_core::PersonId;
use portico_events::{EmbeddedRoad, InboxGate, Received};
use portico_proto::{
    identity::v1::SignedIn,
    messaging::v1::{LiveEvent, MailSettled, MessagePosted, NotificationCreated},
    workflow::v1::StepChanged,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{events, testing::Fixture};

async fn watch_as(fixture: &Fixture, ctx: Ctx, after: &str) -> Answers {
    handle(&fixture.service, ctx, WatchRequest { after: after.to_owned() }).await.unwrap()
}

/// The next event that is told, or nothing within a moment.
async fn next(stream: &mut Answers) -> Option<LiveEvent> {
    let answer = tokio::time::timeout(Duration::from_millis(50), stream.next()).await.ok()??;
    answer.unwrap().event
}

async fn names(stream: &mut Answers) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(event) = next(stream).await {
        names.push(event.name);
    }
    names
}

async fn tell(fixture: &Fixture, event: &Received) {
    let live =
        events::subscriptions(&fixture.service).into_iter().find(|each| each.consumer == "messaging.live");
    live.unwrap().handler.handle(event).await.unwrap();
}

fn step(fixture: &Fixture, client_visible: bool) -> Received {
    let body = StepChanged {
        step_id: "s1".to_owned(),
        account_id: fixture.acme().to_string(),
        client_visible,
        ..StepChanged::default()
    };
    fixture.received(&body, Some(fixture.acme()))
}

fn notification(fixture: &Fixture, person: PersonId) -> Received {
    let body = NotificationCreated { person_id: person.to_string(), ..NotificationCreated::default() };
    fixture.received(&body, Some(fixture.acme()))
}

#[tokio::test]
async fn i24_each_hears_what_is_within_their_reach() {
    let fixture = Fixture::new().await;
    let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    let tom = fixture.staff_person("Tom");
    let globex = portico_testkit::client(fixture.tenant, &[fixture.globex()], &["client"]);
    let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    let mut streams = Vec::new();
    for ctx in [fixture.as_client(ana), fixture.as_client(ben), globex, fixture.as_staff(tom), stranger] {
        streams.push(watch_as(&fixture, ctx, "").await);
    }
    let note =
        MessagePosted { account_id: fixture.acme().to_string(), internal: true, ..MessagePosted::default() };
    for event in [
        step(&fixture, true),
        step(&fixture, false),
        fixture.received(&note, Some(fixture.acme())),
        notification(&fixture, ana),
        notification(&fixture, tom),
        fixture.received(&MailSettled::default(), Some(fixture.acme())),
        fixture.received(&SignedIn::default(), None),
    ] {
        tell(&fixture, &event).await;
    }
    let mut heard = Vec::new();
    for stream in &mut streams {
        heard.push(names(stream).await);
    }
    assert_eq!(heard[0], ["step_changed", "notification_created"]);
    assert_eq!(heard[1], ["step_changed"]);
    assert!(heard[2].is_empty() && heard[4].is_empty(), "{heard:?}");
    let all = [
        "step_changed",
        "step_changed",
        "message_posted",
        "notification_created",
        "mail_settled",
        "signed_in",
    ];
    assert_eq!(heard[3], all);
}

#[tokio::test]
async fn whoever_comes_back_hears_what_they_missed_and_nothing_else() {
    let fixture = Fixture::new().await;
    let ana = fixture.client_person("Ana");
    let mut first = watch_as(&fixture, fixture.as_client(ana), "").await;
    tell(&fixture, &step(&fixture, true)).await;
    let seen = next(&mut first).await.unwrap();
    assert_eq!((seen.object_id.as_str(), seen.account_id), ("s1", fixture.acme().to_string()));
    drop(first);
    for visible in [true, false, true] {
        tell(&fixture, &step(&fixture, visible)).await;
    }
    let mut back = watch_as(&fixture, fixture.as_client(ana), &seen.id).await;
    assert_eq!(names(&mut back).await, ["step_changed", "step_changed"]);
    let mut lost = watch_as(&fixture, fixture.as_client(ana), "unknown").await;
    assert_eq!(names(&mut lost).await, ["reset"]);
}

#[tokio::test]
async fn whoever_is_too_slow_starts_afresh() {
    let fixture = Fixture::new().await;
    let mut slow = watch_as(&fixture, fixture.as_client(fixture.client_person("Ana")), "").await;
    for _ in 0..300 {
        tell(&fixture, &step(&fixture, true)).await;
    }
    let names = names(&mut slow).await;
    assert_eq!(names[0], "reset");
    assert!(names.len() <= 257, "{}", names.len());
}

#[tokio::test]
async fn an_event_travels_from_the_outbox_to_two_hundred_streams() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
    let shutdown = CancellationToken::new();
    let live =
        events::subscriptions(&fixture.service).into_iter().filter(|each| each.consumer == "messaging.live");
    let clock: portico_core::SharedClock = Arc::new(fixture.database.clock.clone());
    let stores = vec![fixture.database.store("messaging")];
    let road = EmbeddedRoad::start(stores, live.collect(), clock, InboxGate::default(), &shutdown).unwrap();
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(watch_as(&fixture, fixture.as_client(ana), "").await);
    }
    // Whoever begins at the present must have begun.
    tokio::time::sleep(Duration::from_millis(500)).await;
    fixture.post(tom, record, "Hello", false).await;
    for stream in &mut streams {
        let answer =
            tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap().unwrap();
        let event = answer.event.unwrap();
        assert_eq!((event.name.as_str(), event.object_id), ("message_posted", record.to_string()));
    }
    road.stop().await;
}
