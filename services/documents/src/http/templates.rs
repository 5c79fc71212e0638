//! A template file, put in the place that definitions name.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
};
use portico_core::{ActorKind, DocumentId};
use portico_rpc::Incoming;

use super::{
    Refusal, Uploaded,
    receive::{Landed, discard, ids, receive, settle, uploader},
};
use crate::{
    content::{Accept, Active, check_pdf, safe_file_name},
    domain::document::{FileFacts, Template, is_template_path},
    error::DocumentsError,
    events::publish,
    service::{Call, Service, SharedService},
    signing::SigningError,
    store,
};

pub(super) async fn put(
    State(service): State<SharedService>,
    Path(path): Path<String>,
    incoming: Incoming,
    body: Body,
) -> Result<Uploaded, Refusal> {
    let call = Call::of(&incoming)?;
    if call.ctx.actor.kind != ActorKind::Staff {
        return Err(DocumentsError::NotFound.into());
    }
    if !call.ctx.has_role("admin") {
        return Err(DocumentsError::Forbidden.into());
    }
    if !is_template_path(&path) {
        let text = "Use a relative path of plain words that ends in .pdf, such as templates/agreement.pdf.";
        return Err(DocumentsError::invalid("path", text).into());
    }
    let person = uploader(&call)?;
    let name = safe_file_name(&path);
    let (_, id) = ids(&service, None);
    let limit = service.config.largest_template;
    let landed = receive(&service, &call, (DocumentId(id.0), id), name, body, limit, &[Accept::Pdf]).await?;
    let file = match structure(&service, &landed).await {
        Ok(pages) => FileFacts { pages, ..landed.file.clone() },
        Err(error) => {
            discard(&service, landed.tenant, landed.version).await;
            return Err(error.into());
        }
    };
    let template = Template {
        path,
        version_id: landed.version,
        file,
        uploaded_by: person,
        uploaded_at: service.clock.now(),
    };
    let work = {
        let service = Arc::clone(&service);
        async move {
            let mut tx = service.store.begin(&call.ctx).await?;
            let before = store::templates::put(&mut tx, &template).await?;
            publish::template_uploaded(&service, &mut tx, &template).await?;
            tx.commit().await?;
            // Envelopes have copies of their own.
            if let Some(before) = before {
                discard(&service, call.ctx.tenant, before).await;
            }
            Ok(template)
        }
    };
    let template = settle(&service, &landed, work).await?;
    Ok(Uploaded {
        document_id: String::new(),
        version_id: template.version_id.to_string(),
        file_name: template.file.name,
        size: template.file.size,
        media_type: template.file.media_type,
        event: String::new(),
    })
}

/// The pages of a template that can be signed.
pub(super) async fn structure(service: &Service, landed: &Landed) -> Result<i32, DocumentsError> {
    if !landed.file.active.is_empty() {
        return Err(acting(&landed.file.active));
    }
    let stored = landed.file.stored(landed.tenant, landed.document, landed.version);
    let bytes = service.vault.read_all(&stored, service.config.largest_template).await?;
    let checked = tokio::task::spawn_blocking(move || check_pdf(&bytes)).await;
    let facts = checked
        .map_err(|error| DocumentsError::Unreadable(error.to_string()))?
        .map_err(|error| DocumentsError::File(error.to_string()))?;
    if facts.sealed {
        return Err(DocumentsError::File(SigningError::Sealed.to_string()));
    }
    Ok(i32::try_from(facts.pages).unwrap_or_default())
}

/// Why a paper that acts is not signed: its signers would not know what it does, or what else it shows.
fn acting(active: &[Active]) -> DocumentsError {
    let found = active.iter().map(|active| active.called()).collect::<Vec<_>>().join(", ");
    DocumentsError::File(format!(
        "This PDF holds {found}. Nobody can sign what may act or change when it is opened. Please print it to a new PDF and upload \
         that."
    ))
}
