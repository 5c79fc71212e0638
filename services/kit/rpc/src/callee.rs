//! The callee's half of the stack, the same for calls from this process and from another.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::header::AUTHORIZATION;
use portico_core::{ActorKind, Ctx, EventId, Problem, SharedEntropy};
use tokio::time::{Instant, timeout, timeout_at};
use tonic::{Code, Status, service::Routes};
use tracing::{Instrument as _, Span, debug, error, info_span, warn};

use crate::{
    AccessTable, Incoming, Rule, Verifier,
    error::{
        deadline_exceeded, internal_with_reference, is_internal, permission_denied, problem_from, status,
        unauthenticated,
    },
    headers,
    incoming::Facts,
    trace::{new_trace, trace_of},
    watched::{panic_text, watched},
};

/// The longest that an answer waits for an event that the caller has caused.
const AFTER_LIMIT: Duration = Duration::from_millis(500);

/// Lets a reader wait until its service has seen an event that the caller has just caused.
pub trait AfterGate: Send + Sync + 'static {
    /// Whether this service listens to events of this type at all.
    fn consumes(&self, event_type: &str) -> bool;

    /// Returns once the event is handled. The boundary gives up after half a second and answers with what there is.
    fn wait<'a>(&'a self, ctx: &'a Ctx, event: EventId) -> BoxFuture<'a, ()>;
}

/// What the boundary of a service needs.
#[derive(Clone)]
pub struct CalleeConfig {
    /// The service's name in logs, such as `documents`.
    pub service: &'static str,
    /// Proves who is calling.
    pub verifier: Arc<Verifier>,
    /// Who may call what.
    pub access: Arc<AccessTable>,
    /// For traces that begin here.
    pub entropy: SharedEntropy,
    /// For reading one's own writes; none for a service that listens to nothing.
    pub after: Option<Arc<dyn AfterGate>>,
}

/// Wraps the routes of a service: trace, token, access rule, deadline, panic guard (also within streams and file bytes), and one log line for
/// each call that fails.
///
/// Paths that do not begin with `/portico.` are file routes: they need a valid token of a firm, have no rule and no
/// deadline, take [`Incoming`] as an extractor, and refuse with [`status`] turned into a response by
/// `Status::into_http`.
pub fn callee(routes: Routes, config: CalleeConfig) -> Routes {
    let router = routes.into_axum_router().layer(from_fn_with_state(Arc::new(config), boundary));
    Routes::from(router).prepare()
}

async fn boundary(State(config): State<Arc<CalleeConfig>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let trace = trace_of(request.headers()).map_or_else(|| new_trace(config.entropy.as_ref()), str::to_owned);
    let is_file = !request.uri().path().starts_with("/portico.");
    let rule = config.access.rule(request.uri().path()).filter(|_| !is_file).cloned();
    let admitted = match (&rule, is_file) {
        (None, false) => Err(Status::unimplemented("There is no such method.")),
        (rule, _) => admit(&config, &request, rule.as_deref(), &trace),
    };
    let name = rule.as_ref().map_or(if is_file { "file" } else { "unknown" }, |rule| rule.name.as_str());
    let span = call_span(config.service, name, &trace, admitted.as_ref().ok());
    let work = async {
        let response = match admitted {
            Ok(incoming) => serve(&config, incoming, request, next).await,
            Err(status) => status.into_http(),
        };
        conclude(response, &trace, started)
    };
    let response = work.instrument(span.clone()).await;
    // A single answer is whole by now; only these still have something to go wrong.
    if is_file || rule.is_some_and(|rule| rule.streaming) { watched(response, span, trace) } else { response }
}

fn call_span(service: &'static str, name: &str, trace: &str, incoming: Option<&Incoming>) -> Span {
    let span = info_span!(
        "call",
        otel.name = name,
        service,
        trace,
        tenant = tracing::field::Empty,
        actor = tracing::field::Empty,
    );
    if let Some(incoming) = incoming {
        span.record("actor", incoming.actor().kind.as_str());
        if let Some(tenant) = incoming.tenant() {
            span.record("tenant", tracing::field::display(tenant));
        }
    }
    span
}

