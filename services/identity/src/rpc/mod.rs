//! The RPCs: one line each here, one file each beside.

mod batch_get_people;
pub(crate) mod create_person;
pub(crate) mod deactivate_person;
mod get_person;
pub(crate) mod inspect_link;
pub(crate) mod invite_person;
mod issue_mail_token;
mod list_invitations;
mod list_people;
mod list_sessions;
pub(crate) mod mint_link;
mod reactivate_person;
pub(crate) mod redeem_link;
mod renew_link;
pub(crate) mod request_sign_in_link;
pub(crate) mod resolve_session;
mod revoke_invitation;
mod revoke_session;
pub(crate) mod set_initial_password;
mod set_password;
pub(crate) mod sign_in_with_password;
mod sign_out;
mod update_profile;

use portico_core::{Ctx, PersonId};
use portico_proto::identity::v1::{identity_server::Identity, *};
use portico_rpc::{answer, ctx};
use tonic::{Request, Response, Status};

use crate::{
    error::IdentityError,
    service::{Service, SharedService},
};

/// The longest secret that is looked at.
const MOST_SECRET_BYTES: usize = 200;

/// The RPCs of the service.
pub(crate) struct Rpc(SharedService);

type Answer<R> = Result<Response<R>, Status>;

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
        F: Future<Output = Result<R, IdentityError>>,
    {
        let ctx = ctx(&request)?;
        handle(&self.0, ctx, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

/// The person who asks.
fn oneself(ctx: &Ctx) -> Result<PersonId, IdentityError> {
    ctx.actor.person.ok_or(IdentityError::NotFound)
}

#[tonic::async_trait]
impl Identity for Rpc {
    async fn sign_in_with_password(
        &self,
        request: Request<SignInWithPasswordRequest>,
    ) -> Answer<SignInWithPasswordResponse> {
        self.serve(request, sign_in_with_password::handle).await
    }

    async fn request_sign_in_link(
        &self,
        request: Request<RequestSignInLinkRequest>,
    ) -> Answer<RequestSignInLinkResponse> {
        self.serve(request, request_sign_in_link::handle).await
    }

    async fn inspect_link(&self, request: Request<InspectLinkRequest>) -> Answer<InspectLinkResponse> {
        self.serve(request, inspect_link::handle).await
    }

    async fn redeem_link(&self, request: Request<RedeemLinkRequest>) -> Answer<RedeemLinkResponse> {
        self.serve(request, redeem_link::handle).await
    }

    async fn renew_link(&self, request: Request<RenewLinkRequest>) -> Answer<RenewLinkResponse> {
        self.serve(request, renew_link::handle).await
    }

    async fn issue_mail_token(
        &self,
        request: Request<IssueMailTokenRequest>,
    ) -> Answer<IssueMailTokenResponse> {
        self.serve(request, issue_mail_token::handle).await
    }

    async fn mint_link(&self, request: Request<MintLinkRequest>) -> Answer<MintLinkResponse> {
        self.serve(request, mint_link::handle).await
    }

    async fn resolve_session(
        &self,
        request: Request<ResolveSessionRequest>,
    ) -> Answer<ResolveSessionResponse> {
        self.serve(request, resolve_session::handle).await
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Answer<SignOutResponse> {
        self.serve(request, sign_out::handle).await
    }

    async fn create_person(&self, request: Request<CreatePersonRequest>) -> Answer<CreatePersonResponse> {
        self.serve(request, create_person::handle).await
    }

    async fn get_person(&self, request: Request<GetPersonRequest>) -> Answer<GetPersonResponse> {
        self.serve(request, get_person::handle).await
    }

    async fn batch_get_people(
        &self,
        request: Request<BatchGetPeopleRequest>,
    ) -> Answer<BatchGetPeopleResponse> {
        self.serve(request, batch_get_people::handle).await
    }

    async fn list_people(&self, request: Request<ListPeopleRequest>) -> Answer<ListPeopleResponse> {
        self.serve(request, list_people::handle).await
    }

    async fn update_profile(&self, request: Request<UpdateProfileRequest>) -> Answer<UpdateProfileResponse> {
        self.serve(request, update_profile::handle).await
    }

    async fn set_password(&self, request: Request<SetPasswordRequest>) -> Answer<SetPasswordResponse> {
        self.serve(request, set_password::handle).await
    }

    async fn set_initial_password(
        &self,
        request: Request<SetInitialPasswordRequest>,
    ) -> Answer<SetInitialPasswordResponse> {
        self.serve(request, set_initial_password::handle).await
    }

    async fn invite_person(&self, request: Request<InvitePersonRequest>) -> Answer<InvitePersonResponse> {
        self.serve(request, invite_person::handle).await
    }

    async fn list_invitations(
        &self,
        request: Request<ListInvitationsRequest>,
    ) -> Answer<ListInvitationsResponse> {
        self.serve(request, list_invitations::handle).await
    }

    async fn revoke_invitation(
        &self,
        request: Request<RevokeInvitationRequest>,
    ) -> Answer<RevokeInvitationResponse> {
        self.serve(request, revoke_invitation::handle).await
    }

    async fn list_sessions(&self, request: Request<ListSessionsRequest>) -> Answer<ListSessionsResponse> {
        self.serve(request, list_sessions::handle).await
    }

    async fn revoke_session(&self, request: Request<RevokeSessionRequest>) -> Answer<RevokeSessionResponse> {
        self.serve(request, revoke_session::handle).await
    }

    async fn deactivate_person(
        &self,
        request: Request<DeactivatePersonRequest>,
    ) -> Answer<DeactivatePersonResponse> {
        self.serve(request, deactivate_person::handle).await
    }

    async fn reactivate_person(
        &self,
        request: Request<ReactivatePersonRequest>,
    ) -> Answer<ReactivatePersonResponse> {
        self.serve(request, reactivate_person::handle).await
    }
}
