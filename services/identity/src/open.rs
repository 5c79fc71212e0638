//! What both ways to sign in end in: an open session.

use std::collections::BTreeMap;

use portico_core::{AccountScope, Actor, ActorKind, AuthStrength, Ctx, SessionId};
use portico_db::{StoreError, Tx};
use serde_json::json;

use crate::{
    domain::{
        person::{Person, Side},
        session::{Device, Session},
    },
    events,
    service::Service,
    store,
};

/// A session that was just opened.
pub(crate) struct Opened {
    /// For the cookie; not kept.
    pub(crate) secret: String,
    /// Whether the person has never signed in before.
    pub(crate) first_time: bool,
}

/// The context of somebody who is signing in, so that the audit names them and where they are. They reach no account yet.
pub(crate) fn ctx_of(ctx: &Ctx, person: &Person, device: &Device) -> Ctx {
    let kind = match person.side {
        Side::Staff => ActorKind::Staff,
        Side::External => ActorKind::Client,
    };
    Ctx {
        tenant: ctx.tenant,
        actor: Actor {
            kind,
            person: Some(person.id),
            name: person.profile.name.clone(),
            accounts: AccountScope::Listed(Vec::new()),
            roles: Vec::new(),
            account_roles: BTreeMap::new(),
            session: None,
            strength: AuthStrength::Single,
            impersonator: None,
        },
        address: Some(device.address.clone()).filter(|address| !address.is_empty()),
        trace: ctx.trace.clone(),
    }
}

/// Opens a session for a person whose row `tx` holds. Every sign-in has a session and secrets of its own: nothing that
/// was known before it counts afterwards.
pub(crate) async fn open_session(
    service: &Service,
    tx: &mut Tx,
    person: &mut Person,
    device: &Device,
    method: &'static str,
) -> Result<Opened, StoreError> {
    let now = service.clock.now();
    let secret = service.entropy.secret();
    let session = Session {
        id: SessionId::new(now, &*service.entropy),
        person_id: person.id,
        form_secret: service.entropy.secret(),
        user_agent: device.user_agent.clone(),
        address: device.address.clone(),
        created_at: now,
        last_used_at: now,
        ended_at: None,
    };
    store::sessions::insert(tx, &session, &secret).await?;
    let first_time = store::people::join(tx, person.id, now).await?;
    if first_time {
        person.joined_at = Some(now);
    }
    events::publish::signed_in(service, tx, person.id, session.id, method, first_time).await?;
    let details = json!({ "session": session.id, "method": method, "device": device.user_agent });
    events::publish::log(service, tx, "session.opened", person, None, details).await?;
    Ok(Opened { secret, first_time })
}
