//! What every handler works with.

use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use moka::future::Cache;
use portico_core::{Ctx, SharedClock, SharedEntropy, TenantId};
use portico_db::Store;
use portico_paper::{FontFiles, Fonts, PaperError};
use portico_rpc::{Caller, Incoming, Peers};
use portico_service::Kit;
use tonic::Status;
use uuid::Uuid;

use crate::{BillingConfig, peers::Firm, providers::Providers};

/// How long the zone and language of the firm are kept.
const FIRM_LIFETIME: std::time::Duration = std::time::Duration::from_secs(5);

/// What the service stands on.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    pub(crate) firms: Cache<TenantId, Arc<Firm>>,
    pub(crate) providers: Providers,
    pub(crate) config: BillingConfig,
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
    /// The call that came in. Money is seen by those of an account who have a role in it, so the others reach nothing here.
    pub(crate) fn of(incoming: &Incoming) -> Result<Self, Status> {
        Ok(Self { ctx: incoming.ctx()?.with_roles_only(), caller: incoming.caller() })
    }
}

impl Service {
    pub(crate) fn new(config: BillingConfig, kit: Kit) -> anyhow::Result<Self> {
        let providers = config.providers()?;
        let Kit { store, peers, clock, entropy, home: _ } = kit;
        let firms = Cache::builder().max_capacity(10_000).time_to_live(FIRM_LIFETIME).build();
        Ok(Self { store, peers, clock, entropy, firms, providers, config, fonts: OnceLock::new() })
    }

    /// The fonts of papers, loaded when first needed. Where they are missing, each use looks again.
    pub(crate) fn fonts(&self) -> Result<Arc<Fonts>, PaperError> {
        if let Some(fonts) = self.fonts.get() {
            return Ok(Arc::clone(fonts));
        }
        let fonts = Arc::new(Fonts::load(&FontFiles::default())?);
        Ok(Arc::clone(self.fonts.get_or_init(|| fonts)))
    }

    /// A fresh id.
    pub(crate) fn id(&self) -> Uuid {
        self.entropy.uuid(self.clock.now())
    }

    /// The day that it is where the firm is.
    pub(crate) fn today(&self, firm: &Firm) -> NaiveDate {
        self.clock.now().with_timezone(&firm.zone).date_naive()
    }
}
