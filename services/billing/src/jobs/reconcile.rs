//! Once a night, asks each firm's provider for everything that happened lately, and takes in what a lost message left out.

use chrono::TimeDelta;
use portico_core::Ctx;

use crate::{error::BillingError, paying, peers, service::Service, store};

/// Firms whose clients began to pay within this time are asked about.
const BEGUN: TimeDelta = TimeDelta::days(120);

/// Asks for every firm; answers whether there is more to do, which there never is.
pub(super) async fn run(service: &Service) -> Result<bool, BillingError> {
    let now = service.clock.now();
    let back = TimeDelta::days(service.config.reconcile_days.max(1).into());
    for tenant in store::checkouts::firms(&service.store, now - BEGUN).await? {
        let firm = peers::firm(service, &Ctx::system(tenant, "billing.reconcile")).await?;
        let provider = service.providers.of(&firm.slug);
        let facts = match provider.list(now - back).await {
            Ok(facts) => facts,
            Err(error) => {
                // One firm's provider keeps no other waiting.
                tracing::warn!(%tenant, %error, "a payment provider could not be asked");
                continue;
            }
        };
        paying::take(service, tenant, provider.name(), &facts).await?;
    }
    Ok(false)
}
