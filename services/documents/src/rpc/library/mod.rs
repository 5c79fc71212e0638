//! The RPCs of the library: one line each here, one file each beside.

mod create_folder;
mod delete_folder;
mod file_document;
mod get_folder;
mod get_sharing;
mod list_folders;
mod list_readings;
mod list_trash;
mod move_folder;
mod record_reading;
mod rename_folder;
mod restore_document;
mod restore_version;
mod set_sharing;
#[cfg(test)]
mod tests;
mod trash_document;

use portico_core::FolderId;
use portico_db::{StoreError, Tx};
use portico_proto::documents::v1::{library_server::Library, *};
use tonic::Request;

use super::{Answer, Rpc};
use crate::{
    access,
    domain::library::Folder,
    error::DocumentsError,
    service::{Call, Service},
    store,
};

#[tonic::async_trait]
impl Library for Rpc {
    async fn list_folders(&self, request: Request<ListFoldersRequest>) -> Answer<ListFoldersResponse> {
        self.serve(request, list_folders::handle).await
    }

    async fn get_folder(&self, request: Request<GetFolderRequest>) -> Answer<GetFolderResponse> {
        self.serve(request, get_folder::handle).await
    }

    async fn create_folder(&self, request: Request<CreateFolderRequest>) -> Answer<CreateFolderResponse> {
        self.serve(request, create_folder::handle).await
    }

    async fn rename_folder(&self, request: Request<RenameFolderRequest>) -> Answer<RenameFolderResponse> {
        self.serve(request, rename_folder::handle).await
    }

    async fn move_folder(&self, request: Request<MoveFolderRequest>) -> Answer<MoveFolderResponse> {
        self.serve(request, move_folder::handle).await
    }

    async fn delete_folder(&self, request: Request<DeleteFolderRequest>) -> Answer<DeleteFolderResponse> {
        self.serve(request, delete_folder::handle).await
    }

    async fn get_sharing(&self, request: Request<GetSharingRequest>) -> Answer<GetSharingResponse> {
        self.serve(request, get_sharing::handle).await
    }

    async fn set_sharing(&self, request: Request<SetSharingRequest>) -> Answer<SetSharingResponse> {
        self.serve(request, set_sharing::handle).await
    }

    async fn file_document(&self, request: Request<FileDocumentRequest>) -> Answer<FileDocumentResponse> {
        self.serve(request, file_document::handle).await
    }

    async fn restore_version(
        &self,
        request: Request<RestoreVersionRequest>,
    ) -> Answer<RestoreVersionResponse> {
        self.serve(request, restore_version::handle).await
    }

    async fn trash_document(&self, request: Request<TrashDocumentRequest>) -> Answer<TrashDocumentResponse> {
        self.serve(request, trash_document::handle).await
    }

    async fn restore_document(
        &self,
        request: Request<RestoreDocumentRequest>,
    ) -> Answer<RestoreDocumentResponse> {
        self.serve(request, restore_document::handle).await
    }

    async fn record_reading(&self, request: Request<RecordReadingRequest>) -> Answer<RecordReadingResponse> {
        self.serve(request, record_reading::handle).await
    }

    async fn list_readings(&self, request: Request<ListReadingsRequest>) -> Answer<ListReadingsResponse> {
        self.serve(request, list_readings::handle).await
    }

    async fn list_trash(&self, request: Request<ListTrashRequest>) -> Answer<ListTrashResponse> {
        self.serve(request, list_trash::handle).await
    }
}

/// A folder that the caller sees, then again within a transaction in which no folder of its account moves.
async fn hold(service: &Service, call: &Call, id: FolderId) -> Result<(Tx, Folder), DocumentsError> {
    let seen = access::folder(service, call, id).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::hold(&mut tx, seen.account_id).await?;
    let folder = store::folders::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if folder.record_id != seen.record_id {
        return Err(StoreError::Conflict.into());
    }
    Ok((tx, folder))
}

/// The refusal of a name that something beside has, at `field`.
fn taken(field: &str, what: &str) -> DocumentsError {
    DocumentsError::Invalid(
        portico_core::Problem::new(
            portico_core::ErrorCode::AlreadyExists,
            "name_taken",
            format!("There is a {what} of this name here already. Choose another name."),
        )
        .with_field(field, format!("There is a {what} of this name here already. Choose another name.")),
    )
}

/// A row that would be beside one of the same name.
fn or_taken(error: DocumentsError, field: &str, what: &str) -> DocumentsError {
    match error {
        DocumentsError::Store(StoreError::Duplicate { .. }) => taken(field, what),
        other => other,
    }
}
