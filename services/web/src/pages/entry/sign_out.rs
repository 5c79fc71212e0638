//! Signing out.

use axum::response::Response;
use portico_proto::identity::v1::{SignOutRequest, identity_client::IdentityClient};
use portico_rpc::{Auth, Caller};

use crate::{ask::Visit, error::PageError, render::see_other, session};

/// Ends the session where there is one; the browser forgets it in any case.
pub(super) async fn sign_out(visit: Visit) -> Result<Response, PageError> {
    if let Some(reader) = &visit.reader {
        let caller = Caller::new(Auth::Token(reader.token.clone())).with_address(Some(visit.address()));
        IdentityClient::new(visit.web.channel("identity", caller)).sign_out(SignOutRequest {}).await?;
    }
    Ok(session::close(see_other("/sign-in")))
}
