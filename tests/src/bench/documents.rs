//! The first page of a long contract, and a folder of many documents.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use portico_proto::documents::v1::GetFolderRequest;

use crate::{
    harness::{Engagement, Persona, World, pdf},
    say,
};

const PAGES: usize = 300;
const DOCUMENTS: i64 = 10_000;
const ASKED: usize = 200;

/// Reads a page of a long PDF many times, then fills a folder with documents and lists it page by page.
///
/// # Errors
/// Where a page or a list is refused.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    page(&ana, &engagement).await?;
    folder(&world, &ana, &engagement).await
}

async fn page(ana: &Persona, engagement: &Engagement) -> anyhow::Result<()> {
    let file = pdf("An agreement of many words", PAGES);
    let answer =
        ana.upload(&format!("/attachments?record_id={}", engagement.record), "long.pdf", file).await?;
    let version = answer.text("version_id")?;
    let cold = page_once(ana, &version).await?;
    let mut warm = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        warm.push(page_once(ana, &version).await?);
    }
    say(&format!(
        "first page of a PDF of {PAGES} pages: {:.0} ms cold (goal 1000 ms), p95 {:.1} ms warm (goal 50 ms)",
        cold.as_secs_f64() * 1e3,
        p95(&mut warm)
    ));
    Ok(())
}

async fn page_once(ana: &Persona, version: &str) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let answer = ana.download(&format!("/versions/{version}/pages/1")).await?;
    anyhow::ensure!(
        answer.status.is_success() && answer.body.len() > 1_000,
        "the page answered {}",
        answer.status
    );
    Ok(start.elapsed())
}

/// A folder of the library with as many documents, as somebody of the account reads it by a grant.
async fn folder(world: &World, ana: &Persona, engagement: &Engagement) -> anyhow::Result<()> {
    let shelf = world.shelf(engagement, "Papers").await?;
    let (folder, document): (uuid::Uuid, uuid::Uuid) = (shelf.folders[1].parse()?, shelf.document.parse()?);
    let (documents, versions) = (
        "insert into documents.documents select (jsonb_populate_record(d, jsonb_build_object('id',
             '00000000-0000-7000-9000-' || lpad(n::text, 12, '0'), 'title', 'Paper ' || n, 'title_key', 'paper ' || n))).*
           from documents.documents d, generate_series(1, $2) n where d.id = $1",
        "insert into documents.versions select (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'document_id',
             '00000000-0000-7000-9000-' || lpad(n::text, 12, '0')))).*
           from documents.versions v, generate_series(1, $2) n where v.document_id = $1 and v.number = 1",
    );
    for (what, sql) in [("filed documents", documents), ("their versions", versions)] {
        let made = sqlx::query(sql)
            .bind(document)
            .bind(DOCUMENTS)
            .execute(world.database.admin())
            .await
            .context(what)?;
        anyhow::ensure!(
            made.rows_affected() == DOCUMENTS.unsigned_abs(),
            "seeded {} {what}",
            made.rows_affected()
        );
    }
    sqlx::raw_sql("analyze").execute(world.database.admin()).await?;
    let (mut times, mut seen) = (Vec::with_capacity(ASKED), 0);
    let mut token = String::new();
    for _ in 0..ASKED {
        let asked = GetFolderRequest {
            folder_id: folder.to_string(),
            page_token: std::mem::take(&mut token),
            ..GetFolderRequest::default()
        };
        let start = Instant::now();
        let answer = ana.library().get_folder(asked).await?.into_inner();
        times.push(start.elapsed());
        anyhow::ensure!(!answer.documents.is_empty(), "an empty page of a full folder");
        seen += answer.documents.len();
        token = answer.next_page_token;
    }
    anyhow::ensure!(seen >= 10_000, "only {seen} documents were listed");
    say(&format!(
        "folder of {DOCUMENTS} documents, page by page: p95 {:.1} ms (goal 50 ms)",
        p95(&mut times)
    ));
    Ok(())
}

/// In milliseconds.
fn p95(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() * 95 / 100).copied().unwrap_or_default().as_secs_f64() * 1e3
}
