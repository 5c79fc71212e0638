//! Tells the other side of a new message: in the app always, by mail at most once in a quarter of an hour a person and thread.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;
use chrono_tz::Tz;
use portico_core::{Ctx, MailId, NotificationId, PersonId, ThreadId};
use portico_db::Tx;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::{identity::v1::Person, messaging::v1::MessagePosted};

use crate::{
    domain::{
        mail::Mail,
        notification::Notification,
        thread::{Message, Thread, next_mail, page_of},
        words::Words,
    },
    error::MessagingError,
    events::publish,
    peers::{self, zone_of},
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "messaging.message_notices";
/// The kind of the mails.
const KIND: &str = "message";

struct MessageNotices(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.messaging.thread.v1"]),
        types: Types::only::<MessagePosted>(),
        handler: Arc::new(MessageNotices(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for MessageNotices {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let posted: MessagePosted = event.decode()?;
        let service = &*self.0;
        let ctx = event.ctx("Messages");
        let Some((message, writers)) = what_was_posted(service, &ctx, &posted).await? else { return Ok(()) };
        let audience = audience(service, &ctx, &posted, &message, writers).await?;
        let firm = peers::tenant(service, &ctx).await?;

        let mut tx = service.store.begin(&ctx).await?;
        if !claim(&mut tx, CONSUMER, event).await? {
            return Ok(());
        }
        let Some(thread) = store::threads::lock(&mut tx, message.thread_id).await? else { return Ok(()) };
        let hold = service.hold(&store::settings::read(&mut tx).await?);
        for (id, person) in &audience {
            let staff = peers::is_staff(person);
            store::participants::add(&mut tx, &thread, *id, staff).await?;
            let other_side = staff != message.author.staff;
            if *id != message.author.id && (other_side || message.internal) {
                let told = Told { id: *id, person, zone: zone_of(person, &firm), hold };
                tell(service, &mut tx, &thread, &message, told).await?;
            }
        }
        tx.commit().await?;
        service.mail_written.notify_one();
        Ok(())
    }
}

/// The message, and the members of staff who take part in its thread.
async fn what_was_posted(
    service: &Service,
    ctx: &Ctx,
    posted: &MessagePosted,
) -> Result<Option<(Message, Vec<PersonId>)>, MessagingError> {
    let thread: ThreadId = posted.thread_id.parse()?;
    let mut tx = service.store.begin(ctx).await?;
    let message = store::messages::read(&mut tx, posted.message_id.parse()?).await?;
    let staff = store::participants::staff_of(&mut tx, thread).await?;
    tx.rollback().await?;
    Ok(message.map(|message| (message, staff)))
}

/// Whom the message concerns: the staff who write in the thread or are named in its record, or the administrators where there are
/// none; and, unless it is an internal note, the people of the account. Nobody is told of a record that they may not read.
async fn audience(
    service: &Service,
    ctx: &Ctx,
    posted: &MessagePosted,
    message: &Message,
    writers: Vec<PersonId>,
) -> Result<BTreeMap<PersonId, Person>, MessagingError> {
    let id = posted.record_id.parse()?;
    let asked = tokio::try_join!(peers::whole_record(service, ctx, id), peers::readers(service, ctx, id));
    let (record, (members, staff)) = match asked {
        // A record that is gone has nobody to tell.
        Err(MessagingError::NotFound) => return Ok(BTreeMap::new()),
        other => other?,
    };
    let mut candidates = writers;
    candidates.extend(peers::people_named(&record));
    candidates.retain(|person| staff.contains(person));
    let mut audience = peers::people(service, ctx, &candidates).await?;
    audience.retain(|_, person| peers::is_staff(person));
    if audience.is_empty() {
        let administrators = peers::administrators(service, ctx).await?;
        audience.extend(peers::people(service, ctx, &administrators).await?);
    }
    if !message.internal {
        let mut members = peers::people(service, ctx, &members).await?;
        members.retain(|_, person| !peers::is_staff(person));
        audience.extend(members);
    }
    Ok(audience)
}

/// Whom to tell, and how mails to them are timed.
struct Told<'a> {
    id: PersonId,
    person: &'a Person,
    zone: Tz,
    hold: TimeDelta,
}

async fn tell(
    service: &Service,
    tx: &mut Tx,
    thread: &Thread,
    message: &Message,
    told: Told<'_>,
) -> Result<(), MessagingError> {
    let Told { id: person_id, person, zone, hold } = told;
    let now = service.clock.now();
    let words = Words::of(&person.language);
    let subject = words.wrote(&message.author.name, &thread.title);
    let notification = Notification {
        id: NotificationId::new(now, &*service.entropy),
        person_id,
        account_id: Some(thread.account_id),
        thread_id: Some(thread.id),
        subject: subject.clone(),
        body: words.messages_wait(1, &thread.title),
        link: page_of(thread.record_id),
        created_at: now,
        read: false,
    };
    store::notifications::insert(tx, &notification).await?;
    publish::notification_created(service, tx, &notification).await?;

    let mailed_at =
        store::participants::mail_state(tx, thread.id, person_id).await?.and_then(|state| state.0);
    let preferences = store::preferences::of(tx, person_id).await?;
    let pause = next_mail(mailed_at, now + hold) - now;
    let Some((way, due_at)) = preferences.due(KIND, zone, now, pause) else { return Ok(()) };
    let mail = Mail {
        way,
        account_id: Some(thread.account_id),
        person_id: Some(person_id),
        subject,
        link: page_of(thread.record_id),
        reply_to: Some(message.author.id),
        thread_id: Some(thread.id),
        due_at,
        ..Mail::draft(MailId::new(now, &*service.entropy), KIND, person.email.clone(), now)
    };
    // Where a mail about the thread waits already, it will tell of this message too.
    if store::mails::insert(tx, &mail).await? {
        store::participants::set_mailed(tx, thread.id, person_id, due_at).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
