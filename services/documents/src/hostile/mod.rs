//! Two hundred broken and hostile files, and what becomes of each: refused in words, or made harmless. Nothing that comes in may end
//! the service, reach beyond the caps of the preview worker, or leave again as something that a browser would run.

mod archives;
mod doors;
mod images;
mod markup;
mod names;
mod pdfs;

use std::time::Duration;

use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::documents::v1::GetPageTextRequest;

use crate::{
    DocumentsConfig,
    preview::{Caps, PreviewConfig},
    testing::{Fixture, refused},
};

/// What has to become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is refused, and this word stands in the reason.
    Refused(&'static str),
    /// It is kept, and harmless.
    Harmless,
    /// One of the two.
    Either,
}

struct Hostile {
    /// What is wrong with it.
    what: String,
    name: String,
    bytes: Vec<u8>,
    fate: Fate,
}

impl Hostile {
    fn new(what: impl Into<String>, name: &str, bytes: impl Into<Vec<u8>>, fate: Fate) -> Self {
        Self { what: what.into(), name: name.to_owned(), bytes: bytes.into(), fate }
    }
}

fn all() -> Vec<Hostile> {
    [pdfs::all(), archives::all(), images::all(), markup::all(), names::all()].into_iter().flatten().collect()
}

/// Tight caps, so that two hundred files cost little.
fn tight() -> DocumentsConfig {
    let caps = Caps {
        processor: Duration::from_secs(3),
        wall_clock: Duration::from_secs(8),
        memory: 512 * 1024 * 1024,
        output: 16 * 1024 * 1024,
        ..Caps::default()
    };
    let preview = PreviewConfig { caps, ..DocumentsConfig::default().preview };
    DocumentsConfig { preview, ..DocumentsConfig::default() }
}

/// Percent-encodes a name for its header.
fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What went wrong with one file; nothing where all is well.
async fn try_one(fixture: &Fixture, client: &Ctx, file: &Hostile) -> Result<(), String> {
    let path = format!("/attachments?record_id={}", fixture.record);
    let name = encoded(&file.name);
    let upload = fixture.upload(client, &path, &name, &file.bytes);
    let answer = tokio::time::timeout(Duration::from_secs(60), upload).await;
    let answer = match (answer.map_err(|_| "the upload never ends")?, file.fate) {
        (Err(problem), Fate::Refused(word)) if problem.message.contains(word) => return in_words(&problem),
        (Err(problem), Fate::Either) => return in_words(&problem),
        (Err(problem), _) => return Err(format!("it is refused: {}", problem.message)),
        (Ok(_), Fate::Refused(_)) => return Err("it is taken".to_owned()),
        (Ok(answer), _) => answer,
    };
    let name = answer["file_name"].as_str().unwrap_or_default();
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if name.is_empty() || name.len() > 180 || name.contains(['/', '\\', '"']) || name.contains(unseen) {
        return Err(format!("its name is kept as {name:?}"));
    }
    let version = answer["version_id"].as_str().unwrap_or_default();
    let got = fixture.get(client, &format!("/versions/{version}?inline=1")).await;
    let got = got.map_err(|problem| format!("it cannot be fetched: {}", problem.message))?;
    let header =
        |name: &str| got.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header("content-type");
    let shown = header("content-disposition").starts_with("inline");
    if got.body() != &file.bytes {
        return Err("other bytes come back".to_owned());
    }
    if shown && !(kind == "application/pdf" || kind.starts_with("image/"))
        || kind.contains("html")
        || kind.contains("svg")
    {
        return Err(format!("a browser would show it as {kind}"));
    }
    if !header("content-security-policy").contains("sandbox") || header("x-content-type-options") != "nosniff"
    {
        return Err("it leaves without its fetters".to_owned());
    }
    for page in [1, 2] {
        let drawn = fixture.get(client, &format!("/versions/{version}/pages/{page}")).await;
        let asked = GetPageTextRequest { version_id: version.to_owned(), page };
        let read = fixture.documents(client).get_page_text(asked).await;
        for problem in [drawn.err(), read.is_err().then(|| refused(read))].into_iter().flatten() {
            in_words(&problem)?;
        }
    }
    Ok(())
}

/// A refusal is for people, and no defect.
fn in_words(problem: &Problem) -> Result<(), String> {
    let defect = matches!(problem.code, ErrorCode::Internal | ErrorCode::Unavailable);
    if defect || problem.message.len() < 15 { Err(format!("a defect: {problem:?}")) } else { Ok(()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_hostile_files_are_refused_in_words_or_harmless() {
    let fixture = Fixture::with(tight()).await;
    let client = fixture.client("client");
    let files = all();
    assert!(files.len() >= 200, "only {}", files.len());
    let (mut wrong, mut kept) = (Vec::new(), 0);
    for file in &files {
        let before = fixture.rows("versions").await;
        if let Err(why) = try_one(&fixture, &client, file).await {
            wrong.push(format!("{} ({}): {why}", file.what, file.name.escape_debug()));
        }
        kept += fixture.rows("versions").await - before;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
    // What was refused left nothing, and nothing lies about in the clear.
    assert_eq!(i64::try_from(fixture.blobs()).unwrap(), kept);
    assert!(kept > 50 && kept < i64::try_from(files.len()).unwrap() - 50, "{kept} of {}", files.len());
}
