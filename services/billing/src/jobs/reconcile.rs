//! Once a night, asks each firm's provider for everything that happened lately, and takes in what a lost message left out.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, TenantId};

use crate::{error::BillingError, paying, peers, service::Service, store};

/// How far back a provider is asked.
const BACK: TimeDelta = TimeDelta::days(3);
/// Firms whose clients began to pay within this time are asked about.
const BEGUN: TimeDelta = TimeDelta::days(120);

/// Asks for every firm; answers whether there is more to do, which there never is.
pub(super) async fn run(service: &Service) -> Result<bool, BillingError> {
    let now = service.clock.now();
    for tenant in store::checkouts::firms(&service.store, now - BEGUN).await? {
        // One firm's trouble keeps no other waiting, and is not reason enough to ask all of them again before the next night.
        if let Err(error) = ask(service, tenant, now - BACK).await {
            tracing::warn!(%tenant, %error, "a firm's payments could not be reconciled");
        }
    }
    Ok(false)
}

async fn ask(service: &Service, tenant: TenantId, since: DateTime<Utc>) -> Result<(), BillingError> {
    let firm = peers::firm(service, &Ctx::system(tenant, "billing.reconcile")).await?;
    let provider = service.providers.of(&firm.slug);
    let facts = provider.list(since).await?;
    paying::take(service, tenant, provider.name(), &facts).await?;
    Ok(())
}
