//! Sets the first password of a person as part of making the firm.

use portico_core::{Ctx, PersonId, Problem};
use portico_proto::identity::v1::{SetInitialPasswordRequest, SetInitialPasswordResponse};
use serde_json::json;

use crate::{domain::password, error::IdentityError, events, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetInitialPasswordRequest,
) -> Result<SetInitialPasswordResponse, IdentityError> {
    let id: PersonId = request.person_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?.ok_or(IdentityError::NotFound)?;
    tx.rollback().await?;
    if person.has_password {
        return Err(IdentityError::PasswordSet);
    }
    if let Some(text) = password::refusal(&request.password, &person.profile.name, &person.email) {
        return Err(IdentityError::Invalid(Problem::invalid("password", text)));
    }
    let phc = service.hasher.hash(request.password, &*service.entropy).await?;

    let mut tx = service.store.begin(&ctx).await?;
    if !store::people::hold_active(&mut tx, id).await? {
        return Err(IdentityError::NotFound);
    }
    if !store::credentials::replace(&mut tx, id, None, &phc, service.clock.now()).await? {
        return Err(IdentityError::PasswordSet);
    }
    events::publish::log(service, &mut tx, "password.set", &person, None, json!({ "first": true })).await?;
    tx.commit().await?;
    Ok(SetInitialPasswordResponse {})
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::Side;

    use super::*;
    use crate::testing::{Fixture, PASSWORD};

    #[tokio::test]
    async fn a_first_password_is_set_once() {
        let fixture = Fixture::new().await;
        let ana = fixture.person("ana@acme.example", Side::Staff).await;
        let set = async |ctx: Ctx, password: &str| {
            let request =
                SetInitialPasswordRequest { person_id: ana.to_string(), password: password.to_owned() };
            handle(&fixture.service, ctx, request).await
        };
        assert!(matches!(set(fixture.system(), "password1234").await, Err(IdentityError::Invalid(_))));
        assert!(matches!(set(fixture.stranger(), PASSWORD).await, Err(IdentityError::NotFound)));
        set(fixture.system(), PASSWORD).await.unwrap();
        assert!(matches!(set(fixture.system(), "nine blue lanterns").await, Err(IdentityError::PasswordSet)));
        fixture.sign_in("ana@acme.example", PASSWORD).await.unwrap();
    }
}
