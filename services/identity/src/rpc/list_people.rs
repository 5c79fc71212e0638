//! Lists people by name.

use portico_core::Ctx;
use portico_proto::identity::v1::{ListPeopleRequest, ListPeopleResponse};
use portico_service::page;

use crate::{convert, error::IdentityError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListPeopleRequest,
) -> Result<ListPeopleResponse, IdentityError> {
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(IdentityError::Invalid)?;
    let side = convert::side(request.side());
    let mut tx = service.store.begin(&ctx).await?;
    let mut people = store::people::list(&mut tx, side, request.query.trim(), after, size + 1).await?;
    let next_page_token = page::cut(&mut people, size, |last| (last.profile.name.to_lowercase(), last.id));
    Ok(ListPeopleResponse { people: people.into_iter().map(convert::person).collect(), next_page_token })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::identity::v1::Side;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i03_people_come_page_by_page_to_their_firm_alone() {
        let fixture = Fixture::new().await;
        for email in ["ana@acme.example", "ben@acme.example", "cem@acme.example"] {
            fixture.person(email, Side::External).await;
            fixture.database.clock.advance(TimeDelta::seconds(1));
        }
        fixture.person("dan@northwind.example", Side::Staff).await;
        let list = async |ctx: Ctx, side: Side, query: &str, page_token: String| {
            let request =
                ListPeopleRequest { side: side.into(), page_size: 2, page_token, query: query.to_owned() };
            let answer = handle(&fixture.service, ctx, request).await?;
            let emails: Vec<_> = answer.people.into_iter().map(|person| person.email).collect();
            Ok::<_, IdentityError>((emails, answer.next_page_token))
        };
        let first = list(fixture.staff(), Side::External, "", String::new()).await.unwrap();
        assert_eq!(first.0, ["ana@acme.example", "ben@acme.example"]);
        let second = list(fixture.staff(), Side::External, "", first.1).await.unwrap();
        assert_eq!(second, (vec!["cem@acme.example".to_owned()], String::new()));
        let found = list(fixture.staff(), Side::Unspecified, "NORTHWIND", String::new()).await.unwrap();
        assert_eq!(found.0, ["dan@northwind.example"]);
        assert_eq!(list(fixture.stranger(), Side::Unspecified, "", String::new()).await.unwrap().0.len(), 0);
        let wrong = list(fixture.staff(), Side::Unspecified, "", "x".to_owned()).await;
        assert!(matches!(wrong, Err(IdentityError::Invalid(_))));
    }
}
