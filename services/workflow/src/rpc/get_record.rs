//! Reads a record.

use portico_core::{Ctx, RecordId};
use portico_proto::workflow::v1::{GetRecordRequest, GetRecordResponse};

use crate::{convert, domain::permissions::Viewer, error::WorkflowError, reach, service::Service};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetRecordRequest,
) -> Result<GetRecordResponse, WorkflowError> {
    let id: RecordId = request.record_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (record, portal) = reach::record(service, &mut tx, &viewer, id).await?;
    Ok(GetRecordResponse { record: Some(convert::record(&viewer, &portal.definition, &record)) })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_fee_never_leaves_for_clients_and_strangers_see_nothing() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let read = async |ctx: Ctx| {
            handle(&fixture.service, ctx, GetRecordRequest { record_id: one.record.id.clone() }).await
        };
        let own = read(one.client.clone()).await.unwrap().record.unwrap();
        assert!(!own.fields.as_ref().unwrap().fields.contains_key("fee"));
        assert!(own.allowed.is_empty());
        let managers = read(one.manager.clone()).await.unwrap().record.unwrap();
        assert!(managers.fields.unwrap().fields.contains_key("fee"));
        assert!(managers.allowed.contains(&"to:done".to_owned()));

        let strangers = [
            fixture.client("Gil", fixture.database.account(), &["client"]),
            fixture.staff("Other", &["project_manager"]),
            portico_testkit::staff(fixture.database.tenant(), &["admin"]),
        ];
        let absent = handle(&fixture.service, one.client, GetRecordRequest { record_id: one.run.clone() })
            .await
            .unwrap_err();
        for stranger in strangers {
            let problem = read(stranger).await.unwrap_err().problem();
            assert_eq!((problem.code, &problem), (ErrorCode::NotFound, &absent.problem()));
        }
    }
}
