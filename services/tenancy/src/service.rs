//! What every handler works with.

use std::sync::Arc;

use portico_core::{SharedClock, SharedEntropy};
use portico_db::Store;
use portico_rpc::Peers;
use portico_service::Kit;

use crate::TenancyConfig;

/// The service's settings and what it stands on.
pub(crate) struct Service {
    pub(crate) config: TenancyConfig,
    pub(crate) store: Store,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
}

/// The service as handlers share it.
pub(crate) type SharedService = Arc<Service>;

impl Service {
    pub(crate) fn new(config: TenancyConfig, kit: Kit) -> Self {
        let Kit { store, peers, clock, entropy, home: _ } = kit;
        Self { config, store, peers, clock, entropy }
    }
}
