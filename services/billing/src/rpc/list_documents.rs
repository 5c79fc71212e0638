//! Lists documents, the newest first.

use portico_core::AccountId;
use portico_proto::billing::v1::{ListDocumentsRequest, ListDocumentsResponse};
use portico_service::page;
use uuid::Uuid;

use crate::{
    convert,
    domain::document::Kind,
    error::BillingError,
    peers,
    service::{Call, Service},
    store::{self, documents::Filter},
    view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: ListDocumentsRequest,
) -> Result<ListDocumentsResponse, BillingError> {
    let account: Option<AccountId> = match request.account_id.as_str() {
        "" => None,
        id => Some(id.parse()?),
    };
    let legal_entity: Option<Uuid> = match request.legal_entity_id.as_str() {
        "" => None,
        id => Some(id.parse()?),
    };
    let kind = convert::kind(request.kind).unwrap_or(Kind::Invoice);
    let states: &[&str] = match kind {
        Kind::Estimate => &["", "draft", "sent"],
        Kind::Invoice => &["", "draft", "open", "overdue", "settled"],
        Kind::CreditNote => &[""],
    };
    if !states.contains(&request.state.as_str()) {
        return Err(BillingError::field("state", "Choose one of the states of this list."));
    }
    if account.is_some() {
        peers::account(service, &call, request.account_id.parse()?).await?;
    }
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(BillingError::Invalid)?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let filter = Filter { account, legal_entity, kind, state: request.state, today };
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut stored = store::documents::list(&mut tx, &filter, after, size + 1).await?;
    let next_page_token = page::cut(&mut stored, size, |last| last.id);
    Ok(ListDocumentsResponse { documents: view::documents(&mut tx, stored, today).await?, next_page_token })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Ctx, Problem};
    use portico_proto::billing::v1::DocumentKind;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn i03_lists_hold_what_is_within_reach_page_by_page_and_by_state() {
        let fixture = Fixture::new().await;
        let (first, second) = (fixture.invoice().await, fixture.invoice().await);
        let draft = fixture.draft(DocumentKind::Invoice).await;
        let list = async |ctx: &Ctx, state: &str, size: i32, token: &str| {
            let request = ListDocumentsRequest {
                state: state.to_owned(),
                page_size: size,
                page_token: token.to_owned(),
                ..ListDocumentsRequest::default()
            };
            let answer = fixture.billing(ctx).list_documents(request).await.unwrap().into_inner();
            (answer.documents.into_iter().map(|one| one.id).collect::<Vec<_>>(), answer.next_page_token)
        };
        let (staff, client) = (fixture.staff(), fixture.client());
        let (page, token) = list(&staff, "", 2, "").await;
        assert_eq!(page, [draft.id.clone(), second.id.clone()]);
        assert_eq!(list(&staff, "", 2, &token).await, (vec![first.id.clone()], String::new()));
        assert_eq!(list(&client, "", 0, "").await.0, [second.id.clone(), first.id.clone()]);
        assert_eq!(list(&staff, "draft", 0, "").await.0, [draft.id]);
        fixture.pay(142_800).await;
        assert_eq!(list(&client, "settled", 0, "").await.0, [first.id]);
        assert_eq!(list(&client, "open", 0, "").await.0, std::slice::from_ref(&second.id));
        assert!(list(&client, "overdue", 0, "").await.0.is_empty());
        fixture.database.clock.advance(TimeDelta::days(30));
        assert_eq!(list(&client, "overdue", 0, "").await.0, std::slice::from_ref(&second.id));
        assert_eq!(fixture.read(&second.id).await.state, "overdue");
        for stranger in fixture.strangers() {
            assert!(list(&stranger, "", 0, "").await.0.is_empty());
            let foreign = ListDocumentsRequest { account_id: fixture.acme.to_string(), ..Default::default() };
            assert_eq!(
                refused(fixture.billing(&stranger).list_documents(foreign).await),
                Problem::not_found()
            );
        }
        for wrong in [
            ListDocumentsRequest { state: "paid".to_owned(), ..Default::default() },
            ListDocumentsRequest { page_token: "x".to_owned(), ..Default::default() },
        ] {
            assert_eq!(refused(fixture.billing(&staff).list_documents(wrong).await).fields.len(), 1);
        }
    }

    #[tokio::test]
    async fn of_an_estimate_the_newest_version_is_listed() {
        let fixture = Fixture::new().await;
        let first = fixture.estimate().await;
        let draft = fixture.revise(&first.estimate_id).await;
        let list = async |ctx: &Ctx| {
            let request = ListDocumentsRequest { kind: DocumentKind::Estimate.into(), ..Default::default() };
            fixture.billing(ctx).list_documents(request).await.unwrap().into_inner().documents
        };
        let (staff, client) = (list(&fixture.staff()).await, list(&fixture.client()).await);
        assert_eq!(
            (staff.len(), staff[0].id.as_str(), staff[0].state.as_str()),
            (1, draft.id.as_str(), "draft")
        );
        assert_eq!(
            (client.len(), client[0].id.as_str(), client[0].state.as_str()),
            (1, first.id.as_str(), "sent")
        );
    }

    #[tokio::test]
    async fn a_list_can_be_that_of_one_company() {
        let fixture = Fixture::new().await;
        let first = fixture.entity;
        fixture.invoice().await;
        let second = fixture.set_up().await;
        let list = async |company: &str| {
            let request = ListDocumentsRequest {
                legal_entity_id: company.to_owned(),
                ..ListDocumentsRequest::default()
            };
            fixture.billing(&fixture.staff()).list_documents(request).await
        };
        let counts = [&first.to_string(), &second.to_string(), ""];
        let mut found = Vec::new();
        for company in counts {
            found.push(list(company).await.unwrap().into_inner().documents.len());
        }
        assert_eq!(found, [1, 0, 1]);
        assert_eq!(refused(list("x").await), Problem::not_found());
    }
}
