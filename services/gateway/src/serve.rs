//! The whole edge as one router, and the server around it.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use http::{HeaderValue, header::STRICT_TRANSPORT_SECURITY};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use portico_core::{SharedClock, SharedEntropy};
use portico_rpc::Peers;
use portico_telemetry::Health;
use portico_web::Web;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{GatewayConfig, Revisions, caches::Caches, enter::enter, health, limit::Limit, live::live};

/// How long a connection may take to send the headers of a request, also while it is kept open between two.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// The most bytes of a request's headers, cookies and all.
const MOST_HEADER_BYTES: usize = 32 * 1024;

/// What the edge needs.
pub struct Gateway {
    /// Settings.
    pub config: GatewayConfig,
    /// The way to the services.
    pub peers: Peers,
    /// The pages.
    pub web: Web,
    /// The present.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// The health of the process.
    pub health: Health,
    /// Told of changes in rights.
    pub revisions: Revisions,
}

/// The part of [`Gateway`] that every request reaches.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) config: Arc<GatewayConfig>,
    pub(crate) peers: Peers,
    pub(crate) entropy: SharedEntropy,
    pub(crate) caches: Caches,
    pub(crate) limit: Limit,
    pub(crate) revisions: Revisions,
}

impl Gateway {
    /// The router of the edge: pages, live stream, assets and health.
    pub fn router(self) -> Router {
        let hsts = self.config.scheme == "https";
        let edge = Edge {
            limit: Limit::new(self.config.requests_per_minute, Arc::clone(&self.clock)),
            caches: Caches::new(self.peers.clone(), &self.revisions),
            config: Arc::new(self.config),
            peers: self.peers,
            entropy: self.entropy,
            revisions: self.revisions,
        };
        let pages = portico_web::router(self.web);
        Router::new()
            .route("/live", get(live).with_state(edge.clone()))
            .merge(pages)
            .layer(from_fn_with_state(edge, enter))
            .merge(portico_web::assets::routes())
            .merge(health::routes(self.health))
            .layer(from_fn(portico_web::render::secure))
            .layer(from_fn_with_state(hsts, stay_secure))
    }
}

/// Where people come by TLS, browsers are told to stay with it.
async fn stay_secure(State(hsts): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if hsts {
        let always = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, always);
    }
    response
}

/// Serves `router` until `shutdown`, then finishes the requests in hand.
///
/// # Errors
/// The listener's error.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    serve_within(listener, router, shutdown, HEADER_TIME).await
}

async fn serve_within(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    header_time: Duration,
) -> std::io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_time).max_buf_size(MOST_HEADER_BYTES);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_about_one_connection(&error) => continue,
            Err(error) => {
                // Such as too many open files: it passes when connections end.
                tracing::error!(%error, "no connection can be taken");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Without it small answers wait for more; a connection where it cannot be set serves as well.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    connections.shutdown().await;
    Ok(())
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::timeout,
    };

    use super::*;

    async fn served(
        header_time: Duration,
    ) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let whose = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let router = Router::new().route("/", get(whose)).route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                "done"
            }),
        );
        let task = tokio::spawn(serve_within(listener, router, shutdown.clone(), header_time));
        (address, shutdown, task)
    }

    /// What comes back for `sent` until the connection ends; nothing where it does not end in time.
    async fn told(address: SocketAddr, sent: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end as well.
        let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    #[tokio::test]
    async fn headers_that_do_not_come_or_do_not_end_close_the_connection() {
        let (address, ..) = served(Duration::from_millis(150)).await;
        let whole = told(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(whole.starts_with("HTTP/1.1 200") && whole.ends_with("127.0.0.1"), "{whole}");
        let slow = told(address, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await.expect("it was closed");
        assert!(!slow.contains(" 200 "), "{slow}");
        let mut long = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ".to_vec();
        long.resize(MOST_HEADER_BYTES * 2, b'x');
        let long = told(address, &long).await.expect("it was closed");
        assert!(!long.contains(" 200 "), "{long}");
    }

    #[tokio::test]
    async fn a_request_in_hand_is_finished_at_shutdown() {
        let (address, shutdown, task) = served(HEADER_TIME).await;
        let asked =
            tokio::spawn(async move { told(address, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await });
        tokio::time::sleep(Duration::from_millis(80)).await;
        shutdown.cancel();
        assert!(asked.await.unwrap().unwrap().ends_with("done"));
        timeout(Duration::from_secs(5), task).await.expect("it ends").unwrap().unwrap();
    }
}
