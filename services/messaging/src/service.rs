//! What every handler works with.

use std::sync::Arc;

use portico_core::{SharedClock, SharedEntropy};
use portico_db::Store;
use portico_rpc::Peers;
use portico_service::Kit;
use tokio::sync::Notify;

use crate::{MessagingConfig, live::Hub, mail::Carrier};

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) config: MessagingConfig,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    /// The way mails leave.
    pub(crate) carrier: Carrier,
    /// Whom to tell what happens.
    pub(crate) hub: Hub,
    /// Rung when a mail was written.
    pub(crate) mail_written: Arc<Notify>,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

impl Service {
    /// Fails where the mail server's address cannot be read.
    pub(crate) fn new(config: MessagingConfig, kit: Kit) -> anyhow::Result<Self> {
        let Kit { store, peers, clock, entropy, home: _ } = kit;
        let carrier = Carrier::new(&config)?;
        Ok(Self {
            config,
            store,
            peers,
            clock,
            entropy,
            carrier,
            hub: Hub::default(),
            mail_written: Arc::default(),
        })
    }
}
