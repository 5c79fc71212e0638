//! The library of the firm to test with.

use portico_core::Ctx;
use portico_proto::documents::v1::{CreateFolderRequest, library_client::LibraryClient};
use portico_rpc::CallerChannel;

use super::Fixture;

impl Fixture {
    pub(crate) fn library(&self, ctx: &Ctx) -> LibraryClient<CallerChannel> {
        LibraryClient::new(self.channel(ctx))
    }

    /// Makes a folder of Acme, in which everyone of Acme may do this.
    pub(crate) async fn folder(&self, name: &str, level: &str) -> String {
        let asked = CreateFolderRequest {
            account_id: self.acme.to_string(),
            name: name.to_owned(),
            level: level.to_owned(),
            ..CreateFolderRequest::default()
        };
        self.make(asked).await
    }

    /// Makes a folder in another one.
    pub(crate) async fn folder_in(&self, parent: &str, name: &str) -> String {
        let asked = CreateFolderRequest {
            parent_id: parent.to_owned(),
            name: name.to_owned(),
            ..CreateFolderRequest::default()
        };
        self.make(asked).await
    }

    pub(crate) async fn make(&self, asked: CreateFolderRequest) -> String {
        let made = self.library(&self.manager()).create_folder(asked).await.unwrap().into_inner();
        assert!(made.event.starts_with("portico.events.v1.Touched;"));
        made.folder.unwrap().id
    }

    /// Uploads a file into a folder as the manager and answers document and version.
    pub(crate) async fn file(&self, folder: &str, name: &str, bytes: &[u8]) -> (String, String) {
        let path = format!("/folders/{folder}/files");
        let answer = self.upload(&self.manager(), &path, name, bytes).await.unwrap();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("document_id"), text("version_id"))
    }
}
