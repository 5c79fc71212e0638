//! The RPCs: one line each here, one file each beside.

pub(crate) mod create_account;
pub(crate) mod create_tenant;
mod get_account;
mod get_logo;
mod get_portal;
pub(crate) mod get_principal;
mod get_tenant;
mod list_accounts;
mod list_audit;
mod list_holidays;
pub(crate) mod list_memberships;
pub(crate) mod list_people_in_role;
mod list_portals;
mod list_roles;
pub(crate) mod list_staff;
mod list_tenants;
pub(crate) mod publish_portal;
mod remove_membership;
mod resolve_host;
mod set_holidays;
pub(crate) mod set_membership;
pub(crate) mod set_staff_roles;
mod update_account;
mod update_tenant;

use portico_core::{Ctx, TenantId};
use portico_proto::tenancy::v1::{tenancy_server::Tenancy, *};
use portico_rpc::{Incoming, answer, ctx};
use tonic::{Request, Response, Status};

use crate::{
    error::TenancyError,
    service::{Service, SharedService},
};

/// The RPCs of the service.
pub(crate) struct Rpc(SharedService);

type Answer<R> = Result<Response<R>, Status>;

/// Whose call it is while no firm is known: the system's, at a work with a name.
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) address: Option<String>,
}

impl Origin {
    /// The same work, for one firm.
    pub(crate) fn ctx(self, tenant: TenantId) -> Ctx {
        Ctx { trace: self.trace, address: self.address, ..Ctx::system(tenant, &self.name) }
    }
}

impl Rpc {
    pub(crate) fn new(service: SharedService) -> Self {
        Self(service)
    }

    /// Hands a request with its caller's context to its handler.
    async fn serve<'a, Q, R, F>(
        &'a self,
        request: Request<Q>,
        handle: impl FnOnce(&'a Service, Ctx, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, TenancyError>>,
    {
        let ctx = ctx(&request)?;
        handle(&self.0, ctx, request.into_inner()).await.map(Response::new).map_err(answer)
    }

    /// Hands a request to a handler that needs no firm.
    async fn serve_before_tenant<'a, Q, R, F>(
        &'a self,
        request: Request<Q>,
        handle: impl FnOnce(&'a Service, Origin, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, TenancyError>>,
    {
        let incoming = Incoming::of(request.extensions())?;
        let origin = Origin {
            name: incoming.actor().name.clone(),
            trace: incoming.trace().to_owned(),
            address: incoming.address().map(str::to_owned),
        };
        handle(&self.0, origin, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

#[tonic::async_trait]
impl Tenancy for Rpc {
    async fn resolve_host(&self, request: Request<ResolveHostRequest>) -> Answer<ResolveHostResponse> {
        self.serve_before_tenant(request, resolve_host::handle).await
    }

    async fn create_tenant(&self, request: Request<CreateTenantRequest>) -> Answer<CreateTenantResponse> {
        self.serve_before_tenant(request, create_tenant::handle).await
    }

    async fn list_tenants(&self, request: Request<ListTenantsRequest>) -> Answer<ListTenantsResponse> {
        self.serve_before_tenant(request, list_tenants::handle).await
    }

    async fn get_tenant(&self, request: Request<GetTenantRequest>) -> Answer<GetTenantResponse> {
        self.serve(request, get_tenant::handle).await
    }

    async fn update_tenant(&self, request: Request<UpdateTenantRequest>) -> Answer<UpdateTenantResponse> {
        self.serve(request, update_tenant::handle).await
    }

    async fn get_logo(&self, request: Request<GetLogoRequest>) -> Answer<GetLogoResponse> {
        self.serve(request, get_logo::handle).await
    }

    async fn list_holidays(&self, request: Request<ListHolidaysRequest>) -> Answer<ListHolidaysResponse> {
        self.serve(request, list_holidays::handle).await
    }

    async fn set_holidays(&self, request: Request<SetHolidaysRequest>) -> Answer<SetHolidaysResponse> {
        self.serve(request, set_holidays::handle).await
    }

    async fn get_principal(&self, request: Request<GetPrincipalRequest>) -> Answer<GetPrincipalResponse> {
        self.serve(request, get_principal::handle).await
    }

    async fn list_people_in_role(
        &self,
        request: Request<ListPeopleInRoleRequest>,
    ) -> Answer<ListPeopleInRoleResponse> {
        self.serve(request, list_people_in_role::handle).await
    }

    async fn create_account(&self, request: Request<CreateAccountRequest>) -> Answer<CreateAccountResponse> {
        self.serve(request, create_account::handle).await
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Answer<GetAccountResponse> {
        self.serve(request, get_account::handle).await
    }

    async fn update_account(&self, request: Request<UpdateAccountRequest>) -> Answer<UpdateAccountResponse> {
        self.serve(request, update_account::handle).await
    }

    async fn list_accounts(&self, request: Request<ListAccountsRequest>) -> Answer<ListAccountsResponse> {
        self.serve(request, list_accounts::handle).await
    }

    async fn set_membership(&self, request: Request<SetMembershipRequest>) -> Answer<SetMembershipResponse> {
        self.serve(request, set_membership::handle).await
    }

    async fn remove_membership(
        &self,
        request: Request<RemoveMembershipRequest>,
    ) -> Answer<RemoveMembershipResponse> {
        self.serve(request, remove_membership::handle).await
    }

    async fn list_memberships(
        &self,
        request: Request<ListMembershipsRequest>,
    ) -> Answer<ListMembershipsResponse> {
        self.serve(request, list_memberships::handle).await
    }

    async fn set_staff_roles(&self, request: Request<SetStaffRolesRequest>) -> Answer<SetStaffRolesResponse> {
        self.serve(request, set_staff_roles::handle).await
    }

    async fn list_staff(&self, request: Request<ListStaffRequest>) -> Answer<ListStaffResponse> {
        self.serve(request, list_staff::handle).await
    }

    async fn list_roles(&self, request: Request<ListRolesRequest>) -> Answer<ListRolesResponse> {
        self.serve(request, list_roles::handle).await
    }

    async fn publish_portal(&self, request: Request<PublishPortalRequest>) -> Answer<PublishPortalResponse> {
        self.serve(request, publish_portal::handle).await
    }

    async fn get_portal(&self, request: Request<GetPortalRequest>) -> Answer<GetPortalResponse> {
        self.serve(request, get_portal::handle).await
    }

    async fn list_portals(&self, request: Request<ListPortalsRequest>) -> Answer<ListPortalsResponse> {
        self.serve(request, list_portals::handle).await
    }

    async fn list_audit(&self, request: Request<ListAuditRequest>) -> Answer<ListAuditResponse> {
        self.serve(request, list_audit::handle).await
    }
}
