//! The database goes away in the middle of work.

use std::time::{Duration, Instant};

use anyhow::ensure;
use http::{Method, StatusCode, header::RETRY_AFTER};
use portico_proto::messaging::v1::{GetThreadRequest, PostMessageRequest};

use crate::harness::{Answer, Cluster, Outcome, Visitor, World};

/// Far below what a person waits; far above what an answer without a database takes.
const SOON: Duration = Duration::from_secs(15);

async fn get(visitor: &mut Visitor, path: &str) -> anyhow::Result<Answer> {
    visitor.send(Method::GET, path, http::HeaderMap::new(), bytes::Bytes::new()).await
}

/// Pages say at once that they cannot and when to come again; the process stays alive and says that it wants no work; when the
/// database is back everything goes on without a restart, with all that was acknowledged and nothing that was refused.
pub(super) async fn the_database_goes_away_and_comes_back() -> Outcome {
    let cluster = Cluster::start()?;
    let world = World::demo_on(&cluster).await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let mut stranger = world.visitor("northwind");
    let post = |words: &str| PostMessageRequest {
        record_id: engagement.record.clone(),
        body: words.to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post("before")).await?;
    nora.get("/console/accounts").await?.is(StatusCode::OK)?;
    ensure!(get(&mut stranger, "/readyz").await?.status == StatusCode::OK, "not ready at the beginning");

    cluster.vanish()?;
    for path in ["/console", "/console/accounts", "/console/audit", "/tasks"] {
        let start = Instant::now();
        let answer = get(&mut nora, path).await?;
        ensure!(answer.status == StatusCode::SERVICE_UNAVAILABLE, "{path} answered {}", answer.status);
        let wait = answer.headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
        ensure!(
            wait.is_some_and(|wait| (1..=60).contains(&wait)),
            "{path} does not say when to come again: {wait:?}"
        );
        ensure!(start.elapsed() < SOON, "{path} took {:?} to say so", start.elapsed());
        ensure!(
            !answer.text().contains("sqlx") && !answer.text().contains("127.0.0.1"),
            "{path} tells of its inside"
        );
    }
    let refused = ana.messaging().post_message(post("while it was away")).await.err();
    ensure!(refused.is_some_and(|status| status.code() == tonic::Code::Unavailable), "a message was taken");
    ensure!(get(&mut stranger, "/healthz").await?.status == StatusCode::OK, "the process is not alive");
    until(&mut stranger, StatusCode::SERVICE_UNAVAILABLE).await?;

    cluster.resume()?;
    until(&mut stranger, StatusCode::OK).await?;
    // Connections that broke are noticed when they are next used: a few answers may still be refused, then none.
    let patience = Instant::now() + Duration::from_secs(20);
    let mut in_a_row = 0;
    while in_a_row < 20 {
        let answer = get(&mut nora, "/console/accounts").await?;
        in_a_row = if answer.status == StatusCode::OK { in_a_row + 1 } else { 0 };
        ensure!(Instant::now() < patience, "pages still answer {} now and then", answer.status);
    }
    let mut ian = world.staff("contoso", "carla@contoso.example").await?;
    ian.get("/console").await?.is(StatusCode::OK)?;
    let patience = Instant::now() + Duration::from_secs(20);
    while ana
        .messaging()
        .post_message(PostMessageRequest { idempotency_key: "after".to_owned(), ..post("after") })
        .await
        .is_err()
    {
        ensure!(Instant::now() < patience, "messages are still refused");
    }
    world.settle().await?;
    let asked = GetThreadRequest { record_id: engagement.record.clone(), ..GetThreadRequest::default() };
    let thread = ana.messaging().get_thread(asked).await?.into_inner();
    let words: Vec<&str> = thread.messages.iter().map(|message| message.body.as_str()).collect();
    ensure!(words == ["before", "after"], "the thread holds {words:?}");
    Ok(())
}

async fn until(visitor: &mut Visitor, status: StatusCode) -> anyhow::Result<()> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = get(visitor, "/readyz").await?;
        if answer.status == status {
            return Ok(());
        }
        ensure!(Instant::now() < patience, "/readyz still answers {}: {}", answer.status, answer.text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
