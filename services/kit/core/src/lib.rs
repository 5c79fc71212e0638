//! What every other crate speaks in: identifiers, who is asking, the clock and the closed set of error codes.
//!
//! Nothing here performs I/O, with two exceptions that exist so that nothing else needs them:
//! [`SystemClock`] reads the time and [`OsEntropy`] reads randomness.

mod clock;
mod context;
mod entropy;
mod error;
mod id;
mod locale;
mod money;
mod network;

pub use clock::{Clock, MockClock, SharedClock, SystemClock};
pub use context::{AccountScope, Actor, ActorKind, AuthStrength, Ctx, Impersonator};
pub use entropy::{Entropy, OsEntropy, SeededEntropy, SharedEntropy};
pub use error::{ErrorCode, FieldViolation, Problem};
pub use id::{
    AccountId, CommentId, DocumentId, DropLinkId, EnvelopeId, EventId, FolderId, ItemId, MailId, MessageId,
    NotificationId, ParseIdError, PersonId, PortalId, RecordId, RequestId, RunId, SessionId, StepId,
    TenantId, ThreadId, TimerId, VersionId,
};
pub use locale::{Email, InvalidEmail, InvalidTimeZone, parse_time_zone};
pub use money::{InvalidMoney, Money};
pub use network::is_public;
