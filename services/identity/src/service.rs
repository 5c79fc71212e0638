//! What every handler works with.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use portico_core::{SharedClock, SharedEntropy};
use portico_db::Store;
use portico_rpc::{ActorSigner, Peers};
use portico_service::Kit;

use crate::{
    IdentityConfig,
    domain::{link::Purpose, session::Lifetimes},
    hasher::Hasher,
};

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) signer: ActorSigner,
    pub(crate) hasher: Hasher,
    pub(crate) sessions: Lifetimes,
    pub(crate) token_lifetime: TimeDelta,
    invitation_lifetime: TimeDelta,
    sign_in_link_lifetime: TimeDelta,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

impl Service {
    pub(crate) fn new(config: IdentityConfig, kit: Kit) -> anyhow::Result<Self> {
        config.validate()?;
        let delta = |time: Duration| TimeDelta::from_std(time);
        let Kit { store, peers, clock, entropy, home: _ } = kit;
        Ok(Self {
            hasher: Hasher::new(config.hashing, &*entropy)?,
            sessions: Lifetimes {
                idle: delta(config.session_idle)?,
                absolute: delta(config.session_absolute)?,
            },
            token_lifetime: delta(config.token_lifetime)?,
            invitation_lifetime: delta(config.invitation_lifetime)?,
            sign_in_link_lifetime: delta(config.sign_in_link_lifetime)?,
            signer: config.signer,
            store,
            peers,
            clock,
            entropy,
        })
    }

    /// How long a link works, counted from the mail that carries it.
    pub(crate) fn link_lifetime(&self, purpose: Purpose) -> TimeDelta {
        match purpose {
            Purpose::Invitation => self.invitation_lifetime,
            Purpose::SignIn => self.sign_in_link_lifetime,
        }
    }
}
