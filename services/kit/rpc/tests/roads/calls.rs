//! Answers, refusals, panics, deadlines and traces.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use portico_core::{Ctx, ErrorCode, EventId, FieldViolation, Problem, SeededEntropy};
use portico_proto::billing::v1::billing_client::BillingClient;
use portico_rpc::{AfterGate, Auth, Caller, PeerError, new_trace, problem_from};
use tonic::{Code, service::Routes};
use tracing::instrument::WithSubscriber as _;
use uuid::Uuid;

use crate::world::{ANYONE, World, ana, asking, northwind};

#[tokio::test]
async fn a_call_arrives_with_its_whole_context() {
    let world = World::new(ANYONE).await;
    let trace = new_trace(&SeededEntropy::new(1));
    for road in &world.roads {
        let caller = Caller::new(world.auth(&ana())).with_trace(&trace).with_address(Some("203.0.113.7"));
        assert!(road.call(caller, "ok").await.unwrap(), "{}", road.name);
        let expected = Ctx {
            tenant: northwind(),
            actor: ana(),
            address: Some("203.0.113.7".to_owned()),
            trace: trace.clone(),
        };
        assert_eq!(world.take_seen(), [Ok(expected)], "{}", road.name);
    }
}

#[tokio::test]
async fn a_handler_asks_a_peer_in_its_callers_name() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        let caller = Caller::new(world.auth(&ana())).with_address(Some("203.0.113.7"));
        assert!(road.call(caller, "forward").await.unwrap());
        let seen = world.take_seen();
        assert_eq!(seen.len(), 2, "{}", road.name);
        assert_eq!(seen[0], seen[1], "{}: same firm, actor, trace and address", road.name);
        assert_eq!(seen[0].as_ref().unwrap().trace.len(), 32);
    }
}

#[tokio::test]
async fn a_refusal_arrives_with_its_fields_and_without_its_cause() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        let status = road.call(world.auth(&ana()), "refuse").await.unwrap_err();
        let problem = problem_from(&status);
        let field =
            FieldViolation { field: "items[2].name".to_owned(), description: "Write a name.".to_owned() };
        let expected = Problem {
            code: ErrorCode::InvalidArgument,
            reason: "invalid_argument".to_owned(),
            message: "Write a name.".to_owned(),
            fields: vec![field],
            retry_after: Some(Duration::from_secs(3)),
            cause: None,
        };
        assert_eq!(problem, expected, "{}", road.name);
    }
}

#[tokio::test]
async fn a_defect_tells_its_reference_and_nothing_else() {
    let world = World::new(ANYONE).await;
    let trace = new_trace(&SeededEntropy::new(1));
    for road in &world.roads {
        for case in ["panic", "internal", "unknown"] {
            let caller = Caller::new(world.auth(&ana())).with_trace(&trace);
            let status = road.call(caller, case).await.unwrap_err();
            assert_eq!(status.code(), Code::Internal, "{} {case}", road.name);
            assert!(status.message().ends_with(&format!("Reference: {trace}")), "{}", status.message());
            let whole = format!("{status:?} {}", String::from_utf8_lossy(status.details()));
            assert!(!whole.contains("secret"), "{} {case}: {whole}", road.name);
        }
        assert!(road.call(world.auth(&ana()), "ok").await.unwrap(), "{}: the service lives on", road.name);
    }
}

#[tokio::test]
async fn a_late_answer_is_a_deadline_exceeded() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        let channel = road.peers.channel("billing", world.auth(&ana()));
        let mut client = BillingClient::new(channel.with_deadline(Duration::from_millis(40)));
        let status = client.get_status(asking("slow")).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{}: {status:?}", road.name);
        assert_eq!(problem_from(&status).message, "This took too long. Please try again.", "{}", road.name);

        let mut request = asking("slow");
        request.set_timeout(Duration::from_millis(40));
        let channel = road.peers.channel("billing", world.auth(&ana()));
        let status = BillingClient::new(channel).get_status(request).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{}: the request's own", road.name);
    }
}

