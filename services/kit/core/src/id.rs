//! Typed identifiers. Every id is a UUIDv7, so that ids sort by the time they were made and index pages stay warm.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Entropy;

/// A text that should have been an identifier and is not.
///
/// Callers answer it as NOT_FOUND or as a field violation; the text itself is not repeated, since it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0} id")]
pub struct ParseIdError(pub &'static str);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id for an object made at `now`.
            pub fn new(now: DateTime<Utc>, entropy: &dyn Entropy) -> Self {
                Self(entropy.uuid(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError($noun))
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A firm that runs portals.
    TenantId = "tenant";
    /// A client, partner, vendor, contractor or applicant of a firm.
    AccountId = "account";
    /// A person of one firm: staff, or someone of one or more accounts. People are never shared between firms.
    PersonId = "person";
    /// A signed-in browser or device.
    SessionId = "session";
    /// A portal of a firm.
    PortalId = "portal";
    /// A record of a kind that a portal's definition declares.
    RecordId = "record";
    /// One run of a workflow for one record.
    RunId = "run";
    /// One step of one run.
    StepId = "step";
    /// A document; its bytes are in versions.
    DocumentId = "document";
    /// A folder of the library.
    FolderId = "folder";
    /// An address under which files are handed in without signing in.
    DropLinkId = "drop link";
    /// A comment on a document.
    CommentId = "comment";
    /// One immutable version of a document.
    VersionId = "version";
    /// A request for documents.
    RequestId = "request";
    /// One row of a request for documents.
    ItemId = "item";
    /// A document with the people who sign it.
    EnvelopeId = "envelope";
    /// A conversation about one object.
    ThreadId = "thread";
    /// A message in a thread.
    MessageId = "message";
    /// A notification in the product.
    NotificationId = "notification";
    /// A mail to one person.
    MailId = "mail";
    /// An event in an outbox.
    EventId = "event";
    /// A durable timer.
    TimerId = "timer";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let entropy = SeededEntropy::new(1);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let early = RunId::new(at(1_000_000), &entropy);
        let late = RunId::new(at(2_000_000), &entropy);
        assert!(early < late);
        assert_eq!(early.0.get_version_num(), 7);
    }

    #[test]
    fn a_text_that_is_no_id_is_refused_without_being_repeated() {
        let error = "'; drop table people; --".parse::<PersonId>().unwrap_err();
        assert_eq!(error.to_string(), "not a valid person id");
    }
}
