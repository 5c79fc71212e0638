//! What the promises about speed and memory come to on this machine: each is measured in one run and printed, never asserted.
//!
//! Run by `scripts/bench` and, with the word `web` or `pages`, by `scripts/bench-web` and `scripts/bench pages`. Each starts a throw-away database and builds
//! for release. Names of measurements given as arguments choose among them.

mod documents;
mod edge_file;
#[allow(
    dead_code,
    unused_imports,
    clippy::expect_used,
    reason = "the stories use what the measurements do not, and a story that cannot go on says so by panicking"
)]
#[path = "../harness/mod.rs"]
mod harness;
mod home_page;
mod large_file;
mod live;
mod local_call;
mod replay;
mod sealing;
mod start;
mod uploads;
mod usage;
mod web;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|each| each == name);
    if wanted("start") {
        start::measure().await?;
    }
    if wanted("call") {
        local_call::measure().await?;
    }
    if wanted("home") {
        home_page::measure().await?;
    }
    if wanted("live") {
        live::measure().await?;
    }
    if wanted("sealing") {
        sealing::measure().await?;
    }
    if wanted("documents") {
        documents::measure().await?;
    }
    if wanted("uploads") {
        uploads::measure().await?;
    }
    if wanted("file") {
        large_file::measure().await?;
        edge_file::measure(large_file::size()).await?;
    }
    // Takes 5 GiB of disk, so only on request.
    if chosen.iter().any(|each| each == "largest") {
        edge_file::measure(edge_file::LARGEST).await?;
    }
    // Needs a browser, so only on request.
    if chosen.iter().any(|each| each == "web" || each == "pages") {
        web::measure().await?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the measurements")]
fn say(line: &str) {
    println!("{line}");
}
