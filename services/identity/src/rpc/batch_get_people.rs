//! Reads several people.

use portico_core::{Ctx, PersonId, Problem};
use portico_proto::identity::v1::{BatchGetPeopleRequest, BatchGetPeopleResponse};

use crate::{convert, error::IdentityError, service::Service, store};

const MOST: usize = 500;

/// Ids that are nobody's are left out, like those that are no ids.
pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: BatchGetPeopleRequest,
) -> Result<BatchGetPeopleResponse, IdentityError> {
    if request.person_ids.len() > MOST {
        let text = format!("Ask for at most {MOST} people at once.");
        return Err(IdentityError::Invalid(Problem::invalid("person_ids", text)));
    }
    let ids: Vec<PersonId> = request.person_ids.iter().filter_map(|id| id.parse().ok()).collect();
    let mut tx = service.store.begin(&ctx).await?;
    let people = store::people::read_several(&mut tx, &ids).await?;
    Ok(BatchGetPeopleResponse { people: people.into_iter().map(convert::person).collect() })
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::Side;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i03_who_is_not_of_the_firm_is_left_out() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", Side::External).await;
        let ask = async |ctx: Ctx, person_ids: Vec<String>| {
            handle(&fixture.service, ctx, BatchGetPeopleRequest { person_ids })
                .await
                .map(|answer| answer.people.len())
        };
        let ids = vec![ana.to_string(), fixture.tenant.to_string(), "x".to_owned(), ana.to_string()];
        assert_eq!(ask(fixture.staff(), ids.clone()).await.unwrap(), 1);
        assert_eq!(ask(fixture.stranger(), ids).await.unwrap(), 0);
        assert!(matches!(
            ask(fixture.staff(), vec![String::new(); 501]).await,
            Err(IdentityError::Invalid(_))
        ));
    }
}
