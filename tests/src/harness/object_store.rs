//! moto, an object store of S3's kind that is not ours, with one bucket.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use portico_documents::{S3Config, S3Keys};

use super::case::skip;

const SERVER: &str = include_str!("../../../services/documents/src/vault/s3/moto.py");

/// A running store; it ends with the test.
pub(crate) struct ObjectStore {
    child: Child,
    address: SocketAddr,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl ObjectStore {
    /// Starts one and makes its bucket; skips where moto is missing.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let python = std::env::var_os("PORTICO_MOTO").ok_or_else(|| {
            skip("moto is missing: scripts/test fetches it and names its Python in PORTICO_MOTO")
        })?;
        let mut child = Command::new(python)
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting moto")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("moto has no output")?).read_line(&mut line)?;
        let port: u16 = line.trim().parse().context("moto did not start")?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let store = Self { child, address: ([127, 0, 0, 1], port).into(), client };
        store.ask(Method::PUT, "").await?;
        Ok(store)
    }

    /// The setting that has files lie in its bucket.
    pub(crate) fn config(&self) -> anyhow::Result<S3Config> {
        let keys = S3Keys::Given { id: "test".to_owned(), secret: "test".to_owned(), token: None };
        let address = format!("s3://files/portal?endpoint=http://{}", self.address).parse()?;
        Ok(S3Config { address, keys, certificate: None })
    }

    /// The keys of its objects, and those of uploads that are not finished.
    pub(crate) async fn keys(&self) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let keys = |text: String| {
            text.split("<Key>").skip(1).filter_map(|part| Some(part.split_once('<')?.0.to_owned())).collect()
        };
        Ok((
            keys(self.ask(Method::GET, "?list-type=2").await?),
            keys(self.ask(Method::GET, "?uploads").await?),
        ))
    }

    async fn ask(&self, method: Method, query: &str) -> anyhow::Result<String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/files{query}", self.address))
            .header("content-length", "0")
            .body(Empty::new())?;
        let answer = self.client.request(request).await?;
        ensure!(answer.status() == StatusCode::OK, "moto answers {}", answer.status());
        Ok(String::from_utf8(answer.into_body().collect().await?.to_bytes().into())?)
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
