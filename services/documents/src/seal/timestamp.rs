//! When a seal was made, said by an authority that everybody knows: RFC 3161 over HTTP.
//!
//! It raises the seal from PAdES B-B to B-T. An authority that does not answer costs the level, never the seal.

use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use der::{
    Decode as _, Encode as _,
    asn1::{Int, OctetString},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use sha2::{Digest as _, Sha256};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use super::{
    cms::{self as signature, sha256},
    key::{SHA256, SHA384, SHA512},
};

/// How long the authority may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
pub(super) const LARGEST: usize = 24 * 1024;
const MEDIA_TYPE: &str = "application/timestamp-query";

/// Asks the authority at `url` about a signature and answers its token. `nonce` ties the answer to the question.
///
/// # Errors
/// Why there is no timestamp, in words for whoever runs the installation.
pub(super) async fn ask(url: &str, signed: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, String> {
    let question = question(signed, nonce).map_err(|error| error.to_string())?;
    let request = http::Request::post(url)
        .header(http::header::CONTENT_TYPE, MEDIA_TYPE)
        .body(Full::new(Bytes::from(question)))
        .map_err(|error| error.to_string())?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("the timestamp authority answered {}", answer.status()));
        }
        let body =
            Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes())
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| {
        format!("the timestamp authority did not answer within {} seconds", PATIENCE.as_secs())
    })??;
    let answer =
        TimeStampResp::from_der(&answer).map_err(|error| format!("its answer cannot be read: {error}"))?;
    let token = answer
        .time_stamp_token
        .ok_or_else(|| format!("the timestamp authority refused: status {:?}", answer.status.status))?;
    let token = token.to_der().map_err(|error| error.to_string())?;
    let (_, echoed) =
        read(&token, signed).ok_or("its timestamp is not about this seal, or is not signed properly")?;
    if echoed.as_deref() != Some(&number(nonce)) {
        return Err("its timestamp answers another question".to_owned());
    }
    Ok(token)
}

fn question(signed: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, der::Error> {
    TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: sha256(),
            hashed_message: OctetString::new(Sha256::digest(signed).to_vec())?,
        },
        req_policy: None,
        nonce: Some(Int::new(&number(nonce))?),
        cert_req: true,
        extensions: None,
    }
    .to_der()
}

/// A number above zero, and in its shortest form.
fn number(mut nonce: [u8; 8]) -> [u8; 8] {
    nonce[0] = nonce[0] & 0x3f | 0x40;
    nonce
}

/// The moment that a token names for this signature, and the nonce. Nothing where it is about something else or was not
/// signed by the certificate it brings.
pub(super) fn read(token: &[u8], signed: &[u8]) -> Option<(DateTime<Utc>, Option<Vec<u8>>)> {
    let found = signature::read(token)?;
    let content = found.content?;
    let hash = match found.hash {
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        _ => return None,
    };
    let info = TstInfo::from_der(&content).ok()?;
    let about = &info.message_imprint;
    if digest::digest(hash, &content).as_ref() != found.digest.as_slice()
        || about.hash_algorithm.oid != SHA256
        || about.hashed_message.as_bytes() != Sha256::digest(signed).as_slice()
    {
        return None;
    }
    let seconds = i64::try_from(info.gen_time.to_unix_duration().as_secs()).ok()?;
    Some((DateTime::from_timestamp(seconds, 0)?, info.nonce.map(|nonce| nonce.as_bytes().to_vec())))
}
