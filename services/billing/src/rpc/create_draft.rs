//! Makes a draft of an estimate or an invoice.

use portico_core::AccountId;
use portico_db::Tx;
use portico_proto::billing::v1::{CreateDraftRequest, CreateDraftResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    convert,
    domain::{document::Kind, party::LegalEntity, stored::Stored},
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    store::{self, estimates::Estimate},
    view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: CreateDraftRequest,
) -> Result<CreateDraftResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    let kind = match convert::kind(request.kind) {
        Some(kind @ (Kind::Estimate | Kind::Invoice)) => kind,
        _ => return Err(BillingError::field("kind", "Choose an estimate or an invoice.")),
    };
    let key = convert::key(&request.idempotency_key)?;
    peers::account(service, &call, account).await?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    if let Some(made) = match key {
        Some(key) => store::documents::find_by_key(&mut tx, account, key).await?,
        None => None,
    } {
        return Ok(CreateDraftResponse { document: Some(view::document(&mut tx, made, today).await?) });
    }
    let entity = entity(&mut tx, &request.legal_entity_id).await?;
    let mut fields = Fields::default();
    let content = convert::typed(request.content).check(entity.rounding, &mut fields);
    fields.check().map_err(BillingError::Invalid)?;
    let totals = content.totals().map_err(crate::domain::document::NotIssuable::from)?;
    let now = service.clock.now();
    let estimate_id = match kind {
        Kind::Estimate => Some(begin_estimate(service, &mut tx, account, entity.id).await?),
        _ => None,
    };
    let draft = Stored {
        id: service.id(),
        account_id: account,
        kind,
        legal_entity_id: entity.id,
        estimate_id,
        invoice_id: None,
        estimate_version: 1,
        content,
        totals,
        issued: None,
        created_by: call.ctx.actor.person,
        created_at: now,
        version: 1,
    };
    if !store::documents::insert(&mut tx, &draft, key).await? {
        // The same request, in the same moment: its other half has made it.
        tx.rollback().await?;
        let mut tx = service.store.begin(&call.ctx).await?;
        let made = store::documents::find_by_key(&mut tx, account, &request.idempotency_key).await?;
        let made = made.ok_or(BillingError::Stale)?;
        return Ok(CreateDraftResponse { document: Some(view::document(&mut tx, made, today).await?) });
    }
    let action = if kind == Kind::Estimate { "estimate.drafted" } else { "invoice.drafted" };
    publish::draft_audited(service, &mut tx, action, &draft).await?;
    let document = view::document(&mut tx, draft, today).await?;
    tx.commit().await?;
    Ok(CreateDraftResponse { document: Some(document) })
}

/// The company that sells: the one that is named, or the only one.
async fn entity(tx: &mut Tx, named: &str) -> Result<LegalEntity, BillingError> {
    if !named.is_empty() {
        return store::legal_entities::read(tx, named.parse()?).await?.ok_or(BillingError::NotFound);
    }
    let mut entities = store::legal_entities::list(tx).await?;
    match entities.len() {
        0 => Err(BillingError::NoLegalEntity),
        1 => Ok(entities.remove(0)),
        _ => Err(BillingError::WhichLegalEntity),
    }
}

async fn begin_estimate(
    service: &Service,
    tx: &mut Tx,
    account_id: AccountId,
    legal_entity_id: Uuid,
) -> Result<Uuid, BillingError> {
    let estimate = Estimate { id: service.id(), account_id, legal_entity_id, number: String::new() };
    store::estimates::insert(tx, &estimate, service.clock.now()).await?;
    Ok(estimate.id)
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{
        Content, Document, DocumentKind, GetDocumentRequest, ListDocumentsRequest,
    };

    use super::*;
    use crate::testing::{Fixture, content, refused};

    fn draft(fixture: &Fixture, key: &str) -> CreateDraftRequest {
        CreateDraftRequest {
            account_id: fixture.acme.to_string(),
            kind: DocumentKind::Invoice.into(),
            content: Some(content()),
            idempotency_key: key.to_owned(),
            ..CreateDraftRequest::default()
        }
    }

    #[tokio::test]
    async fn a_draft_is_made_once_a_key_and_adds_itself_up() {
        let fixture = Fixture::new().await;
        let mut staff = fixture.billing(&fixture.staff());
        let mut make = async |key: &str| {
            staff.create_draft(draft(&fixture, key)).await.unwrap().into_inner().document.unwrap()
        };
        let made = make("k").await;
        assert_eq!((made.net, made.tax, made.gross, made.open), (120_000, 22_800, 142_800, 0));
        assert_eq!(
            (made.state.as_str(), made.number.as_str(), made.rounding.as_str()),
            ("draft", "", "half_up")
        );
        assert_eq!(make("k").await, made);
        assert_ne!(make("l").await.id, made.id);
        assert_eq!(
            fixture.audited().await,
            ["legal_entity.created", "buyer.updated", "invoice.drafted", "invoice.drafted"]
        );
    }

    #[tokio::test]
    async fn i03_a_draft_is_for_the_firm_alone() {
        let fixture = Fixture::new().await;
        let drafts: Vec<Document> =
            vec![fixture.draft(DocumentKind::Invoice).await, fixture.draft(DocumentKind::Estimate).await];
        let mut client = fixture.billing(&fixture.client());
        for made in drafts {
            let get = GetDocumentRequest { sales_document_id: made.id.clone() };
            assert_eq!(refused(client.get_document(get.clone()).await), Problem::not_found());
            assert!(fixture.billing(&fixture.staff()).get_document(get).await.is_ok());
            let list = ListDocumentsRequest { kind: made.kind, ..ListDocumentsRequest::default() };
            assert!(client.list_documents(list.clone()).await.unwrap().into_inner().documents.is_empty());
            assert_eq!(
                fixture
                    .billing(&fixture.staff())
                    .list_documents(list)
                    .await
                    .unwrap()
                    .into_inner()
                    .documents
                    .len(),
                1
            );
        }
    }

    #[tokio::test]
    async fn i10_nothing_is_drafted_for_a_foreign_account_or_by_a_foreign_company() {
        let fixture = Fixture::new().await;
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).create_draft(draft(&fixture, "")).await),
            Problem::not_found()
        );
        let client = refused(fixture.billing(&fixture.client()).create_draft(draft(&fixture, "")).await);
        assert_eq!(client.code, ErrorCode::PermissionDenied);
        let other = CreateDraftRequest {
            legal_entity_id: fixture.database.account().to_string(),
            ..draft(&fixture, "")
        };
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).create_draft(other).await),
            Problem::not_found()
        );
    }

    #[tokio::test]
    async fn mistakes_are_named_and_without_a_company_nothing_is_drafted() {
        let bare = Fixture::bare().await;
        let problem = refused(bare.billing(&bare.staff()).create_draft(draft(&bare, "")).await);
        assert_eq!(problem.reason, "no_legal_entity");
        let fixture = Fixture::new().await;
        let mut wrong = draft(&fixture, "");
        wrong.content = Some(Content { title: String::new(), ..content() });
        let problem = refused(fixture.billing(&fixture.staff()).create_draft(wrong).await);
        assert_eq!(problem.fields[0].field, "title");
        let kind = CreateDraftRequest { kind: DocumentKind::CreditNote.into(), ..draft(&fixture, "") };
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).create_draft(kind).await).fields[0].field,
            "kind"
        );
        let long = draft(&fixture, &"x".repeat(201));
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).create_draft(long).await).fields[0].field,
            "idempotency_key"
        );
    }
}
