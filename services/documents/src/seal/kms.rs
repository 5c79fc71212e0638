//! A key in AWS KMS, which signs and never gives itself away. What is sent there are the attributes of the seal: hashes, and nothing of
//! the document.

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use der::Decode as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use portico_core::SharedClock;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use x509_cert::Certificate;

use super::{
    error::SealError,
    key::{SealAlgorithm, SealCertificate, SealKey},
};

/// How long a signature may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer, in bytes.
const LARGEST: usize = 64 * 1024;
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
const SIGN: &str = "TrentService.Sign";

/// Where a key lies: `aws-kms:alias/seal?region=eu-central-1`, by its id, alias or ARN; `&endpoint=` for a server that is not Amazon's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsAddress {
    key: String,
    region: String,
    /// Scheme and host.
    endpoint: String,
}

/// A key in a key service, and whose seal it makes.
#[derive(Debug, Clone)]
pub struct KmsConfig {
    /// Which key.
    pub address: KmsAddress,
    /// A PEM file with the certificate of its public key, and those that vouch for it.
    pub certificate: PathBuf,
    /// What requests are signed with.
    pub keys: KmsKeys,
}

/// What requests to the key service are signed with.
#[derive(Clone)]
pub struct KmsKeys {
    /// The id of the access key.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// The token of the session that it belongs to, where it does.
    pub token: Option<String>,
}

impl std::fmt::Debug for KmsKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KmsKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

impl FromStr for KmsAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted =
            || "write aws-kms:, the key, and its region, such as aws-kms:alias/seal?region=eu-central-1";
        let (key, query) =
            text.strip_prefix("aws-kms:").and_then(|rest| rest.split_once('?')).ok_or_else(wanted)?;
        let (mut region, mut endpoint) = (String::new(), String::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "region" => region = value.into_owned(),
                "endpoint" => endpoint = value.trim_end_matches('/').to_owned(),
                other => return Err(format!("{other} is no part of such an address; {}", wanted())),
            }
        }
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if key.is_empty() || region.is_empty() || !plain(&region) {
            return Err(wanted().to_owned());
        }
        if endpoint.is_empty() {
            endpoint = format!("https://kms.{region}.amazonaws.com");
        }
        let url = url::Url::parse(&endpoint).map_err(|error| format!("its endpoint: {error}"))?;
        let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if !(url.scheme() == "https" || (url.scheme() == "http" && here)) || url.path() != "/" {
            return Err("its endpoint must begin with https:// and name nothing but the host".to_owned());
        }
        Ok(Self { key: key.to_owned(), region, endpoint })
    }
}

/// A key in AWS KMS.
pub struct KmsKey {
    address: KmsAddress,
    keys: KmsKeys,
    certificate: SealCertificate,
    clock: SharedClock,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl std::fmt::Debug for KmsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KmsKey").field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Signature")]
    signature: String,
}

/// How the service says no; other words of its are not repeated.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// A request for an act of the key service, with its signature (AWS Signature Version 4).
fn signed(
    address: &KmsAddress,
    keys: &KmsKeys,
    (target, body): (&str, Vec<u8>),
    now: DateTime<Utc>,
) -> Result<http::Request<Full<Bytes>>, String> {
    let url = format!("{}/", address.endpoint);
    let headers = [("content-type", MEDIA_TYPE), ("x-amz-target", target)];
    let KmsKeys { id, secret, token } = keys;
    let identity = Credentials::new(id, secret, token.clone(), None, "portico").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&address.region)
        .name("kms")
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let whole = SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body));
    let made = sign(whole.map_err(|error| error.to_string())?, &parameters);
    let (signature, _) = made.map_err(|error| error.to_string())?.into_parts();
    let mut request = http::Request::post(&url);
    for (name, value) in headers.into_iter().chain(signature.headers()) {
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())
}

impl KmsKey {
    /// A key with the certificates that say whose it is. The service is asked when something is to be sealed.
    ///
    /// # Errors
    /// [`SealError::Key`] where the certificates cannot be used.
    pub fn new(config: &KmsConfig, clock: SharedClock) -> Result<Self, SealError> {
        let wrong =
            |reason: String| SealError::Key { path: config.certificate.display().to_string(), reason };
        let bytes = std::fs::read(&config.certificate).map_err(|error| wrong(error.to_string()))?;
        let blocks = pem::parse_many(bytes).map_err(|error| wrong(error.to_string()))?;
        let chain = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
        let chain: Result<Vec<_>, _> = chain.map(|block| Certificate::from_der(block.contents())).collect();
        let chain = chain.map_err(|error| wrong(error.to_string()))?;
        let certificate = SealCertificate::new(chain, false).map_err(wrong)?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let tls = tls().map_err(|error| SealError::Refused(error.to_string()))?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { address: config.address.clone(), keys: config.keys.clone(), certificate, clock, http })
    }

    async fn ask(&self, body: Vec<u8>) -> Result<Bytes, String> {
        let request = signed(&self.address, &self.keys, (SIGN, body), self.clock.now())?;
        let answer = self.http.request(request).await;
        let answer = answer.map_err(|error| format!("the key service did not answer: {error}"))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| format!("the key service broke off: {error}"))?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let kind = serde_json::from_slice::<Refusal>(&body).map(|refusal| refusal.kind).unwrap_or_default();
        let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(80).collect();
        Err(format!("the key service answered {status} {kind}"))
    }
}

#[async_trait]
impl SealKey for KmsKey {
    fn certificate(&self) -> &SealCertificate {
        &self.certificate
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        let algorithm = match self.certificate.algorithm {
            SealAlgorithm::EcdsaP256 => "ECDSA_SHA_256",
            SealAlgorithm::Rsa => "RSASSA_PKCS1_V1_5_SHA_256",
        };
        let question = serde_json::json!({
            "KeyId": self.address.key,
            "Message": STANDARD.encode(message),
            "MessageType": "RAW",
            "SigningAlgorithm": algorithm,
        });
        let late =
            |_| SealError::Refused(format!("the key service took more than {} seconds", PATIENCE.as_secs()));
        let asked = tokio::time::timeout(PATIENCE, self.ask(question.to_string().into_bytes()));
        let answer = asked.await.map_err(late)?.map_err(SealError::Refused)?;
        let odd = || SealError::Refused("the answer of the key service cannot be read".to_owned());
        let answer: Answer = serde_json::from_slice(&answer).map_err(|_| odd())?;
        STANDARD.decode(answer.signature).map_err(|_| odd())
    }
}

#[cfg(test)]
mod tests;
