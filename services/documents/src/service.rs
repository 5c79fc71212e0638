//! What every handler works with.

use std::sync::{Arc, OnceLock};

use moka::future::Cache;
use portico_core::{Ctx, SharedClock, SharedEntropy, TenantId, VersionId};
use portico_db::Store;
use portico_keys::Secrets;
use portico_rpc::{Caller, Incoming, Peers};
use portico_service::Kit;
use tokio::sync::{Notify, Semaphore};
use tonic::Status;

use crate::{
    DocumentsConfig,
    content::{ScanState, Unscanned},
    peers::FirmFacts,
    previews::Previews,
    scan::Clamd,
    seal::Sealer,
    signing::{Fonts, SigningError},
    vault::{BlobStore, Hashed, KeyringFile, Kms, Vault},
};

/// How long the firm's policy and name are kept.
const FIRM_LIFETIME: std::time::Duration = std::time::Duration::from_secs(5);

/// How long the state of a hash waits for the next go of its upload.
const HASHES_KEPT: std::time::Duration = std::time::Duration::from_secs(3600);

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
    /// What must be told again, sealed by the firm's key.
    pub(crate) secrets: Secrets,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) previews: Previews,
    /// What looks at files before anybody opens them; nothing where the installation has none.
    pub(crate) scanner: Option<Clamd>,
    /// Wakes the job that scans.
    pub(crate) scans: Arc<Notify>,
    /// Wakes the job that draws office files.
    pub(crate) drawings: Arc<Notify>,
    /// Wakes the job that reminds signers.
    pub(crate) nudges: Arc<Notify>,
    /// What uploads that come in several goes may go on hashing with, where this process took the last one.
    pub(crate) hashes: Cache<VersionId, Hashed>,
    pub(crate) firms: Cache<TenantId, Arc<FirmFacts>>,
    /// Places for signed files in the making: each takes a few times its template in memory.
    pub(crate) composing: Semaphore,
    /// What seals the signed files.
    pub(crate) sealer: Arc<Sealer>,
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
    /// The service over `blobs`, where its bytes lie.
    pub(crate) fn new(config: DocumentsConfig, kit: Kit, blobs: Arc<dyn BlobStore>) -> Self {
        let Kit { store, peers, clock, entropy, home } = kit;
        let keyring = KeyringFile::new(home.join("keyring.json"), Arc::clone(&entropy));
        let keyring: Arc<dyn Kms> = Arc::new(keyring);
        let secrets = Secrets::new(Arc::clone(&keyring), Arc::clone(&entropy));
        let vault = Vault::new(Arc::clone(&blobs), keyring, Arc::clone(&entropy));
        let previews = Previews::new(config.preview.clone(), config.page_cache);
        let scanner = config.scanner.clone().map(Clamd::new);
        let hashes = Cache::builder().max_capacity(10_000).time_to_idle(HASHES_KEPT).build();
        let firms = Cache::builder().max_capacity(10_000).time_to_live(FIRM_LIFETIME).build();
        let sealer =
            Sealer::new(config.seal.clone(), home.join("seal"), Arc::clone(&clock), Arc::clone(&entropy));
        Self {
            config,
            store,
            peers,
            clock,
            entropy,
            vault,
            secrets,
            blobs,
            previews,
            scanner,
            scans: Arc::default(),
            drawings: Arc::default(),
            nudges: Arc::default(),
            hashes,
            firms,
            composing: Semaphore::new(COMPOSED),
            sealer: Arc::new(sealer),
            fonts: OnceLock::new(),
        }
    }

    /// The state of a version whose bytes have just been stored.
    pub(crate) const fn unseen(&self) -> ScanState {
        if self.scanner.is_some() { ScanState::Pending } else { ScanState::NotScanned(Unscanned::NoScanner) }
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
