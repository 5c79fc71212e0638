//! Which services can be called, and how each is reached.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use portico_core::SharedEntropy;
use tonic::{service::Routes, transport::Endpoint};

use crate::{Caller, CallerChannel, PeerChannel, ServiceSigner};

/// A peer that cannot be set up as asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It has its place already.
    #[error("the service {0} is bound already")]
    BoundTwice(String),
    /// The address cannot be read.
    #[error("the address of the service {service} is not one such as http://documents:7000: {reason}")]
    Address {
        /// The service.
        service: String,
        /// What the parser said.
        reason: String,
    },
}

/// The services this process can call. Cheap to clone; all clones share the same bindings.
#[derive(Clone)]
pub struct Peers(Arc<Shared>);

struct Shared {
    channels: RwLock<HashMap<String, PeerChannel>>,
    signer: Arc<ServiceSigner>,
    entropy: SharedEntropy,
}

impl Peers {
    /// No peer yet. `signer` vouches for the process' own work.
    pub fn new(signer: ServiceSigner, entropy: SharedEntropy) -> Self {
        Self(Arc::new(Shared { channels: RwLock::default(), signer: Arc::new(signer), entropy }))
    }

    /// Binds `service` to its routes in this process; `routes` must have passed [`callee`](crate::callee). Channels
    /// handed out before see it from now on.
    ///
    /// # Errors
    /// [`PeerError::BoundTwice`] where it is bound or connected already.
    pub fn bind_local(&self, service: &str, routes: Routes) -> Result<(), PeerError> {
        match self.peer(service) {
            PeerChannel::Local(slot) => {
                slot.set(routes).map_err(|_| PeerError::BoundTwice(service.to_owned()))
            }
            PeerChannel::Remote(_) => Err(PeerError::BoundTwice(service.to_owned())),
        }
    }

    /// Reaches `service` at `endpoint`, such as `http://documents:7000`. The connection is made at the first call and
    /// again whenever it is lost. Must be called within a Tokio runtime, and before any channel to the service is taken.
    ///
    /// # Errors
    /// [`PeerError`] for an address that is none, or a service that is bound already.
    pub fn connect_remote(&self, service: &str, endpoint: &str) -> Result<(), PeerError> {
        let endpoint = Endpoint::from_shared(endpoint.to_owned())
            .map_err(|error| PeerError::Address { service: service.to_owned(), reason: error.to_string() })?;
        let channel = endpoint
            .connect_timeout(Duration::from_secs(2))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(5))
            .connect_lazy();
        let mut channels = self.0.channels.write().unwrap_or_else(PoisonError::into_inner);
        if channels.contains_key(service) {
            return Err(PeerError::BoundTwice(service.to_owned()));
        }
        channels.insert(service.to_owned(), PeerChannel::Remote(channel));
        Ok(())
    }

    /// The way to `service` for `caller`, to be given to a generated client. A service that is nowhere answers
    /// UNAVAILABLE.
    pub fn channel(&self, service: &str, caller: impl Into<Caller>) -> CallerChannel {
        CallerChannel::new(self.peer(service), caller.into(), Arc::clone(&self.0.signer), &self.0.entropy)
    }

    fn peer(&self, service: &str) -> PeerChannel {
        let known = self.0.channels.read().unwrap_or_else(PoisonError::into_inner).get(service).cloned();
        known.unwrap_or_else(|| {
            let mut channels = self.0.channels.write().unwrap_or_else(PoisonError::into_inner);
            channels
                .entry(service.to_owned())
                .or_insert_with(|| PeerChannel::Local(Arc::new(OnceLock::new())))
                .clone()
        })
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels = self.0.channels.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(channels.keys()).finish()
    }
}
