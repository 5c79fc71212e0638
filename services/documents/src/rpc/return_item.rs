//! Returns a row with a reason: only that row opens again.

use portico_core::{ItemId, PersonId};
use portico_proto::documents::v1::{ReturnItemRequest, ReturnItemResponse};

use super::declare_missing::check_text;
use crate::{
    domain::request::ItemState,
    error::DocumentsError,
    events::publish,
    peers::{self, StepAction},
    progress,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ReturnItemRequest,
) -> Result<ReturnItemResponse, DocumentsError> {
    let id: ItemId = request.item_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_item(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, found.step_id, StepAction::Review).await?;
    let reason = check_text("reason", &request.reason, true)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::requests::lock(&mut tx, found.id).await?.ok_or(DocumentsError::NotFound)?;
    let (place, item) = found.item(id).ok_or(DocumentsError::NotFound)?;
    found.may_decide(item)?;
    let files: Vec<_> = item.files.iter().map(|version| version.0).collect();
    let versions = store::versions::by_ids(&mut tx, &files).await?;
    let mut uploaders: Vec<PersonId> = versions.iter().map(|version| version.added_by).collect();
    uploaders.sort_unstable();
    uploaders.dedup();

    let row = &mut found.items[place];
    row.state = ItemState::Returned;
    row.reason = reason;
    let returned = row.clone();
    publish::tell_item_returned(service, &mut tx, &found, &returned, &uploaders).await?;
    store::requests::supersede_files(&mut tx, id).await?;
    found.items[place].files.clear();
    let event = progress::record(service, &mut tx, "item.returned", &mut found, place).await?;
    tx.commit().await?;
    Ok(ReturnItemResponse { request: Some(progress::view(service, &call, &found).await?), event })
}

#[cfg(test)]
mod tests {
    use portico_core::{Ctx, ErrorCode, Problem};
    use portico_proto::{
        documents::v1::{
            AcceptItemRequest, DeclareMissingRequest, GetRequestRequest, ItemState, ListDocumentsRequest,
            RemoveFileRequest, RequestRowsChanged,
        },
        events::v1::{NoticeRequested, StepFulfilled, StepProgressed},
    };

    use super::*;
    use crate::{
        DATA_AGREEMENT,
        testing::{Fixture, refused},
    };

    async fn item(fixture: &Fixture, step: &str) -> String {
        let get = GetRequestRequest { step_id: step.to_owned() };
        let request =
            fixture.documents(&fixture.manager()).get_request(get).await.unwrap().into_inner().request;
        request.unwrap().items[0].id.clone()
    }

    /// How the first row stood each time the rows of the request were told.
    async fn told_rows(fixture: &Fixture, step: &str) -> Vec<String> {
        let told = fixture.said::<RequestRowsChanged>().await;
        assert!(told.iter().all(|event| event.step_id == step && event.rows[0].required));
        told.into_iter().map(|mut event| event.rows.remove(0).state).collect()
    }

