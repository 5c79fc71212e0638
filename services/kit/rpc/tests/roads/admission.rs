//! Who gets in, and as whom.

use bytes::Bytes;
use chrono::TimeDelta;
use http_body_util::Full;
use portico_core::{Actor, ActorKind, ErrorCode};
use portico_proto::billing::v1::billing_client::BillingClient;
use portico_rpc::{Auth, Caller, problem_from};
use tonic::{Code, Status, body::Body};
use tower::ServiceExt as _;

use crate::world::{ANYONE, Road, World, ana, asking, contoso, northwind, staff};

async fn code(road: &Road, caller: impl Into<Caller>) -> Code {
    road.call(caller, "ok").await.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_token() {
    let world = World::new(ANYONE).await;
    let token = world.token(&ana());
    for road in &world.roads {
        for header in [None, Some(""), Some("Bearer"), Some("Bearer x.y.z"), Some("Basic YTpi")] {
            let mut request = asking("ok");
            if let Some(value) = header {
                request.metadata_mut().insert("authorization", value.parse().unwrap());
            }
            let status = BillingClient::new(road.bare.clone()).get_status(request).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{} {header:?}", road.name);
            assert_eq!(problem_from(&status).message, "Please sign in to continue.");
        }
        let mut honest = asking("ok");
        honest.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        BillingClient::new(road.bare.clone()).get_status(honest).await.unwrap();
        assert_eq!(code(road, Auth::Token("not\na header".into())).await, Code::Unauthenticated);
        world.take_seen();
    }
    world.clock.advance(TimeDelta::minutes(5));
    for road in &world.roads {
        assert_eq!(
            code(road, Auth::Token(token.clone())).await,
            Code::Unauthenticated,
            "{}: expired",
            road.name
        );
    }
    assert!(world.take_seen().is_empty(), "no handler ran");
}

#[tokio::test]
async fn the_kind_of_caller_must_be_admitted() {
    let world = World::new("callers: [CALLER_CLIENT, CALLER_STAFF]").await;
    let machine = Actor { kind: ActorKind::Machine, ..staff(&["admin"]) };
    for road in &world.roads {
        assert_eq!(code(road, world.auth(&ana())).await, Code::Ok, "{}", road.name);
        assert_eq!(code(road, world.auth(&staff(&[]))).await, Code::Ok);
        assert_eq!(code(road, world.auth(&machine)).await, Code::PermissionDenied);
        assert_eq!(code(road, Auth::system(northwind(), "sweep")).await, Code::PermissionDenied);
    }
    assert_eq!(world.take_seen().len(), 4);
}

#[tokio::test]
async fn staff_need_the_role_and_others_do_not() {
    let world = World::new(r#"callers: [CALLER_STAFF, CALLER_SYSTEM], staff_role: "admin""#).await;
    for road in &world.roads {
        assert_eq!(
            code(road, world.auth(&staff(&["partner"]))).await,
            Code::PermissionDenied,
            "{}",
            road.name
        );
        assert_eq!(code(road, world.auth(&staff(&["partner", "admin"]))).await, Code::Ok);
        assert_eq!(code(road, Auth::system(northwind(), "sweep")).await, Code::Ok);
    }
}

#[tokio::test]
async fn what_is_internal_stays_internal() {
    let world = World::new("callers: [CALLER_SYSTEM]").await;
    for road in &world.roads {
        for outsider in [staff(&["admin"]), ana(), Actor { kind: ActorKind::Machine, ..staff(&["admin"]) }] {
            let denied = code(road, world.auth(&outsider)).await;
            assert_eq!(denied, Code::PermissionDenied, "{} {:?}", road.name, outsider.kind);
        }
        assert_eq!(code(road, Auth::before_tenant("start")).await, Code::PermissionDenied, "no firm");
        assert_eq!(code(road, Auth::system(northwind(), "sweep")).await, Code::Ok);
    }
    assert_eq!(world.take_seen().len(), 2);
}

#[tokio::test]
async fn before_a_firm_is_known_there_is_no_context() {
    let world = World::new("callers: [CALLER_SYSTEM], before_tenant: true").await;
    for road in &world.roads {
        assert_eq!(code(road, Auth::before_tenant("gateway.resolve_host")).await, Code::Ok, "{}", road.name);
        assert_eq!(world.take_seen(), [Err(ErrorCode::PermissionDenied)]);
        assert_eq!(code(road, world.auth(&staff(&["admin"]))).await, Code::PermissionDenied);
    }
}

#[tokio::test]
async fn the_firm_comes_from_the_token_and_from_nowhere_else() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        let mut request = asking("ok");
        let other = contoso().to_string();
        for name in
            ["x-portico-tenant", "x-tenant-id", "tenant", "x-portico-actor", "x-portico-roles", "baggage"]
        {
            request.metadata_mut().insert(name, other.parse().unwrap());
        }
        request.metadata_mut().insert("authorization", "Bearer somebody-else".parse().unwrap());
        request.metadata_mut().insert("x-portico-address", "203.0.113.99".parse().unwrap());
        let channel = road.peers.channel("billing", world.auth(&ana()));
        BillingClient::new(channel).get_status(request).await.unwrap();
        let seen = world.take_seen().remove(0).unwrap();
        assert_eq!(seen.tenant, northwind(), "{}", road.name);
        assert_eq!(seen.actor, ana(), "{}", road.name);
        assert_eq!(seen.address, None, "{}: an address that the caller did not vouch for", road.name);
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_unimplemented() {
    let world = World::new(ANYONE).await;
    let token = world.token(&ana());
    for road in &world.roads {
        for path in ["/portico.billing.v1.Billing/Nope", "/portico.nowhere.v1.Nowhere/GetStatus"] {
            let request = http::Request::post(path)
                .header("content-type", "application/grpc")
                .header("authorization", format!("Bearer {token}"))
                .body(Body::new(Full::new(Bytes::from_static(&[0, 0, 0, 0, 0]))))
                .unwrap();
            let response = road.bare.clone().oneshot(request).await.unwrap();
            let status = Status::from_header_map(response.headers()).unwrap();
            assert_eq!(status.code(), Code::Unimplemented, "{} {path}", road.name);
        }
    }
    assert!(world.take_seen().is_empty());
}
