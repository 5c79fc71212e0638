//! The caller's half of the stack: token, trace, address and deadline on every call.

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use portico_core::{Ctx, EventId, PersonId, SharedEntropy, TenantId};
use tokio::time::{Instant, timeout};
use tonic::{Code, Status, body::Body};
use tower::Service;

use super::{PeerChannel, channel::Answer};
use crate::{
    ServiceSigner,
    error::{deadline_exceeded, unauthenticated, unavailable},
    headers,
    trace::{TRACEPARENT, is_trace, new_trace, traceparent},
};

/// The longest that a call may take where nobody says otherwise.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);
/// The callee answers at its deadline; the caller waits this much longer, so that the refusal is logged there.
const GRACE: Duration = Duration::from_millis(25);

/// In whose name a call is made.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// Whoever holds this token: a person or machine whose request is being served.
    Token(Arc<str>),
    /// Portico itself, vouched for by this process' key.
    System {
        /// The firm; none only for methods marked `before_tenant`.
        tenant: Option<TenantId>,
        /// What work it is, such as `documents.reminders`; shown in the audit.
        name: &'static str,
        /// The person who caused the work.
        on_behalf_of: Option<PersonId>,
    },
}

impl Auth {
    /// Portico itself, at the work `name` for one firm.
    pub const fn system(tenant: TenantId, name: &'static str) -> Self {
        Self::System { tenant: Some(tenant), name, on_behalf_of: None }
    }

    /// Portico itself, at the work `name`, before a firm is known.
    pub const fn before_tenant(name: &'static str) -> Self {
        Self::System { tenant: None, name, on_behalf_of: None }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::System { tenant, name, on_behalf_of } => f
                .debug_struct("System")
                .field("tenant", tenant)
                .field("name", name)
                .field("on_behalf_of", on_behalf_of)
                .finish(),
        }
    }
}

/// Everything about a caller that travels with a call.
#[derive(Debug, Clone)]
pub struct Caller {
    auth: Auth,
    trace: Option<String>,
    address: Option<HeaderValue>,
    after: Option<HeaderValue>,
    until: Option<Instant>,
}

impl Caller {
    /// A caller in a trace of its own.
    pub const fn new(auth: Auth) -> Self {
        Self { auth, trace: None, address: None, after: None, until: None }
    }

    /// Portico itself, at the work `name` that `ctx` has caused: same firm, same trace, on the actor's behalf.
    pub fn system_for(ctx: &Ctx, name: &'static str) -> Self {
        let auth = Auth::System { tenant: Some(ctx.tenant), name, on_behalf_of: ctx.actor.person };
        Self::new(auth).with_trace(&ctx.trace)
    }

    /// Continues `trace`; a text that is none starts a new one.
    #[must_use]
    pub fn with_trace(mut self, trace: &str) -> Self {
        self.trace = is_trace(trace).then(|| trace.to_owned());
        self
    }

    /// Names the address the request came from, for the audit.
    #[must_use]
    pub fn with_address(mut self, address: Option<&str>) -> Self {
        self.address = address
            .filter(|text| text.parse::<IpAddr>().is_ok())
            .and_then(|text| HeaderValue::from_str(text).ok());
        self
    }

    /// Asks for an answer that already knows the event the caller has just caused. The callee waits up to half a
    /// second for it.
    #[must_use]
    pub fn after(mut self, event_type: &str, event: EventId) -> Self {
        self.after = headers::after_value(event_type, event);
        self
    }

    /// Leaves no more time than until `moment`.
    #[must_use]
    pub(crate) const fn until(mut self, moment: Option<Instant>) -> Self {
        self.until = moment;
        self
    }
}

impl From<Auth> for Caller {
    fn from(auth: Auth) -> Self {
        Self::new(auth)
    }
}

impl From<&Auth> for Caller {
    fn from(auth: &Auth) -> Self {
        Self::new(auth.clone())
    }
}

impl From<&Self> for Caller {
    fn from(caller: &Self) -> Self {
        caller.clone()
    }
}

/// A way to one service for one caller: what generated clients stand on, and [`send`](Self::send) for file bytes.
///
/// A call takes at most ten seconds, or what is left of the caller's own deadline if that is less.
#[derive(Clone)]
pub struct CallerChannel {
    peer: PeerChannel,
    sender: Arc<Sender>,
    deadline: Option<Duration>,
    until: Option<Instant>,
}

struct Sender {
    auth: Auth,
    /// Written once for a forwarded token; a system token is signed anew as it ages.
    authorization: Option<HeaderValue>,
    trace: String,
    address: Option<HeaderValue>,
    after: Option<HeaderValue>,
    signer: Arc<ServiceSigner>,
    entropy: SharedEntropy,
}

