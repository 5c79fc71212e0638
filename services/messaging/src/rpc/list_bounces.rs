//! Lists what came back, with how the person's address stands.

use portico_core::{Ctx, PersonId};
use portico_proto::messaging::v1::{ListBouncesRequest, ListBouncesResponse};
use portico_service::page;

use crate::{convert, error::MessagingError, peers, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListBouncesRequest,
) -> Result<ListBouncesResponse, MessagingError> {
    let person = match request.person_id.as_str() {
        "" => None,
        id => Some(id.parse::<PersonId>()?),
    };
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(MessagingError::Invalid)?;
    let address = match person {
        Some(person) => {
            let people = peers::people(service, &ctx, &[person]).await?;
            Some(people.get(&person).ok_or(MessagingError::NotFound)?.email.clone())
        }
        None => None,
    };
    let mut tx = service.store.begin(&ctx).await?;
    let standing = match &address {
        Some(address) => Some(store::addresses::read(&mut tx, address).await?),
        None => None,
    };
    let mut bounces = store::addresses::list_bounces(&mut tx, person, after, size + 1).await?;
    tx.rollback().await?;
    let next_page_token = page::cut(&mut bounces, size, |last| (last.received_at, last.id));
    Ok(ListBouncesResponse {
        bounces: bounces.into_iter().map(convert::bounce).collect(),
        address: standing.zip(address).map(|(standing, address)| convert::address(address, standing)),
        next_page_token,
    })
}
