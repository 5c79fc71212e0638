//! File bytes on the same road.

use axum::{Router, extract::Path, routing::put};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use portico_core::{ErrorCode, Problem};
use portico_rpc::{Auth, Incoming, problem_from, status};
use tonic::{Code, Status, body::Body, service::Routes};
use tower::ServiceExt as _;

use crate::world::{ANYONE, World, ana, northwind};

/// Counts the bytes of a body as they come; some names have a meaning.
async fn upload(
    Path(name): Path<String>,
    incoming: Incoming,
    body: axum::body::Body,
) -> Result<String, http::Response<axum::body::Body>> {
    match name.as_str() {
        "absent" => return Err(status(Problem::not_found()).into_http()),
        "broken" => return Err(status(Problem::internal("the disk says secret")).into_http()),
        "panic" => panic!("secret in a panic"),
        _ => {}
    }
    let ctx = incoming.ctx().map_err(Status::into_http)?;
    let mut stream = body.into_data_stream();
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        length += chunk.unwrap().len();
    }
    Ok(format!("{} {length}", ctx.tenant))
}

async fn world() -> World {
    let files = Router::new().route("/files/{name}", put(upload));
    let routes = Routes::from(Routes::default().into_axum_router().merge(files));
    World::build(ANYONE, routes, None).await
}

fn request(name: &str, body: Body) -> http::Request<Body> {
    http::Request::put(format!("/files/{name}")).body(body).unwrap()
}

#[tokio::test]
async fn a_body_streams_through_with_its_context() {
    let world = world().await;
    for road in &world.roads {
        let chunks = futures_util::stream::iter((0..64).map(|_| Ok::<_, Status>(vec![7_u8; 16 * 1024])));
        let body = Body::new(axum::body::Body::from_stream(chunks));
        let channel = road.peers.channel("billing", world.auth(&ana()));
        let response = channel.send(request("a", body)).await.unwrap();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(text, format!("{} {}", northwind(), 64 * 16 * 1024), "{}", road.name);
    }
}

#[tokio::test]
async fn a_file_route_refuses_as_an_rpc_does() {
    let world = world().await;
    for road in &world.roads {
        let channel = road.peers.channel("billing", world.auth(&ana()));
        let refusal = async |name| {
            let status = channel.send(request(name, Body::empty())).await.unwrap_err();
            assert!(!format!("{status:?}").contains("secret"), "{}: {status:?}", road.name);
            problem_from(&status)
        };
        assert_eq!(refusal("absent").await, Problem::not_found(), "{}", road.name);
        assert_eq!(refusal("broken").await.code, ErrorCode::Internal);
        assert!(refusal("panic").await.message.contains("Reference: "));
        // Nothing answers here: a path without a route is no success either.
        let nowhere = http::Request::put("/elsewhere").body(Body::empty()).unwrap();
        assert_eq!(channel.send(nowhere).await.unwrap_err().code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn a_file_route_needs_a_token_of_a_firm() {
    let world = world().await;
    for road in &world.roads {
        let body = Body::new(Full::new(Bytes::from_static(b"x")));
        let response = road.bare.clone().oneshot(request("a", body)).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), Code::Unauthenticated, "{}", road.name);

        let nobody = road.peers.channel("billing", Auth::before_tenant("start"));
        let status = nobody.send(request("a", Body::empty())).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{}", road.name);
    }
}
