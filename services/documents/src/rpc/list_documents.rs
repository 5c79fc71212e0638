//! Lists documents, newest first. A page may have fewer than were asked for: what the caller may not open is left out.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, DocumentId};
use portico_proto::documents::v1::{ListDocumentsRequest, ListDocumentsResponse};
use portico_service::page;
use uuid::Uuid;

use crate::{
    access, convert,
    domain::document::Version,
    error::DocumentsError,
    peers,
    service::{Call, SharedService},
    store,
};

/// Documents that one may ask for by name.
const MOST_NAMED: usize = 200;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListDocumentsRequest,
) -> Result<ListDocumentsResponse, DocumentsError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let size = page::size(request.page_size, 50, 200);
    let after = page::key::<(DateTime<Utc>, Uuid)>(&request.page_token).map_err(DocumentsError::Invalid)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let named: Vec<DocumentId> =
        request.document_ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    if named.len() > MOST_NAMED {
        return Err(DocumentsError::invalid("document_ids", "Name at most 200 documents."));
    }

    let mut tx = service.store.begin(&call.ctx).await?;
    let (documents, next_page_token) = if named.is_empty() {
        let mut documents = store::documents::list(&mut tx, account, after, size + 1).await?;
        let next = page::cut(&mut documents, size, |last| (last.created_at, last.id.0));
        (documents, next)
    } else {
        (store::documents::named(&mut tx, &named).await?, String::new())
    };
    let ids: Vec<Uuid> = documents.iter().map(|document| document.id.0).collect();
    let versions = store::versions::of_documents(&mut tx, &ids).await?;
    drop(tx);
    let documents = access::visible(service, &call, documents).await?;
    let documents = documents.iter().map(|document| {
        let own = versions.iter().filter(|version| version.document_id == document.id);
        let own: Vec<Version> = own.take(1).cloned().collect();
        convert::document(document, &own, policy)
    });
    Ok(ListDocumentsResponse { documents: documents.collect(), next_page_token })
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::BindDocumentRequest;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_files_of_messages_are_told_by_name_to_those_who_see_them() {
        let fixture = Fixture::new().await;
        let (client, colleague) = (fixture.client("client"), fixture.client("client"));
        let path = format!("/attachments?record_id={}", fixture.record);
        let mut ids = Vec::new();
        for (name, internal) in [("plan.txt", false), ("margin.txt", true), ("unsent.txt", false)] {
            let uploaded = fixture.upload(&client, &path, name, b"x").await.unwrap();
            ids.push(uploaded["document_id"].as_str().unwrap().to_owned());
            let bind = BindDocumentRequest {
                document_id: ids.last().cloned().unwrap(),
                person_id: client.actor.person.unwrap().to_string(),
                kind: "attachment".to_owned(),
                account_id: fixture.acme.to_string(),
                record_id: fixture.record.to_string(),
                internal,
                step_id: String::new(),
            };
            if name != "unsent.txt" {
                let system = portico_testkit::system(fixture.tenant);
                fixture.documents(&system).bind_document(bind).await.unwrap();
            }
        }
        let listed = async |who: &portico_core::Ctx| {
            let asked = ListDocumentsRequest { document_ids: ids.clone(), ..Default::default() };
            let found = fixture.documents(who).list_documents(asked).await.unwrap().into_inner().documents;
            let mut titles: Vec<_> = found.into_iter().map(|document| document.title).collect();
            titles.sort();
            titles
        };
        assert_eq!(listed(&colleague).await, ["plan.txt"], "neither a note's nor what nobody has sent");
        // Nor beside what they have not sent themselves.
        let own = fixture.upload(&colleague, &path, "own.txt", b"x").await.unwrap();
        let asked = ListDocumentsRequest {
            document_ids: ids
                .iter()
                .cloned()
                .chain([own["document_id"].as_str().unwrap().to_owned()])
                .collect(),
            ..Default::default()
        };
        let found = fixture.documents(&colleague).list_documents(asked).await.unwrap().into_inner().documents;
        let mut titles: Vec<_> = found.iter().map(|document| document.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["own.txt", "plan.txt"]);
        assert_eq!(listed(&fixture.manager()).await, ["margin.txt", "plan.txt"]);
        for stranger in fixture.strangers() {
            assert!(listed(&stranger).await.is_empty());
        }
        let many = vec![ids[0].clone(); MOST_NAMED + 1];
        let asked = ListDocumentsRequest { document_ids: many, ..Default::default() };
        let refused = crate::testing::refused(fixture.documents(&client).list_documents(asked).await);
        assert_eq!(refused.fields[0].field, "document_ids");
    }

    #[tokio::test]
    async fn a_list_names_nothing_that_its_reader_could_not_open() {
        let fixture = Fixture::new().await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        let system = portico_testkit::system(fixture.tenant);
        let mut shown = Vec::new();
        for (name, account, record) in [
            ("seen.txt", fixture.acme, fixture.record),
            // A record of the account that workflow shows to nobody, such as one of a kind closed to the reader's role.
            ("closed.txt", fixture.acme, fixture.run),
        ] {
            let path = format!("/record-files?account_id={account}");
            let uploaded = fixture.upload(&manager, &path, name, b"x").await.unwrap();
            let bind = BindDocumentRequest {
                document_id: uploaded["document_id"].as_str().unwrap().to_owned(),
                person_id: manager.actor.person.unwrap().to_string(),
                kind: "record_file".to_owned(),
                account_id: account.to_string(),
                record_id: record.to_string(),
                internal: false,
                step_id: String::new(),
            };
            shown.push(bind.document_id.clone());
            fixture.documents(&system).bind_document(bind).await.unwrap();
        }
        let listed =
            fixture.documents(&client).list_documents(ListDocumentsRequest::default()).await.unwrap();
        let titles: Vec<_> =
            listed.into_inner().documents.into_iter().map(|document| document.title).collect();
        assert!(titles.is_empty(), "no field that they see holds it: {titles:?}");
        fixture.world.lock().unwrap().labels.extend(shown);
        let listed =
            fixture.documents(&client).list_documents(ListDocumentsRequest::default()).await.unwrap();
        let titles: Vec<_> =
            listed.into_inner().documents.into_iter().map(|document| document.title).collect();
        assert_eq!(titles, ["seen.txt"]);
        for stranger in fixture.strangers() {
            let listed = fixture.documents(&stranger).list_documents(ListDocumentsRequest::default()).await;
            assert!(listed.unwrap().into_inner().documents.is_empty());
        }
    }
}
