//! Sends a draft version of an estimate to the client.

use portico_proto::billing::v1::{SendEstimateRequest, SendEstimateResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::document::Kind,
    error::BillingError,
    events::publish::{self, Notice},
    issuing::{self, MadeOutTo},
    peers,
    service::{Call, Service},
    settling::in_currency,
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: SendEstimateRequest,
) -> Result<SendEstimateResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let account = {
        let mut tx = service.store.begin(&call.ctx).await?;
        store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?.account_id
    };
    let people = peers::members(service, &call.ctx, account).await?;
    let version = convert::version(&request.etag)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let draft = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let (Kind::Estimate, Some(estimate)) = (draft.kind, draft.estimate_id) else {
        return Err(BillingError::WrongState("This is not an estimate."));
    };
    let estimate = store::estimates::hold(&mut tx, estimate).await?.ok_or(BillingError::NotFound)?;
    let draft = issuing::hold_draft(&mut tx, id, version).await?;
    if store::estimates::decisions(&mut tx, &[estimate.id]).await?.iter().any(|decision| decision.accepted) {
        return Err(BillingError::WrongState(
            "The client has accepted an earlier version. Make a new estimate instead.",
        ));
    }
    let known = Some(estimate.number.clone()).filter(|number| !number.is_empty());
    let sent = issuing::issue(service, &mut tx, &draft, today, known, None, MadeOutTo::Account).await?;
    store::estimates::publish(&mut tx, estimate.id, &sent.document.number).await?;
    let event = publish::estimate_sent(service, &mut tx, estimate.id, &sent.document, &sent.hash).await?;
    let money = in_currency(sent.document.totals.gross, &sent.document.content.currency)?;
    let notice = Notice {
        key: format!("estimate-sent:{id}"),
        people: &people,
        told: firm.words.estimate_sent(
            &sent.document.number,
            &draft.content.title,
            &money,
            draft.estimate_version,
        ),
        link: publish::page(Kind::Estimate, id, true),
        kind: "notice",
        reply_to: call.ctx.actor.person,
    };
    publish::tell(service, &mut tx, estimate.id, account, notice).await?;
    let stored = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let document = view::document(&mut tx, stored, today).await?;
    tx.commit().await?;
    Ok(SendEstimateResponse { document: Some(document), event })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::{
        billing::v1::{DocumentKind, EstimateSent},
        events::v1::NoticeRequested,
    };

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_sent_estimate_has_its_number_and_the_client_is_told() {
        let fixture = Fixture::new().await;
        let draft = fixture.draft(DocumentKind::Estimate).await;
        let send =
            |etag: &str| SendEstimateRequest { sales_document_id: draft.id.clone(), etag: etag.to_owned() };
        let mut staff = fixture.billing(&fixture.staff());
        assert_eq!(refused(staff.send_estimate(send("7")).await).code, ErrorCode::Conflict);
        let sent = staff.send_estimate(send("1")).await.unwrap().into_inner();
        let document = sent.document.unwrap();
        assert_eq!(
            (document.number.as_str(), document.state.as_str(), document.hash.len()),
            ("EST-00001", "sent", 64)
        );
        assert!(sent.event.starts_with("portico.billing.v1.EstimateSent;"));
        assert_eq!(refused(staff.send_estimate(send("1")).await).reason, "issued");
        assert_eq!(fixture.published::<EstimateSent>().await.len(), 1);
        let [notice] = &fixture.published::<NoticeRequested>().await[..] else { panic!("one notice") };
        assert_eq!(notice.person_ids, [fixture.ana.to_string()]);
        assert_eq!(
            (notice.link.as_str(), notice.subject.as_str()),
            (format!("/estimates/{}", draft.id).as_str(), "Estimate EST-00001: Strategy workshop")
        );
        assert_eq!(fixture.read_as(&fixture.client(), &draft.id).await.number, "EST-00001");
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get_refused(&stranger, &draft.id).await, Problem::not_found());
        }
    }

    #[tokio::test]
    async fn i02_nobody_else_sends_it() {
        let fixture = Fixture::new().await;
        let draft = fixture.draft(DocumentKind::Estimate).await;
        let send = || SendEstimateRequest { sales_document_id: draft.id.clone(), etag: "1".to_owned() };
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(refused(fixture.billing(&elsewhere).send_estimate(send()).await), Problem::not_found());
        assert_eq!(
            refused(fixture.billing(&fixture.client()).send_estimate(send()).await).code,
            ErrorCode::PermissionDenied
        );
        assert_eq!(fixture.published::<EstimateSent>().await.len(), 0);
    }
}
