//! The library of the firm to test with.

use portico_core::{AccountId, Ctx, Problem};
use portico_definition::{Step, StepKind};
use portico_proto::documents::v1::{
    CreateDropLinkRequest, CreateDropLinkResponse, CreateFolderRequest, comments_client::CommentsClient,
    drops_client::DropsClient, library_client::LibraryClient, paper_sendings_client::PaperSendingsClient,
    paper_templates_client::PaperTemplatesClient, request_templates_client::RequestTemplatesClient,
};
use portico_proto::{
    events::v1::{SigningAsked, StepActivated},
    json,
};
use portico_rpc::CallerChannel;
use serde_json::Value;

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

    pub(crate) fn drops(&self, ctx: &Ctx) -> DropsClient<CallerChannel> {
        DropsClient::new(self.channel(ctx))
    }

    pub(crate) fn comments(&self, ctx: &Ctx) -> CommentsClient<CallerChannel> {
        CommentsClient::new(self.channel(ctx))
    }

    pub(crate) fn paper_templates(&self, ctx: &Ctx) -> PaperTemplatesClient<CallerChannel> {
        PaperTemplatesClient::new(self.channel(ctx))
    }

    pub(crate) fn sendings(&self, ctx: &Ctx) -> PaperSendingsClient<CallerChannel> {
        PaperSendingsClient::new(self.channel(ctx))
    }

    pub(crate) fn request_templates(&self, ctx: &Ctx) -> RequestTemplatesClient<CallerChannel> {
        RequestTemplatesClient::new(self.channel(ctx))
    }

    /// Has workflow make the step of a paper that was sent, as often as this is called.
    pub(crate) async fn make_step(&self, asked: &SigningAsked) {
        let account: AccountId = asked.account_id.parse().unwrap();
        let (act, review) = (vec!["nobody".to_owned()], vec!["project_manager".to_owned()]);
        self.world.lock().unwrap().steps.insert(asked.step_id.clone(), (account, act, review));
        let declared = self.definition.spec.workflows["onboarding"].steps.iter();
        let esign = declared.clone().find(|step| matches!(step.kind, StepKind::Esign(_))).unwrap();
        let declaration = Step { id: "request".to_owned(), ..esign.clone() };
        let event = StepActivated {
            run_id: asked.run_id.clone(),
            step_id: asked.step_id.clone(),
            attempt: 1,
            account_id: asked.account_id.clone(),
            record_id: self.record.to_string(),
            portal_id: self.run.to_string(),
            portal_version: 1,
            workflow: "onboarding".to_owned(),
            r#type: "esign".to_owned(),
            title: asked.title.clone(),
            declaration: Some(json::to_struct(&serde_json::to_value(declaration).unwrap())),
            ..StepActivated::default()
        };
        self.deliver(&self.received(&event)).await.unwrap();
    }

    /// Makes a link to a folder for a week, as the manager.
    pub(crate) async fn drop_link(&self, folder: &str, most_files: i32) -> CreateDropLinkResponse {
        let asked = CreateDropLinkRequest {
            folder_id: folder.to_owned(),
            title: "Tax papers".to_owned(),
            note: "Please send what you have.".to_owned(),
            days: 7,
            most_files,
            idempotency_key: String::new(),
        };
        self.drops(&self.manager()).create_drop_link(asked).await.unwrap().into_inner()
    }

    /// Sends a file by a link, as the edge does for Ada.
    pub(crate) async fn hand_in(
        &self,
        ctx: &Ctx,
        token: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<Value, Problem> {
        let request = http::Request::post("/drops")
            .header("x-file-name", name)
            .header("x-drop-token", token)
            .header("x-sender-name", "Ada%20Byron")
            .header("x-sender-email", "ada%40example.com")
            .body(bytes.to_vec().into());
        let response = self.send(ctx, request.unwrap()).await?;
        assert_eq!(response.status(), http::StatusCode::CREATED);
        Ok(serde_json::from_slice(response.body()).unwrap())
    }
}
