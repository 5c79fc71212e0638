//! Lets mail go to an address again that something came back from.

use portico_core::{ActorKind, Ctx, PersonId};
use portico_proto::messaging::v1::{ConfirmMailAddressRequest, ConfirmMailAddressResponse};

use crate::{error::MessagingError, events::publish, peers, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ConfirmMailAddressRequest,
) -> Result<ConfirmMailAddressResponse, MessagingError> {
    if ctx.actor.impersonator.is_some() {
        return Err(MessagingError::ReadOnlyView);
    }
    let own = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    let person = match request.person_id.as_str() {
        "" => own,
        id => id.parse::<PersonId>()?,
    };
    // Whoever is not of the firm's side speaks for themselves alone.
    if ctx.actor.kind == ActorKind::Client && person != own {
        return Err(MessagingError::NotFound);
    }
    let people = peers::people(service, &ctx, &[person]).await?;
    let facts = people.get(&person).ok_or(MessagingError::NotFound)?;
    let now = service.clock.now();
    // The table is the firm's side's; what is changed in it is one's own address, or staff changes it.
    let at_work = Ctx::system(ctx.tenant, "Mail");
    let mut tx = service.store.begin(&at_work).await?;
    let news = store::addresses::confirm(&mut tx, &facts.email, now).await?;
    tx.commit().await?;
    if news {
        let mut tx = service.store.begin(&ctx).await?;
        publish::mail_address_confirmed(service, &mut tx, person).await?;
        tx.commit().await?;
    }
    Ok(ConfirmMailAddressResponse {})
}