    #[tokio::test]
    async fn a_row_goes_back_with_a_reason_comes_again_and_is_accepted() {
        let fixture = Fixture::new().await;
        let step = fixture.activate("sysdocs").await;
        let item_id = item(&fixture, &step).await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        let mut staff = fixture.documents(&manager);
        let path = format!("/items/{item_id}/files");
        let return_it =
            |reason: &str| ReturnItemRequest { item_id: item_id.clone(), reason: reason.to_owned() };
        let early = refused(staff.return_item(return_it("why")).await);
        assert_eq!(early.reason, "nothing_handed_in");

        fixture.upload(&client, &path, "a.pdf", DATA_AGREEMENT).await.unwrap();
        for wrong in [String::new(), "x".repeat(1001)] {
            assert_eq!(refused(staff.return_item(return_it(&wrong)).await).fields[0].field, "reason");
        }
        let returned = staff.return_item(return_it("Page 2 is missing.")).await.unwrap().into_inner();
        let row = &returned.request.unwrap().items[0];
        assert_eq!(
            (row.state(), row.reason.as_str(), row.files.len()),
            (ItemState::Returned, "Page 2 is missing.", 0)
        );
        let notice = fixture.said::<NoticeRequested>().await.pop().unwrap();
        assert_eq!(notice.person_ids, [client.actor.person.unwrap().to_string()]);
        assert!(notice.body.contains("Page 2 is missing."));
        assert_eq!(fixture.said::<StepProgressed>().await.pop().unwrap().waiting_on, "assignee");

        let again = fixture.upload(&client, &path, "b.pdf", DATA_AGREEMENT).await.unwrap();
        let accept = AcceptItemRequest { item_id: item_id.clone() };
        let accepted = staff.accept_item(accept.clone()).await.unwrap().into_inner();
        assert!(accepted.event.starts_with("portico.events.v1.StepFulfilled;"), "{}", accepted.event);
        assert_eq!(accepted.request.unwrap().accepted, 1);
        assert_eq!(fixture.said::<StepFulfilled>().await[0].outcome, "1 file accepted");
        assert_eq!(refused(staff.accept_item(accept).await).reason, "item_accepted");
        let late = fixture.upload(&client, &path, "c.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(late.reason, "item_accepted");
        let remove =
            RemoveFileRequest { item_id, version_id: again["version_id"].as_str().unwrap().to_owned() };
        assert_eq!(refused(fixture.documents(&client).remove_file(remove).await).reason, "item_accepted");

        let stood = ["needed", "checking", "returned", "checking", "accepted"];
        assert_eq!(
            told_rows(&fixture, &step).await,
            stood,
            "whoever lists what is outstanding hears of each"
        );

        let list = async |ctx| {
            let list = fixture.documents(&ctx).list_documents(ListDocumentsRequest::default()).await.unwrap();
            list.into_inner()
                .documents
                .into_iter()
                .map(|document| document.latest.unwrap().file_name)
                .collect::<Vec<_>>()
        };
        assert_eq!(list(client.clone()).await, ["b.pdf"], "what was returned is not among the documents");
        for stranger in fixture.strangers() {
            assert!(list(stranger).await.is_empty());
        }
    }

    #[tokio::test]
    async fn a_file_is_taken_back_and_what_is_missing_is_an_answer() {
        let fixture = Fixture::new().await;
        let step = fixture.activate("sysdocs").await;
        let item_id = item(&fixture, &step).await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        let uploaded = fixture
            .upload(&client, &format!("/items/{item_id}/files"), "a.pdf", DATA_AGREEMENT)
            .await
            .unwrap();
        let remove = RemoveFileRequest {
            item_id: item_id.clone(),
            version_id: uploaded["version_id"].as_str().unwrap().to_owned(),
        };
        let left =
            fixture.documents(&client).remove_file(remove).await.unwrap().into_inner().request.unwrap();
        assert_eq!(
            (left.items[0].state(), left.items[0].files.len(), fixture.blobs()),
            (ItemState::Needed, 0, 0)
        );
        let missing =
            DeclareMissingRequest { item_id: item_id.clone(), explanation: "We have none.".to_owned() };
        let told =
            fixture.documents(&client).declare_missing(missing).await.unwrap().into_inner().request.unwrap();
        assert_eq!(told.items[0].state(), ItemState::NotAvailable);
        let accept = AcceptItemRequest { item_id: item_id.clone() };
        fixture.documents(&manager).accept_item(accept.clone()).await.unwrap();
        assert_eq!(fixture.said::<StepFulfilled>().await[0].outcome, "Nothing had to be handed in");
        let by_client = refused(fixture.documents(&client).accept_item(accept.clone()).await);
        assert_eq!(by_client.code, ErrorCode::PermissionDenied);
        for stranger in fixture.strangers().into_iter().filter(Ctx::is_internal) {
            assert_eq!(
                refused(fixture.documents(&stranger).accept_item(accept.clone()).await),
                Problem::not_found()
            );
        }
        // The same step once more: everything is asked for again, once however often the event comes.
        let event = fixture.received(&fixture.activation("sysdocs", &step, 2));
        fixture.deliver(&event).await.unwrap();
        fixture.deliver(&event).await.unwrap();
        assert_eq!((fixture.rows("requests").await, fixture.rows("items").await), (1, 1));
        let stood = ["needed", "checking", "needed", "not_available", "accepted", "needed"];
        assert_eq!(told_rows(&fixture, &step).await, stood);
        let get = GetRequestRequest { step_id: step };
        let open = fixture.documents(&client).get_request(get).await.unwrap().into_inner().request.unwrap();
        assert_eq!(open.items[0].state(), ItemState::Needed);
    }
}
