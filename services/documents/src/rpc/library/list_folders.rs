//! Lists the folders that somebody sees: the outermost ones, or all.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use portico_core::{AccountId, FolderId, RecordId};
use portico_proto::documents::v1::{ListFoldersRequest, ListFoldersResponse};

use crate::{
    access, convert,
    domain::library::Folder,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

/// The outermost folders in one answer, and all of them.
const MOST: [i64; 2] = [500, 2000];
/// Questions to a peer at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListFoldersRequest,
) -> Result<ListFoldersResponse, DocumentsError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let record: Option<RecordId> =
        if request.record_id.is_empty() { None } else { Some(request.record_id.parse()?) };
    if account.is_some_and(|account| !call.ctx.actor.accounts.includes(account)) {
        return Err(DocumentsError::NotFound);
    }
    if let Some(record) = record
        && !access::reads(service, &call, record).await?
    {
        return Err(DocumentsError::NotFound);
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let folders =
        store::folders::list(&mut tx, account, record, request.deep, MOST[usize::from(request.deep)]).await?;
    drop(tx);
    // Folders of a record are there for those who read the record.
    let records: BTreeSet<RecordId> = folders.iter().filter_map(|folder| folder.record_id).collect();
    let mut read = BTreeMap::new();
    for some in records.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        let answers = join_all(some.iter().map(|record| access::reads(service, &call, *record))).await;
        for (record, answer) in some.iter().zip(answers) {
            read.insert(*record, answer?);
        }
    }
    let seen = folders.iter().filter(|folder| folder.record_id.is_none_or(|record| read[&record]));
    let shown: BTreeSet<FolderId> = folders.iter().map(|folder| folder.id).collect();
    let parent = |folder: &Folder| folder.parent_id.filter(|around| request.deep && shown.contains(around));
    Ok(ListFoldersResponse { folders: seen.map(|folder| convert::folder(folder, parent(folder))).collect() })
}
