//! Between protobuf and the domain.

use chrono::{DateTime, Utc};
use portico_core::{Ctx, Problem};
use portico_definition::{AccessEffect, Change, Finding, Side};
use portico_proto::{tenancy::v1 as proto, time};
use prost_types::Timestamp;

use crate::{
    domain::{
        account::Account,
        audit::AuditEntry,
        membership::{Membership, StaffBinding},
        portal::{Portal, RoleOption},
        tenant::{Profile, Tenant},
    },
    error::TenancyError,
};

/// The firm, whole.
pub(crate) fn tenant(tenant: Tenant) -> proto::Tenant {
    proto::Tenant {
        id: tenant.id.to_string(),
        slug: tenant.slug,
        name: tenant.profile.name,
        colour: tenant.profile.colour,
        logo_hash: tenant.logo_hash,
        time_zone: tenant.profile.time_zone,
        language: tenant.profile.language,
        sender_address: tenant.profile.sender_address,
        allow_unscanned_files: tenant.profile.allow_unscanned_files,
        hosts: tenant.hosts,
        etag: tenant.version.to_string(),
    }
}

/// The firm as `ctx` may read it: people of accounts see neither sender nor policies.
pub(crate) fn tenant_for(ctx: &Ctx, whole: Tenant) -> proto::Tenant {
    let whole = tenant(whole);
    if ctx.is_internal() {
        return whole;
    }
    proto::Tenant { sender_address: String::new(), allow_unscanned_files: false, ..whole }
}

/// What a message says of a firm.
pub(crate) fn profile(tenant: proto::Tenant) -> Profile {
    Profile {
        name: tenant.name,
        colour: tenant.colour,
        time_zone: tenant.time_zone,
        language: tenant.language,
        sender_address: tenant.sender_address,
        allow_unscanned_files: tenant.allow_unscanned_files,
    }
}

/// The version that an etag stands for. One that was never given out is one that is no longer the present.
pub(crate) fn version(etag: &str) -> Result<i32, TenancyError> {
    if etag.is_empty() {
        let text = "Send the etag that was read with the object.";
        return Err(TenancyError::Invalid(Problem::invalid("etag", text)));
    }
    etag.parse().map_err(|_| TenancyError::Stale)
}

/// A moment in a field of a request.
pub(crate) fn moment(field: &str, at: Option<&Timestamp>) -> Result<Option<DateTime<Utc>>, TenancyError> {
    let Some(at) = at else { return Ok(None) };
    let moment = time::moment(at);
    moment.map(Some).ok_or_else(|| TenancyError::Invalid(Problem::invalid(field, "Choose a date.")))
}

pub(crate) fn account(account: Account) -> proto::Account {
    proto::Account {
        id: account.id.to_string(),
        name: account.name,
        kind: account.kind,
        created_at: Some(time::timestamp(account.created_at)),
        etag: account.version.to_string(),
    }
}

pub(crate) fn membership(membership: Membership) -> proto::Membership {
    proto::Membership {
        account_id: membership.account_id.to_string(),
        person_id: membership.person_id.to_string(),
        roles: membership.roles,
        account_name: membership.account_name,
        deactivated: membership.deactivated,
    }
}

pub(crate) fn staff_binding(binding: StaffBinding) -> proto::StaffBinding {
    proto::StaffBinding {
        person_id: binding.person_id.to_string(),
        roles: binding.roles,
        deactivated: binding.deactivated,
    }
}

pub(crate) fn portal(portal: Portal) -> proto::Portal {
    proto::Portal {
        id: portal.id.to_string(),
        name: portal.name,
        title: portal.title,
        version: portal.version,
        hash: portal.hash,
        audience: portal.audience,
        published_at: Some(time::timestamp(portal.published_at)),
    }
}

pub(crate) fn role_option(role: RoleOption) -> proto::RoleOption {
    let side = match role.side {
        Side::Internal => "internal",
        Side::External => "external",
    };
    proto::RoleOption {
        name: role.name,
        title: role.title,
        side: side.to_owned(),
        portal_id: role.portal_id.to_string(),
    }
}

pub(crate) fn finding(finding: Finding) -> proto::Finding {
    let place = |number| i32::try_from(number).unwrap_or(i32::MAX);
    proto::Finding {
        path: finding.path,
        line: place(finding.line),
        column: place(finding.column),
        message: finding.message,
        hint: finding.hint.unwrap_or_default(),
    }
}

pub(crate) fn change(change: Change) -> proto::Change {
    let access = match change.effect {
        AccessEffect::Widened => "widened",
        AccessEffect::Narrowed => "narrowed",
        AccessEffect::Neutral => "neutral",
    };
    proto::Change { access: access.to_owned(), sentence: change.text }
}

pub(crate) fn audit_line(entry: AuditEntry) -> proto::AuditLine {
    proto::AuditLine {
        id: entry.id.to_string(),
        at: Some(time::timestamp(entry.at)),
        actor_name: entry.actor_name,
        actor_id: entry.actor_id.map(|id| id.to_string()).unwrap_or_default(),
        actor_kind: entry.actor_kind,
        address: entry.address,
        action: entry.action,
        object_kind: entry.object_kind,
        object_id: entry.object_id,
        object_label: entry.object_label,
        version: entry.version,
        account_id: entry.account_id.map(|id| id.to_string()).unwrap_or_default(),
        account_name: entry.account_name,
        details_json: entry.details.to_string(),
    }
}
