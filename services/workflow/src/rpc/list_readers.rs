//! Whom a record is open to.

use portico_core::{Ctx, RecordId};
use portico_definition::Action;
use portico_proto::workflow::v1::{ListReadersRequest, ListReadersResponse};

use crate::{
    domain::permissions::Viewer,
    error::WorkflowError,
    peers::{self, People},
    reach,
    service::Service,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListReadersRequest,
) -> Result<ListReadersResponse, WorkflowError> {
    let id: RecordId = request.record_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let (record, portal) = reach::record(service, &mut tx, &Viewer::of(&ctx), id).await?;
    tx.rollback().await?;
    let (members, staff) = peers::let_in(service, &ctx, record.account).await?;
    let reads = |viewer: &Viewer| viewer.can(&portal.definition, &record.kind, Action::Read, &record.view());
    let ids = |people: People, viewer: &dyn Fn(_, _) -> Viewer| {
        let readers = people.into_iter().filter(|(person, roles)| reads(&viewer(*person, roles.clone())));
        readers.map(|(person, _)| person.to_string()).collect()
    };
    Ok(ListReadersResponse {
        member_ids: ids(members, &|person, roles| Viewer::member(person, record.account, roles)),
        staff_ids: ids(staff, &Viewer::staff),
    })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, id};

    #[tokio::test]
    async fn those_are_named_who_would_read_it_and_nobody_else() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let colleague = fixture.client("Cem Colleague", fixture.acme, &["client"]);
        // Let in for one signature, of another role's business, of another account, of another team, gone.
        fixture.client("Gina Guest", fixture.acme, &[]);
        fixture.client("Vic Vendor", fixture.acme, &["vendor"]);
        fixture.client("Gil Globex", fixture.database.account(), &["client"]);
        fixture.staff("Other Manager", &["project_manager"]);
        let gone = fixture.staff("Gone Admin", &["admin"]);
        fixture.deactivate(&gone);
        let read = async |ctx: &Ctx| {
            let request = ListReadersRequest { record_id: one.record.id.clone() };
            handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
        };
        let mut readers = read(&Ctx::system(one.admin.tenant, "test")).await.unwrap();
        readers.member_ids.sort();
        readers.staff_ids.sort();
        let mut members = vec![id(&one.client), id(&colleague)];
        members.sort();
        let mut staff = vec![id(&one.admin), id(&one.manager)];
        staff.sort();
        assert_eq!((readers.member_ids, readers.staff_ids), (members, staff));
        let elsewhere = Ctx::system(fixture.database.tenant(), "test");
        assert_eq!(read(&elsewhere).await.unwrap_err().code, ErrorCode::NotFound);
    }
}
