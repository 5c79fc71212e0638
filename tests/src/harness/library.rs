//! The library of the demo's accounts.

use anyhow::Context as _;
use portico_proto::documents::v1::{
    AddCommentRequest, CreateDropLinkRequest, CreateFolderRequest, GetPaperTemplateRequest, PaperRecipient,
    PaperRole, PaperSeat, PlacedField, SavePaperTemplateRequest, SaveRequestTemplateRequest,
    SendPaperRequest, TemplateItem, comments_client::CommentsClient, drops_client::DropsClient,
    library_client::LibraryClient, paper_sendings_client::PaperSendingsClient,
    paper_templates_client::PaperTemplatesClient, request_templates_client::RequestTemplatesClient,
};
use portico_rpc::CallerChannel;

use super::{Engagement, Persona, World, pdf};

/// What lies in the library.
pub(crate) struct Shelf {
    /// A folder of the account with a document in it, and one in it.
    pub(crate) folders: [String; 2],
    /// A folder of the engagement.
    pub(crate) of_record: String,
    /// A document in the inner folder, in two versions.
    pub(crate) document: String,
    /// Its first version.
    pub(crate) version: String,
    /// A drop link to the outer folder: its id and its secret.
    pub(crate) drop_link: (String, String),
}

impl Persona {
    pub(crate) fn library(&self) -> LibraryClient<CallerChannel> {
        LibraryClient::new(self.channel("documents"))
    }

    /// Keeps a template of a request and answers its id.
    pub(crate) async fn request_template(&self, title: &str) -> anyhow::Result<String> {
        let item = TemplateItem {
            name: "Bank statements".to_owned(),
            required: true,
            accept: vec!["pdf".to_owned()],
            ..TemplateItem::default()
        };
        let asked = SaveRequestTemplateRequest {
            title: title.to_owned(),
            items: vec![item],
            ..SaveRequestTemplateRequest::default()
        };
        let mut templates = RequestTemplatesClient::new(self.channel("documents"));
        let kept = templates.save_request_template(asked).await?.into_inner();
        Ok(kept.template.context("no template")?.id)
    }

    /// Keeps a PDF as a template of papers, with a signature for each of its two roles, and answers its id.
    pub(crate) async fn paper_template(&self, title: &str) -> anyhow::Result<String> {
        let made = self.upload("/paper-templates", &format!("{title}.pdf"), pdf(title, 1)).await?;
        let paper_template_id = made.text("paper_template_id")?;
        let mut templates = PaperTemplatesClient::new(self.channel("documents"));
        let asked = GetPaperTemplateRequest { paper_template_id };
        let kept = templates.get_paper_template(asked).await?.into_inner().template.context("no template")?;
        let field = |(place, role): (f64, &PaperRole)| PlacedField {
            paper: 1,
            page: 1,
            x: 0.1,
            y: 0.5 + 0.2 * place,
            width: 0.4,
            height: 0.05,
            kind: "signature".to_owned(),
            signer_id: role.id.clone(),
            ..PlacedField::default()
        };
        let asked = SavePaperTemplateRequest {
            paper_template_id: kept.id.clone(),
            version: kept.version,
            title: kept.title,
            level: kept.level,
            fields: [0.0, 1.0].into_iter().zip(&kept.roles).map(field).collect(),
            roles: kept.roles,
            ..SavePaperTemplateRequest::default()
        };
        templates.save_paper_template(asked).await?;
        Ok(kept.id)
    }

    /// Sends a template's paper to an account, where `person` signs first and the caller second, and answers the sending's id.
    pub(crate) async fn send_paper(
        &self,
        template: &str,
        account: &str,
        person: &str,
    ) -> anyhow::Result<String> {
        let asked = GetPaperTemplateRequest { paper_template_id: template.to_owned() };
        let mut templates = PaperTemplatesClient::new(self.channel("documents"));
        let kept = templates.get_paper_template(asked).await?.into_inner().template.context("no template")?;
        let seats = |internal, person: &str| {
            let roles = kept.roles.iter().filter(move |role| role.internal == internal);
            roles.map(|role| PaperSeat { role_id: role.id.clone(), person_id: person.to_owned() }).collect()
        };
        let asked = SendPaperRequest {
            paper_template_id: template.to_owned(),
            title: format!("Sign {}", kept.title),
            recipients: vec![PaperRecipient { account_id: account.to_owned(), seats: seats(false, person) }],
            countersigners: seats(true, &self.id),
            idempotency_key: format!("{template}:{account}"),
            template_version: kept.version,
            due: None,
        };
        let mut sendings = PaperSendingsClient::new(self.channel("documents"));
        Ok(sendings.send_paper(asked).await?.into_inner().sending_id)
    }

    /// Comments on a version of a document and answers the comment's id.
    pub(crate) async fn comment(&self, version: &str, text: &str) -> anyhow::Result<String> {
        let asked = AddCommentRequest {
            version_id: version.to_owned(),
            text: text.to_owned(),
            ..AddCommentRequest::default()
        };
        let made = CommentsClient::new(self.channel("documents")).add_comment(asked).await?.into_inner();
        Ok(made.comment.context("no comment")?.id)
    }

    /// Makes a drop link to a folder and answers its id and its secret.
    pub(crate) async fn drop_link(&self, folder: &str, title: &str) -> anyhow::Result<(String, String)> {
        let asked = CreateDropLinkRequest {
            folder_id: folder.to_owned(),
            title: title.to_owned(),
            days: 7,
            ..CreateDropLinkRequest::default()
        };
        let made = DropsClient::new(self.channel("documents")).create_drop_link(asked).await?.into_inner();
        Ok((made.link.context("no link")?.id, made.token))
    }

    async fn folder(&self, asked: CreateFolderRequest) -> anyhow::Result<String> {
        Ok(self.library().create_folder(asked).await?.into_inner().folder.context("no folder")?.id)
    }
}

impl World {
    /// Fills the library of an engagement's account: everyone of it may add files.
    pub(crate) async fn shelf(&self, engagement: &Engagement, title: &str) -> anyhow::Result<Shelf> {
        let paul = self.person("northwind", "paul@northwind.example").await?;
        let top = CreateFolderRequest {
            account_id: engagement.account.clone(),
            name: title.to_owned(),
            level: "upload".to_owned(),
            ..CreateFolderRequest::default()
        };
        let of_record = CreateFolderRequest { record_id: engagement.record.clone(), ..top.clone() };
        let (top, of_record) = (paul.folder(top).await?, paul.folder(of_record).await?);
        let inner = CreateFolderRequest {
            parent_id: top.clone(),
            name: format!("{title}, 2026"),
            ..CreateFolderRequest::default()
        };
        let inner = paul.folder(inner).await?;
        paul.upload(&format!("/folders/{top}/files"), "cover.pdf", pdf(title, 1)).await?;
        let name = format!("{title}.pdf");
        let first = paul.upload(&format!("/folders/{inner}/files"), &name, pdf(title, 2)).await?;
        let document = first.text("document_id")?;
        paul.upload(&format!("/documents/{document}/versions"), &name, pdf(title, 3)).await?;
        let drop_link = paul.drop_link(&top, &format!("{title}, to be sent")).await?;
        self.settle().await?;
        let version = first.text("version_id")?;
        Ok(Shelf { folders: [top, inner], of_record, document, version, drop_link })
    }
}
