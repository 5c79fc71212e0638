//! The audit log, and who reads what of it.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, Ctx, PersonId};
use uuid::Uuid;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuditEntry {
    pub(crate) id: Uuid,
    /// None where no account is concerned.
    pub(crate) account_id: Option<AccountId>,
    /// The account's name now; empty where no account is concerned.
    pub(crate) account_name: String,
    pub(crate) internal: bool,
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: Option<PersonId>,
    pub(crate) actor_name: String,
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) object_kind: String,
    pub(crate) object_id: String,
    pub(crate) object_label: String,
    pub(crate) version: String,
    pub(crate) details: serde_json::Value,
}

impl AuditEntry {
    /// The entry as `ctx` may read it: people of accounts learn network addresses of themselves only.
    pub(crate) fn for_reader(mut self, ctx: &Ctx) -> Self {
        if !ctx.is_internal() && self.actor_id != ctx.actor.person {
            self.address.clear();
        }
        self
    }
}

/// What to look for; nothing restricts where a part is absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    pub(crate) account: Option<AccountId>,
    pub(crate) actor: Option<PersonId>,
    pub(crate) action_prefix: Option<String>,
    pub(crate) object_id: Option<String>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}
