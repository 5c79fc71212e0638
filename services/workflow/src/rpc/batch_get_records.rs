//! Reads several records at once.

use portico_core::{Ctx, Problem, RecordId};
use portico_definition::Action;
use portico_proto::workflow::v1::{BatchGetRecordsRequest, BatchGetRecordsResponse};
use uuid::Uuid;

use crate::{convert, domain::permissions::Viewer, error::WorkflowError, service::Service, store};

/// The most records in one answer.
const MOST: usize = 200;

/// Ids that are nobody's, or not the caller's to read, are left out.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: BatchGetRecordsRequest,
) -> Result<BatchGetRecordsResponse, WorkflowError> {
    if request.record_ids.len() > MOST {
        return Err(WorkflowError::Invalid(Problem::invalid(
            "record_ids",
            format!("Ask for at most {MOST} records at once."),
        )));
    }
    let ids: Vec<RecordId> = request.record_ids.iter().filter_map(|id| id.parse().ok()).collect();
    let bare: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let mut found = store::records::read_all(&mut tx, &bare).await?;
    let mut records = Vec::new();
    for record in ids.iter().filter_map(|id| found.remove(id)) {
        let portal = service.portal(&mut tx, record.portal).await?;
        if viewer.can(&portal.definition, &record.kind, Action::Read, &record.view()) {
            records.push(convert::record(&viewer, &portal.definition, &record));
        }
    }
    Ok(BatchGetRecordsResponse { records })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn one_gets_what_one_may_read_and_nothing_of_the_rest() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let read = async |ctx: Ctx| {
            // The run's id is no record's, and what is no id at all is nobody's.
            let record_ids =
                vec![one.run.clone(), one.record.id.clone(), "x".to_owned(), one.record.id.clone()];
            handle(&fixture.service, ctx, BatchGetRecordsRequest { record_ids }).await.unwrap().records
        };
        let own = read(one.client.clone()).await;
        assert_eq!(own.len(), 1);
        assert!(own[0].id == one.record.id && !own[0].fields.as_ref().unwrap().fields.contains_key("fee"));
        assert!(read(one.manager.clone()).await[0].fields.as_ref().unwrap().fields.contains_key("fee"));
        for stranger in [
            fixture.client("Gil", fixture.database.account(), &["client"]),
            fixture.staff("Other", &["project_manager"]),
            portico_testkit::staff(fixture.database.tenant(), &["admin"]),
        ] {
            assert!(read(stranger).await.is_empty());
        }
    }

    #[tokio::test]
    async fn too_many_are_refused() {
        let fixture = Fixture::new().await;
        let record_ids = vec![String::new(); MOST + 1];
        let ctx = fixture.staff("Tom", &["admin"]);
        let outcome = handle(&fixture.service, ctx, BatchGetRecordsRequest { record_ids }).await;
        assert_eq!(outcome.unwrap_err().problem().code, ErrorCode::InvalidArgument);
    }
}
