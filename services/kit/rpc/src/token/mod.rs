//! Who is calling, as a signed token of at most five minutes.
//!
//! Identity signs clients, staff and machines with the actor key. Every process signs Portico's own work with a
//! service key. A [`Verifier`] knows the public halves and accepts each key for its own kinds only.

mod cache;
mod claims;
mod keys;
mod sign;
mod verify;

use chrono::TimeDelta;

pub use keys::{KeyError, KeyFiles, PublicKey, SigningKey};
pub use sign::{ActorSigner, IssueError, IssuedToken, ServiceSigner};
pub use verify::{TokenError, Verified, Verifier};

/// The longest that a token may live.
pub const MAX_TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The most accounts that a token may list.
pub const MAX_LISTED_ACCOUNTS: usize = 200;

/// The issuer of actor tokens. Service keys carry their process' name instead.
const ACTOR_ISSUER: &str = "portico-actors";

/// Whom the tokens are for.
const AUDIENCE: &str = "portico-internal";
