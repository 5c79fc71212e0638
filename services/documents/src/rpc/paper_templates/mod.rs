//! The RPCs of templates of papers: one line each here, one file each beside.

mod archive_paper_template;
mod create_paper_template;
mod delete_paper_template;
mod get_paper_template;
mod list_paper_templates;
mod save_paper_template;
#[cfg(test)]
mod tests;
pub(super) mod use_paper_template;

use std::io;

use futures_util::TryStreamExt as _;
use portico_core::{DocumentId, TenantId, VersionId};
use portico_db::StoreError;
use portico_proto::{
    documents::v1::{paper_templates_server::PaperTemplates, *},
    time::timestamp,
};
use tokio_util::io::StreamReader;
use tonic::Request;

use super::{Answer, Rpc};
use crate::{
    convert,
    domain::{
        document::FileFacts,
        paper_template::{PaperTemplate as Template, Role},
        signature::Side,
    },
    error::DocumentsError,
    service::Service,
    vault::{LARGEST, Stored},
};

#[tonic::async_trait]
impl PaperTemplates for Rpc {
    async fn list_paper_templates(
        &self,
        request: Request<ListPaperTemplatesRequest>,
    ) -> Answer<ListPaperTemplatesResponse> {
        self.serve(request, list_paper_templates::handle).await
    }

    async fn get_paper_template(
        &self,
        request: Request<GetPaperTemplateRequest>,
    ) -> Answer<GetPaperTemplateResponse> {
        self.serve(request, get_paper_template::handle).await
    }

    async fn create_paper_template(
        &self,
        request: Request<CreatePaperTemplateRequest>,
    ) -> Answer<CreatePaperTemplateResponse> {
        self.serve(request, create_paper_template::handle).await
    }

    async fn save_paper_template(
        &self,
        request: Request<SavePaperTemplateRequest>,
    ) -> Answer<SavePaperTemplateResponse> {
        self.serve(request, save_paper_template::handle).await
    }

    async fn archive_paper_template(
        &self,
        request: Request<ArchivePaperTemplateRequest>,
    ) -> Answer<ArchivePaperTemplateResponse> {
        self.serve(request, archive_paper_template::handle).await
    }

    async fn delete_paper_template(
        &self,
        request: Request<DeletePaperTemplateRequest>,
    ) -> Answer<DeletePaperTemplateResponse> {
        self.serve(request, delete_paper_template::handle).await
    }

    async fn use_paper_template(
        &self,
        request: Request<UsePaperTemplateRequest>,
    ) -> Answer<UsePaperTemplateResponse> {
        self.serve(request, use_paper_template::handle).await
    }
}

/// A template as messages have it, without its fields.
fn listed(template: &Template) -> PaperTemplate {
    let role = |role: &Role| PaperRole {
        id: role.id.to_string(),
        title: role.title.clone(),
        internal: role.side == Side::Internal,
        part: role.part.word().to_owned(),
        turn: role.turn,
    };
    PaperTemplate {
        id: template.id.to_string(),
        title: template.terms.title.clone(),
        level: template.terms.level.word().to_owned(),
        sign_within_days: template.terms.sign_within_days,
        roles: template.terms.roles.iter().map(role).collect(),
        fields: Vec::new(),
        field_count: i32::try_from(template.fields.len()).unwrap_or(i32::MAX),
        pages: template.file.pages,
        file_name: template.file.name.clone(),
        version: template.version,
        uses: template.uses,
        archived: template.archived_at.is_some(),
        created_at: Some(timestamp(template.created_at)),
    }
}

/// The same with its fields.
fn told(template: &Template) -> PaperTemplate {
    PaperTemplate { fields: template.fields.iter().map(convert::placed_field).collect(), ..listed(template) }
}

/// A title that another template has is refused at its field.
fn title_taken(error: DocumentsError) -> DocumentsError {
    match error {
        DocumentsError::Store(StoreError::Duplicate { .. }) => {
            DocumentsError::invalid("title", "There is a template of this title already. Choose another one.")
        }
        other => other,
    }
}

/// Copies stored bytes under ids of their own, for each version has a key of its own.
async fn copied(
    service: &Service,
    tenant: TenantId,
    (source, file): (&Stored, &FileFacts),
    (document, version): (DocumentId, VersionId),
) -> Result<FileFacts, DocumentsError> {
    let bytes = service.vault.read(source, None).await?;
    let bytes = StreamReader::new(bytes.map_err(io::Error::other));
    let received = service.vault.write(tenant, document, version, bytes, LARGEST).await?;
    Ok(FileFacts {
        size: received.stored.size,
        sha256: received.stored.sha256,
        key: received.stored.key,
        ..file.clone()
    })
}
