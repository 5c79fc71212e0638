//! Adds a person to the firm.

use portico_core::{ActorKind, Ctx, PersonId};
use portico_proto::identity::v1::{CreatePersonRequest, CreatePersonResponse};
use portico_service::Fields;
use serde_json::json;

use crate::{
    convert,
    domain::person::{Person, Profile, Side, check_email},
    error::IdentityError,
    events, peers,
    service::Service,
    store,
};

/// The same address on the same side answers the person who is there, as they are.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CreatePersonRequest,
) -> Result<CreatePersonResponse, IdentityError> {
    let side = convert::side(request.side());
    if side == Some(Side::Staff) {
        may_handle_staff(&ctx)?;
    }
    let mut profile =
        Profile { name: request.name, language: request.language, time_zone: request.time_zone };
    if profile.language.is_empty() || profile.time_zone.is_empty() {
        let tenant = peers::tenant(service, &ctx).await?;
        let or = |own: String, firms: String| if own.is_empty() { firms } else { own };
        profile.language = or(profile.language, tenant.language);
        profile.time_zone = or(profile.time_zone, tenant.time_zone);
    }
    let mut fields = Fields::default();
    let email = check_email(&request.email, &mut fields);
    let profile = profile.check(&mut fields);
    if side.is_none() {
        fields.refuse("side", "Say whether the person is staff or belongs to an account.");
    }
    fields.check().map_err(IdentityError::Invalid)?;
    let side = side.unwrap_or(Side::External);

    let now = service.clock.now();
    let id = PersonId::new(now, &*service.entropy);
    let person = Person { id, email, side, profile, active: true, joined_at: None, has_password: false };
    let mut tx = service.store.begin(&ctx).await?;
    if !store::people::insert(&mut tx, &person, now).await? {
        let there =
            store::people::find_by_email(&mut tx, &person.email).await?.ok_or(IdentityError::NotFound)?;
        if there.side != side {
            return Err(IdentityError::OtherSide);
        }
        return Ok(CreatePersonResponse {
            person: Some(convert::person(there)),
            created: false,
            event: String::new(),
        });
    }
    let event = events::publish::person_created(service, &mut tx, &person).await?;
    let details = json!({ "side": side.as_str() });
    events::publish::log(service, &mut tx, "person.created", &person, None, details).await?;
    tx.commit().await?;
    Ok(CreatePersonResponse { person: Some(convert::person(person)), created: true, event })
}

/// Refuses staff who are no administrators: only those bring people onto the firm's side.
pub(super) fn may_handle_staff(ctx: &Ctx) -> Result<(), IdentityError> {
    if ctx.actor.kind == ActorKind::System || ctx.has_role("admin") {
        return Ok(());
    }
    Err(IdentityError::NotAdministrator)
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::identity::v1::{PersonCreated, Side as SideMessage};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    fn ana(side: SideMessage) -> CreatePersonRequest {
        CreatePersonRequest {
            email: "Ana@Acme.example".to_owned(),
            name: "Ana Miller".to_owned(),
            side: side.into(),
            ..Default::default()
        }
    }

    #[tokio::test]
    async fn the_same_address_is_the_same_person() {
        let fixture = Fixture::new().await;
        let create = async |request| handle(&fixture.service, fixture.staff(), request).await.unwrap();
        let first = create(ana(SideMessage::External)).await;
        assert!(first.created);
        let person = first.person.clone().unwrap();
        assert_eq!(person.email, "ana@acme.example");
        assert_eq!(
            (person.language.as_str(), person.time_zone.as_str()),
            ("de", "Europe/Vienna"),
            "the firm's"
        );
        let renamed = CreatePersonRequest { name: "Anna".to_owned(), ..ana(SideMessage::External) };
        let second = create(renamed).await;
        assert!(!second.created);
        assert_eq!(second.person, first.person);
        assert_eq!(fixture.published::<PersonCreated>().await, 1);
    }

    #[tokio::test]
    async fn nobody_is_on_both_sides() {
        let fixture = Fixture::new().await;
        handle(&fixture.service, fixture.staff(), ana(SideMessage::External)).await.unwrap();
        let problem =
            handle(&fixture.service, fixture.admin(), ana(SideMessage::Staff)).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::AlreadyExists, "email"));
    }

    #[tokio::test]
    async fn i11_the_same_address_at_another_firm_is_another_person() {
        let fixture = Fixture::new().await;
        let here = handle(&fixture.service, fixture.staff(), ana(SideMessage::External)).await.unwrap();
        let there = handle(&fixture.service, fixture.stranger(), ana(SideMessage::Staff)).await.unwrap();
        assert!(there.created);
        assert_ne!(here.person.unwrap().id, there.person.unwrap().id);
    }

    #[tokio::test]
    async fn n088_only_administrators_add_staff() {
        let fixture = Fixture::new().await;
        let problem =
            handle(&fixture.service, fixture.staff(), ana(SideMessage::Staff)).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::PermissionDenied);
        assert_eq!(fixture.published::<PersonCreated>().await, 0);
        handle(&fixture.service, fixture.admin(), ana(SideMessage::Staff)).await.unwrap();
    }

    #[tokio::test]
    async fn every_mistake_is_named() {
        let fixture = Fixture::new().await;
        let wrong = CreatePersonRequest {
            email: "ana".to_owned(),
            name: String::new(),
            side: 0,
            language: "fr".to_owned(),
            time_zone: "x".to_owned(),
        };
        let problem = handle(&fixture.service, fixture.staff(), wrong).await.unwrap_err().problem();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["email", "name", "language", "time_zone", "side"]);
    }
}