impl CallerChannel {
    pub(crate) fn new(
        peer: PeerChannel,
        caller: Caller,
        signer: Arc<ServiceSigner>,
        entropy: &SharedEntropy,
    ) -> Self {
        let Caller { auth, trace, address, after, until } = caller;
        let authorization = match &auth {
            Auth::Token(token) => headers::authorization(token),
            Auth::System { .. } => None,
        };
        let trace = trace.unwrap_or_else(|| new_trace(entropy.as_ref()));
        let entropy = Arc::clone(entropy);
        let sender = Sender { auth, authorization, trace, address, after, signer, entropy };
        Self { peer, sender: Arc::new(sender), deadline: Some(DEFAULT_DEADLINE), until }
    }

    /// For streams and file bodies, which take as long as they take.
    #[must_use]
    pub fn without_deadline(mut self) -> Self {
        self.deadline = None;
        self.until = None;
        self
    }

    /// Allows `time` for each call instead of ten seconds.
    #[must_use]
    pub const fn with_deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Sends a plain HTTP request to one of the peer's file routes, without a deadline. The path decides the route;
    /// scheme and host are the channel's own. A plain HTTP status of the route, such as 206 or 416, is the caller's to
    /// read.
    ///
    /// # Errors
    /// The refusal of the peer's boundary or handler, or UNAVAILABLE where it cannot be reached.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let response = self.clone().without_deadline().call(request).await?;
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok => Err(status),
            _ => Ok(response),
        }
    }

    /// The time for one call: the least of ours, the caller's rest and what the request itself asks for.
    fn time_left(&self, headers: &HeaderMap) -> Option<Duration> {
        let rest = self.until.map(|moment| moment.saturating_duration_since(Instant::now()));
        [self.deadline, rest, headers::timeout(headers)].into_iter().flatten().min()
    }
}

impl Sender {
    fn stamp(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        let authorization = match (&self.authorization, &self.auth) {
            (Some(value), _) => Some(value.clone()),
            (None, Auth::Token(_)) => None,
            (None, Auth::System { tenant, name, on_behalf_of }) => {
                let issued = self.signer.issue(*tenant, name, *on_behalf_of);
                headers::authorization(&issued.map_err(unauthenticated)?.token)
            }
        };
        let authorization =
            authorization.ok_or_else(|| unauthenticated("the token cannot stand in a header"))?;
        headers.insert(AUTHORIZATION, authorization);
        if let Some(value) = traceparent(&self.trace, self.entropy.as_ref()) {
            headers.insert(TRACEPARENT, value);
        }
        for (name, value) in [(headers::ADDRESS, &self.address), (headers::AFTER, &self.after)] {
            match value {
                Some(value) => headers.insert(name, value.clone()),
                None => headers.remove(name),
            };
        }
        Ok(())
    }
}

impl Service<Request<Body>> for CallerChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.peer.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let limit = self.time_left(request.headers());
        if let Err(status) = self.sender.stamp(request.headers_mut()) {
            return Box::pin(async { Err(status) });
        }
        let Some(limit) = limit else {
            let answer = self.peer.call(request);
            return Box::pin(async move { answer.await.map_err(transport_error) });
        };
        request.headers_mut().insert(headers::GRPC_TIMEOUT, headers::timeout_value(limit));
        let answer = self.peer.call(request);
        Box::pin(async move {
            match timeout(limit + GRACE, answer).await {
                Err(_) => Err(deadline_exceeded()),
                Ok(Err(status)) if status.code() == Code::Cancelled => Err(deadline_exceeded()),
                Ok(Err(status)) => Err(transport_error(status)),
                Ok(Ok(response)) if is_cancelled(&response) => Ok(deadline_exceeded().into_http()),
                Ok(Ok(response)) => Ok(response),
            }
        })
    }
}

impl fmt::Debug for CallerChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerChannel").field("auth", &self.sender.auth).finish_non_exhaustive()
    }
}

/// tonic's server answers Cancelled when its own timer beats ours.
fn is_cancelled(response: &Response<Body>) -> bool {
    response.headers().get("grpc-status").is_some_and(|code| code.as_bytes() == b"1")
}

/// What a channel itself reports is about the way to the peer, not about the call.
fn transport_error(status: Status) -> Status {
    match status.code() {
        Code::Unknown | Code::Internal | Code::Unavailable => unavailable(describe(&status)),
        _ => status,
    }
}

fn describe(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
