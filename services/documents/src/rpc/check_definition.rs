//! Says which documents of a definition could not be signed.

use portico_definition::{Definition, TemplateFieldType};
use portico_proto::documents::v1::{CheckDefinitionRequest, CheckDefinitionResponse, DefinitionFinding};

use crate::{
    domain::{document::Template, envelope::FieldBox},
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: CheckDefinitionRequest,
) -> Result<CheckDefinitionResponse, DocumentsError> {
    let definition: Definition = serde_json::from_str(&request.definition_json).map_err(|error| {
        DocumentsError::invalid("definition_json", format!("This is no definition: {error}."))
    })?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let templates = store::templates::list(&mut tx).await?;
    Ok(CheckDefinitionResponse { findings: findings(&definition, &templates) })
}

fn findings(definition: &Definition, templates: &[Template]) -> Vec<DefinitionFinding> {
    let mut findings = Vec::new();
    let mut find = |path: String, message: String, hint: &str| {
        findings.push(DefinitionFinding { path, message, hint: hint.to_owned() });
    };
    for (name, declared) in &definition.spec.document_templates {
        let at = format!("spec.documentTemplates.{name}");
        let Some(template) = templates.iter().find(|template| template.path == declared.file) else {
            let message = format!("the file {} has not been uploaded", declared.file);
            find(format!("{at}.file"), message, "upload the PDF as a template with exactly this path");
            continue;
        };
        for (index, field) in declared.fields.iter().enumerate() {
            let at = format!("{at}.fields[{index}]");
            let pages = u32::try_from(template.file.pages).unwrap_or_default();
            let [x, y, width, height] = field.area.map(|fraction| fraction as f32);
            let place = FieldBox { page: field.page, x, y, width, height };
            if field.page > pages {
                let message =
                    format!("{} has {pages} pages; {} lies on page {}", declared.file, field.id, field.page);
                find(format!("{at}.page"), message, "choose a page that is there");
            } else if !place.is_within_page() {
                let message = format!("the box of {} leaves its page", field.id);
                find(format!("{at}.box"), message, "left and width, and top and height, add up to at most 1");
            }
            let asked = matches!(field.kind, TemplateFieldType::Text | TemplateFieldType::Checkbox);
            if asked && !field.optional {
                let message = format!(
                    "{} would have to be filled in by hand, which signers are not asked for",
                    field.id
                );
                find(
                    format!("{at}.type"),
                    message,
                    "ask for it in a form before, or make the field optional",
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::documents::v1::ListTemplatesRequest;

    use super::*;
    use crate::{
        DATA_AGREEMENT,
        testing::{Fixture, refused},
    };

    #[tokio::test]
    async fn a_template_must_be_there_and_its_boxes_on_its_pages() {
        let fixture = Fixture::new().await;
        let system = portico_testkit::system(fixture.tenant);
        let check = async |definition: &Definition| {
            let definition_json = serde_json::to_string(definition).unwrap();
            let request = CheckDefinitionRequest { definition_json };
            let answer = fixture.documents(&system).check_definition(request).await.unwrap();
            answer.into_inner().findings.into_iter().map(|finding| finding.path).collect::<Vec<_>>()
        };
        let at = "spec.documentTemplates.data_agreement";
        assert_eq!(check(&fixture.definition).await, [format!("{at}.file")]);
        fixture.upload_template().await;
        assert!(check(&fixture.definition).await.is_empty());
        let mut wrong = fixture.definition.clone();
        let fields = &mut wrong.spec.document_templates[0].fields;
        fields[0].page = 99;
        fields[1].area = [0.9, 0.1, 0.5, 0.1];
        fields[2].kind = TemplateFieldType::Text;
        let places =
            ["fields[0].page", "fields[1].box", "fields[2].type"].map(|place| format!("{at}.{place}"));
        assert_eq!(check(&wrong).await, places);
        let nonsense = CheckDefinitionRequest { definition_json: "{".to_owned() };
        let problem = refused(fixture.documents(&system).check_definition(nonsense).await);
        assert_eq!(problem.fields[0].field, "definition_json");
    }

    #[tokio::test]
    async fn only_administrators_put_templates_and_only_pdfs_that_can_be_read() {
        let fixture = Fixture::new().await;
        let path = "/templates/templates/data-agreement.pdf";
        let by_staff = fixture.upload(&fixture.manager(), path, "x", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(by_staff.code, ErrorCode::PermissionDenied);
        let by_client =
            fixture.upload(&fixture.client("client"), path, "x", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(by_client.code, ErrorCode::NotFound);
        for (path, bytes, field) in [
            ("/templates/a.docx", DATA_AGREEMENT, "path"),
            ("/templates/..%2Fa.pdf", DATA_AGREEMENT, "path"),
            (path, b"hello".as_slice(), "file"),
            (path, &DATA_AGREEMENT[..9000], "file"),
        ] {
            let problem = fixture.upload(&fixture.admin(), path, "x", bytes).await.unwrap_err();
            assert_eq!(problem.fields[0].field, field, "{path}");
        }
        assert_eq!(fixture.blobs(), 0);
        fixture.upload_template().await;
        fixture.upload_template().await;
        assert_eq!(fixture.blobs(), 1, "the bytes that were replaced are gone");
        let list = async |ctx| {
            let list = fixture.documents(&ctx).list_templates(ListTemplatesRequest {}).await.unwrap();
            list.into_inner().templates.into_iter().map(|template| template.path).collect::<Vec<_>>()
        };
        assert_eq!(list(fixture.admin()).await, ["templates/data-agreement.pdf"]);
        assert!(list(portico_testkit::staff(fixture.database.tenant(), &["admin"])).await.is_empty());
    }
}
