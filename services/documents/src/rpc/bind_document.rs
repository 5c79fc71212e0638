//! Gives a fresh upload to the message or record that it was uploaded for.

use portico_core::{AccountId, DocumentId, PersonId, RecordId, StepId};
use portico_proto::documents::v1::{BindDocumentRequest, BindDocumentResponse};

use crate::{
    convert,
    domain::document::DocumentKind,
    error::DocumentsError,
    events::publish,
    peers,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: BindDocumentRequest,
) -> Result<BindDocumentResponse, DocumentsError> {
    let id: DocumentId = request.document_id.parse()?;
    let person: PersonId = request.person_id.parse()?;
    let account: AccountId = request.account_id.parse()?;
    let record: Option<RecordId> =
        if request.record_id.is_empty() { None } else { Some(request.record_id.parse()?) };
    let step: Option<StepId> = if request.step_id.is_empty() { None } else { Some(request.step_id.parse()?) };
    let kind = DocumentKind::of(&request.kind)
        .filter(|kind| matches!(kind, DocumentKind::Attachment | DocumentKind::RecordFile))
        .ok_or_else(|| DocumentsError::invalid("kind", "Say attachment or record_file."))?;
    let policy = peers::firm(service, &call.ctx).await?.policy;

    let mut tx = service.store.begin(&call.ctx).await?;
    let fresh = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if fresh.created_by != person {
        return Err(DocumentsError::NotFound);
    }
    if !store::documents::bind(&mut tx, id, kind, account, (record, step), request.internal).await? {
        // Bound before, or in this very moment, or removed for its age.
        let bound = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
        let same = bound.kind == kind
            && bound.account_id == account
            && bound.record_id == record
            && bound.step_id == step;
        // A repeat changes nothing; anything else would move somebody's file.
        if !(bound.bound && same && bound.internal == request.internal) {
            return Err(DocumentsError::NotFound);
        }
        let versions = store::versions::of_documents(&mut tx, &[id.0]).await?;
        return Ok(BindDocumentResponse { document: Some(convert::document(&bound, &versions, policy)) });
    }
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let versions = store::versions::of_documents(&mut tx, &[id.0]).await?;
    if let Some(newest) = versions.first() {
        publish::document_bound(service, &mut tx, &document, newest).await?;
    }
    tx.commit().await?;
    Ok(BindDocumentResponse { document: Some(convert::document(&document, &versions, policy)) })
}

#[cfg(test)]
mod tests {
    use portico_core::{Ctx, ErrorCode, Problem};
    use portico_proto::documents::v1::GetDocumentRequest;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_fresh_upload_is_its_uploaders_until_it_is_bound() {
        let fixture = Fixture::new().await;
        let (client, colleague) = (fixture.client("client"), fixture.client("client"));
        let path = format!("/attachments?record_id={}", fixture.record);
        let uploaded = fixture.upload(&client, &path, "notes.txt", b"as agreed").await.unwrap();
        let document_id = uploaded["document_id"].as_str().unwrap().to_owned();
        let get = async |ctx: &Ctx| {
            let get = GetDocumentRequest { document_id: document_id.clone(), ..Default::default() };
            fixture.documents(ctx).get_document(get).await
        };
        assert!(get(&client).await.is_ok());
        assert_eq!(refused(get(&colleague).await), Problem::not_found());

        let system = portico_testkit::system(fixture.tenant);
        let bind = |person: &Ctx, internal: bool| BindDocumentRequest {
            document_id: document_id.clone(),
            person_id: person.actor.person.unwrap().to_string(),
            kind: "attachment".to_owned(),
            account_id: fixture.acme.to_string(),
            record_id: fixture.record.to_string(),
            internal,
            step_id: String::new(),
        };
        let stolen = refused(fixture.documents(&system).bind_document(bind(&colleague, false)).await);
        assert_eq!(stolen, Problem::not_found());
        let by_staff = refused(fixture.documents(&fixture.admin()).bind_document(bind(&client, false)).await);
        assert_eq!(by_staff.code, ErrorCode::PermissionDenied);
        let bound =
            fixture.documents(&system).bind_document(bind(&client, false)).await.unwrap().into_inner();
        assert_eq!(bound.document.clone().unwrap().kind, "attachment");
        let repeated =
            fixture.documents(&system).bind_document(bind(&client, false)).await.unwrap().into_inner();
        assert_eq!(repeated, bound);
        let moved = refused(fixture.documents(&system).bind_document(bind(&client, true)).await);
        assert_eq!(moved, Problem::not_found());
        assert!(get(&colleague).await.is_ok());
        for stranger in fixture.strangers() {
            assert_eq!(refused(get(&stranger).await), Problem::not_found());
            let refusal = fixture.upload(&stranger, &path, "a.txt", b"x").await.unwrap_err();
            assert_eq!(refusal, Problem::not_found());
        }
    }

    #[tokio::test]
    async fn i29_a_file_of_a_form_is_for_those_who_may_answer_it() {
        let fixture = Fixture::new().await;
        let step = fixture.activate("sysdocs").await;
        let (client, reader, manager) =
            (fixture.client("client"), fixture.client("signatory"), fixture.manager());
        let path = format!("/record-files?account_id={}", fixture.acme);
        let uploaded = fixture.upload(&client, &path, "passport.txt", b"4711").await.unwrap();
        let text = |key: &str| uploaded[key].as_str().unwrap().to_owned();
        let bind = BindDocumentRequest {
            document_id: text("document_id"),
            person_id: client.actor.person.unwrap().to_string(),
            kind: "record_file".to_owned(),
            account_id: fixture.acme.to_string(),
            record_id: fixture.record.to_string(),
            internal: false,
            step_id: step,
        };
        fixture.documents(&portico_testkit::system(fixture.tenant)).bind_document(bind).await.unwrap();
        let path = format!("/versions/{}", text("version_id"));
        for who in [&client, &manager] {
            assert!(fixture.get(who, &path).await.is_ok());
        }
        assert_eq!(fixture.get(&reader, &path).await.unwrap_err(), Problem::not_found());
        let listed = fixture
            .documents(&reader)
            .list_documents(portico_proto::documents::v1::ListDocumentsRequest::default())
            .await
            .unwrap();
        assert!(listed.into_inner().documents.is_empty());
    }

    #[tokio::test]
    async fn a_file_of_an_internal_note_never_reaches_a_client() {
        let fixture = Fixture::new().await;
        let manager = fixture.manager();
        let path = format!("/record-files?account_id={}", fixture.acme);
        let uploaded = fixture.upload(&manager, &path, "margin.txt", b"40 percent").await.unwrap();
        let bind = BindDocumentRequest {
            document_id: uploaded["document_id"].as_str().unwrap().to_owned(),
            person_id: manager.actor.person.unwrap().to_string(),
            kind: "attachment".to_owned(),
            account_id: fixture.acme.to_string(),
            record_id: fixture.record.to_string(),
            internal: true,
            step_id: String::new(),
        };
        let system = portico_testkit::system(fixture.tenant);
        fixture.documents(&system).bind_document(bind).await.unwrap();
        let path = format!("/versions/{}", uploaded["version_id"].as_str().unwrap());
        assert!(fixture.get(&fixture.manager(), &path).await.is_ok());
        let refusal = fixture.get(&fixture.client("client"), &path).await.unwrap_err();
        assert_eq!(refusal, Problem::not_found());
        let elsewhere = format!("/record-files?account_id={}", fixture.globex);
        let refusal = fixture.upload(&fixture.client("client"), &elsewhere, "a.txt", b"x").await.unwrap_err();
        assert_eq!(refusal, Problem::not_found());
    }
}
