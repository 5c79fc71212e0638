use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Impersonator, PersonId};
use portico_proto::{
    events::v1::NoticeRequested,
    messaging::v1::{
        GetMailPreferencesRequest, MailChoice, MailPreferences, MarkPageSeenRequest, NotificationCreated,
    },
};

use super::*;
use crate::{
    domain::mail::{Mail, State},
    rpc::{get_mail_preferences, mark_page_seen},
    testing::Fixture,
};

fn wanted(choices: &[(&str, &str)], quiet: (&str, &str)) -> SetMailPreferencesRequest {
    let choice = |(kind, way): &(&str, &str)| MailChoice { kind: (*kind).to_owned(), way: (*way).to_owned() };
    let preferences = MailPreferences {
        choices: choices.iter().map(choice).collect(),
        quiet_from: quiet.0.to_owned(),
        quiet_until: quiet.1.to_owned(),
        digest_at: "08:00".to_owned(),
        ..MailPreferences::default()
    };
    SetMailPreferencesRequest { preferences: Some(preferences) }
}

async fn notice(fixture: &Fixture, person: PersonId, kind: &str, subject: &str, by: &[&str]) {
    let asked = NoticeRequested {
        person_ids: vec![person.to_string()],
        subject: subject.to_owned(),
        body: format!("{subject}, in full"),
        link: "/tasks/7".to_owned(),
        by: by.iter().map(|way| (*way).to_owned()).collect(),
        kind: kind.to_owned(),
        account_id: fixture.acme().to_string(),
        ..NoticeRequested::default()
    };
    let subscriptions = crate::events::subscriptions(&fixture.service);
    let notices = subscriptions.iter().find(|each| each.consumer == "messaging.notices").unwrap();
    notices.handler.handle(&fixture.received(&asked, None)).await.unwrap();
}

/// Moves the clock to a moment of the evening or the morning in Berlin.
fn at(fixture: &Fixture, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    fixture.database.clock.advance(moment - fixture.service.clock.now());
}

async fn sent(fixture: &Fixture) -> Vec<Mail> {
    fixture.mails().await.into_iter().filter(|mail| mail.state == State::Sent).collect()
}

#[tokio::test]
async fn what_is_never_mailed_is_told_in_the_app_and_what_must_be_mailed_is() {
    let fixture = Fixture::new().await;
    let ana = fixture.client_person("Ana");
    let ctx = fixture.as_client(ana);
    let all: Vec<(&str, &str)> =
        crate::domain::preferences::kinds_for(false).map(|kind| (kind, "never")).collect();
    handle(&fixture.service, ctx.clone(), wanted(&all, ("", ""))).await.unwrap();
    notice(&fixture, ana, "task", "A task", &["mail"]).await;
    assert!(fixture.mails().await.is_empty());
    assert_eq!(fixture.published::<NotificationCreated>().await, 1, "by mail alone was asked for");
    notice(&fixture, ana, "security", "New sign-in", &["mail", "app"]).await;
    let link = fixture.link("s3cret");
    fixture.queue(ana, "", |mail| (mail.kind, mail.link_id) = ("sign_in".to_owned(), Some(link))).await;
    fixture.send_mails().await;
    let mut kinds: Vec<String> = sent(&fixture).await.into_iter().map(|mail| mail.kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["security", "sign_in"]);
    // What was queued before it was switched off does not leave either.
    fixture.queue(ana, "Old", |mail| mail.kind = "task".to_owned()).await;
    fixture.send_mails().await;
    assert_eq!(fixture.mails().await.len(), 2);
    for always in ["sign_in", "invitation", "security", "x"] {
        let refused = handle(&fixture.service, ctx.clone(), wanted(&[(always, "never")], ("", ""))).await;
        assert!(matches!(refused, Err(MessagingError::Invalid(_))), "{always}");
    }
}

