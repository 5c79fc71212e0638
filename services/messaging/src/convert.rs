//! Between protobuf and the domain.

use chrono_tz::Tz;
use portico_core::{Ctx, Problem};
use portico_proto::{messaging::v1 as proto, time};

use crate::{
    domain::{
        dkim::DkimKey,
        live::Told,
        mail::{Mail, State},
        mail_check::Finding,
        mailbox::{Mailbox, Standing},
        notification::Notification,
        preferences::{Preferences, clock, kinds_for},
        thread::{Listed, Message},
    },
    error::MessagingError,
    mail::Office,
    service::Service,
    store::addresses::{Address, Bounce},
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

/// A firm's settings, with what they come to for mails that are sent now.
pub(crate) fn mail_settings(service: &Service, office: &Office) -> proto::MailSettings {
    let settings = &office.settings;
    let server = settings.server.as_ref();
    let leaves_through = match (server, service.carrier.keeps_mails()) {
        (Some(_), _) => "own",
        (None, false) => "installation",
        (None, true) => "mailbox",
    };
    proto::MailSettings {
        server_host: server.map(|server| server.host.clone()).unwrap_or_default(),
        server_port: server.map(|server| server.port.into()).unwrap_or_default(),
        server_security: server.map_or("starttls", |server| server.security.as_str()).to_owned(),
        server_user: server.map(|server| server.user.clone()).unwrap_or_default(),
        server_password_set: server.is_some_and(|server| server.password.is_some()),
        from_name: settings.from_name.clone(),
        from_address: settings.from_address.clone(),
        inbound_address: settings.inbound_address.clone(),
        hold_seconds: i32::try_from(service.hold(settings).num_seconds()).unwrap_or_default(),
        hide_contents: settings.hide_contents,
        intake_secret_set: settings.intake_secret.is_some(),
        effective_from: office.sender().1.to_owned(),
        leaves_through: leaves_through.to_owned(),
        etag: settings.version.to_string(),
    }
}

/// A firm's mailbox, without its password.
pub(crate) fn mailbox(mailbox: Mailbox, standing: Standing) -> proto::Mailbox {
    let server = mailbox.server;
    proto::Mailbox {
        server_host: server.host,
        server_port: server.port.into(),
        server_security: server.security.as_str().to_owned(),
        server_user: server.user,
        folder: mailbox.folder,
        done_folder: mailbox.done_folder,
        tried_at: standing.tried_at.map(time::timestamp),
        looked_at: standing.looked_at.map(time::timestamp),
        next_at: standing.next_at.map(time::timestamp),
        reason: standing.reason,
        answer: standing.answer,
        taken: standing.taken,
        waiting: standing.waiting,
        etag: mailbox.version.to_string(),
    }
}

pub(crate) fn dkim_key(key: DkimKey) -> proto::DkimKey {
    proto::DkimKey {
        id: key.id.to_string(),
        record_name: key.record_name(),
        record_text: key.record_text(),
        algorithm: key.algorithm.as_str().to_owned(),
        state: key.state.as_str().to_owned(),
        domain: key.domain,
        selector: key.selector,
        created_at: Some(time::timestamp(key.created_at)),
        activated_at: key.activated_at.map(time::timestamp),
        retired_at: key.retired_at.map(time::timestamp),
    }
}

pub(crate) fn finding(finding: Finding) -> proto::MailFinding {
    proto::MailFinding {
        subject: finding.subject.to_owned(),
        verdict: finding.verdict.as_str().to_owned(),
        reason: finding.reason.to_owned(),
        record_name: finding.record_name,
        found: finding.found,
        wanted: finding.wanted,
    }
}

pub(crate) fn preferences(preferences: &Preferences, staff: bool, zone: Tz) -> proto::MailPreferences {
    let choice = |kind: &str| proto::MailChoice {
        kind: kind.to_owned(),
        way: preferences.way(kind).as_str().to_owned(),
    };
    let quiet = preferences.times.quiet;
    proto::MailPreferences {
        choices: kinds_for(staff).map(choice).collect(),
        quiet_from: quiet.map(|quiet| clock(quiet.0)).unwrap_or_default(),
        quiet_until: quiet.map(|quiet| clock(quiet.1)).unwrap_or_default(),
        digest_at: clock(preferences.times.digest_at),
        time_zone: zone.name().to_owned(),
    }
}

pub(crate) fn bounce(bounce: Bounce) -> proto::MailBounce {
    proto::MailBounce {
        id: bounce.id.to_string(),
        mail_id: bounce.mail_id.map(|id| id.to_string()).unwrap_or_default(),
        person_id: bounce.person_id.map(|id| id.to_string()).unwrap_or_default(),
        address: bounce.address,
        kind: bounce.kind,
        status: bounce.status,
        detail: bounce.detail,
        at: Some(time::timestamp(bounce.received_at)),
    }
}

pub(crate) fn address(address: String, standing: Address) -> proto::MailAddress {
    proto::MailAddress {
        address,
        standing: standing.standing.as_str().to_owned(),
        soft_bounces: standing.soft_bounces,
        reason: standing.reason,
        changed_at: standing.changed_at.map(time::timestamp),
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
