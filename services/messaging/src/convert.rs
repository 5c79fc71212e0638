//! Between protobuf and the domain.

use portico_core::{Ctx, Problem};
use portico_proto::{messaging::v1 as proto, time};

use crate::{
    domain::{
        live::Told,
        mail::{Mail, State},
        notification::Notification,
        thread::{Listed, Message},
    },
    error::MessagingError,
};

/// A message as the caller reads it.
pub(crate) fn message(ctx: &Ctx, message: Message) -> proto::Message {
    let attachments = message.attachments.into_iter().map(|file| proto::Attachment {
        document_id: file.document_id.to_string(),
        version_id: file.version_id.to_string(),
        file_name: file.file_name,
        size: file.size,
    });
    proto::Message {
        id: message.id.to_string(),
        author_kind: message.author.kind().to_owned(),
        author_id: message.author.id.to_string(),
        author_name: message.author.name,
        body: message.body,
        internal: message.internal,
        at: Some(time::timestamp(message.posted_at)),
        attachments: attachments.collect(),
        mine: ctx.actor.person == Some(message.author.id),
    }
}

/// A thread as a list shows it.
pub(crate) fn thread(listed: Listed) -> proto::Thread {
    let Listed { thread, unread, last_at, last_text } = listed;
    proto::Thread {
        id: thread.id.to_string(),
        record_id: thread.record_id.to_string(),
        account_id: thread.account_id.to_string(),
        title: thread.title,
        account_name: thread.account_name,
        unread,
        last_at: last_at.map(time::timestamp),
        last_text,
    }
}

pub(crate) fn notification(notification: Notification) -> proto::Notification {
    proto::Notification {
        id: notification.id.to_string(),
        subject: notification.subject,
        body: notification.body,
        link: notification.link,
        at: Some(time::timestamp(notification.created_at)),
        read: notification.read,
    }
}

pub(crate) fn mail(mail: Mail) -> proto::Mail {
    let state = match mail.state {
        State::Queued => proto::MailState::Queued,
        State::Sent => proto::MailState::Sent,
        State::Failed => proto::MailState::Failed,
    };
    let (text, html, source) =
        mail.parts.map(|parts| (parts.text, parts.html, parts.source)).unwrap_or_default();
    proto::Mail {
        id: mail.id.to_string(),
        to: mail.to_address,
        person_id: mail.person_id.map(|id| id.to_string()).unwrap_or_default(),
        account_id: mail.account_id.map(|id| id.to_string()).unwrap_or_default(),
        subject: mail.subject,
        kind: mail.kind,
        state: state.into(),
        error: mail.error,
        attempts: mail.attempts,
        created_at: Some(time::timestamp(mail.created_at)),
        sent_at: mail.sent_at.map(time::timestamp),
        text,
        html,
        source,
    }
}

/// The state to filter by; none for all.
pub(crate) fn mail_state(state: i32) -> Result<Option<State>, MessagingError> {
    match proto::MailState::try_from(state) {
        Ok(proto::MailState::Unspecified) => Ok(None),
        Ok(proto::MailState::Queued) => Ok(Some(State::Queued)),
        Ok(proto::MailState::Sent) => Ok(Some(State::Sent)),
        Ok(proto::MailState::Failed) => Ok(Some(State::Failed)),
        Err(_) => {
            let text = "Choose queued, sent or failed, or leave it out.";
            Err(MessagingError::Invalid(Problem::invalid("state", text)))
        }
    }
}

pub(crate) fn live_event(told: &Told) -> proto::LiveEvent {
    proto::LiveEvent {
        id: told.id.clone(),
        name: told.name.to_owned(),
        object_id: told.object_id.clone(),
        account_id: told.account.map(|id| id.to_string()).unwrap_or_default(),
    }
}
