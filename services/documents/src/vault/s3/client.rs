//! Requests to the object store: signed, sent, and sent again where that may help.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use url::Url;

use super::{
    address::{S3Address, S3Config},
    error::S3Error,
    keys::Keys,
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one request may take until its answer begins; a part of an upload is within it.
const ANSWER: Duration = Duration::from_secs(120);
/// How long a signature holds: all tries of a request, and clocks that differ.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);
/// How often a request is sent before it fails.
const TRIES: u32 = 4;
/// The pause before the second try; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The largest answer that is no file.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// A bucket, and the connections to its server.
pub(super) struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub(super) bucket: Bucket,
    keys: Keys,
}

/// A request that is ready to be sent, as often as needed.
pub(super) struct Signed {
    method: &'static str,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Signed {
    /// A request without a body.
    pub(super) fn new<'a, A: S3Action<'a>>(action: &A) -> Self {
        let url = action.sign(SIGNED_FOR);
        Self { method: A::METHOD.to_str(), url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn body(self, body: Bytes) -> Self {
        Self { body, ..self }
    }

    /// Adds a header. `x-amz-` ones must be part of the signature as well.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Result<Self, S3Error> {
        let value = value.parse().map_err(|_| S3Error::Odd(format!("{name} cannot be {value:?}")))?;
        self.headers.insert(name, value);
        Ok(self)
    }
}

impl Client {
    pub(super) fn new(config: &S3Config) -> anyhow::Result<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(config.certificate.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .build(connector);
        Ok(Self { http, bucket: bucket(&config.address)?, keys: Keys::new(config.keys.clone()) })
    }

    /// The keys to sign with.
    pub(super) async fn keys(&self) -> Result<Arc<Credentials>, S3Error> {
        Ok(self.keys.current().await?)
    }

    /// The answer to a request, once its headers are there. Where the server did not answer, or was too busy, it is asked again.
    pub(super) async fn send(&self, request: Signed) -> Result<Response<Incoming>, S3Error> {
        let mut tries = 0;
        loop {
            let error = match self.once(&request, tries > 0).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            if tries == TRIES || !error.may_pass() {
                return Err(error);
            }
            tracing::debug!("{} {} is tried again: {error}", request.method, request.url.path());
            pause(tries).await;
        }
    }

    /// The same, with the whole answer, which must be a text.
    pub(super) async fn ask(&self, request: Signed) -> Result<String, S3Error> {
        let body = whole(self.send(request).await?.into_body(), LARGEST_ANSWER).await?;
        String::from_utf8(body.into()).map_err(|_| S3Error::Odd("an answer is no text".to_owned()))
    }

    async fn once(&self, request: &Signed, repeated: bool) -> Result<Response<Incoming>, S3Error> {
        let mut sent = http::Request::builder()
            .method(request.method)
            .uri(request.url.as_str())
            .body(Full::new(request.body.clone()))
            .map_err(|error| S3Error::Odd(error.to_string()))?;
        sent.headers_mut().clone_from(&request.headers);
        // Servers want it for an empty body as well.
        if matches!(request.method, "PUT" | "POST") {
            sent.headers_mut().insert(CONTENT_LENGTH, request.body.len().into());
        }
        let answer = match tokio::time::timeout(ANSWER, self.http.request(sent)).await {
            Ok(answer) => answer.map_err(|error| S3Error::away(&error))?,
            Err(_) => return Err(S3Error::Away(format!("no answer within {} s", ANSWER.as_secs()))),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        // What an error says is for the log; where it cannot be read, the status says enough.
        let body = whole(answer.into_body(), LARGEST_ANSWER).await.unwrap_or_default();
        Err(S3Error::refused(status, &String::from_utf8_lossy(&body), repeated))
    }
}

/// The time to wait after so many tries.
pub(super) async fn pause(tries: u32) {
    tokio::time::sleep(PAUSE * 2_u32.pow(tries.saturating_sub(1).min(8))).await;
}

/// A body as one buffer.
pub(super) async fn whole(body: Incoming, limit: usize) -> Result<Bytes, S3Error> {
    let body = tokio::time::timeout(ANSWER, Limited::new(body, limit).collect()).await;
    let body = body.map_err(|_| S3Error::Away("an answer did not come to its end".to_owned()))?;
    Ok(body.map_err(|error| S3Error::Away(error.to_string()))?.to_bytes())
}

fn bucket(address: &S3Address) -> anyhow::Result<Bucket> {
    let amazon = || format!("https://s3.{}.amazonaws.com", address.region).parse();
    let endpoint = address.endpoint.clone().map_or_else(amazon, Ok)?;
    // A certificate for *.s3.… holds for one label, so names with dots go into the path there too.
    let suits = address.endpoint.is_none() && !address.bucket.contains('.');
    let style = if address.in_host.unwrap_or(suits) { UrlStyle::VirtualHost } else { UrlStyle::Path };
    Ok(Bucket::new(endpoint, style, address.bucket.clone(), address.region.clone())?)
}

fn tls(certificate: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = certificate {
        let wrong = || format!("{} is no PEM file with a certificate for the file store", path.display());
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(path).with_context(wrong)? {
            roots.add(certificate.with_context(wrong)?).with_context(wrong)?;
        }
        anyhow::ensure!(roots.len() > before, wrong());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Whether a status may be another one soon.
pub(super) fn is_busy(status: StatusCode) -> bool {
    status.is_server_error()
        && status != StatusCode::NOT_IMPLEMENTED
        && status != StatusCode::INSUFFICIENT_STORAGE
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
