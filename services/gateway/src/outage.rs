//! What the edge answers while the services behind it are away, and afterwards. Tests alone: the services are fakes.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use portico_core::{MockClock, OsEntropy, TenantId};
use portico_proto::tenancy::v1::{ListPortalsResponse, ResolveHostResponse, Tenant};
use portico_rpc::{Peers, ServiceSigner, SigningKey};
use portico_telemetry::Health;
use portico_web::{Web, WebConfig};
use tonic::service::Routes;
use tower::ServiceExt as _;

use crate::{Gateway, GatewayConfig, Revisions};

const TENANT: &str = "01890000-0000-7000-8000-000000000007";
const SECRET: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The edge in front of services that are there or away.
struct World {
    app: Router,
    away: Arc<AtomicBool>,
    revisions: Revisions,
}

fn message(message: &impl prost::Message) -> Response {
    let body = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    frame.extend(body);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(bytes::Bytes::from(frame)), Frame::trailers(trailers)];
    let body = Body::new(StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>))));
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}

fn refusal(code: &'static str) -> Response {
    let head = Response::builder().header("content-type", "application/grpc").header("grpc-status", code);
    head.body(Body::empty()).unwrap()
}

fn service(away: Arc<AtomicBool>) -> Routes {
    let answer = move |request: Request| {
        let away = away.load(Ordering::SeqCst);
        async move {
            let known = Tenant {
                id: TENANT.to_owned(),
                name: "Northwind Consulting".to_owned(),
                slug: "northwind".to_owned(),
                colour: "#1f4e8c".to_owned(),
                ..Tenant::default()
            };
            match request.uri().path().rsplit('/').next().unwrap() {
                _ if away => refusal("14"),
                "ResolveHost" => message(&ResolveHostResponse { tenant: Some(known) }),
                "ListPortals" => message(&ListPortalsResponse::default()),
                _ => refusal("5"),
            }
        }
    };
    Routes::from(Router::new().fallback(answer))
}

fn world(scheme: &str) -> World {
    let clock = Arc::new(MockClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
    let entropy = Arc::new(OsEntropy);
    let key = SigningKey::generate_service("gateway").unwrap();
    let peers = Peers::new(ServiceSigner::new(key, clock.clone(), entropy.clone()), entropy.clone());
    let away = Arc::new(AtomicBool::new(false));
    for name in ["tenancy", "identity", "messaging", "workflow", "documents"] {
        peers.bind_local(name, service(Arc::clone(&away))).unwrap();
    }
    let web = WebConfig {
        base_host: "localhost".to_owned(),
        port_suffix: String::new(),
        scheme: scheme.to_owned(),
        mailbox: false,
        largest_attachment: 0,
        setup_token: None,
    };
    let health = Health::new();
    health.accept(true);
    health.check("tenancy").fail("the database does not answer");
    let revisions = Revisions::default();
    let gateway = Gateway {
        config: GatewayConfig {
            bind: ([127, 0, 0, 1], 0).into(),
            base_host: "localhost".to_owned(),
            scheme: scheme.to_owned(),
            trusted_proxies: Vec::new(),
            requests_per_minute: 600,
        },
        web: Web::new(web, peers.clone(), clock.clone(), entropy.clone()),
        peers,
        clock,
        entropy,
        health,
        revisions: revisions.clone(),
    };
    World { app: gateway.router(), away, revisions }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl World {
    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path).header("host", "northwind.localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The services go away, and what the edge knew of the firm's host is out of date.
    async fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
        self.revisions.bump(TENANT.parse::<TenantId>().unwrap());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_outage_is_told_in_the_firms_frame_and_passes_without_a_restart() {
    let world = world("http");
    let manifest = world.ask("/manifest.webmanifest", &[]).await;
    assert_eq!(manifest.status, StatusCode::OK);
    world.go_away().await;
    let away = world.ask("/sign-in", &[]).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.headers["retry-after"], "5");
    assert_eq!(away.headers["cache-control"], "no-store");
    assert!(
        away.body.contains("Northwind Consulting") && away.body.contains("Nothing you have saved is lost")
    );
    assert!(!away.body.to_lowercase().contains("portico"));
    let theme = away.body.split("href=\"/theme/").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(world.ask(&format!("/theme/{theme}"), &[]).await.status, StatusCode::OK);
    assert_eq!(world.ask(&portico_web::assets::asset_url("css/app.css"), &[]).await.status, StatusCode::OK);
    assert_eq!(world.ask("/healthz", &[]).await.status, StatusCode::OK);
    assert_eq!(world.ask("/readyz", &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let german = world.ask("/sign-in", &[("accept-language", "de")]).await;
    assert!(german.body.contains("Nichts, was Sie gespeichert haben, ist verloren"));
    world.away.store(false, Ordering::SeqCst);
    let back = world.ask("/sign-in", &[]).await;
    assert_eq!(back.status, StatusCode::OK);
    assert!(back.body.contains("name=\"password\""));
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_signed_out_by_an_outage() {
    let world = world("http");
    world.ask("/manifest.webmanifest", &[]).await;
    world.go_away().await;
    let cookie = format!("__Host-session={SECRET}");
    let signed_in = [("cookie", cookie.as_str())];
    for path in ["/", "/tasks", "/console", "/live"] {
        let away = world.ask(path, &signed_in).await;
        let told = (away.status, away.headers.get("location"), away.headers.get("set-cookie"));
        assert_eq!(told, (StatusCode::SERVICE_UNAVAILABLE, None, None), "{path}");
        assert!(away.headers.contains_key("retry-after"), "{path}");
    }
    let theme = world.ask("/tasks", &signed_in).await.body;
    let theme = theme.split("href=\"/theme/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(world.ask(&format!("/theme/{theme}"), &signed_in).await.status, StatusCode::OK);
    let script = world.ask("/tasks", &[signed_in[0], ("accept", "application/json")]).await;
    assert!(script.status == StatusCode::SERVICE_UNAVAILABLE && script.body.contains("\"reference\""));
}

#[tokio::test]
async fn a_host_that_was_never_seen_is_no_firms_while_nobody_answers() {
    let world = world("http");
    world.go_away().await;
    let away = world.ask("/", &[]).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!away.body.contains("Northwind"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for (scheme, hsts) in [("http", false), ("https", true)] {
        let world = world(scheme);
        let asset = portico_web::assets::asset_url("js/app.js");
        for path in [
            "/",
            "/sign-in",
            "/nowhere",
            "/healthz",
            "/readyz",
            "/live",
            "/service-worker.js",
            "/assets/none",
            &asset,
        ] {
            let headers = world.ask(path, &[]).await.headers;
            assert!(
                headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"),
                "{path}"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["x-frame-options"], "DENY", "{path}");
            assert_eq!(headers.contains_key("strict-transport-security"), hsts, "{path}");
            assert!(!headers.contains_key("server"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_flood_is_told_to_wait_in_the_readers_language() {
    let world = world("http");
    let flood = world.app.clone().layer(axum::Extension(axum::extract::ConnectInfo(
        std::net::SocketAddr::from(([192, 0, 2, 1], 1000)),
    )));
    let world = World { app: flood, ..world };
    let mut refused = None;
    for _ in 0..200 {
        let answer = world.ask("/sign-in", &[("accept-language", "de")]).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a flood is refused");
    assert!(refused.headers.contains_key("retry-after") && refused.headers["x-frame-options"] == "DENY");
    assert!(refused.body.contains("lang=\"de\""), "{}", refused.body);
}
