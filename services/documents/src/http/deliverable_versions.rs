//! A version of what an approval step is about.

use portico_core::{PersonId, StepId};

use super::{
    Uploaded,
    receive::{Landed, Plan},
    target::Aim,
};
use crate::{
    domain::{document::DocumentKind, request::NotNow},
    error::DocumentsError,
    events::publish,
    peers::{self, StepAction},
    service::{Call, Service},
    store,
};

/// What a deliverable takes from this caller, if it takes anything.
pub(super) async fn aim(service: &Service, call: &Call, step: StepId) -> Result<Aim, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let deliverable = store::deliverables::read(&mut tx, step).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, step, StepAction::Review).await?;
    if deliverable.withdrawn {
        return Err(NotNow::Withdrawn.into());
    }
    Ok(Aim {
        account: deliverable.account_id,
        document: deliverable.document_id,
        limit: service.config.largest_file,
        accepted: Vec::new(),
    })
}

/// Makes a file that has landed the newest version of a deliverable.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    step: StepId,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let deliverable = store::deliverables::lock(&mut tx, step).await?.ok_or(DocumentsError::NotFound)?;
    if deliverable.withdrawn {
        return Err(NotNow::Withdrawn.into());
    }
    let (document, version) = match deliverable.document_id {
        Some(known) if known == landed.document => {
            let document = store::documents::read(&mut tx, known).await?.ok_or(DocumentsError::NotFound)?;
            let number = store::versions::next_number(&mut tx, known).await?;
            let version = landed.version_row(service, call, person, &document, number);
            (document, version)
        }
        // Somebody else added the first version at the same moment; the bytes are bound to another document.
        Some(_) => return Err(portico_db::StoreError::Conflict.into()),
        None => {
            let plan = Plan {
                kind: DocumentKind::Deliverable,
                account: deliverable.account_id,
                record: Some(deliverable.record_id),
                step: Some(step),
                bound: true,
            };
            let (document, version) = landed.rows(service, call, person, plan, &deliverable.title);
            store::documents::insert(&mut tx, &document).await?;
            store::deliverables::set_document(&mut tx, step, document.id).await?;
            (document, version)
        }
    };
    landed.insert(&mut tx, &version).await?;
    publish::file_added(service, &mut tx, &document, &version).await?;
    let event = publish::deliverable_version_added(service, &mut tx, &deliverable, &version).await?;
    let uploaded = Uploaded::new(&document, &version, event);
    landed.arrived(&mut tx, &uploaded).await?;
    tx.commit().await?;
    Ok(uploaded)
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::{documents::v1::GetDeliverableRequest, events::v1::DeliverableVersionAdded};

    use crate::{
        DATA_AGREEMENT,
        testing::{Fixture, refused},
    };

    #[tokio::test]
    async fn the_firm_hands_over_version_after_version() {
        let fixture = Fixture::new().await;
        let step = fixture.activate("plan").await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        let get = GetDeliverableRequest { step_id: step.clone() };
        let empty = fixture.documents(&manager).get_deliverable(get.clone()).await.unwrap().into_inner();
        assert_eq!((empty.title.as_str(), empty.can_add, empty.document), ("Project plan", true, None));
        let path = format!("/deliverables/{step}/versions");
        let by_client = fixture.upload(&client, &path, "plan.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(by_client.code, ErrorCode::PermissionDenied);
        for name in ["plan.pdf", "plan-2.pdf"] {
            let answer = fixture.upload(&manager, &path, name, DATA_AGREEMENT).await.unwrap();
            assert!(
                answer["event"].as_str().unwrap().starts_with("portico.events.v1.DeliverableVersionAdded;")
            );
        }
        let seen = fixture.documents(&client).get_deliverable(get.clone()).await.unwrap().into_inner();
        let numbers: Vec<_> = seen.versions.iter().map(|version| version.number).collect();
        assert_eq!((numbers.as_slice(), seen.can_add), ([2, 1].as_slice(), false));
        let added = fixture.said::<DeliverableVersionAdded>().await;
        assert_eq!((added.len(), added[1].number, added[1].file_name.as_str()), (2, 2, "plan-2.pdf"));
        for stranger in fixture.strangers() {
            assert_eq!(
                refused(fixture.documents(&stranger).get_deliverable(get.clone()).await),
                Problem::not_found()
            );
            let refusal = fixture.upload(&stranger, &path, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
            assert_eq!(refusal, Problem::not_found());
        }
        fixture.withdraw(&step).await;
        let late = fixture.upload(&manager, &path, "plan-3.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(late.reason, "request_withdrawn");
        assert_eq!(fixture.blobs(), 2);
    }
}
