//! An authority of our own, played by openssl.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, ensure};
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use portico_documents::{
    DATA_AGREEMENT,
    seal::{Level, seal_with},
};

use super::{
    judges::Judges,
    samples::{Key, draft, now},
};
use crate::harness::Outcome;

const CONFIGURATION: &str = "[tsa]\ndefault_tsa = own\n[own]\nserial = serial\nsigner_digest = sha256\n\
    default_policy = 1.2.3.4.1\ndigests = sha256, sha384, sha512\naccuracy = secs:1\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n";

/// Starts an authority on a free port and answers its address and certificate.
async fn authority(judges: &Judges) -> anyhow::Result<(String, String)> {
    judges.file("tsa.cnf", CONFIGURATION.as_bytes())?;
    judges.file("serial", b"01\n")?;
    judges.openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "tsa.key",
        "-out",
        "tsa.pem",
        "-days",
        "30",
        "-subj",
        "/CN=Time",
        "-addext",
        "extendedKeyUsage=critical,timeStamping",
        "-addext",
        "keyUsage=critical,digitalSignature",
    ])?;
    let router = Router::new().route("/tsa", post(answer)).with_state(Arc::new(judges.folder().to_owned()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/tsa", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let certificate = std::fs::read_to_string(judges.folder().join("tsa.pem")).context("its certificate")?;
    Ok((url, certificate))
}

async fn answer(State(folder): State<Arc<PathBuf>>, question: Bytes) -> Result<Vec<u8>, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    std::fs::write(folder.join("question.tsq"), &question).map_err(failed)?;
    let status = tokio::process::Command::new("openssl")
        .args(["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "question.tsq", "-signer", "tsa.pem"])
        .args(["-inkey", "tsa.key", "-out", "answer.tsr"])
        .current_dir(&*folder)
        .status()
        .await
        .map_err(failed)?;
    if !status.success() {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    std::fs::read(folder.join("answer.tsr")).map_err(failed)
}

pub(super) async fn a_timestamp_authority_raises_the_level() -> Outcome {
    let judges = Judges::new()?;
    let (url, certificate) = authority(&judges).await?;
    let key = Key::today()?;
    let sealed = seal_with(&key.key, Some(&url), [9; 8], draft(DATA_AGREEMENT, now())?).await?;
    ensure!(sealed.level == Level::T && sealed.note.is_empty(), "{:?}: {}", sealed.level, sealed.note);
    let said = judges.agree("with a timestamp", &sealed.bytes, &[&key.root, &certificate])?;
    ensure!(said.timestamp, "pyHanko says {said:?}");
    Ok(())
}

/// Nobody there, a refusal, nonsense, and the answer to another question: the file is sealed all the same.
pub(super) async fn a_silent_authority_costs_the_level_only() -> Outcome {
    let judges = Judges::new()?;
    let (good, _) = authority(&judges).await?;
    let old = about_something_else(&good).await?;
    let router = Router::new()
        .route("/refuses", post(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/nonsense", post(|| async { vec![0x30_u8; 64] }))
        .route("/large", post(|| async { vec![0_u8; 1 << 20] }))
        .route("/other", post(move || async move { old }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let key = Key::today()?;
    let mut urls: Vec<String> = ["refuses", "nonsense", "large", "other", "absent"]
        .iter()
        .map(|path| format!("{base}/{path}"))
        .collect();
    urls.push("http://127.0.0.1:9/tsa".to_owned());
    for url in urls {
        let sealed = seal_with(&key.key, Some(&url), [9; 8], draft(DATA_AGREEMENT, now())?).await?;
        ensure!(
            sealed.level == Level::B && !sealed.note.is_empty(),
            "{url}: {:?} {}",
            sealed.level,
            sealed.note
        );
        judges.agree(&url, &sealed.bytes, &[&key.root])?;
    }
    Ok(())
}

/// The answer that an authority gave about something else.
async fn about_something_else(url: &str) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("data"), b"something else")?;
    let output = tokio::process::Command::new("openssl")
        .args(["ts", "-query", "-data", "data", "-sha256", "-cert"])
        .current_dir(folder.path())
        .output()
        .await?;
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request =
        http::Request::post(url).body(http_body_util::Full::new(bytes::Bytes::from(output.stdout)))?;
    let answer = client.request(request).await?;
    Ok(http_body_util::BodyExt::collect(answer.into_body()).await?.to_bytes().to_vec())
}
