//! Creation: an upload gets its address; its first bytes may come along.

use axum::{
    body::Body,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_rpc::Incoming;
use serde::Deserialize;

use super::{
    go::{self, NOTING},
    protocol::{Not, check_version, holds_bytes, number, tell},
};
use crate::{
    content::safe_file_name,
    domain::{
        drop_link::Sender,
        upload::{Claim, Target, Upload, expires, owner},
    },
    error::DocumentsError,
    http::{
        receive::ids,
        target::{Aim, aim},
    },
    service::{Call, Service, SharedService},
    store,
    vault::VaultError,
};

/// The longest header of metadata that is read, in bytes.
const LONGEST_METADATA: usize = 4096;

#[derive(Deserialize)]
pub(super) struct To {
    #[serde(rename = "for", default)]
    kind: String,
    #[serde(default)]
    id: String,
}

pub(super) async fn post(
    State(service): State<SharedService>,
    Query(to): Query<To>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Not> {
    check_version(&headers)?;
    let call = Call::of(&incoming).map_err(|_| DocumentsError::NotFound)?;
    let id = to.id.parse().map_err(|_| DocumentsError::NotFound)?;
    let target = Target::of(&to.kind, id).ok_or(DocumentsError::NotFound)?;
    let claim = owner(&call.ctx).ok_or(DocumentsError::Forbidden)?;
    let aim = aim(&service, &call, target).await?;
    let (upload, offset) =
        begin(&service, call, &headers, body, Place { target, aim, claim, sender: None }).await?;
    let mut response = StatusCode::CREATED.into_response();
    tell(response.headers_mut(), &upload, offset);
    if let Ok(location) = HeaderValue::from_str(&format!("/uploads/{}", upload.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Where an upload goes, and by what it is found again.
pub(in crate::http) struct Place {
    pub(in crate::http) target: Target,
    pub(in crate::http) aim: Aim,
    pub(in crate::http) claim: Claim,
    pub(in crate::http) sender: Option<Sender>,
}

/// Begins an upload that may be sent to `place`, with the bytes that come along, and answers how far it is.
pub(in crate::http) async fn begin(
    service: &SharedService,
    call: Call,
    headers: &HeaderMap,
    body: Body,
    place: Place,
) -> Result<(Upload, u64), Not> {
    let Place { target, aim, claim, sender } = place;
    if headers.contains_key("upload-defer-length") {
        return Err(Not::request("Say how large the file is: the length cannot be left for later."));
    }
    let size = number(headers, "upload-length")
        .ok_or_else(|| Not::request("Send the file's size in bytes in the header Upload-Length."))?;
    if size == 0 {
        return Err(DocumentsError::File("This file is empty. Please choose another one.".to_owned()).into());
    }
    let limit = aim.limit.min(service.config.largest_file);
    if size > limit {
        return Err(VaultError::TooLarge { limit }.into());
    }
    let name = file_name(headers)?;
    let first = if holds_bytes(headers) { number(headers, header::CONTENT_LENGTH.as_str()) } else { None };
    if first.is_some_and(|first| first > size) {
        return Err(too_much());
    }

    let now = service.clock.now();
    let (document, version) = ids(service, aim.document);
    let part = service.vault.begin_part(call.ctx.tenant, document, version, size).await?;
    let upload = Upload {
        id: version,
        account_id: aim.account,
        claim,
        sender,
        target,
        document_id: document,
        file_name: name,
        size,
        received: 0,
        key: part.key,
        created_at: now,
        expires_at: expires(claim, now, now),
        held: false,
        outcome: None,
    };
    keep(service, &call, claim, &upload).await?;
    match first.filter(|first| *first > 0) {
        Some(_) => go::first(service, call, upload, body).await,
        None => Ok((upload, 0)),
    }
}

/// Keeps a new upload, as long as its sender has a place for it.
async fn keep(service: &Service, call: &Call, claim: Claim, upload: &Upload) -> Result<(), Not> {
    let _turn = NOTING.acquire().await;
    let mut tx = service.store.begin(&call.ctx).await?;
    // Whoever begins at the same moment counts this one as well.
    store::uploads::hold_places(&mut tx, claim).await?;
    if store::uploads::count_open(&mut tx, claim).await? >= claim.most() {
        let text = match claim {
            Claim::Person(..) => {
                "You have too many unfinished uploads. Finish some, or wait a day, then try again."
            }
            Claim::Secret(..) => "Too many files are on their way by this link. Please try again later.",
        };
        return Err(Not::Now(StatusCode::TOO_MANY_REQUESTS, text.to_owned()));
    }
    store::uploads::insert(&mut tx, upload).await?;
    Ok(tx.commit().await?)
}

pub(super) fn too_much() -> Not {
    let text = "These are more bytes than the upload has left. Nothing of them was kept.";
    Not::Now(StatusCode::PAYLOAD_TOO_LARGE, text.to_owned())
}

/// The name among the metadata, made safe.
fn file_name(headers: &HeaderMap) -> Result<String, Not> {
    let wrong = || {
        Not::request(
            "Send the file's name in the header Upload-Metadata: the word filename, a space, and the name in Base64.",
        )
    };
    let metadata = headers.get("upload-metadata").and_then(|value| value.to_str().ok()).ok_or_else(wrong)?;
    if metadata.len() > LONGEST_METADATA {
        return Err(wrong());
    }
    let named = metadata.split(',').find_map(|pair| {
        let (key, value) = pair.trim().split_once(' ')?;
        matches!(key, "filename" | "name").then_some(value.trim())
    });
    let bytes = STANDARD.decode(named.ok_or_else(wrong)?).map_err(|_| wrong())?;
    let name = String::from_utf8(bytes).map_err(|_| wrong())?;
    if name.trim().is_empty() { Err(wrong()) } else { Ok(safe_file_name(&name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(metadata: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("upload-metadata", metadata.parse().unwrap());
        file_name(&headers).ok()
    }

    #[test]
    fn the_name_is_found_among_other_facts_and_made_safe() {
        assert_eq!(named("filetype YXBw,filename w5xiZXJzaWNodC5wZGY=").as_deref(), Some("Übersicht.pdf"));
        assert_eq!(named("filename Li4vLi4vZXRjL3Bhc3N3ZA==,is_confidential").as_deref(), Some("passwd"));
        for wrong in ["", "filename", "filename ", "filename !!", "filename /w==", "other YXBw"] {
            assert_eq!(named(wrong), None, "{wrong:?}");
        }
        assert!(named(&format!("filename {}", "YXBw".repeat(2000))).is_none());
        assert!(file_name(&HeaderMap::new()).is_err());
    }
}
