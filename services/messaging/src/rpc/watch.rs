//! Names of what happens within one's reach, as it happens; never contents.

use portico_core::Ctx;
use portico_proto::messaging::v1::WatchRequest;

use crate::{
    error::MessagingError,
    live::{Answers, watch},
    service::Service,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: WatchRequest,
) -> Result<Answers, MessagingError> {
    Ok(watch(&service.hub, &ctx, &request.after))
}

#[cfg(test)]
mod tests;
