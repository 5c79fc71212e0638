use portico_core::{Ctx, Impersonator};
use portico_proto::{
    events::v1::AuditEntry,
    messaging::v1::{GetThreadRequest, MessagePosted},
};
use portico_rpc::ServiceError as _;

use super::*;
use crate::testing::Fixture;

fn request(record: RecordId, body: &str) -> PostMessageRequest {
    PostMessageRequest {
        record_id: record.to_string(),
        body: body.to_owned(),
        ..PostMessageRequest::default()
    }
}

#[tokio::test]
async fn a_message_is_kept_told_and_audited_without_its_contents() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let ana = fixture.client_person("Ana Example");
    let file = fixture.upload(ana, "notes.pdf");
    let asked =
        PostMessageRequest { attachment_ids: vec![file.to_string()], ..request(record, " canarytext \r\n") };
    let posted = handle(&fixture.service, fixture.asker_client(ana), asked).await.unwrap().message.unwrap();
    assert_eq!((posted.body.as_str(), posted.author_name.as_str()), ("canarytext", "Ana Example"));
    assert!(posted.mine && !posted.internal);
    assert_eq!((posted.attachments[0].file_name.as_str(), posted.attachments[0].size), ("notes.pdf", 7));
    assert_eq!(fixture.bound(), [(file.to_string(), false)]);
    let told = fixture.outbox::<MessagePosted>().await[0].decode::<MessagePosted>().unwrap();
    assert_eq!((told.record_id, told.message_id), (record.to_string(), posted.id));
    assert_eq!(fixture.audited().await, ["message.posted"]);
    let entry = fixture.outbox::<AuditEntry>().await[0].decode::<AuditEntry>().unwrap();
    assert!(!entry.internal && !format!("{entry:?}").contains("canarytext"));
}

#[tokio::test]
async fn a_repeat_posts_nothing_new_even_at_the_same_moment() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let ana = fixture.client_person("Ana");
    let keyed = PostMessageRequest { idempotency_key: "k1".to_owned(), ..request(record, "Once") };
    let post = || handle(&fixture.service, fixture.asker_client(ana), keyed.clone());
    let (one, two) = tokio::join!(post(), post());
    let first = one.unwrap().message.unwrap();
    assert_eq!(two.unwrap().message.unwrap().id, first.id);
    assert_eq!(post().await.unwrap().message.unwrap().id, first.id);
    assert_eq!(fixture.published::<MessagePosted>().await, 1);
    // i11: the same key of somebody else is no repeat.
    let ben = fixture.client_person("Ben");
    let other = handle(&fixture.service, fixture.asker_client(ben), keyed).await.unwrap().message.unwrap();
    assert_ne!(other.id, first.id);
}

#[tokio::test]
async fn every_mistake_is_named_and_changes_nothing() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
    let wrong = PostMessageRequest {
        attachment_ids: vec!["a".to_owned(); 11],
        idempotency_key: "k".repeat(201),
        ..request(record, &"x".repeat(10_001))
    };
    let problem = handle(&fixture.service, fixture.asker_client(ana), wrong).await.unwrap_err().problem();
    let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
    assert_eq!(named, ["body", "attachment_ids", "idempotency_key", "attachment_ids"]);

    let note = PostMessageRequest { internal: true, ..request(record, "Note") };
    let refused = handle(&fixture.service, fixture.asker_client(ana), note).await;
    assert!(matches!(refused, Err(MessagingError::InternalNote)), "{refused:?}");

    let mut view = fixture.asker_client(ana);
    view.ctx.actor.impersonator = Some(Impersonator { person: tom, reason: "support".to_owned() });
    let refused = handle(&fixture.service, view, request(record, "As her")).await;
    assert!(matches!(refused, Err(MessagingError::ReadOnlyView)), "{refused:?}");

    for file in [fixture.upload(tom, "toms.pdf").to_string(), "x".to_owned()] {
        let foreign = PostMessageRequest { attachment_ids: vec![file], ..request(record, "Look") };
        let refused = handle(&fixture.service, fixture.asker_client(ana), foreign).await;
        assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
    }
    assert_eq!(fixture.published::<MessagePosted>().await, 0);
    assert!(fixture.bound().is_empty());
}

#[tokio::test]
async fn i01_i02_nobody_writes_where_they_may_not_read() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let tom = fixture.staff_person("Tom");
    fixture.hide_from(record, tom);
    for asker in [fixture.asker_of(fixture.globex()), fixture.asker_of_stranger(), fixture.asker_staff(tom)] {
        let refused = handle(&fixture.service, asker, request(record, "Hello")).await;
        assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
    }
    assert_eq!(fixture.published::<MessagePosted>().await, 0);
}

#[tokio::test]
async fn i10_a_note_and_its_files_stay_with_staff_on_the_floor() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
    let file = fixture.upload(tom, "margin.pdf");
    let note = PostMessageRequest {
        internal: true,
        attachment_ids: vec![file.to_string()],
        ..request(record, "Margin is thin")
    };
    handle(&fixture.service, fixture.asker_staff(tom), note).await.unwrap();
    assert_eq!(fixture.bound(), [(file.to_string(), true)]);
    let entry = fixture.outbox::<AuditEntry>().await[0].decode::<AuditEntry>().unwrap();
    assert!(entry.internal);
    let count = async |ctx: &Ctx, statement: &'static str| {
        let mut tx = fixture.service.store.begin(ctx).await.unwrap();
        sqlx::query_scalar::<_, i64>(statement).fetch_one(tx.conn()).await.unwrap()
    };
    for statement in [
        "select count(*) from messaging.messages",
        "select count(*) from messaging.attachments",
        "select count(*) from messaging.thread_heads",
    ] {
        assert_eq!(count(&fixture.as_staff(tom), statement).await, 1, "{statement}");
        assert_eq!(count(&fixture.as_client(ana), statement).await, 0, "{statement}");
    }
    // The floor itself refuses a client who would move a thread to another account.
    let mut tx = fixture.service.store.begin(&fixture.as_client(ana)).await.unwrap();
    let forged = sqlx::query("update messaging.threads set account_id = $1").bind(fixture.globex().0);
    let refused = forged.execute(tx.conn()).await.unwrap_err();
    assert_eq!(refused.into_database_error().unwrap().code().as_deref(), Some("42501"), "i09");
}

#[tokio::test]
async fn messages_of_one_moment_keep_their_order() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let ana = fixture.client_person("Ana");
    for number in 0..20 {
        fixture.post(ana, record, &number.to_string(), false).await;
    }
    let read = GetThreadRequest { page_size: 100, ..fixture.get(record) };
    let thread =
        crate::rpc::get_thread::handle(&fixture.service, fixture.asker_client(ana), read).await.unwrap();
    let order: Vec<usize> = thread.messages.iter().map(|message| message.body.parse().unwrap()).collect();
    assert_eq!(order, (0..20).collect::<Vec<_>>());
}
