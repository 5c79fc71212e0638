//! The caller of a request, as the boundary has proven it.

use std::{future, sync::Arc};

use axum::extract::FromRequestParts;
use http::{Extensions, HeaderValue, request::Parts};
use portico_core::{Actor, Ctx, Problem, TenantId};
use tokio::time::Instant;
use tonic::Status;

use crate::{
    Auth, Caller,
    error::{permission_denied, status},
    token::Verified,
};

/// Who is calling, for which firm, from where, in which trace and until when.
///
/// Handlers of file routes take it as an axum extractor; handlers of RPCs mostly need [`ctx`] alone.
#[derive(Debug, Clone)]
pub struct Incoming(Arc<Facts>);

#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) verified: Arc<Verified>,
    pub(crate) authorization: HeaderValue,
    pub(crate) trace: String,
    pub(crate) address: Option<String>,
    pub(crate) deadline: Option<Instant>,
}

impl Incoming {
    pub(crate) fn new(facts: Facts) -> Self {
        Self(Arc::new(facts))
    }

    /// The caller of the request that carries these extensions.
    ///
    /// # Errors
    /// INTERNAL where the request did not come through [`callee`](crate::callee).
    pub fn of(extensions: &Extensions) -> Result<&Self, Status> {
        extensions.get::<Self>().ok_or_else(|| {
            status(Problem::internal("a request reached a handler without passing the boundary"))
        })
    }

    /// The context for the data.
    ///
    /// # Errors
    /// PERMISSION_DENIED where no firm is known, which happens only in methods marked `before_tenant`.
    pub fn ctx(&self) -> Result<Ctx, Status> {
        let tenant = self.tenant().ok_or_else(|| permission_denied("the token names no firm"))?;
        Ok(Ctx {
            tenant,
            actor: self.actor().clone(),
            address: self.0.address.clone(),
            trace: self.0.trace.clone(),
        })
    }

    /// The firm, where it is known.
    pub fn tenant(&self) -> Option<TenantId> {
        self.0.verified.tenant
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.0.verified.actor
    }

    /// The trace, as 32 hexadecimal digits.
    pub fn trace(&self) -> &str {
        &self.0.trace
    }

    /// The address the request came from.
    pub fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The moment by which the answer must be there.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// The same caller, to ask a peer in its name: same token, trace and address, and no more time than is left.
    pub fn caller(&self) -> Caller {
        let token = self.0.authorization.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        Caller::new(Auth::Token(token.unwrap_or_default().into()))
            .with_trace(self.trace())
            .with_address(self.address())
            .until(self.0.deadline)
    }
}

impl<S: Sync> FromRequestParts<S> for Incoming {
    type Rejection = http::Response<axum::body::Body>;

    fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> impl Future<Output = Result<Self, Self::Rejection>> + Send {
        future::ready(Self::of(&parts.extensions).cloned().map_err(Status::into_http))
    }
}

/// The context of an RPC: who asks, for which firm, within which accounts.
///
/// # Errors
/// PERMISSION_DENIED where no firm is known, INTERNAL where the request did not come through the boundary.
pub fn ctx<T>(request: &tonic::Request<T>) -> Result<Ctx, Status> {
    Incoming::of(request.extensions())?.ctx()
}