#[tokio::test]
async fn a_peer_that_is_away_is_unavailable() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        let auth = world.auth(&ana());
        // Nothing listens on the discard port of this machine.
        road.peers.connect_remote("tenancy", "http://127.0.0.1:9").unwrap();
        for service in ["tenancy", "workflow"] {
            let mut client = BillingClient::new(road.peers.channel(service, &auth));
            let status = client.get_status(asking("ok")).await.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{service}: {status:?}");
            assert!(!status.message().contains("127.0.0.1"), "{}", status.message());
        }
    }
}

#[tokio::test]
async fn a_channel_taken_early_sees_a_service_bound_late() {
    let world = World::new(ANYONE).await;
    let [local, remote] = &world.roads;
    let mut early = BillingClient::new(local.peers.channel("late", world.auth(&ana())));
    assert_eq!(early.get_status(asking("ok")).await.unwrap_err().code(), Code::Unavailable);
    local.peers.bind_local("late", Routes::default()).unwrap();
    assert_eq!(early.get_status(asking("ok")).await.unwrap_err().code(), Code::Unimplemented);

    let twice = |outcome| matches!(outcome, Err(PeerError::BoundTwice(_)));
    assert!(twice(local.peers.bind_local("late", Routes::default())));
    assert!(twice(local.peers.connect_remote("late", "http://127.0.0.1:9")));
    assert!(twice(remote.peers.bind_local("billing", Routes::default())));
    assert!(matches!(local.peers.connect_remote("x", "not an address"), Err(PeerError::Address { .. })));
}

struct Gate {
    asked: Mutex<Vec<(Ctx, EventId)>>,
}

impl AfterGate for Gate {
    fn consumes(&self, event_type: &str) -> bool {
        event_type.starts_with("portico.documents")
    }

    fn wait<'a>(&'a self, ctx: &'a Ctx, event: EventId) -> BoxFuture<'a, ()> {
        self.asked.lock().unwrap().push((ctx.clone(), event));
        // An event that never comes: the boundary must give up by itself.
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_reader_waits_for_the_callers_own_event_but_not_for_ever() {
    let gate = Arc::new(Gate { asked: Mutex::default() });
    let world = World::build(ANYONE, Routes::default(), Some(gate.clone())).await;
    let event = EventId(Uuid::from_u128(9));
    for road in &world.roads {
        let caller = Caller::new(world.auth(&ana()));
        assert!(road.call(caller.clone().after("portico.messaging.read", event), "ok").await.unwrap());
        assert!(gate.asked.lock().unwrap().is_empty(), "{}: an event nobody here listens to", road.name);
        assert!(road.call(caller.after("portico.documents.shared", event), "ok").await.unwrap());
        let asked = std::mem::take(&mut *gate.asked.lock().unwrap());
        assert_eq!(asked.len(), 1, "{}", road.name);
        assert_eq!((asked[0].0.tenant, asked[0].1), (northwind(), event));
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_defect_is_logged_once_with_its_cause() {
    let world = World::new(ANYONE).await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let auth = world.auth(&ana());
    let status = world.roads[0].call(auth, "panic").with_subscriber(subscriber).await.unwrap_err();
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("secret in a panic") && log.contains("billing.rpc.get_status"), "{log}");
    assert!(
        log.contains(status.message().rsplit(' ').next().unwrap()),
        "the reference finds the line: {log}"
    );
    assert!(log.contains(&northwind().to_string()) && !log.contains("Ana"), "{log}");
}

#[tokio::test]
async fn work_of_our_own_keeps_firm_trace_and_cause() {
    let world = World::new(ANYONE).await;
    for road in &world.roads {
        road.call(world.auth(&ana()), "ok").await.unwrap();
        let cause = world.take_seen().remove(0).unwrap();
        road.call(Caller::system_for(&cause, "billing.reminders"), "ok").await.unwrap();
        let seen = world.take_seen().remove(0).unwrap();
        assert_eq!((seen.tenant, &seen.trace), (cause.tenant, &cause.trace), "{}", road.name);
        assert_eq!(seen.actor.name, "billing.reminders");
        assert_eq!(seen.actor.person, ana().person, "on whose behalf");

        road.call(Auth::system(northwind(), "billing.sweep"), "ok").await.unwrap();
        assert_eq!(world.take_seen().remove(0).unwrap().actor.person, None, "on nobody's behalf");
    }
}