/// Who is calling, if they may.
fn admit(
    config: &CalleeConfig,
    request: &Request,
    rule: Option<&Rule>,
    trace: &str,
) -> Result<Incoming, Status> {
    let headers = request.headers();
    let token = headers::bearer(headers).ok_or_else(|| unauthenticated("no token"))?;
    let authorization = headers.get(AUTHORIZATION).cloned().ok_or_else(|| unauthenticated("no token"))?;
    let verified = config.verifier.verify(token).map_err(unauthenticated)?;
    let before_tenant = rule.is_some_and(|rule| rule.before_tenant);
    if verified.tenant.is_none() && !before_tenant {
        return Err(permission_denied("the token names no firm"));
    }
    if let Some(rule) = rule {
        let actor = &verified.actor;
        if !rule.callers.contains(&actor.kind) {
            return Err(permission_denied(format_args!("not for callers of kind {}", actor.kind.as_str())));
        }
        if let (ActorKind::Staff, Some(role)) = (actor.kind, &rule.staff_role)
            && !actor.roles.contains(role)
        {
            return Err(permission_denied(format_args!("needs the role {role}")));
        }
    }
    // Streams and file bodies take as long as they take.
    let deadline = rule
        .filter(|rule| !rule.streaming)
        .and_then(|_| headers::timeout(headers))
        .and_then(|time| Instant::now().checked_add(time));
    Ok(Incoming::new(Facts {
        verified,
        authorization,
        trace: trace.to_owned(),
        address: headers::address(headers).map(str::to_owned),
        deadline,
    }))
}

async fn serve(config: &CalleeConfig, incoming: Incoming, mut request: Request, next: Next) -> Response {
    let deadline = incoming.deadline();
    let after = headers::after(request.headers()).map(|(event_type, event)| (event_type.to_owned(), event));
    request.extensions_mut().insert(incoming.clone());
    let work = async {
        if let (Some(gate), Some((event_type, event))) = (&config.after, after)
            && gate.consumes(&event_type)
            && let Ok(ctx) = incoming.ctx()
        {
            // An answer a little behind is better than none.
            let _ = timeout(AFTER_LIMIT, gate.wait(&ctx, event)).await;
        }
        next.run(request).await
    };
    // Whatever a handler leaves half done lies in a transaction that ends with it.
    let guarded = AssertUnwindSafe(work).catch_unwind();
    let outcome = match deadline {
        Some(moment) => timeout_at(moment, guarded).await,
        None => Ok(guarded.await),
    };
    match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            status(Problem::internal(format_args!("the handler panicked: {}", panic_text(&*panic))))
                .into_http()
        }
        Err(_) => deadline_exceeded().into_http(),
    }
}

/// Logs the call once and takes from an internal error everything but its reference.
fn conclude(response: Response, trace: &str, started: Instant) -> Response {
    let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let Some(status) = failure(&response) else {
        debug!(duration_us, http_status = response.status().as_u16(), "answered");
        return response;
    };
    let code = tracing::field::debug(status.code());
    let problem = problem_from(&status);
    let (reason, cause) = (problem.reason.as_str(), problem.cause.as_deref().unwrap_or_default());
    if is_internal(status.code()) {
        error!(code, reason, cause, duration_us, "the call failed");
        return internal_with_reference(trace).into_http();
    }
    if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled) {
        warn!(code, reason, cause, duration_us, "the call failed");
    } else {
        debug!(code, reason, cause, duration_us, "the call was refused");
    }
    response
}

/// The refusal that a response carries. The status in its extensions still has the cause.
fn failure(response: &Response<Body>) -> Option<Status> {
    if let Some(status) = response.extensions().get::<Status>() {
        return Some(status.clone());
    }
    if let Some(status) = Status::from_header_map(response.headers()) {
        return (status.code() != Code::Ok).then_some(status);
    }
    let http = response.status();
    http.is_server_error().then(|| Status::internal(format!("a file route answered {http}")))
}
