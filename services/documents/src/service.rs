//! What every handler works with.

use std::sync::{Arc, OnceLock};

use moka::future::Cache;
use portico_core::{Ctx, SharedClock, SharedEntropy, TenantId};
use portico_db::Store;
use portico_rpc::{Caller, Incoming, Peers};
use portico_service::Kit;
use tokio::sync::Semaphore;
use tonic::Status;

use crate::{
    DocumentsConfig,
    peers::FirmFacts,
    previews::Previews,
    signing::{Fonts, SigningError},
    vault::{DiskBlobs, KeyringFile, Vault},
};

/// How long the firm's policy and name are kept.
const FIRM_LIFETIME: std::time::Duration = std::time::Duration::from_secs(5);

/// Signed files that are made at the same time.
const COMPOSED: usize = 2;

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) config: DocumentsConfig,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    pub(crate) vault: Vault,
    pub(crate) blobs: DiskBlobs,
    pub(crate) previews: Previews,
    pub(crate) firms: Cache<TenantId, Arc<FirmFacts>>,
    /// Places for signed files in the making: each takes a few times its template in memory.
    pub(crate) composing: Semaphore,
    fonts: OnceLock<Arc<Fonts>>,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

/// Who asks: the context for the data, and the way to ask peers in their name.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) ctx: Ctx,
    pub(crate) caller: Caller,
}

impl Call {
    /// The call that came in.
    pub(crate) fn of(incoming: &Incoming) -> Result<Self, Status> {
        Ok(Self { ctx: incoming.ctx()?, caller: incoming.caller() })
    }
}

impl Service {
    pub(crate) fn new(config: DocumentsConfig, kit: Kit) -> Self {
        let Kit { store, peers, clock, entropy, home } = kit;
        let blobs = DiskBlobs::new(home.join("blobs"));
        let keyring = KeyringFile::new(home.join("keyring.json"), Arc::clone(&entropy));
        let vault = Vault::new(Arc::new(blobs.clone()), Arc::new(keyring), Arc::clone(&entropy));
        let previews = Previews::new(config.preview.clone(), config.page_cache);
        let firms = Cache::builder().max_capacity(10_000).time_to_live(FIRM_LIFETIME).build();
        Self {
            config,
            store,
            peers,
            clock,
            entropy,
            vault,
            blobs,
            previews,
            firms,
            composing: Semaphore::new(COMPOSED),
            fonts: OnceLock::new(),
        }
    }

    /// The fonts of signed documents, loaded when first needed. Where they are missing, each use looks again.
    pub(crate) fn fonts(&self) -> Result<Arc<Fonts>, SigningError> {
        if let Some(fonts) = self.fonts.get() {
            return Ok(Arc::clone(fonts));
        }
        let fonts = Arc::new(Fonts::load(&self.config.fonts)?);
        Ok(Arc::clone(self.fonts.get_or_init(|| fonts)))
    }
}
