//! Everything that can go wrong, and how it is said.

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_rpc::ServiceError;

use crate::{
    domain::{credit::NotCreditable, document::NotIssuable, settlement::Refused},
    providers::ProviderError,
};

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BillingError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another service that had to be asked.
    #[error("a peer refused: {0}")]
    Peer(Problem),
    /// Fields that break a rule.
    #[error("the request breaks a rule: {0}")]
    Invalid(Problem),
    /// Not there, or not for this caller.
    #[error("not found")]
    NotFound,
    /// Somebody else changed the object first.
    #[error("the etag is not the present one")]
    Stale,
    /// The draft is none any more.
    #[error("the document is issued")]
    Issued,
    /// The document is a draft still, or of another kind.
    #[error("{0}")]
    WrongState(&'static str),
    /// The firm has no company that sells.
    #[error("no legal entity")]
    NoLegalEntity,
    /// The firm has several, and none was named.
    #[error("several legal entities")]
    WhichLegalEntity,
    /// Nobody has said whom documents for the account are made out to.
    #[error("no buyer")]
    NoBuyer,
    /// The draft is not ready to go out.
    #[error("not issuable: {0}")]
    NotIssuable(#[from] NotIssuable),
    /// The invoice cannot be credited like this.
    #[error("not creditable: {0}")]
    NotCreditable(#[from] NotCreditable),
    /// The amount cannot be booked.
    #[error("not bookable: {0}")]
    Refused(#[from] Refused),
    /// What the client saw is not what lies here.
    #[error("another hash")]
    OtherHash,
    /// A person of the firm looks at the portal as a client: they decide nothing for them.
    #[error("an impersonator does not act")]
    Impersonator,
    /// A message of a payment provider speaks of a payment that is not known yet.
    #[error("the payment is not known yet")]
    NotYet,
    /// The payment provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The payment provider does not give money back.
    #[error("the payment provider does not give money back")]
    RefundRefused,
    /// A key that was used for something else.
    #[error("the key was used for another request")]
    OtherRequest,
    /// Nothing for machines can be made of the document.
    #[error("no e-invoice")]
    NoEInvoice,
    /// No PDF can be made.
    #[error(transparent)]
    Paper(#[from] portico_paper::PaperError),
    /// What is stored cannot be read.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
}

impl BillingError {
    /// A single field that breaks a rule.
    pub(crate) fn field(field: &str, text: &str) -> Self {
        Self::Invalid(Problem::invalid(field, text))
    }
}

impl From<ParseIdError> for BillingError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl From<uuid::Error> for BillingError {
    fn from(_: uuid::Error) -> Self {
        Self::NotFound
    }
}

impl From<sqlx::Error> for BillingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl ServiceError for BillingError {
    fn problem(&self) -> Problem {
        let cannot = |reason: &str, text: &str| Problem::new(ErrorCode::FailedPrecondition, reason, text);
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::Stale => Problem::new(
                ErrorCode::Conflict,
                "stale",
                "Somebody else has changed this in the meantime. Reload and try again.",
            ),
            Self::Issued => cannot(
                "issued",
                "This has been sent already and cannot be changed any more. Reload the page.",
            ),
            Self::WrongState(text) => cannot("wrong_state", text),
            Self::NoLegalEntity => cannot(
                "no_legal_entity",
                "Enter your company's name, address and tax number in the billing settings first.",
            ),
            Self::WhichLegalEntity => {
                Self::field("legal_entity_id", "Choose which of your companies sells.").problem()
            }
            Self::NoBuyer => cannot("no_buyer", "Enter the client's name and address for invoices first."),
            Self::NotIssuable(why) => cannot("not_issuable", &why.to_string()),
            Self::NotCreditable(why) => cannot("not_creditable", &why.to_string()),
            Self::Refused(why) => Problem::invalid("amount", why.to_string()),
            Self::OtherHash => cannot(
                "another_version",
                "This is not the version that you looked at. Reload the page and read it again.",
            ),
            Self::Impersonator => {
                Problem::new(ErrorCode::PermissionDenied, "view_only", "Only the client can do this.")
            }
            Self::NotYet => Problem::new(
                ErrorCode::Unavailable,
                "not_yet",
                "The payment that this is about is not known yet. Please say it again later.",
            ),
            Self::Provider(ProviderError::NotSetUp) => {
                cannot("no_provider", "Paying online is not set up. Please pay by bank transfer.")
            }
            Self::Provider(ProviderError::NotTheirs(_)) => Problem::new(
                ErrorCode::PermissionDenied,
                "not_the_provider",
                "This message is not signed by the payment provider.",
            )
            .with_cause(self),
            Self::Provider(
                ProviderError::Away(_) | ProviderError::Refused(_) | ProviderError::Unreadable(_),
            ) => Problem::new(
                ErrorCode::Unavailable,
                "provider_unavailable",
                "The payment provider cannot be reached just now. Please try again in a moment.",
            )
            .with_cause(self),
            Self::RefundRefused => cannot(
                "refund_refused",
                "The payment provider does not give this back. Nothing was booked. Give it back another way and record that here.",
            ),
            Self::OtherRequest => Problem::new(
                ErrorCode::Conflict,
                "other_request",
                "This form was sent before with something else in it. Reload the page and try again.",
            ),
            Self::NoEInvoice => {
                cannot("no_e_invoice", "There is no e-invoice of this document. Use the PDF instead.")
            }
            Self::Paper(_) => Problem::new(
                ErrorCode::Unavailable,
                "no_paper",
                "The PDF cannot be made just now. Please try again later.",
            )
            .with_cause(self),
            Self::Unreadable(_) => Problem::internal(self),
        }
    }
}
