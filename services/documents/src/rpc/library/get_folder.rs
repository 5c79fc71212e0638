//! Reads a folder with what is in it.

use portico_proto::documents::v1::{GetFolderRequest, GetFolderResponse};
use portico_service::page;

use crate::{
    access, convert,
    domain::library::key,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetFolderRequest,
) -> Result<GetFolderResponse, DocumentsError> {
    let folder = access::folder(service, &call, request.folder_id.parse()?).await?;
    let size = page::size(request.page_size, 50, 200);
    let after = page::key::<String>(&request.page_token).map_err(DocumentsError::Invalid)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;

    let mut tx = service.store.begin(&call.ctx).await?;
    let trail = store::folders::trail(&mut tx, &folder).await?;
    let folders =
        if after.is_none() { store::folders::children(&mut tx, folder.id).await? } else { Vec::new() };
    let mut documents = store::filed::list(&mut tx, &folder, after.as_deref(), size + 1).await?;
    drop(tx);
    let next_page_token = page::cut(&mut documents, size, |last| key(&last.document.title));
    let around =
        |place: usize| place.checked_sub(1).and_then(|before| trail.get(before)).map(|around| around.id);
    Ok(GetFolderResponse {
        folder: Some(convert::folder(&folder, trail.last().map(|around| around.id))),
        trail: trail.iter().enumerate().map(|(place, each)| convert::folder(each, around(place))).collect(),
        folders: folders.iter().map(|each| convert::folder(each, Some(folder.id))).collect(),
        documents: documents.iter().map(|each| convert::filed(each, policy)).collect(),
        next_page_token,
        max_bytes: i64::try_from(service.config.largest_file).unwrap_or(i64::MAX),
    })
}
