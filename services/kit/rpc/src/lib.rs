//! The one stack around every call between services.
//!
//! A call goes out through [`Peers::channel`], which adds the caller's token, the trace and a deadline. It comes in
//! through [`callee`], which verifies the token, enforces the method's access rule, keeps the deadline, catches
//! panics and logs each failed call once. Both halves are the same whether the peer is in this process or in another.
//! A handler asks [`ctx`] who is calling and answers refusals through [`answer`] or [`status`].

mod access;
mod callee;
mod error;
mod headers;
mod incoming;
mod peer;
mod token;
mod trace;
mod watched;

pub use access::{AccessError, AccessTable, Rule};
pub use callee::{AfterGate, CalleeConfig, callee};
pub use error::{ServiceError, answer, problem_from, status};
pub use incoming::{Incoming, ctx};
pub use peer::{Auth, Caller, CallerChannel, PeerChannel, PeerError, Peers};
pub use token::{
    ActorSigner, IssueError, IssuedToken, KeyError, KeyFiles, MAX_LISTED_ACCOUNTS, MAX_TOKEN_LIFETIME,
    PublicKey, ServiceSigner, SigningKey, TokenError, Verified, Verifier,
};
pub use trace::new_trace;
