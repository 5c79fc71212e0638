//! What tenancy is asked.

use portico_core::{AccountId, Ctx, ErrorCode};
use portico_proto::tenancy::v1::{
    GetAccountRequest, GetPrincipalRequest, GetPrincipalResponse, GetTenantRequest, Tenant,
    tenancy_client::TenancyClient,
};
use portico_rpc::{Caller, CallerChannel, problem_from};
use tonic::Status;

use crate::{domain::person::Person, error::IdentityError, service::Service};

/// What a person may reach and which roles they have.
pub(crate) async fn principal(
    service: &Service,
    ctx: &Ctx,
    person: &Person,
) -> Result<GetPrincipalResponse, IdentityError> {
    let request = GetPrincipalRequest { person_id: person.id.to_string() };
    let answer = tenancy(service, ctx, "identity.sessions").get_principal(request).await;
    Ok(answer.map_err(refusal)?.into_inner())
}

/// The caller's firm.
pub(crate) async fn tenant(service: &Service, ctx: &Ctx) -> Result<Tenant, IdentityError> {
    let answer = tenancy(service, ctx, "identity.people").get_tenant(GetTenantRequest {}).await;
    answer.map_err(refusal)?.into_inner().tenant.ok_or(IdentityError::NotFound)
}

/// Refuses an account that the caller's firm does not have.
pub(crate) async fn account(service: &Service, ctx: &Ctx, id: AccountId) -> Result<(), IdentityError> {
    let request = GetAccountRequest { account_id: id.to_string() };
    tenancy(service, ctx, "identity.invitations").get_account(request).await.map_err(refusal)?;
    Ok(())
}

fn tenancy(service: &Service, ctx: &Ctx, work: &'static str) -> TenancyClient<CallerChannel> {
    TenancyClient::new(service.peers.channel("tenancy", Caller::system_for(ctx, work)))
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> IdentityError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => IdentityError::NotFound,
        _ => IdentityError::Peer(problem),
    }
}
