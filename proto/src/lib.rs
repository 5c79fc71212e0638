//! Generated messages, clients and servers of every service.
//!
//! The protos under `portico/` are the product's API: their comments are its reference. [`DESCRIPTOR_SET`] holds all of them with
//! the `access` option of each RPC.

/// The encoded `google.protobuf.FileDescriptorSet` of all protos, with comments and extension options.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub mod json;
pub mod time;

macro_rules! packages {
    ($($(#[$doc:meta])* $service:ident = $package:literal;)*) => {$(
        $(#[$doc])*
        pub mod $service {
            #[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
            pub mod v1 {
                tonic::include_proto!($package);
            }
        }
    )*};
}

packages! {
    /// Who may call what.
    options = "portico.options.v1";
    /// Events that several services share.
    events = "portico.events.v1";
    /// People, credentials and sessions.
    identity = "portico.identity.v1";
    /// Firms, accounts, memberships, portals and the audit.
    tenancy = "portico.tenancy.v1";
    /// Files, requests, deliverables and envelopes.
    documents = "portico.documents.v1";
    /// Records, runs, steps, forms, approvals and meetings.
    workflow = "portico.workflow.v1";
    /// Threads, notifications, mail and live updates.
    messaging = "portico.messaging.v1";
    /// Money.
    billing = "portico.billing.v1";
}
