//! A scanner that is not ours decides what opens.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::documents::v1::{GetRequestRequest, Item, ItemState, ScanState};

use crate::harness::{Outcome, Persona, Scanner, Visitor, World, large_pdf, pdf, plain, steps};

/// How long a verdict may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Ana before a row that asks for files.
struct Asked {
    ana: Persona,
    visitor: Visitor,
    step: String,
    upload: String,
}

impl Asked {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let engagement = world.signed_engagement("Warehouse audit").await?;
        let ana = world.person("northwind", "ana@acme.example").await?;
        let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
        let mut asked = Self {
            visitor: world.client("northwind", "ana@acme.example").await?,
            ana,
            step,
            upload: String::new(),
        };
        asked.upload = format!("/tasks/{}/items/{}/files", asked.step, asked.row().await?.id);
        asked.visitor.get(&format!("/tasks/{}", asked.step)).await?.is(StatusCode::OK)?;
        Ok(asked)
    }

    async fn row(&self) -> anyhow::Result<Item> {
        let asked = GetRequestRequest { step_id: self.step.clone() };
        let request = self.ana.documents().get_request(asked).await?.into_inner().request;
        request.context("no request")?.items.into_iter().next().context("no row")
    }

    async fn send(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let upload = self.upload.clone();
        let sent = self.visitor.upload(&upload, name, bytes).await?;
        ensure!(sent.status.is_success(), "{name} was refused: {} {}", sent.status, sent.text());
        Ok(())
    }

    /// The row once `settled` says so.
    async fn wait(&self, settled: impl Fn(&Item) -> bool) -> anyhow::Result<Item> {
        let start = Instant::now();
        loop {
            let row = self.row().await?;
            if settled(&row) {
                return Ok(row);
            }
            ensure!(start.elapsed() < PATIENCE, "the row stays as it is: {row:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn scan_of(row: &Item, name: &str) -> ScanState {
    row.files.iter().find(|file| file.file_name == name).map_or(ScanState::Unspecified, |file| file.scan())
}

/// A clean file opens once the scanner has seen it. One with a virus is locked away from everybody, its row asks for another, and
/// both sides get a mail that holds nothing of it.
pub(super) async fn a_clean_file_opens_and_an_infected_one_never_does() -> Outcome {
    let scanner = Scanner::start()?;
    let world = World::demo_with_scanner(&scanner).await?;
    let mut asked = Asked::of(&world).await?;
    asked.send("plan.pdf", &pdf("Server plan", 2)).await?;
    let row = asked.wait(|row| scan_of(row, "plan.pdf") == ScanState::Clean).await?;
    ensure!(row.state() == ItemState::Checking && row.files[0].openable, "{row:?}");
    let clean = row.files[0].id.clone();
    asked.visitor.get(&format!("/files/{clean}")).await?.is(StatusCode::OK)?;

    let mut bad = pdf("Harmless words", 1);
    bad.extend_from_slice(format!("\n% {}\n", Scanner::VIRUS).as_bytes());
    asked.send("bad.pdf", &bad).await?;
    let infected = asked.row().await?.files.iter().find(|file| file.file_name == "bad.pdf").cloned();
    let row = asked.wait(|row| row.state() == ItemState::Returned).await?;
    ensure!(row.reason.contains("bad.pdf") && row.files.len() == 1, "{row:?}");
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    if let Some(infected) = infected {
        for visitor in [&mut asked.visitor, &mut nora] {
            for path in ["", "/pages/1"] {
                let answer = visitor.get(&format!("/files/{}{path}", infected.id)).await?;
                ensure!(!answer.status.is_success(), "it opens at {path:?}: {}", answer.status);
            }
        }
    }
    asked.visitor.get(&format!("/tasks/{}", asked.step)).await?.shows("A virus was found in bad.pdf")?;
    world.settle().await?;
    let mailbox = world.mailbox("northwind").await?;
    for address in ["ana@acme.example", "nora@northwind.example"] {
        let mail = mailbox.wait_for(address, "notice", 0).await?;
        ensure!(mail.subject.contains("A virus was found in bad.pdf"), "{address}: {}", mail.subject);
        ensure!(!mail.text.contains("Harmless") && !mail.text.contains("Signature"), "{}", mail.text);
    }
    nora.get("/console/audit").await?.shows("Document quarantined: bad.pdf")?;
    Ok(())
}

/// What is over the scanner's limits is not called clean: page and audit say that the policy lets it through.
pub(super) async fn over_tcp_a_large_file_says_that_nobody_scanned_it() -> Outcome {
    let scanner = Scanner::start_on_tcp()?;
    let world = World::demo_with_scanner(&scanner).await?;
    let mut asked = Asked::of(&world).await?;
    // The first is over the limit of a file, the second over the limit of the line: clamd hangs up in the middle of it.
    for (name, size) in [("large.pdf", Scanner::MOST + 1), ("larger.pdf", Scanner::MOST * 5)] {
        asked.send(name, &large_pdf(size)).await?;
        let row = asked.wait(|row| scan_of(row, name) == ScanState::NotScanned).await?;
        let file = row.files.iter().find(|file| file.file_name == name).context("no file")?;
        ensure!(file.scan_note == "over_limit" && file.openable, "{file:?}");
        let page = asked.visitor.get(&format!("/tasks/{}", asked.step)).await?;
        page.shows("Not scanned, allowed by policy: it is too large for the virus scanner")?;
        asked.visitor.get(&format!("/files/{}", file.id)).await?.is(StatusCode::OK)?;
        world.settle().await?;
        let mut nora = world.staff("northwind", "nora@northwind.example").await?;
        nora.get("/console/audit").await?.shows(&format!("{name} (not scanned, allowed by policy)"))?;
    }
    Ok(())
}

/// While the scanner is away a file waits and says so, whatever the policy; when it is back the file opens by itself.
pub(super) async fn while_the_scanner_is_away_files_wait_and_say_so() -> Outcome {
    let mut scanner = Scanner::start()?;
    let world = World::demo_with_scanner(&scanner).await?;
    let mut asked = Asked::of(&world).await?;
    scanner.vanish()?;
    asked.send("plan.pdf", &pdf("Server plan", 1)).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let row = asked.row().await?;
    ensure!(scan_of(&row, "plan.pdf") == ScanState::Pending && !row.files[0].openable, "{row:?}");
    let page = asked.visitor.get(&format!("/tasks/{}", asked.step)).await?;
    ensure!(plain(&page.text()).contains("Being checked for viruses"), "the page does not say so");
    let answer = asked.visitor.get(&format!("/files/{}", row.files[0].id)).await?;
    ensure!(!answer.status.is_success(), "it opens before anybody has looked: {}", answer.status);
    scanner.come()?;
    let row = asked.wait(|row| scan_of(row, "plan.pdf") == ScanState::Clean).await?;
    asked.visitor.get(&format!("/files/{}", row.files[0].id)).await?.is(StatusCode::OK)?;
    Ok(())
}
