use chrono::TimeDelta;
use portico_proto::messaging::v1::NotificationCreated;

use crate::{domain::mail::State, testing::Fixture};

/// Whom mails that wait or were sent go to, by the name before the @, in alphabetical order.
async fn mailed(fixture: &Fixture) -> Vec<String> {
    let mut names: Vec<String> = fixture
        .mails()
        .await
        .iter()
        .map(|mail| mail.to_address.split('@').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_other_side_is_told_once() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, _ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    let (tom, _eva) = (fixture.staff_person("Tom"), fixture.staff_person("Eva"));
    fixture.name_in(record, &[tom, ana]);
    fixture.post(ana, record, "canarytext", false).await;
    fixture.handle_posted().await;
    fixture.handle_posted().await;
    assert_eq!(
        mailed(&fixture).await,
        ["tom"],
        "the client who is named in the record is not of the other side"
    );
    assert_eq!(fixture.published::<NotificationCreated>().await, 1);
    let mail = fixture.mails().await.remove(0);
    assert_eq!((mail.reply_to, mail.kind.as_str()), (Some(ana), "message"));
    assert!(!format!("{mail:?}").contains("canarytext"));
    fixture.post(tom, record, "Answer", false).await;
    fixture.handle_posted().await;
    assert_eq!(mailed(&fixture).await, ["ana", "ben", "tom"]);
}

#[tokio::test]
async fn without_anybody_named_the_administrators_are_told_until_somebody_writes() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let ana = fixture.client_person("Ana");
    let (adam, tom) = (fixture.staff_person("Adam"), fixture.staff_person("Tom"));
    fixture.give_role("admin", &[adam]);
    fixture.give_role("project_manager", &[tom]);
    fixture.post(ana, record, "Anybody there?", false).await;
    fixture.handle_posted().await;
    assert_eq!(mailed(&fixture).await, ["adam"]);
    fixture.post(tom, record, "I am", false).await;
    fixture.handle_posted().await;
    fixture.post(ana, record, "Good", false).await;
    fixture.handle_posted().await;
    assert_eq!(fixture.unread(&fixture.as_staff(tom)).await, (1, 1));
}

#[tokio::test]
async fn notes_for_staff_are_told_to_staff_alone() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let ana = fixture.client_person("Ana");
    let (tom, eva) = (fixture.staff_person("Tom"), fixture.staff_person("Eva"));
    fixture.name_in(record, &[tom, eva]);
    fixture.post(tom, record, "canarynote", true).await;
    fixture.handle_posted().await;
    assert_eq!(mailed(&fixture).await, ["eva"]);
    assert_eq!(fixture.unread(&fixture.as_client(ana)).await, (0, 0));
    fixture.post(tom, record, "Hello", false).await;
    fixture.handle_posted().await;
    assert_eq!(fixture.unread(&fixture.as_client(ana)).await, (1, 1));
    fixture.send_mails().await;
    let mails = fixture.mails().await;
    let to_ana = mails.iter().find(|mail| mail.person_id == Some(ana)).unwrap();
    let parts = to_ana.parts.as_ref().unwrap();
    assert!(parts.text.contains("A new message waits for you"), "the note is not counted: {}", parts.text);
    assert!(!mails.iter().any(|mail| format!("{mail:?}").contains("canarynote")));
}

#[tokio::test]
async fn whoever_may_not_read_the_record_or_has_left_is_not_told() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    fixture.client_person("Cora");
    // Of a role that reads records of other kinds alone; and of the firm, no longer of the team that the record names.
    let (dan, eva) = (fixture.client_person("Dan"), fixture.staff_person("Eva"));
    fixture.name_in(record, &[eva]);
    fixture.hide_from(record, dan);
    fixture.hide_from(record, eva);
    fixture.take_roles(ana);
    fixture.deactivate(ben);
    fixture.post(fixture.staff_person("Tom"), record, "Hello", false).await;
    fixture.handle_posted().await;
    assert_eq!(mailed(&fixture).await, ["cora"]);
    assert_eq!(fixture.published::<NotificationCreated>().await, 1);
}

#[tokio::test]
async fn mails_about_a_thread_come_at_most_every_quarter_of_an_hour() {
    let fixture = Fixture::new().await;
    let record = fixture.record(fixture.acme(), "Relaunch");
    let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
    fixture.speak_german(ana);
    let post = async |text: &str| {
        fixture.post(tom, record, text, false).await;
        fixture.handle_posted().await;
        fixture.send_mails().await;
    };
    post("One").await;
    let sent = async || {
        let mails = fixture.mails().await;
        mails.iter().filter(|mail| mail.state == State::Sent).count()
    };
    assert_eq!(sent().await, 1);
    fixture.database.clock.advance(TimeDelta::minutes(5));
    post("Two").await;
    post("Three").await;
    assert_eq!((sent().await, fixture.mails().await.len()), (1, 2), "one mail waits for both");
    fixture.database.clock.advance(TimeDelta::minutes(10));
    fixture.send_mails().await;
    assert_eq!(sent().await, 2);
    let newest = fixture.mails().await.remove(0).parts.unwrap();
    assert!(newest.text.contains("warten 3 neue Nachrichten"), "{}", newest.text);
    assert!(newest.html.contains("lang=\"de\""));

    // What was read in the meantime needs no mail.
    fixture.database.clock.advance(TimeDelta::minutes(1));
    post("Four").await;
    let mut tx = fixture.service.store.begin(&fixture.as_client(ana)).await.unwrap();
    let thread = crate::store::threads::of_record(&mut tx, record).await.unwrap().unwrap();
    let last = crate::store::messages::list(&mut tx, thread.id, None, 1).await.unwrap().remove(0);
    crate::store::participants::mark_read(&mut tx, &last, ana, false).await.unwrap();
    tx.commit().await.unwrap();
    fixture.database.clock.advance(TimeDelta::minutes(20));
    fixture.send_mails().await;
    assert_eq!((sent().await, fixture.mails().await.len()), (2, 2));
}
