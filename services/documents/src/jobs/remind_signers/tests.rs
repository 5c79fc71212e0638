//! Reminders of whole envelopes.

use chrono::TimeDelta;
use portico_core::Ctx;
use portico_definition::Period;
use portico_proto::{
    documents::v1::{DeclineEnvelopeRequest, Envelope, GetEnvelopeRequest, SignEnvelopeRequest},
    events::v1::NoticeRequested,
};

use crate::testing::Fixture;

const JOB: &str = "documents.remind_signers";

/// The agreement with both signers side by side, reminded every three days and given ten.
async fn side_by_side() -> (Fixture, String) {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.change_esign(|esign| {
        esign.together = vec![esign.order.clone()];
        esign.remind_every = Some(Period::days(3));
        esign.sign_within = Some(Period::days(10));
    });
    let step = fixture.activate("agreement").await;
    fixture.may_act(&step, "project_manager");
    (fixture, step)
}

async fn reminders(fixture: &Fixture) -> Vec<NoticeRequested> {
    let said = fixture.said::<NoticeRequested>().await;
    said.into_iter().filter(|notice| notice.kind == "reminder").collect()
}

async fn open(fixture: &Fixture, ctx: &Ctx, step: &str) -> Envelope {
    let get = GetEnvelopeRequest { step_id: step.to_owned(), ..Default::default() };
    fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
}

async fn sign(fixture: &Fixture, ctx: &Ctx, envelope: &Envelope, name: &str) {
    let sign = SignEnvelopeRequest {
        envelope_id: envelope.id.clone(),
        sha256: envelope.original.as_ref().unwrap().sha256.clone(),
        typed_name: name.to_owned(),
        consent: true,
        intent: true,
        ..SignEnvelopeRequest::default()
    };
    fixture.documents(ctx).sign_envelope(sign).await.unwrap();
}

#[tokio::test]
async fn everybody_whose_turn_it_is_is_reminded_once_and_no_longer_when_they_have_signed() {
    let (fixture, step) = side_by_side().await;
    let ana = fixture.client("signatory");
    let envelope = open(&fixture, &ana, &step).await;
    fixture.work(JOB).await;
    assert!(reminders(&fixture).await.is_empty(), "nobody is reminded at once");
    fixture.database.clock.advance(TimeDelta::days(3));
    for _ in 0..3 {
        fixture.work(JOB).await;
    }
    let told = reminders(&fixture).await;
    let roles: Vec<_> = told.iter().map(|notice| notice.role.as_str()).collect();
    assert_eq!(roles, ["signatory", "project_manager"], "both of a group, and each once");
    assert_ne!(told[0].dedupe_key, told[1].dedupe_key);
    let german = &told[0].translations[0];
    assert!(
        german.subject.starts_with("Erinnerung:") && german.body.contains("unterschreiben"),
        "{german:?}"
    );

    sign(&fixture, &ana, &envelope, "Ana Ruiz").await;
    fixture.database.clock.advance(TimeDelta::days(3));
    fixture.work(JOB).await;
    let told = reminders(&fixture).await;
    assert_eq!(told.len(), 3);
    assert_eq!(told[2].role, "project_manager");
    assert_ne!(told[2].dedupe_key, told[1].dedupe_key, "the second reminder is another one");
    sign(&fixture, &fixture.manager(), &envelope, "Tom Weber").await;
    assert_eq!(fixture.rows("nudges").await, 0);
    fixture.database.clock.advance(TimeDelta::days(30));
    fixture.work(JOB).await;
    assert_eq!(reminders(&fixture).await.len(), 3);
}

#[tokio::test]
async fn the_end_is_told_once_and_ends_the_reminders() {
    let (fixture, step) = side_by_side().await;
    fixture.database.clock.advance(TimeDelta::days(11));
    for _ in 0..2 {
        fixture.work(JOB).await;
    }
    assert!(reminders(&fixture).await.is_empty(), "nobody is reminded of what they can no longer do");
    let said = fixture.said::<NoticeRequested>().await;
    let ended: Vec<_> =
        said.iter().filter(|notice| notice.dedupe_key.starts_with("envelope-expired:")).collect();
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|notice| notice.link == format!("/console/steps/{step}/envelope")));
    assert_eq!(fixture.audited().await.iter().filter(|action| *action == "envelope.expired").count(), 2);
}

#[tokio::test]
async fn what_was_declined_or_withdrawn_reminds_nobody() {
    let (fixture, step) = side_by_side().await;
    let ana = fixture.client("signatory");
    let envelope = open(&fixture, &ana, &step).await;
    let decline = DeclineEnvelopeRequest { envelope_id: envelope.id, reason: "No.".to_owned() };
    fixture.documents(&ana).decline_envelope(decline).await.unwrap();
    let (other, step) = side_by_side().await;
    other.withdraw(&step).await;
    for fixture in [fixture, other] {
        assert_eq!(fixture.rows("nudges").await, 0);
        fixture.database.clock.advance(TimeDelta::days(20));
        fixture.work(JOB).await;
        assert!(reminders(&fixture).await.is_empty());
    }
}

#[tokio::test]
async fn of_several_processes_one_reminds() {
    let (fixture, _) = side_by_side().await;
    fixture.database.clock.advance(TimeDelta::days(4));
    tokio::join!(fixture.work(JOB), fixture.work(JOB), fixture.work(JOB));
    assert_eq!(reminders(&fixture).await.len(), 2);
}
