//! Reads what one wants of mail.

use chrono_tz::Tz;
use portico_core::{Ctx, PersonId};
use portico_proto::messaging::v1::{GetMailPreferencesRequest, GetMailPreferencesResponse, MailPreferences};

use crate::{
    convert,
    error::MessagingError,
    peers::{self, zone_of},
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetMailPreferencesRequest,
) -> Result<GetMailPreferencesResponse, MessagingError> {
    let person = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    Ok(GetMailPreferencesResponse { preferences: Some(read(service, &ctx, person).await?) })
}

/// What a person wants, with the zone that their times are read in.
pub(super) async fn read(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
) -> Result<MailPreferences, MessagingError> {
    let firm = peers::tenant(service, ctx).await?;
    let people = peers::people(service, ctx, &[person]).await?;
    let zone = people.get(&person).map_or(Tz::UTC, |person| zone_of(person, &firm));
    let mut tx = service.store.begin(ctx).await?;
    let preferences = store::preferences::of(&mut tx, person).await?;
    tx.rollback().await?;
    Ok(convert::preferences(&preferences, ctx.is_internal(), zone))
}
