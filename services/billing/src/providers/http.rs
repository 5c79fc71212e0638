//! One HTTPS request to a provider, with a limit on time and size.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use super::ProviderError;

/// The longest that a call may take.
const LONGEST: Duration = Duration::from_secs(20);
/// The largest answer.
const LARGEST: usize = 4 * 1024 * 1024;

/// Sends a request to its own address and answers status and body.
pub(super) async fn send(request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), ProviderError> {
    match tokio::time::timeout(LONGEST, connect_and_send(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(ProviderError::Away(format!("no answer within {} s", LONGEST.as_secs()))),
    }
}

async fn connect_and_send(request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), ProviderError> {
    let uri = request.uri().clone();
    let host =
        uri.host().ok_or_else(|| ProviderError::Away("an address without a host".to_owned()))?.to_owned();
    let tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(away)?;
    if !tls {
        return over(stream, request, &uri).await;
    }
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(away)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(away)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(away)?;
    over(stream, request, &uri).await
}

async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    mut request: Request<Full<Bytes>>,
    uri: &Uri,
) -> Result<(StatusCode, Bytes), ProviderError> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(away)?;
    let connection = tokio::spawn(connection);
    if let Some(authority) = uri.authority()
        && let Ok(host) = authority.as_str().parse()
    {
        request.headers_mut().insert(http::header::HOST, host);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(away)?;
    let response = sender.send_request(request).await.map_err(away)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    connection.abort();
    let body = body.map_err(|error| ProviderError::Away(error.to_string()))?.to_bytes();
    Ok((status, body))
}

fn away(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Away(error.to_string())
}
