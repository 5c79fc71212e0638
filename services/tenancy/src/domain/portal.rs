//! Portals and the roles that their definitions declare.

use chrono::{DateTime, Utc};
use portico_core::PortalId;
use portico_definition::{Definition, Side};

/// One version of a portal, without its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Portal {
    pub(crate) id: PortalId,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: i32,
    pub(crate) hash: String,
    pub(crate) audience: String,
    pub(crate) published_at: DateTime<Utc>,
}

/// One version of a portal, whole.
#[derive(Debug, Clone)]
pub(crate) struct PortalVersion {
    pub(crate) portal: Portal,
    /// The document as it was written.
    pub(crate) yaml: String,
    /// The definition as JSON, its keys in the order in which they were written.
    pub(crate) definition_json: String,
}

/// A role that a person may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleOption {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) side: Side,
    pub(crate) portal_id: PortalId,
}

/// The roles that a portal declares, in the order in which they were written.
pub(crate) fn roles_of(portal_id: PortalId, definition: &Definition) -> Vec<RoleOption> {
    let option = |(name, role): (&String, &portico_definition::Role)| RoleOption {
        name: name.clone(),
        title: role.title.clone().unwrap_or_else(|| name.replace('_', " ")),
        side: role.side,
        portal_id,
    };
    definition.spec.roles.iter().map(option).collect()
}
