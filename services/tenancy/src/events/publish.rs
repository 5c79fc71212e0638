//! What the service says, each with its entry in the audit. A function that answers a text answers the event as `type;id`, for whoever
//! wants to read what they have just written.

use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::tenancy::v1 as proto;
use serde_json::json;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        account::Account,
        membership::{Membership, StaffBinding},
        portal::Portal,
        tenant::Tenant,
    },
    service::Service,
};

/// A firm was made.
pub(crate) async fn tenant_created(
    service: &Service,
    tx: &mut Tx,
    tenant: &Tenant,
) -> Result<(), StoreError> {
    say(service, tx, "tenant", tenant.id.0, None, &proto::TenantCreated { slug: tenant.slug.clone() })
        .await?;
    let details = json!({ "slug": tenant.slug, "hosts": tenant.hosts });
    log(service, tx, about_tenant("tenant.created", tenant, details)).await
}

/// A firm was changed.
pub(crate) async fn tenant_updated(
    service: &Service,
    tx: &mut Tx,
    tenant: &Tenant,
    new_logo: bool,
) -> Result<String, StoreError> {
    let event = proto::TenantUpdated { tenant: Some(convert::tenant(tenant.clone())) };
    let event_ref = say(service, tx, "tenant", tenant.id.0, None, &event).await?;
    let details =
        json!({ "new_logo": new_logo, "allow_unscanned_files": tenant.profile.allow_unscanned_files });
    log(service, tx, about_tenant("tenant.updated", tenant, details)).await?;
    Ok(event_ref)
}

/// The firm's holidays were replaced.
pub(crate) async fn holidays_set(
    service: &Service,
    tx: &mut Tx,
    tenant: &Tenant,
    days: &[String],
) -> Result<String, StoreError> {
    let event = proto::TenantUpdated { tenant: Some(convert::tenant(tenant.clone())) };
    let event_ref = say(service, tx, "tenant", tenant.id.0, None, &event).await?;
    log(service, tx, about_tenant("tenant.holidays_set", tenant, json!({ "days": days.len() }))).await?;
    Ok(event_ref)
}

/// An account was made or renamed; `action` says which.
pub(crate) async fn account_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    account: &Account,
) -> Result<String, StoreError> {
    let event = proto::AccountChanged {
        account_id: account.id.to_string(),
        name: account.name.clone(),
        kind: account.kind.clone(),
    };
    let event_ref = say(service, tx, "account", account.id.0, Some(account.id), &event).await?;
    let draft = AuditDraft {
        action,
        object_kind: "account",
        object_id: account.id.0,
        object_label: &account.name,
        version: &account.version.to_string(),
        account: Some(account.id),
        details: json!({ "kind": account.kind }),
        internal: false,
    };
    log(service, tx, draft).await?;
    Ok(event_ref)
}

/// A membership was set, or ended where `removed`.
pub(crate) async fn membership_changed(
    service: &Service,
    tx: &mut Tx,
    membership: &Membership,
    person_name: &str,
    removed: bool,
) -> Result<String, StoreError> {
    let roles = if removed { Vec::new() } else { membership.roles.clone() };
    let event = proto::MembershipChanged {
        account_id: membership.account_id.to_string(),
        person_id: membership.person_id.to_string(),
        roles: roles.clone(),
        removed,
    };
    let account = membership.account_id;
    let event_ref = say(service, tx, "membership", account.0, Some(account), &event).await?;
    let draft = AuditDraft {
        action: if removed { "membership.removed" } else { "membership.set" },
        object_kind: "person",
        object_id: membership.person_id.0,
        object_label: person_name,
        version: "",
        account: Some(account),
        details: json!({ "roles": roles }),
        internal: false,
    };
    log(service, tx, draft).await?;
    Ok(event_ref)
}

/// A member of staff's roles were set.
pub(crate) async fn staff_roles_changed(
    service: &Service,
    tx: &mut Tx,
    binding: &StaffBinding,
    person_name: &str,
) -> Result<String, StoreError> {
    let event =
        proto::StaffRolesChanged { person_id: binding.person_id.to_string(), roles: binding.roles.clone() };
    let event_ref = say(service, tx, "staff", binding.person_id.0, None, &event).await?;
    let draft = AuditDraft {
        action: "staff.roles_set",
        object_kind: "person",
        object_id: binding.person_id.0,
        object_label: person_name,
        version: "",
        account: None,
        details: json!({ "roles": binding.roles }),
        internal: true,
    };
    log(service, tx, draft).await?;
    Ok(event_ref)
}

/// A version of a portal was published; `widened` counts the changes that let somebody see or do more.
pub(crate) async fn portal_published(
    service: &Service,
    tx: &mut Tx,
    portal: &Portal,
    widened: usize,
) -> Result<String, StoreError> {
    let event = proto::PortalPublished {
        portal_id: portal.id.to_string(),
        name: portal.name.clone(),
        version: portal.version,
        hash: portal.hash.clone(),
    };
    let event_ref = say(service, tx, "portal", portal.id.0, None, &event).await?;
    let draft = AuditDraft {
        action: "portal.published",
        object_kind: "portal",
        object_id: portal.id.0,
        object_label: &portal.title,
        version: &portal.version.to_string(),
        account: None,
        details: json!({ "hash": portal.hash, "changes_that_widen_access": widened }),
        internal: true,
    };
    log(service, tx, draft).await?;
    Ok(event_ref)
}

fn about_tenant<'a>(action: &'static str, tenant: &'a Tenant, details: serde_json::Value) -> AuditDraft<'a> {
    AuditDraft {
        action,
        object_kind: "tenant",
        object_id: tenant.id.0,
        object_label: &tenant.profile.name,
        version: "",
        account: None,
        details,
        internal: true,
    }
}

async fn say<M: prost::Message + prost::Name>(
    service: &Service,
    tx: &mut Tx,
    aggregate: &'static str,
    key: Uuid,
    account: Option<AccountId>,
    body: &M,
) -> Result<String, StoreError> {
    let outgoing = Outgoing { aggregate, key, account, body };
    let id = publish(tx, &*service.clock, &*service.entropy, outgoing).await?;
    Ok(format!("{};{id}", M::full_name()))
}

async fn log(service: &Service, tx: &mut Tx, draft: AuditDraft<'_>) -> Result<(), StoreError> {
    audit(tx, &*service.clock, &*service.entropy, draft).await?;
    Ok(())
}
