//! Payment providers. Card numbers are never ours: a client pays on the provider's page.

mod http;
mod manual;
mod stripe;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub(crate) use manual::Manual;
#[cfg(test)]
pub(crate) use stripe::sign;
pub(crate) use stripe::{Keys, Stripe};

use crate::domain::provider::{Checkout, Fact, GiveBack, Waiting};

/// Why a provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It cannot be reached, or is busy: the same call may succeed later.
    #[error("the payment provider is away: {0}")]
    Away(String),
    /// It refused. What it says is for the log.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// It did what it was asked for, and what it answered cannot be read.
    #[error("the payment provider's answer cannot be read: {0}")]
    Unreadable(String),
    /// The firm takes no payments this way.
    #[error("no payment provider is set up")]
    NotSetUp,
    /// A message that claims to come from it does not.
    #[error("the message is not the provider's: {0}")]
    NotTheirs(&'static str),
}

/// What a checkout is about, as the client reads it on the provider's page, and where they come back to.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The checkout, whose id is the idempotency key.
    pub(crate) checkout: Checkout,
    /// "Invoice INV-00001"
    pub(crate) title: String,
    /// The page to come back to.
    pub(crate) back: String,
}

/// The provider's page for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    /// The provider's id of it.
    pub(crate) reference: String,
    /// The page.
    pub(crate) url: String,
}

/// A way of being paid.
#[async_trait]
pub(crate) trait PaymentProvider: Send + Sync {
    /// The word under which its payments are kept.
    fn name(&self) -> &'static str;

    /// Whether amounts of a currency can be asked for, by its ISO 4217 code.
    fn takes(&self, currency: &str) -> bool;

    /// Prepares a page on which an order can be paid. The same order always leads to the same page.
    async fn start(&self, order: &Order) -> Result<Started, ProviderError>;

    /// Gives money of a payment back. However often the same is asked for while the provider keeps its key, it is given back once; whoever
    /// asks again later makes sure by [`Self::ask`] that it was not.
    async fn refund(&self, back: &GiveBack) -> Result<Vec<Fact>, ProviderError>;

    /// The facts in a message that came in from outside: `body` as it arrived, byte for byte.
    fn hear(&self, signature: &str, body: &[u8], now: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError>;

    /// Everything that was begun since a moment.
    async fn list(&self, since: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError>;

    /// How far something is that was begun at any time.
    async fn ask(&self, about: &Waiting) -> Result<Vec<Fact>, ProviderError>;
}

/// The providers of firms, by slug.
#[derive(Default)]
pub(crate) struct Providers(HashMap<String, Arc<dyn PaymentProvider>>);

impl Providers {
    /// Stripe for each firm with keys.
    pub(crate) fn stripe(api: &str, keys: HashMap<String, Keys>) -> Self {
        let each = keys.into_iter().map(|(slug, keys)| {
            let provider: Arc<dyn PaymentProvider> = Arc::new(Stripe::new(api.to_owned(), keys));
            (slug, provider)
        });
        Self(each.collect())
    }

    /// The provider of a firm; by hand where it has none.
    pub(crate) fn of(&self, slug: &str) -> Arc<dyn PaymentProvider> {
        self.0.get(slug).cloned().unwrap_or_else(|| Arc::new(Manual))
    }
}
