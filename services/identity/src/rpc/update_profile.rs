//! Changes one's own name, language and time zone.

use portico_core::Ctx;
use portico_proto::identity::v1::{UpdateProfileRequest, UpdateProfileResponse};
use portico_service::Fields;
use serde_json::json;

use super::oneself;
use crate::{convert, domain::person::Profile, error::IdentityError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateProfileRequest,
) -> Result<UpdateProfileResponse, IdentityError> {
    let id = oneself(&ctx)?;
    let mut fields = Fields::default();
    let profile = Profile { name: request.name, language: request.language, time_zone: request.time_zone };
    let profile = profile.check(&mut fields);
    fields.check().map_err(IdentityError::Invalid)?;
    let mut tx = service.store.begin(&ctx).await?;
    if !store::people::update_profile(&mut tx, id, &profile, service.clock.now()).await? {
        return Err(IdentityError::NotFound);
    }
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    let details = json!({ "language": profile.language, "time_zone": profile.time_zone });
    events::publish::log(service, &mut tx, "profile.updated", &person, None, details).await?;
    tx.commit().await?;
    Ok(UpdateProfileResponse { person: Some(convert::person(person)) })
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::Side;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn everybody_changes_themselves() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", Side::External).await;
        let update = async |ctx: Ctx, name: &str| {
            let request = UpdateProfileRequest {
                name: name.to_owned(),
                language: "de".to_owned(),
                time_zone: "Europe/Vienna".to_owned(),
            };
            handle(&fixture.service, ctx, request).await.map(|answer| answer.person.unwrap())
        };
        let person = update(fixture.as_client(ana), "Anna Miller").await.unwrap();
        assert_eq!(
            (person.id, person.name.as_str(), person.language.as_str()),
            (ana.to_string(), "Anna Miller", "de")
        );
        assert_eq!(person.email, "ana@acme.example");
        assert!(matches!(update(fixture.as_client(ana), " ").await, Err(IdentityError::Invalid(_))));
        let elsewhere = Ctx { tenant: fixture.database.tenant(), ..fixture.as_client(ana) };
        assert!(matches!(update(elsewhere, "Eve").await, Err(IdentityError::NotFound)));
        assert_eq!(fixture.audited().await.last().unwrap().0, "profile.updated");
    }
}
