//! Uploads that come in several goes: whose they are, where they go, how long they wait.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{
    AccountId, Ctx, DocumentId, DropLinkId, FolderId, ItemId, PersonId, RecordId, StepId, TenantId, VersionId,
};
use uuid::Uuid;

use super::drop_link::Sender;
use crate::vault::{Part, WrappedKey};

/// An upload that nothing is sent to is removed after this time.
pub(crate) const IDLE: TimeDelta = TimeDelta::hours(24);
/// The same for one by a drop link: whoever holds the link shares its places with everybody else who does.
const IDLE_BY_LINK: TimeDelta = TimeDelta::hours(1);
/// However often it goes on, an upload ends this long after it began.
pub(crate) const LONGEST: TimeDelta = TimeDelta::days(7);
/// A go that does not say within this time that it is alive is over: its process is gone.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(20);
/// Uploads under way that one person may have.
pub(crate) const MOST: i64 = 100;
/// Uploads under way by one drop link, whoever began them.
const MOST_BY_LINK: i64 = 50;

/// What the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A row of a request.
    Item(ItemId),
    /// The deliverable of an approval step.
    Deliverable(StepId),
    /// A message about a record.
    Attachment(RecordId),
    /// A field of a record of an account.
    RecordFile(AccountId),
    /// A folder of the library.
    Folder(FolderId),
    /// A further version of a document in the library.
    Document(DocumentId),
    /// The inbox of a drop link.
    Drop(DropLinkId),
}

impl Target {
    /// The words that stand in the database and in addresses.
    pub(crate) const fn words(self) -> (&'static str, Uuid) {
        match self {
            Self::Item(id) => ("item", id.0),
            Self::Deliverable(id) => ("deliverable", id.0),
            Self::Attachment(id) => ("attachment", id.0),
            Self::RecordFile(id) => ("record_file", id.0),
            Self::Folder(id) => ("folder", id.0),
            Self::Document(id) => ("document", id.0),
            Self::Drop(id) => ("drop", id.0),
        }
    }

    /// The target of these words.
    pub(crate) fn of(word: &str, id: Uuid) -> Option<Self> {
        Some(match word {
            "item" => Self::Item(ItemId(id)),
            "deliverable" => Self::Deliverable(StepId(id)),
            "attachment" => Self::Attachment(RecordId(id)),
            "record_file" => Self::RecordFile(AccountId(id)),
            "folder" => Self::Folder(FolderId(id)),
            "document" => Self::Document(DocumentId(id)),
            "drop" => Self::Drop(DropLinkId(id)),
            _ => return None,
        })
    }
}

/// What came of an upload once all was there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The file is in its place; the answer of a plain upload.
    Landed(serde_json::Value),
    /// It was refused; the text is for whoever sent it.
    Refused(String),
}

/// By what an upload is found again: nobody who cannot show it learns that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The person who began it, and who really acted.
    Person(PersonId, Uuid),
    /// A drop link, and the hash of the secret that whoever began it was told.
    Secret(DropLinkId, [u8; 32]),
}

impl Claim {
    /// Uploads under way that may be had by the same person, or by the same link.
    pub(crate) const fn most(self) -> i64 {
        match self {
            Self::Person(..) => MOST,
            Self::Secret(..) => MOST_BY_LINK,
        }
    }
}

/// An upload.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Upload {
    /// The version whose bytes these will be.
    pub(crate) id: VersionId,
    pub(crate) account_id: AccountId,
    pub(crate) claim: Claim,
    /// Who says that they send it by a drop link; nobody for what a person of Portico sends.
    pub(crate) sender: Option<Sender>,
    pub(crate) target: Target,
    pub(crate) document_id: DocumentId,
    pub(crate) file_name: String,
    pub(crate) size: u64,
    /// What had come when the last go ended.
    pub(crate) received: u64,
    pub(crate) key: WrappedKey,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    /// Whether a go is under way.
    pub(crate) held: bool,
    /// Nothing while bytes are missing, or while nobody has judged them.
    pub(crate) outcome: Option<Outcome>,
}

impl Upload {
    /// The vault's side of it.
    pub(crate) fn part(&self, tenant: TenantId) -> Part {
        Part { tenant, document: self.document_id, version: self.id, size: self.size, key: self.key.clone() }
    }
}

/// When an upload that began at `created_at` and got something at `now` expires.
pub(crate) fn expires(claim: Claim, created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let idle = match claim {
        Claim::Person(..) => IDLE,
        Claim::Secret(..) => IDLE_BY_LINK,
    };
    (now + idle).min(created_at + LONGEST)
}

/// Who owns what somebody begins: the person, and who really acts.
pub(crate) fn owner(ctx: &Ctx) -> Option<Claim> {
    let impersonator = ctx.actor.impersonator.as_ref().map_or(Uuid::nil(), |real| real.person.0);
    Some(Claim::Person(ctx.actor.person?, impersonator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_a_day_for_the_next_bytes_and_a_week_for_all() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let person = Claim::Person(Uuid::nil().into(), Uuid::nil());
        let link = Claim::Secret(Uuid::nil().into(), [0; 32]);
        assert_eq!(expires(link, start, start), start + IDLE_BY_LINK);
        assert_eq!(expires(person, start, start), start + IDLE);
        assert_eq!(expires(person, start, start + TimeDelta::days(3)), start + TimeDelta::days(4));
        assert_eq!(expires(person, start, start + TimeDelta::hours(165)), start + LONGEST);
    }

    #[test]
    fn every_target_comes_back_from_its_words() {
        let id = Uuid::from_u128(5);
        for word in ["item", "deliverable", "attachment", "record_file", "folder", "document", "drop"] {
            assert_eq!(Target::of(word, id).unwrap().words(), (word, id));
        }
        assert_eq!(Target::of("template", id), None);
    }
}
