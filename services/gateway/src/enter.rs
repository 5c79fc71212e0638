//! The layer before every page: trace, address, rate, host, session.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{
    HeaderMap, Method,
    header::{HOST, SET_COOKIE},
};
use portico_core::{ErrorCode, Problem};
use portico_rpc::new_trace;
use portico_web::{
    csrf::FormToken,
    error::{Reference, plain},
    site::{Address, Trouble, is_host_file},
};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::{
    serve::Edge,
    session::{session_secret, visitor_token},
};

/// How long the sender of a body may say nothing before the request is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Finds out everything that a page needs to know about a request, and leaves it in the extensions.
pub(crate) async fn enter(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = client_address(peer, request.headers(), &edge.config.trusted_proxies);
    if let Some(address) = address
        && let Err(wait) = edge.limit.take(address)
    {
        let problem =
            Problem::new(ErrorCode::ResourceExhausted, "too_many_requests", "").with_retry_after(wait);
        return plain(&problem, request.headers(), "");
    }
    let trace = new_trace(edge.entropy.as_ref());
    // The path as it is declared: in its place a link's secret would stand. At the level of errors, so that no filter takes the
    // reference from a line that needs it.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("unknown", MatchedPath::as_str);
    let span = tracing::error_span!("gateway.request", trace, method = %request.method(), path);
    request.extensions_mut().insert(Reference(trace.clone()));
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    request.extensions_mut().insert(Address(address.clone()));
    let asked = request.headers().clone();
    let answered = async {
        let cookie = match identify(&edge, &mut request, &address, &trace).await {
            Ok(cookie) => cookie,
            Err(problem) => {
                request.extensions_mut().insert(Trouble(problem));
                None
            }
        };
        let mut response = next.run(within_time(request)).await;
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    };
    // The pages guard their handlers themselves and answer in the firm's frame; this is for a panic in a layer around them.
    let guarded = AssertUnwindSafe(answered).catch_unwind().instrument(span).await;
    guarded.unwrap_or_else(|_| plain(&Problem::internal(""), &asked, &trace))
}

/// The request with a body whose sender may not fall silent for longer than [`SILENCE`].
fn within_time(request: Request) -> Request {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        request
    } else {
        request.map(|body| unsilent(body, SILENCE))
    }
}

fn unsilent(body: Body, silence: Duration) -> Body {
    let pieces = stream::unfold(Some(body.into_data_stream()), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout(silence, pieces.next()).await {
            Ok(Some(piece)) => Some((piece, Some(pieces))),
            Ok(None) => None,
            Err(_) => Some((Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut))), None)),
        }
    });
    Body::from_stream(pieces)
}

async fn identify(
    edge: &Edge,
    request: &mut Request,
    address: &str,
    trace: &str,
) -> Result<Option<http::HeaderValue>, Problem> {
    let (token, cookie) = visitor_token(request.headers(), edge.entropy.as_ref());
    request.extensions_mut().insert(FormToken(token));
    let Some(host) = host(request) else { return Ok(cookie) };
    let Some(site) = edge.caches.site(&host, trace).await? else { return Ok(cookie) };
    let tenant = site.tenant;
    request.extensions_mut().insert(site);
    if is_host_file(request.uri().path()) {
        return Ok(None);
    }
    let Some(secret) = session_secret(request.headers()) else { return Ok(cookie) };
    let Some(session) = edge.caches.session(tenant, &secret, address, trace).await? else {
        return Ok(cookie);
    };
    request.extensions_mut().insert(FormToken(session.form_secret));
    request.extensions_mut().insert(session.reader);
    Ok(None)
}

/// The host that was asked for, without port, in lower case. A forwarded host is never believed.
fn host(request: &Request) -> Option<String> {
    let named = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    let host = named.or_else(|| request.uri().host())?;
    let host = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host });
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

/// The address of the client: that of the connection, or what a proxy of ours says it is.
fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer?;
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    // The list grows to the right; the first from the right that is no proxy of ours is the client.
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|line| line.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    Some(hops.into_iter().rev().find(|hop| !trusted.contains(hop)).unwrap_or(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_from_our_own_proxy() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let stranger = IpAddr::from([192, 0, 2, 9]);
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.7, 198.51.100.4".parse().unwrap());
        assert_eq!(client_address(Some(stranger), &headers, &[proxy]), Some(stranger));
        assert_eq!(client_address(Some(proxy), &headers, &[proxy]), Some(IpAddr::from([198, 51, 100, 4])));
        assert_eq!(client_address(Some(proxy), &HeaderMap::new(), &[proxy]), Some(proxy));
    }

    #[test]
    fn a_host_is_compared_without_port_case_or_trailing_dot() {
        let ask = |host: &str| host_of(host);
        assert_eq!(ask("Northwind.Localhost:8080").as_deref(), Some("northwind.localhost"));
        assert_eq!(ask("northwind.localhost.").as_deref(), Some("northwind.localhost"));
    }

    #[tokio::test]
    async fn a_body_whose_sender_falls_silent_is_given_up() {
        let never = stream::iter([Ok::<_, io::Error>("a=")]).chain(stream::pending());
        let silent = unsilent(Body::from_stream(never), Duration::from_millis(20));
        assert!(axum::body::to_bytes(silent, 1000).await.is_err());
        let whole = unsilent(Body::from("a=b"), Duration::from_millis(20));
        assert_eq!(axum::body::to_bytes(whole, 1000).await.unwrap(), "a=b");
    }

    fn host_of(text: &str) -> Option<String> {
        let mut request = Request::new(axum::body::Body::empty());
        request.headers_mut().insert(HOST, text.parse().unwrap());
        request.headers_mut().insert("x-forwarded-host", "evil.example".parse().unwrap());
        host(&request)
    }
}
