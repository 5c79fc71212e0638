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
    /// The papers that it has signed: their paths as it names them, and the PDFs.
    pub papers: &'static [(&'static str, &'static [u8])],
}

/// The agreement that the onboarding has signed.
const DATA_AGREEMENT: (&str, &[u8]) =
    ("templates/data-agreement.pdf", include_bytes!("../definitions/templates/data-agreement.pdf"));

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
            papers: &[DATA_AGREEMENT],
        },
        GalleryEntry {
            name: "vendor-invoices",
            title: "Suppliers",
            description: "Suppliers hand in invoices against purchase orders; the plant manager and finance approve \
                          them, and the supplier sees how far each one is.",
            yaml: include_str!("../definitions/vendor-invoices.portal.yaml"),
            papers: &[],
        },
        GalleryEntry {
            name: "office-fit-out",
            title: "Office fit-out",
            description: "From the agreed budget to the keys of the finished office: a brief in five pages, a visit, a \
                          design to approve, a price that others check, a contract to sign, and a plan that the client \
                          follows.",
            yaml: include_str!("../definitions/office-fit-out.portal.yaml"),
            papers: &[
                (
                    "templates/fit-out-contract.pdf",
                    include_bytes!("../definitions/templates/fit-out-contract.pdf"),
                ),
                (
                    "templates/scope-of-works.pdf",
                    include_bytes!("../definitions/templates/scope-of-works.pdf"),
                ),
                ("templates/house-rules.pdf", include_bytes!("../definitions/templates/house-rules.pdf")),
            ],
        },
    ]
}
