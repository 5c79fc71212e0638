//! What every handler works with.

use std::sync::Arc;

use chrono::TimeDelta;
use portico_core::{SharedClock, SharedEntropy};
use portico_db::Store;
use portico_keys::{KeyringFile, Secrets};
use portico_rpc::Peers;
use portico_service::Kit;
use tokio::sync::{Notify, Semaphore};

use crate::{
    MessagingConfig,
    domain::settings::MailSettings,
    live::Hub,
    mail::{Carrier, Dns},
};

/// Mails that are taken in at the same time.
const TAKEN_IN: usize = 4;

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) config: MessagingConfig,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    /// The way mails leave.
    pub(crate) carrier: Carrier,
    /// The way to name servers.
    pub(crate) dns: Dns,
    /// Passwords and keys at rest.
    pub(crate) secrets: Secrets,
    /// Places for mails that come in: each may be large.
    pub(crate) intake: Semaphore,
    /// Whom to tell what happens.
    pub(crate) hub: Hub,
    /// Rung when a mail was written.
    pub(crate) mail_written: Arc<Notify>,
    /// Rung when a mailbox is to be looked into.
    pub(crate) mailbox_due: Arc<Notify>,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

impl Service {
    /// Fails where the mail server's address cannot be read.
    pub(crate) fn new(config: MessagingConfig, kit: Kit) -> anyhow::Result<Self> {
        let Kit { store, peers, clock, entropy, home } = kit;
        let carrier = Carrier::new(&config)?;
        let dns = Dns::new(config.nameserver)?;
        let keyring = KeyringFile::new(home.join("keyring.json"), Arc::clone(&entropy));
        let secrets = Secrets::new(Arc::new(keyring), Arc::clone(&entropy));
        Ok(Self {
            config,
            store,
            peers,
            clock,
            entropy,
            carrier,
            dns,
            secrets,
            intake: Semaphore::new(TAKEN_IN),
            hub: Hub::default(),
            mail_written: Arc::default(),
            mailbox_due: Arc::default(),
        })
    }

    /// How long a firm holds notices before they are mailed.
    pub(crate) fn hold(&self, settings: &MailSettings) -> TimeDelta {
        settings.hold.unwrap_or(self.config.hold)
    }
}
