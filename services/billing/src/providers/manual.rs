//! Payments that staff record by hand: there is no page to pay on, and nobody sends messages.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Order, PaymentProvider, ProviderError, Started};
use crate::domain::provider::{Fact, GiveBack, Waiting};

/// No provider.
pub(crate) struct Manual;

#[async_trait]
impl PaymentProvider for Manual {
    fn name(&self) -> &'static str {
        "manual"
    }

    fn takes(&self, _currency: &str) -> bool {
        false
    }

    async fn start(&self, _order: &Order) -> Result<Started, ProviderError> {
        Err(ProviderError::NotSetUp)
    }

    async fn refund(&self, _back: &GiveBack) -> Result<Vec<Fact>, ProviderError> {
        Err(ProviderError::NotSetUp)
    }

    fn hear(&self, _signature: &str, _body: &[u8], _now: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError> {
        Err(ProviderError::NotSetUp)
    }

    async fn list(&self, _since: DateTime<Utc>) -> Result<Vec<Fact>, ProviderError> {
        Ok(Vec::new())
    }

    async fn ask(&self, _about: &Waiting) -> Result<Vec<Fact>, ProviderError> {
        Ok(Vec::new())
    }
}
