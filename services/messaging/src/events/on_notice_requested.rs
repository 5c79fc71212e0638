//! Tells people what a notice says, by mail, in the app, or both; the same notice never twice.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use portico_core::{AccountId, MailId, NotificationId, PersonId};
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::NoticeRequested;

use crate::{
    domain::{
        mail::{Mail, notice_kind},
        notification::{Notification, one_line, own_path},
        preferences::Way,
    },
    error::MessagingError,
    events::publish,
    peers::{self, zone_of},
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "messaging.notices";

struct Notices(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<NoticeRequested>(),
        handler: Arc::new(Notices(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Notices {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let notice: NoticeRequested = event.decode()?;
        let service = &*self.0;
        let ctx = event.ctx("Notices");
        let account = notice.account_id.parse::<AccountId>().ok().or(event.account);
        let mut ids = named(&notice)?;
        if !notice.role.is_empty() {
            for id in peers::people_in_role(service, &ctx, &notice.role, &notice.account_id).await? {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        let people = peers::people(service, &ctx, &ids).await?;
        let firm = peers::tenant(service, &ctx).await?;
        // Without a key of its own, a notice is told once an event.
        let key = if notice.dedupe_key.is_empty() { event.id.to_string() } else { notice.dedupe_key.clone() };
        let by = |way: &str| notice.by.iter().any(|each| each == way);

        let mut tx = service.store.begin(&ctx).await?;
        if !claim(&mut tx, CONSUMER, event).await? {
            return Ok(());
        }
        let settings = store::settings::read(&mut tx).await?;
        for (person, facts) in &people {
            let now = service.clock.now();
            if !store::notifications::tell_once(&mut tx, &key, *person, now).await? {
                continue;
            }
            let notice = in_language(&notice, &facts.language);
            let mut mail = by("mail").then(|| mail(service, &notice, *person, facts.email.clone(), account));
            if let Some(written) = &mut mail {
                let preferences = store::preferences::of(&mut tx, *person).await?;
                let (zone, hold) = (zone_of(facts, &firm), service.hold(&settings));
                match preferences.due(&written.kind, zone, now, hold) {
                    // A digest has no room for a calendar's file, and a meeting may be over before it comes.
                    Some((Way::Digest, _)) if !written.calendar.is_empty() => {
                        (written.way, written.due_at) =
                            (Way::Now, preferences.times.after_quiet(zone, now + hold));
                    }
                    Some((way, due_at)) => (written.way, written.due_at) = (way, due_at),
                    None => mail = None,
                }
            }
            // Whoever wants no such mail is told in the app, also of what would have come by mail alone.
            if by("app") || (by("mail") && mail.is_none()) {
                let notification = notification(service, &notice, *person, account);
                store::notifications::insert(&mut tx, &notification).await?;
                publish::notification_created(service, &mut tx, &notification).await?;
                if let Some(mail) = &mut mail {
                    mail.notification_id = Some(notification.id);
                }
            }
            if let Some(mail) = &mail {
                store::mails::insert(&mut tx, mail).await?;
            }
        }
        tx.commit().await?;
        service.mail_written.notify_one();
        Ok(())
    }
}

/// The notice in this language, or as it is where nobody has put it into that.
fn in_language<'a>(notice: &'a NoticeRequested, language: &str) -> Cow<'a, NoticeRequested> {
    let Some(words) = notice.translations.iter().find(|words| words.language == language) else {
        return Cow::Borrowed(notice);
    };
    Cow::Owned(NoticeRequested {
        subject: words.subject.clone(),
        body: words.body.clone(),
        link_text: words.link_text.clone(),
        ..notice.clone()
    })
}

fn named(notice: &NoticeRequested) -> Result<Vec<PersonId>, MessagingError> {
    notice.person_ids.iter().map(|id| Ok(id.parse()?)).collect()
}

fn notification(
    service: &Service,
    notice: &NoticeRequested,
    person_id: PersonId,
    account_id: Option<AccountId>,
) -> Notification {
    let now = service.clock.now();
    Notification {
        id: NotificationId::new(now, &*service.entropy),
        person_id,
        account_id,
        thread_id: None,
        subject: one_line(&notice.subject),
        body: notice.body.trim().to_owned(),
        link: own_path(&notice.link).to_owned(),
        created_at: now,
        read: false,
    }
}

fn mail(
    service: &Service,
    notice: &NoticeRequested,
    person_id: PersonId,
    address: String,
    account_id: Option<AccountId>,
) -> Mail {
    let now = service.clock.now();
    Mail {
        account_id,
        person_id: Some(person_id),
        subject: one_line(&notice.subject),
        body: notice.body.clone(),
        link: own_path(&notice.link).to_owned(),
        link_text: one_line(&notice.link_text),
        calendar: notice.calendar.clone(),
        reply_to: notice.reply_to_person_id.parse().ok(),
        ..Mail::draft(MailId::new(now, &*service.entropy), notice_kind(&notice.kind), address, now)
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::{events::v1::NoticeWords, messaging::v1::NotificationCreated};

    use super::*;
    use crate::testing::Fixture;

    fn notice(people: &[PersonId], role: &str, by: &[&str]) -> NoticeRequested {
        NoticeRequested {
            dedupe_key: "run-1-complete".to_owned(),
            person_ids: people.iter().map(ToString::to_string).collect(),
            role: role.to_owned(),
            subject: "Acme:\nready for kickoff".to_owned(),
            body: "All four tasks are done.\n\nSee you there.".to_owned(),
            link: "/runs/1".to_owned(),
            link_text: "Open the run".to_owned(),
            by: by.iter().map(|way| (*way).to_owned()).collect(),
            kind: "notice".to_owned(),
            ..NoticeRequested::default()
        }
    }

    #[tokio::test]
    async fn a_person_is_told_once_however_often_it_is_asked_for() {
        let fixture = Fixture::new().await;
        let handler = Notices(Arc::clone(&fixture.service));
        let tom = fixture.staff_person("Tom Berg");
        fixture.give_role("project_manager", &[tom]);
        let asked = notice(&[tom], "project_manager", &["mail", "app"]);
        let event = fixture.received(&asked, None);
        for event in [&event, &event, &fixture.received(&asked, None)] {
            handler.handle(event).await.unwrap();
        }
        let mails = fixture.mails().await;
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((mail.subject.as_str(), mail.kind.as_str()), ("Acme: ready for kickoff", "notice"));
        assert_eq!(mail.link, "/runs/1");
        assert_eq!(fixture.published::<NotificationCreated>().await, 1);
        let other = NoticeRequested { dedupe_key: "run-2-complete".to_owned(), ..asked };
        handler.handle(&fixture.received(&other, None)).await.unwrap();
        assert_eq!(fixture.mails().await.len(), 2);
    }

    #[tokio::test]
    async fn the_ways_are_those_asked_for_and_links_stay_on_the_firms_host() {
        let fixture = Fixture::new().await;
        let handler = Notices(Arc::clone(&fixture.service));
        let (tom, ana) = (fixture.staff_person("Tom"), fixture.client_person("Ana"));
        let app = NoticeRequested { link: "https://evil.example".to_owned(), ..notice(&[tom], "", &["app"]) };
        handler.handle(&fixture.received(&app, None)).await.unwrap();
        assert!(fixture.mails().await.is_empty());
        let mut tx = fixture.service.store.begin(&fixture.as_staff(tom)).await.unwrap();
        let told = store::notifications::list(&mut tx, 10).await.unwrap();
        assert_eq!((told.len(), told[0].link.as_str()), (1, ""));
        tx.rollback().await.unwrap();
        let mail = NoticeRequested { kind: "sign_in".to_owned(), ..notice(&[ana], "", &["mail"]) };
        handler.handle(&fixture.received(&mail, Some(fixture.acme()))).await.unwrap();
        let mails = fixture.mails().await;
        assert_eq!((mails[0].kind.as_str(), mails[0].account_id), ("notice", Some(fixture.acme())));
        assert_eq!(fixture.published::<NotificationCreated>().await, 1);
    }

    #[tokio::test]
    async fn a_file_for_the_calendar_waits_for_no_digest_and_comes_though_it_was_read_of() {
        let fixture = Fixture::new().await;
        let handler = Notices(Arc::clone(&fixture.service));
        let tom = fixture.staff_person("Tom");
        let mut tx = fixture.service.store.begin(&fixture.as_staff(tom)).await.unwrap();
        let now = fixture.service.clock.now();
        store::preferences::set_way(&mut tx, tom, "meeting", Way::Digest, now).await.unwrap();
        tx.commit().await.unwrap();
        let meeting = |key: &str, calendar: &str| NoticeRequested {
            dedupe_key: key.to_owned(),
            kind: "meeting".to_owned(),
            calendar: calendar.to_owned(),
            subject: key.to_owned(),
            ..notice(&[tom], "", &["mail", "app"])
        };
        let file = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n";
        for asked in [meeting("plain", ""), meeting("filed", file)] {
            handler.handle(&fixture.received(&asked, None)).await.unwrap();
        }
        let way = |mails: &[Mail], subject: &str| {
            mails.iter().find(|mail| mail.subject == subject).map(|mail| mail.way)
        };
        let mails = fixture.mails().await;
        assert_eq!((way(&mails, "plain"), way(&mails, "filed")), (Some(Way::Digest), Some(Way::Now)));
        let mut tx = fixture.service.store.begin(&fixture.as_staff(tom)).await.unwrap();
        assert_eq!(store::notifications::mark_read(&mut tx, None, now).await.unwrap(), 2);
        tx.commit().await.unwrap();
        fixture.database.clock.advance(chrono::TimeDelta::days(2));
        fixture.send_mails().await;
        let mails = fixture.mails().await;
        let [sent] = mails.as_slice() else {
            panic!("what was read of needs no line in a digest: {mails:?}")
        };
        assert_eq!((sent.subject.as_str(), sent.state), ("filed", crate::domain::mail::State::Sent));
        assert!(sent.parts.as_ref().unwrap().source.contains("text/calendar"));
    }

    #[test]
    fn whoever_reads_another_language_is_told_in_it_where_it_was_put_into_it() {
        let words =
            NoticeWords { language: "de".to_owned(), subject: "Bereit".to_owned(), ..NoticeWords::default() };
        let asked = NoticeRequested { translations: vec![words], ..notice(&[], "", &["app"]) };
        assert_eq!(in_language(&asked, "de").subject, "Bereit");
        assert_eq!(in_language(&asked, "de").link, "/runs/1");
        assert_eq!(in_language(&asked, "fr").subject, asked.subject);
    }

    #[tokio::test]
    async fn while_a_peer_is_away_the_event_is_kept_for_later() {
        let fixture = Fixture::new().await;
        fixture.take_identity_away(true);
        let handler = Notices(Arc::clone(&fixture.service));
        let event = fixture.received(&notice(&[fixture.staff_person("Tom")], "", &["mail"]), None);
        let outcome = handler.handle(&event).await;
        assert!(matches!(outcome, Err(HandleError::Retry(_))), "{outcome:?}");
        fixture.take_identity_away(false);
        handler.handle(&event).await.unwrap();
        assert_eq!(fixture.mails().await.len(), 1);
    }
}
