//! Making a link. Its secret is made later, for the mail that carries it.

use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use serde_json::json;

use crate::{
    domain::{
        link::{Link, Purpose},
        person::Person,
    },
    events,
    service::Service,
    store,
};

/// What a new link is for.
pub(crate) struct LinkDraft<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) account: Option<AccountId>,
    /// A path of the same host, or empty.
    pub(crate) return_to: &'a str,
    pub(crate) reply_to: Option<PersonId>,
    pub(crate) message: &'a str,
}

/// Issues a link for a person in place of those it replaces, and asks for its mail. Answers the link and the event that asks.
pub(crate) async fn issue_link(
    service: &Service,
    tx: &mut Tx,
    person: &Person,
    draft: LinkDraft<'_>,
) -> Result<(Link, String), StoreError> {
    let now = service.clock.now();
    let link = Link {
        id: service.entropy.uuid(now),
        person_id: person.id,
        purpose: draft.purpose,
        account_id: draft.account,
        return_to: draft.return_to.to_owned(),
        reply_to: draft.reply_to,
        message: draft.message.to_owned(),
        issued_at: now,
        expires_at: now + service.link_lifetime(draft.purpose),
        used_at: None,
        voided_at: None,
        revoked: false,
    };
    store::links::issue(tx, &link).await?;
    let event = events::publish::link_issued(service, tx, &link).await?;
    let action = match draft.purpose {
        Purpose::Invitation => "invitation.issued",
        Purpose::SignIn => "sign_in_link.issued",
    };
    events::publish::log(service, tx, action, person, draft.account, json!({ "link": link.id })).await?;
    Ok((link, event))
}
