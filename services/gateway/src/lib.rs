//! The edge: it finds out whose host a request is for and who is signed in, keeps rates in bounds, and carries the live stream.
//! What a page shows is `portico-web`'s business.

mod caches;
mod config;
mod enter;
mod health;
mod limit;
mod live;
#[cfg(test)]
mod outage;
mod serve;
mod session;

pub use caches::Revisions;
pub use config::{GatewayConfig, InvalidGateway};
pub use serve::{Gateway, serve};
