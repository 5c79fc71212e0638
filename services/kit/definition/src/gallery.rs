//! The definitions that are shipped.

/// A definition to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GalleryEntry {
    /// The definition's name.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What it is for, in a sentence or two.
    pub description: &'static str,
    /// The whole definition.
    pub yaml: &'static str,
}

/// The definitions that are shipped, in the order in which they are offered.
#[must_use]
pub const fn gallery() -> &'static [GalleryEntry] {
    &[
        GalleryEntry {
            name: "client-onboarding",
            title: "Client onboarding",
            description: "From the signed contract to the approved plan: a questionnaire, documents, a signature, \
                          a kickoff call and a project plan to approve.",
            yaml: include_str!("../definitions/client-onboarding.portal.yaml"),
        },
        GalleryEntry {
            name: "vendor-invoices",
            title: "Suppliers",
            description: "Suppliers hand in invoices against purchase orders; the plant manager and finance approve \
                          them, and the supplier sees how far each one is.",
            yaml: include_str!("../definitions/vendor-invoices.portal.yaml"),
        },
    ]
}
