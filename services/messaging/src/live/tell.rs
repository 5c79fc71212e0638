//! Which events of the services are told, under which name, about what and to whom.

use portico_core::{AccountId, TenantId};
use portico_events::{HandleError, Received};
use portico_proto::{
    documents::v1 as documents, events::v1 as shared, identity::v1 as identity, messaging::v1 as messaging,
    tenancy::v1 as tenancy, workflow::v1 as workflow,
};
use prost::Name;

use super::Hub;
use crate::domain::live::{Audience, Told};

/// Reads one type of event: what it is about, and to whom it is told. None for one that is told to nobody.
type Reader = fn(&Received) -> Result<Option<(String, Audience)>, HandleError>;

/// A type's full name, the name that listeners hear, and how to read it.
type Entry = (fn() -> String, &'static str, Reader);

/// What is told.
const TOLD: [Entry; 14] = [
    (workflow::RecordChanged::full_name, "record_changed", |event| {
        let body: workflow::RecordChanged = event.decode()?;
        Ok(Some((body.record_id, account(event, &body.account_id))))
    }),
    (workflow::RunChanged::full_name, "run_changed", |event| {
        let body: workflow::RunChanged = event.decode()?;
        Ok(Some((body.run_id, account(event, &body.account_id))))
    }),
    (workflow::StepChanged::full_name, "step_changed", |event| {
        let body: workflow::StepChanged = event.decode()?;
        let all = account(event, &body.account_id);
        Ok(Some((body.step_id, if body.client_visible { all } else { Audience::Staff })))
    }),
    (documents::FileAdded::full_name, "file_added", |event| {
        let body: documents::FileAdded = event.decode()?;
        // A file that belongs to no step may be one of an internal note. Those that clients may see are told of by the message or
        // the record that they belong to.
        let all = account(event, &body.account_id);
        Ok(Some((body.document_id, if body.step_id.is_empty() { Audience::Staff } else { all })))
    }),
    (documents::ItemChanged::full_name, "item_changed", |event| {
        let body: documents::ItemChanged = event.decode()?;
        Ok(Some((body.item_id, account(event, &body.account_id))))
    }),
    (documents::EnvelopeChanged::full_name, "envelope_changed", |event| {
        let body: documents::EnvelopeChanged = event.decode()?;
        Ok(Some((body.envelope_id, account(event, &body.account_id))))
    }),
    (messaging::MessagePosted::full_name, "message_posted", |event| {
        let body: messaging::MessagePosted = event.decode()?;
        let all = account(event, &body.account_id);
        Ok(Some((body.record_id, if body.internal { Audience::Staff } else { all })))
    }),
    (messaging::NotificationCreated::full_name, "notification_created", |event| {
        let body: messaging::NotificationCreated = event.decode()?;
        let person = body.person_id.parse().ok().map(Audience::Person);
        Ok(person.map(|person| (body.notification_id, person)))
    }),
    (messaging::MailSettled::full_name, "mail_settled", |event| {
        let body: messaging::MailSettled = event.decode()?;
        Ok(Some((body.mail_id, Audience::Staff)))
    }),
    (tenancy::AccountChanged::full_name, "account_changed", |event| {
        let body: tenancy::AccountChanged = event.decode()?;
        let audience = account(event, &body.account_id);
        Ok(Some((body.account_id, audience)))
    }),
    (tenancy::MembershipChanged::full_name, "membership_changed", |event| {
        let body: tenancy::MembershipChanged = event.decode()?;
        Ok(Some((body.person_id, account(event, &body.account_id))))
    }),
    (identity::SignedIn::full_name, "signed_in", |event| {
        let body: identity::SignedIn = event.decode()?;
        Ok(Some((body.person_id, Audience::Staff)))
    }),
    (identity::PersonCreated::full_name, "person_created", |event| {
        let body: identity::PersonCreated = event.decode()?;
        Ok(Some((body.person_id, Audience::Staff)))
    }),
    (shared::Touched::full_name, "touched", |event| {
        let body: shared::Touched = event.decode()?;
        Ok(Some((body.object_id, account(event, &body.account_id))))
    }),
];

/// The full names of the types that are told.
pub(crate) fn told_types() -> Vec<String> {
    TOLD.iter().map(|(full_name, _, _)| full_name()).collect()
}

/// Tells an event to those who may hear of it.
///
/// # Errors
/// The event's body cannot be read.
pub(crate) fn tell(hub: &Hub, event: &Received) -> Result<(), HandleError> {
    let Some((_, name, read)) = TOLD.iter().find(|(full_name, _, _)| full_name() == event.event_type) else {
        return Ok(());
    };
    if let Some((object_id, audience)) = read(event)? {
        let account = match audience {
            Audience::Account(account) => Some(account),
            Audience::Staff | Audience::Person(_) => event.account,
        };
        let told = Told { id: event.id.to_string(), name, object_id, account, audience };
        let tenant: TenantId = event.tenant;
        hub.tell(tenant, told);
    }
    Ok(())
}

/// The people of the account that the event names; staff alone where it names none.
fn account(event: &Received, named: &str) -> Audience {
    let named = named.parse::<AccountId>().ok();
    match (event.account, named) {
        // Two different accounts are a defect, and a defect must not widen who hears.
        (Some(one), Some(other)) if one != other => Audience::Staff,
        (Some(account), _) | (None, Some(account)) => Audience::Account(account),
        (None, None) => Audience::Staff,
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn names_are_the_types_last_segment_in_snake_case() {
        for (full_name, name, _) in TOLD {
            let mut snake = String::new();
            for letter in full_name().rsplit('.').next().unwrap().chars() {
                if letter.is_ascii_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            assert_eq!(snake, name);
        }
    }

    #[tokio::test]
    async fn what_staff_keep_to_themselves_is_told_to_staff() {
        let fixture = crate::testing::Fixture::new().await;
        let acme = fixture.acme();
        let id = acme.to_string();
        let audience = |event: &Received| {
            let (_, _, read) = TOLD.iter().find(|(full_name, _, _)| full_name() == event.event_type).unwrap();
            read(event).unwrap().unwrap().1
        };
        let step = |client_visible| workflow::StepChanged {
            account_id: id.clone(),
            client_visible,
            ..workflow::StepChanged::default()
        };
        let posted = |internal| messaging::MessagePosted {
            account_id: id.clone(),
            internal,
            ..messaging::MessagePosted::default()
        };
        let file = |step_id: &str| documents::FileAdded {
            account_id: id.clone(),
            step_id: step_id.to_owned(),
            ..documents::FileAdded::default()
        };
        let all = Audience::Account(acme);
        assert_eq!(audience(&fixture.received(&step(true), Some(acme))), all);
        assert_eq!(audience(&fixture.received(&step(false), Some(acme))), Audience::Staff);
        assert_eq!(audience(&fixture.received(&posted(false), Some(acme))), all);
        assert_eq!(audience(&fixture.received(&posted(true), Some(acme))), Audience::Staff);
        assert_eq!(audience(&fixture.received(&file("s"), None)), all);
        assert_eq!(audience(&fixture.received(&file(""), Some(acme))), Audience::Staff);
        let at_odds = fixture.received(&step(true), Some(fixture.globex()));
        assert_eq!(audience(&at_odds), Audience::Staff);
        assert!(!step(true).encode_to_vec().is_empty());
    }
}
