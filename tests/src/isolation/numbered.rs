//! The numbered cases that neither the catalog nor the walks hold.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_core::{AccountId, TenantId};
use portico_proto::{messaging::v1::PostMessageRequest, tenancy::v1::RemoveMembershipRequest};

use crate::harness::{Outcome, World, pdf};

/// No upsert touches a foreign row: the floor refuses.
pub(super) async fn i12_no_upsert_reaches_a_foreign_row() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let other: TenantId = world.tenant("contoso").await?;
    let store = world.database.store("workflow");
    let record: uuid::Uuid = engagement.record.parse()?;
    let whole: String = sqlx::query_scalar("select to_jsonb(r)::text from workflow.records r where id = $1")
        .bind(record)
        .fetch_one(world.database.admin())
        .await?;
    let mut tx = store.begin(&portico_testkit::system(other)).await?;
    let upsert = sqlx::query(
        "insert into workflow.records select * from jsonb_populate_record(null::workflow.records, $1::jsonb)
         on conflict (tenant_id, id) do update set state = 'lost'",
    );
    let refusal =
        upsert.bind(&whole).execute(tx.conn()).await.err().context("an upsert reached another firm's row")?;
    ensure!(
        refusal.to_string().contains("row-level security"),
        "the upsert failed for another reason: {refusal}"
    );
    tx.rollback().await?;
    Ok(())
}

/// Words from outside cannot alter the context: they are never part of the statement that sets it.
pub(super) async fn i15_an_injected_word_alters_no_context() -> Outcome {
    let world = World::demo().await?;
    let tenant: TenantId = world.tenant("northwind").await?;
    let mut ctx = portico_testkit::client(
        tenant,
        &[AccountId(uuid::Uuid::from_u128(7))],
        &["'; set app.account_scope = 'all'; --"],
    );
    ctx.actor.name = "x', true), set_config('app.account_scope', 'all', true), ('".to_owned();
    ctx.trace = "'; reset all; --".to_owned();
    let mut tx = world.database.store("tenancy").begin(&ctx).await?;
    let scope: String =
        sqlx::query_scalar("select current_setting('app.account_scope')").fetch_one(tx.conn()).await?;
    let seen: i64 = sqlx::query_scalar("select count(*) from tenancy.accounts").fetch_one(tx.conn()).await?;
    ensure!(scope == "listed" && seen == 0, "the context became {scope} and shows {seen} accounts");
    Ok(())
}

/// One firm's session is nobody on another firm's host, also while the edge remembers it.
pub(super) async fn i22_a_session_is_nobody_on_another_host() -> Outcome {
    let world = World::demo().await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    nora.get("/console").await?.is(StatusCode::OK)?;
    let mut elsewhere = nora.on_host(&format!("contoso.localhost:{}", world.address().port()));
    let answer = elsewhere.get("/console").await?;
    ensure!(
        answer.path.starts_with("/sign-in"),
        "another firm's console answered {} at {}",
        answer.status,
        answer.path
    );
    Ok(())
}

/// A file's address opens for nobody else, and for its reader no longer once their place in the account is gone.
pub(super) async fn i23_i25_a_files_address_dies_with_the_right_to_read_it() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let by_rpc = world.person("northwind", "ana@acme.example").await?;
    let file = by_rpc
        .upload(&format!("/attachments?record_id={}", engagement.record), "photo.pdf", pdf("A photo", 1))
        .await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "a file".to_owned(),
        attachment_ids: vec![file.text("document_id")?],
        ..PostMessageRequest::default()
    };
    by_rpc.messaging().post_message(post).await?;
    let path = format!("/files/{}", file.text("version_id")?);
    let opened = ana.get(&path).await?;
    ensure!(opened.body.starts_with(b"%PDF"), "the owner cannot open the file: {}", opened.status);
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    gina.get(&path).await?.is(StatusCode::NOT_FOUND)?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let ended =
        RemoveMembershipRequest { account_id: engagement.account.clone(), person_id: by_rpc.id.clone() };
    nora.tenancy().remove_membership(ended).await?;
    // The edge believes a session for one second at most, and is told sooner.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let refused = ana.get(&path).await?;
    ensure!(!refused.body.starts_with(b"%PDF"), "the file still opens after the membership ended");
    Ok(())
}
