//! Says what an address under a mail would switch off.

use portico_core::Ctx;
use portico_proto::messaging::v1::{InspectUnsubscribeRequest, InspectUnsubscribeResponse};

use crate::{domain::preferences::Way, error::MessagingError, mail::Tokens, peers, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: InspectUnsubscribeRequest,
) -> Result<InspectUnsubscribeResponse, MessagingError> {
    let tokens = Tokens::of(service, &ctx).await?;
    let (person, kind) = tokens.read_unsubscribe(&request.token).ok_or(MessagingError::NotFound)?;
    let people = peers::people(service, &ctx, &[person]).await?;
    let facts = people.get(&person).ok_or(MessagingError::NotFound)?;
    let mut tx = service.store.begin(&ctx).await?;
    let off = store::preferences::of(&mut tx, person).await?.way(kind) == Way::Never;
    tx.rollback().await?;
    Ok(InspectUnsubscribeResponse { kind: kind.to_owned(), off, language: facts.language.clone() })
}
