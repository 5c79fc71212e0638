//! Once a night, asks each firm's provider for everything that was begun lately and for everything that is not decided, however old, and
//! takes in what a lost message left out.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, TenantId};

use crate::{
    error::BillingError, paying, peers, providers::ProviderError, refunding, service::Service, store,
};

/// Asks for every firm; answers whether there is more to do, which there never is.
pub(super) async fn run(service: &Service) -> Result<bool, BillingError> {
    let now = service.clock.now();
    let back = TimeDelta::days(service.config.reconcile_days.max(1).into());
    for tenant in store::checkouts::firms(&service.store).await? {
        // One firm's trouble keeps no other waiting, and is not reason enough to ask all of them again before the next night.
        if let Err(error) = ask(service, tenant, now - back).await {
            tracing::warn!(%tenant, %error, "a firm's payments could not be reconciled");
        }
    }
    Ok(false)
}

async fn ask(service: &Service, tenant: TenantId, since: DateTime<Utc>) -> Result<(), BillingError> {
    let ctx = Ctx::system(tenant, "billing.reconcile");
    let firm = peers::firm(service, &ctx).await?;
    let provider = service.providers.of(&firm.slug);
    let facts = provider.list(since).await?;
    paying::take(service, tenant, provider.name(), &facts).await?;
    let (waiting, unanswered) = {
        let mut tx = service.store.begin(&ctx).await?;
        let waiting = store::checkouts::waiting(&mut tx, provider.name()).await?;
        (waiting, store::provider_refunds::unanswered(&mut tx, provider.name()).await?)
    };
    for back in unanswered {
        match refunding::ask(service, tenant, &*provider, &back, true).await {
            Ok(()) => {}
            Err(BillingError::Provider(error)) => {
                tracing::warn!(%tenant, refund = %back.id, %error, "nobody knows yet whether money was given back");
            }
            Err(error) => return Err(error),
        }
    }
    for one in waiting {
        match provider.ask(&one).await {
            Ok(facts) => {
                paying::take(service, tenant, provider.name(), &facts).await?;
            }
            // What the provider does not know keeps nothing else from being asked for.
            Err(error @ (ProviderError::Refused(_) | ProviderError::Unreadable(_))) => {
                tracing::warn!(%tenant, ?one, %error, "a payment provider tells nothing of what waits there");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
