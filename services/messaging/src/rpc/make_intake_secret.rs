//! Makes the secret that opens the firm's intake. The one before opens nothing any more.

use portico_core::Ctx;
use portico_proto::messaging::v1::{MakeIntakeSecretRequest, MakeIntakeSecretResponse};
use sha2::{Digest as _, Sha256};

use crate::{error::MessagingError, events::publish, mail::Tokens, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: MakeIntakeSecretRequest,
) -> Result<MakeIntakeSecretResponse, MessagingError> {
    // The firm's row is there from the first key on.
    Tokens::of(service, &ctx).await?;
    let secret = service.entropy.secret();
    let mut tx = service.store.begin(&ctx).await?;
    let mut settings = store::settings::read(&mut tx).await?;
    settings.intake_secret = Some(Sha256::digest(secret.as_bytes()).to_vec());
    settings.version += 1;
    if !store::settings::save(&mut tx, &settings, service.clock.now()).await? {
        return Err(MessagingError::Changed);
    }
    publish::intake_secret_made(service, &mut tx).await?;
    tx.commit().await?;
    Ok(MakeIntakeSecretResponse { secret })
}
