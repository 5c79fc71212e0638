//! One question to a calendar's server, with limits on time and size. Name and password go to that server alone.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName},
};
use url::Url;
use zeroize::Zeroizing;

use super::{Trouble, beside, place};

/// The longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest answer, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// The most times that a server may send the reader to another of its addresses.
const MOST_MOVES: usize = 3;

/// Who asks.
pub(super) struct Access {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    /// Whether servers in private networks, and those without TLS, are asked.
    pub(super) local: bool,
}

/// What is asked.
pub(super) struct Question<'a> {
    method: &'static str,
    depth: &'static str,
    body: &'a str,
}

impl<'a> Question<'a> {
    /// About what is at an address and, at the depth `1`, right below.
    pub(super) const fn list(body: &'a str, depth: &'static str) -> Self {
        Self { method: "PROPFIND", depth, body }
    }

    /// For what is in a calendar.
    pub(super) const fn report(body: &'a str) -> Self {
        Self { method: "REPORT", depth: "1", body }
    }
}

/// What a server says.
enum Said {
    /// The answer.
    Text(String),
    /// That it is at another address.
    Moved(String),
}

impl Access {
    /// Asks, and answers where the answer was found.
    pub(super) async fn ask(&self, at: &Url, question: &Question<'_>) -> Result<(Url, String), Trouble> {
        let mut at = at.clone();
        for _ in 0..=MOST_MOVES {
            match tokio::time::timeout(PATIENCE, self.send(&at, question)).await {
                Err(_) => return Err(Trouble::Away),
                Ok(Ok(Said::Text(text))) => return Ok((at, text)),
                Ok(Ok(Said::Moved(to))) => at = beside(&at, &to)?,
                Ok(Err(trouble)) => return Err(trouble),
            }
        }
        Err(Trouble::NoCalendar)
    }

    async fn send(&self, at: &Url, question: &Question<'_>) -> Result<Said, Trouble> {
        if at.scheme() != "https" && !self.local {
            return Err(Trouble::ClosedNetwork);
        }
        let address = place::find(at, self.local).await?;
        let request = self.request(at, question).ok_or(Trouble::NoCalendar)?;
        let stream = TcpStream::connect(address).await.map_err(|_| Trouble::Away)?;
        if at.scheme() != "https" {
            return exchange(stream, request).await;
        }
        let host = at.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|_| Trouble::Away)?;
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| Trouble::Away)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| {
            // What is said wrongly, not what breaks off.
            if error.kind() == std::io::ErrorKind::InvalidData { Trouble::Certificate } else { Trouble::Away }
        })?;
        exchange(stream, request).await
    }

    fn request(&self, at: &Url, question: &Question<'_>) -> Option<Request<Full<Bytes>>> {
        let pair = Zeroizing::new(format!("{}:{}", self.user, self.password.as_str()));
        let encoded = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
        let mut authorization = HeaderValue::from_str(&encoded).ok()?;
        authorization.set_sensitive(true);
        let host = match at.port() {
            Some(port) => format!("{}:{port}", at.host_str()?),
            None => at.host_str()?.to_owned(),
        };
        Request::builder()
            .method(Method::from_bytes(question.method.as_bytes()).ok()?)
            .uri(at.path())
            .header(HOST, host)
            .header(AUTHORIZATION, authorization)
            .header(USER_AGENT, "Portico")
            .header(CONTENT_TYPE, "application/xml; charset=utf-8")
            .header("depth", question.depth)
            .body(Full::new(Bytes::from(question.body.to_owned())))
            .ok()
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<Said, Trouble> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Trouble::Away)?;
    // Ends with this question, however that ends.
    let _connection = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(|_| Trouble::Away)?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        return to.map(|to| Said::Moved(to.to_owned())).ok_or(Trouble::NoCalendar);
    }
    judge(status)?;
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() { Trouble::TooLarge } else { Trouble::Away }
    })?;
    String::from_utf8(body.to_bytes().to_vec()).map(Said::Text).map_err(|_| Trouble::NoCalendar)
}

/// What a status means for whoever wants to read a calendar.
fn judge(status: StatusCode) -> Result<(), Trouble> {
    match status {
        StatusCode::MULTI_STATUS => Ok(()),
        StatusCode::UNAUTHORIZED => Err(Trouble::Password),
        StatusCode::FORBIDDEN => Err(Trouble::Refused),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Trouble::Missing),
        StatusCode::INSUFFICIENT_STORAGE => Err(Trouble::TooLarge),
        StatusCode::TOO_MANY_REQUESTS => Err(Trouble::Away),
        status if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => Err(Trouble::Away),
        _ => Err(Trouble::NoCalendar),
    }
}
