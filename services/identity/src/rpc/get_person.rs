//! Reads one person: staff read any, others themselves.

use portico_core::{Ctx, PersonId};
use portico_proto::identity::v1::{GetPersonRequest, GetPersonResponse};

use crate::{convert, error::IdentityError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetPersonRequest,
) -> Result<GetPersonResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    if !ctx.is_internal() && ctx.actor.person != Some(id) {
        return Err(IdentityError::NotFound);
    }
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    Ok(GetPersonResponse { person: Some(convert::person(person)) })
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::Side;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i01_i02_people_of_accounts_read_themselves_alone() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", Side::External).await;
        let ben = fixture.person("ben@globex.example", Side::External).await;
        let read = async |ctx: Ctx, id: &str| {
            let request = GetPersonRequest { person_id: id.to_owned() };
            handle(&fixture.service, ctx, request).await.map(|answer| answer.person.unwrap().email)
        };
        let id = ana.to_string();
        assert_eq!(read(fixture.staff(), &id).await.unwrap(), "ana@acme.example");
        assert_eq!(read(fixture.as_client(ana), &id).await.unwrap(), "ana@acme.example");
        for (ctx, id) in [
            (fixture.as_client(ben), id.as_str()),
            (fixture.stranger(), id.as_str()),
            (fixture.staff(), "x"),
            (fixture.staff(), "00000000-0000-0000-0000-000000000000"),
        ] {
            assert!(matches!(read(ctx, id).await, Err(IdentityError::NotFound)));
        }
    }
}
