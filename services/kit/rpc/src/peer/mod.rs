//! Calls to other services, wherever they run.

mod caller;
mod channel;
mod registry;

pub use caller::{Auth, Caller, CallerChannel};
pub use channel::PeerChannel;
pub use registry::{PeerError, Peers};
