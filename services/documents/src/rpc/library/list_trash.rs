//! Lists what of an account is in the trash.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::AccountId;
use portico_proto::{
    documents::v1::{ListTrashRequest, ListTrashResponse, Trashed},
    time,
};
use portico_service::page;
use uuid::Uuid;

use crate::{
    access, convert,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListTrashRequest,
) -> Result<ListTrashResponse, DocumentsError> {
    let account: AccountId = request.account_id.parse()?;
    if !call.ctx.actor.accounts.includes(account) {
        return Err(DocumentsError::NotFound);
    }
    peers::account(service, &call.caller, account).await?;
    let size = page::size(request.page_size, 50, 200);
    let after = page::key::<(DateTime<Utc>, Uuid)>(&request.page_token).map_err(DocumentsError::Invalid)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::filed::trashed(&mut tx, account, after, size + 1).await?;
    let next_page_token = page::cut(&mut found, size, |last| (last.at, last.id.0));
    let ids: Vec<Uuid> = found.iter().map(|each| each.id.0).collect();
    let versions = store::versions::of_documents(&mut tx, &ids).await?;
    let mut rows = Vec::with_capacity(found.len());
    for each in found {
        let Some(document) = store::documents::read(&mut tx, each.id).await? else { continue };
        rows.push((each, document));
    }
    drop(tx);
    let (mut read, mut documents) = (HashMap::new(), Vec::with_capacity(rows.len()));
    for (each, document) in rows {
        if let Some(record) = each.record_id {
            let reads = match read.get(&record) {
                Some(known) => *known,
                None => access::reads(service, &call, record).await?,
            };
            read.insert(record, reads);
            if !reads {
                continue;
            }
        }
        let own: Vec<_> =
            versions.iter().filter(|version| version.document_id == each.id).take(1).cloned().collect();
        let removed_at = each.at + TimeDelta::days(i64::from(service.config.trash_days));
        documents.push(Trashed {
            document: Some(convert::document(&document, &own, policy)),
            trashed_by: each.by,
            trashed_at: Some(time::timestamp(each.at)),
            removed_at: (!each.kept).then(|| time::timestamp(removed_at)),
            folder_name: each.folder_name,
        });
    }
    Ok(ListTrashResponse { documents, next_page_token })
}