#[tokio::test]
async fn a_digest_comes_once_with_everything_of_the_day() {
    let fixture = Fixture::new().await;
    let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    for person in [ana, ben] {
        let ctx = fixture.as_client(person);
        handle(&fixture.service, ctx, wanted(&[("task", "digest"), ("notice", "digest")], ("", "")))
            .await
            .unwrap();
    }
    at(&fixture, "2027-02-01T10:00:00Z");
    notice(&fixture, ana, "task", "First task", &["mail"]).await;
    notice(&fixture, ana, "notice", "canarygone", &["mail", "app"]).await;
    let seen = MarkPageSeenRequest { path: "/steps/7".to_owned() };
    mark_page_seen::handle(&fixture.service, fixture.as_client(ana), seen).await.unwrap();
    notice(&fixture, ana, "notice", "Second notice", &["mail"]).await;
    notice(&fixture, ben, "task", "Only Ben's", &["mail"]).await;
    notice(&fixture, ana, "meeting", "A meeting", &["mail"]).await;
    fixture.send_mails().await;
    assert_eq!(sent(&fixture).await.len(), 1, "the meeting is not put off");
    at(&fixture, "2027-02-02T06:59:59Z");
    fixture.send_mails().await;
    assert_eq!(sent(&fixture).await.len(), 1);
    at(&fixture, "2027-02-02T07:00:00Z");
    tokio::join!(fixture.send_mails(), fixture.send_mails());
    let digests: Vec<Mail> = sent(&fixture)
        .await
        .into_iter()
        .filter(|mail| mail.kind != "meeting" && mail.parts.is_some())
        .collect();
    assert_eq!(digests.len(), 2, "one each");
    let of_ana = digests.iter().find(|mail| mail.person_id == Some(ana)).unwrap().parts.clone().unwrap();
    for said in
        ["2 things are new", "First task", "Second notice", "https://northwind.portal.example/tasks/7"]
    {
        assert!(of_ana.source.contains(said) || of_ana.text.contains(said), "{said} in {}", of_ana.source);
    }
    assert!(!of_ana.text.contains("canarygone") && !of_ana.text.contains("Ben's"), "{}", of_ana.text);
    assert!(of_ana.text.contains("/me/mail") && of_ana.html.contains("<li"));
    let waiting = fixture.mails().await.into_iter().filter(|mail| mail.state == State::Queued).count();
    assert_eq!(waiting, 0);
    fixture.send_mails().await;
    assert_eq!(sent(&fixture).await.len(), 4, "three of Ana's and one of Ben's");
}

#[tokio::test]
async fn nothing_comes_in_quiet_hours_but_what_cannot_wait() {
    let fixture = Fixture::new().await;
    let ana = fixture.client_person("Ana");
    handle(&fixture.service, fixture.as_client(ana), wanted(&[], ("20:00", "07:30"))).await.unwrap();
    at(&fixture, "2027-02-01T21:00:00Z");
    notice(&fixture, ana, "task", "Late", &["mail"]).await;
    notice(&fixture, ana, "security", "Now", &["mail"]).await;
    fixture.send_mails().await;
    assert_eq!(sent(&fixture).await.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Now"]);
    at(&fixture, "2027-02-02T06:30:00Z");
    fixture.send_mails().await;
    assert_eq!(sent(&fixture).await.len(), 2);
}

#[tokio::test]
async fn what_was_seen_while_it_was_held_is_not_mailed() {
    let fixture = Fixture::with_hold(TimeDelta::minutes(2)).await;
    let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    for person in [ana, ben] {
        notice(&fixture, person, "task", "A task", &["mail", "app"]).await;
    }
    fixture.send_mails().await;
    assert!(sent(&fixture).await.is_empty(), "both are held");
    let seen = MarkPageSeenRequest { path: "/tasks/7".to_owned() };
    mark_page_seen::handle(&fixture.service, fixture.as_client(ana), seen).await.unwrap();
    assert_eq!(fixture.unread(&fixture.as_client(ana)).await.1, 0);
    fixture.database.clock.advance(TimeDelta::minutes(2));
    fixture.send_mails().await;
    let mails = fixture.mails().await;
    let [only] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((only.person_id, only.state), (Some(ben), State::Sent), "Ana has seen it, Ben has not");
}

#[tokio::test]
async fn i07_choices_are_ones_own_and_made_by_oneself() {
    let fixture = Fixture::new().await;
    let (ana, ben, tom) =
        (fixture.client_person("Ana"), fixture.client_person("Ben"), fixture.staff_person("Tom"));
    handle(&fixture.service, fixture.as_client(ana), wanted(&[("task", "never")], ("", ""))).await.unwrap();
    let read = async |ctx| {
        let answer = get_mail_preferences::handle(&fixture.service, ctx, GetMailPreferencesRequest {}).await;
        answer.unwrap().preferences.unwrap()
    };
    let way = |preferences: &MailPreferences, kind: &str| {
        preferences.choices.iter().find(|choice| choice.kind == kind).map(|choice| choice.way.clone())
    };
    assert_eq!(way(&read(fixture.as_client(ana)).await, "task").as_deref(), Some("never"));
    let of_ben = read(fixture.as_client(ben)).await;
    assert_eq!((way(&of_ben, "task").as_deref(), of_ben.time_zone.as_str()), (Some("now"), "Europe/Berlin"));
    assert_eq!(way(&of_ben, "escalation"), None, "only staff are told of delays");
    assert_eq!(way(&read(fixture.as_staff(tom)).await, "escalation").as_deref(), Some("now"));
    let mut view = fixture.as_client(ana);
    view.actor.impersonator = Some(Impersonator { person: tom, reason: "support".to_owned() });
    let refused = handle(&fixture.service, view, wanted(&[], ("", ""))).await;
    assert!(matches!(refused, Err(MessagingError::ReadOnlyView)), "{refused:?}");
    let wrong = handle(&fixture.service, fixture.as_client(ana), wanted(&[("task", "soon")], ("", ""))).await;
    assert!(matches!(wrong, Err(MessagingError::Invalid(problem)) if problem.fields[0].field == "task"));
}
