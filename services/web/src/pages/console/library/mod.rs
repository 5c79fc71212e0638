//! The firm's side of the library: folders of accounts and records, who sees them, documents with their versions, the trash.

use axum::{
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::pages::{Entry, Who};

mod document;
mod drops;
mod folder;
mod places;
mod sharing;
mod top;
mod trash;

const fn page(path: &'static str, mount: fn() -> axum::routing::MethodRouter<crate::web::Web>) -> Entry {
    Entry { path, who: Who::Staff, mount }
}

/// The pages of this group.
pub(crate) const PAGES: &[Entry] = &[
    page("/console/accounts/{account_id}/library", || get(top::of_account).post(top::create)),
    page("/console/accounts/{account_id}/trash", || get(trash::list)),
    page("/console/records/{record_id}/library", || get(top::of_record).post(top::create_of_record)),
    page("/console/folders/{folder_id}", || get(folder::show).post(folder::create)),
    page("/console/folders/{folder_id}/files", || post(folder::add).layer(DefaultBodyLimit::disable())),
    page("/console/folders/{folder_id}/rename", || post(folder::rename)),
    page("/console/folders/{folder_id}/move", || post(folder::shift)),
    page("/console/folders/{folder_id}/remove", || post(folder::remove)),
    page("/console/folders/{folder_id}/sharing", || get(sharing::of_folder).post(sharing::share_folder)),
    page("/console/folders/{folder_id}/drops", || get(drops::list).post(drops::create)),
    page("/console/folders/{folder_id}/drops/{drop_link_id}/end", || post(drops::end)),
    page("/console/documents/{document_id}", || get(document::show)),
    page("/console/documents/{document_id}/place", || post(document::place)),
    page("/console/documents/{document_id}/trash", || post(trash::put)),
    page("/console/documents/{document_id}/restore", || post(trash::restore)),
    page("/console/documents/{document_id}/sharing", || {
        get(sharing::of_document).post(sharing::share_document)
    }),
];
