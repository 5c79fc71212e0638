//! What every handler works with.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;
use chrono_tz::Tz;
use moka::sync::Cache;
use portico_core::{PortalId, SharedClock, SharedEntropy, TenantId};
use portico_db::{Store, Tx};
use portico_definition::Definition;
use portico_keys::{KeyringFile, Secrets};
use portico_rpc::Peers;
use portico_service::Kit;
use tokio::sync::Notify;

use crate::{WorkflowConfig, error::WorkflowError, store};

/// The firm's own settings that runs depend on.
#[derive(Debug, Clone)]
pub(crate) struct Firm {
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) holidays: Vec<NaiveDate>,
}

/// The newest version of a portal.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    pub(crate) id: PortalId,
    pub(crate) version: i32,
    pub(crate) definition: Arc<Definition>,
}

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) config: WorkflowConfig,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    /// Passwords at rest.
    pub(crate) secrets: Secrets,
    /// Rung when a timer was set.
    pub(crate) timers: Arc<Notify>,
    pub(crate) firms: Cache<TenantId, Firm>,
    /// Versions never change, so they are kept as long as there is room.
    definitions: Cache<(TenantId, PortalId, i32), Arc<Definition>>,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

impl Service {
    pub(crate) fn new(config: WorkflowConfig, kit: Kit) -> Self {
        let Kit { store, peers, clock, entropy, home } = kit;
        let keyring = KeyringFile::new(home.join("keyring.json"), Arc::clone(&entropy));
        let secrets = Secrets::new(Arc::new(keyring), Arc::clone(&entropy));
        Self {
            config,
            store,
            peers,
            clock,
            entropy,
            secrets,
            timers: Arc::new(Notify::new()),
            firms: Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(5)).build(),
            definitions: Cache::new(1_000),
        }
    }

    /// One version of a portal.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] where this service does not know it.
    pub(crate) async fn definition(
        &self,
        tx: &mut Tx,
        portal: PortalId,
        version: i32,
    ) -> Result<Arc<Definition>, WorkflowError> {
        let key = (tx.ctx().tenant, portal, version);
        if let Some(found) = self.definitions.get(&key) {
            return Ok(found);
        }
        let body = store::portals::body(tx, portal, version).await?.ok_or(WorkflowError::NotFound)?;
        let definition: Arc<Definition> = Arc::new(serde_json::from_str(&body)?);
        self.definitions.insert(key, Arc::clone(&definition));
        Ok(definition)
    }

    /// The newest version of a portal, which decides who may do what.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] where this service does not know the portal.
    pub(crate) async fn portal(&self, tx: &mut Tx, id: PortalId) -> Result<Portal, WorkflowError> {
        let version = store::portals::newest(tx, id).await?.ok_or(WorkflowError::NotFound)?;
        Ok(Portal { id, version, definition: self.definition(tx, id, version).await? })
    }

    /// As in a process that has just started.
    #[cfg(test)]
    pub(crate) fn forget_definitions(&self) {
        self.definitions.invalidate_all();
    }

    /// The newest version of every portal of the firm.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn portals(&self, tx: &mut Tx) -> Result<Vec<Portal>, WorkflowError> {
        let mut portals = Vec::new();
        for (id, version) in store::portals::list(tx).await? {
            portals.push(Portal { id, version, definition: self.definition(tx, id, version).await? });
        }
        Ok(portals)
    }
}
