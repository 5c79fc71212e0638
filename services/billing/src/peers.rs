//! What other services are asked.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use portico_core::{AccountId, Ctx, ErrorCode, PersonId};
use portico_proto::tenancy::v1::{
    GetAccountRequest, GetTenantRequest, ListMembershipsRequest, ListStaffRequest,
    tenancy_client::TenancyClient,
};
use portico_rpc::{Caller, problem_from};
use tonic::Status;

use crate::{
    error::BillingError,
    paper::Look,
    service::{Call, Service},
    words::Words,
};

/// The hour of the day at which reminders go out, where the firm is.
const REMINDER_HOUR: u32 = 9;

/// The role of whoever gives money back.
const ADMIN: &str = "admin";

/// What documents and notices need of the firm.
#[derive(Debug, Clone)]
pub(crate) struct Firm {
    /// The name in its host; its payment provider is known by it.
    pub(crate) slug: String,
    /// The name that clients read.
    pub(crate) name: String,
    /// Where its days begin.
    pub(crate) zone: Tz,
    /// What it writes in.
    pub(crate) words: Words,
    /// What its papers look like.
    pub(crate) look: Look,
}

impl Firm {
    /// The moment at which people are reminded on the morning after `day`.
    pub(crate) fn morning_after(&self, day: NaiveDate) -> DateTime<Utc> {
        let morning =
            (day + Days::new(1)).and_time(NaiveTime::from_hms_opt(REMINDER_HOUR, 0, 0).unwrap_or_default());
        // An hour that a change of clocks leaves out is an hour later.
        morning
            .and_local_timezone(self.zone)
            .earliest()
            .map_or_else(|| morning.and_utc() + TimeDelta::hours(1), |local| local.to_utc())
    }
}

/// The firm of the context; at most a few seconds old.
pub(crate) async fn firm(service: &Service, ctx: &Ctx) -> Result<Arc<Firm>, BillingError> {
    if let Some(known) = service.firms.get(&ctx.tenant).await {
        return Ok(known);
    }
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "billing.firm"));
    let answer =
        TenancyClient::new(channel).get_tenant(GetTenantRequest {}).await.map_err(refusal)?.into_inner();
    let tenant = answer.tenant.ok_or(BillingError::NotFound)?;
    let zone = tenant.time_zone.parse().unwrap_or(Tz::UTC);
    let words = Words::of(&tenant.language);
    let look = Look::new(words, &tenant.colour);
    let firm = Arc::new(Firm { slug: tenant.slug, name: tenant.name, zone, words, look });
    service.firms.insert(ctx.tenant, Arc::clone(&firm)).await;
    Ok(firm)
}

/// Whether the account is one that the caller reaches.
pub(crate) async fn account(service: &Service, call: &Call, id: AccountId) -> Result<(), BillingError> {
    if !call.ctx.actor.accounts.includes(id) {
        return Err(BillingError::NotFound);
    }
    let channel = service.peers.channel("tenancy", &call.caller);
    let request = GetAccountRequest { account_id: id.to_string() };
    TenancyClient::new(channel).get_account(request).await.map_err(refusal)?;
    Ok(())
}

/// The people of an account who can sign in and have a role in it.
pub(crate) async fn members(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<Vec<PersonId>, BillingError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "billing.notices"));
    let request = ListMembershipsRequest { account_id: account.to_string(), ..Default::default() };
    let answer = TenancyClient::new(channel).list_memberships(request).await.map_err(refusal)?.into_inner();
    let active =
        answer.memberships.into_iter().filter(|member| !member.deactivated && !member.roles.is_empty());
    active.map(|member| Ok(member.person_id.parse()?)).collect()
}

/// The firm's administrators who can sign in.
pub(crate) async fn administrators(service: &Service, ctx: &Ctx) -> Result<Vec<PersonId>, BillingError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "billing.notices"));
    let answer =
        TenancyClient::new(channel).list_staff(ListStaffRequest {}).await.map_err(refusal)?.into_inner();
    let active = answer.bindings.into_iter().filter(|binding| !binding.deactivated);
    let admins = active.filter(|binding| binding.roles.iter().any(|role| role == ADMIN));
    admins.map(|binding| Ok(binding.person_id.parse()?)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> BillingError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => BillingError::NotFound,
        _ => BillingError::Peer(problem),
    }
}
