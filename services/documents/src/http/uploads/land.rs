//! The end of an upload: all is there, so it is judged and put in its place.

use portico_core::ErrorCode;
use portico_rpc::ServiceError as _;

use crate::{
    domain::{
        drop_link::OVER,
        upload::{Claim, Outcome, Upload},
    },
    error::DocumentsError,
    http::{
        drops,
        receive::{discard, judge},
        target::{aim, put},
    },
    service::{Call, Service},
    store,
    vault::{Hashed, VaultError},
};

/// Puts an upload that is whole in its place and answers what came of it. Whoever may no longer send it there is refused, like a
/// file that is not what was asked for. What fails for another reason can be tried again: nothing is lost.
pub(super) async fn land(
    service: &Service,
    call: &Call,
    upload: &Upload,
    known: Option<Hashed>,
) -> Result<Outcome, DocumentsError> {
    match attempt(service, call, upload, known).await {
        Ok(answer) => Ok(Outcome::Landed(answer)),
        Err(error) if is_final(&error) => {
            let problem = error.problem();
            let told = match (upload.claim, problem.code) {
                // The link has ended while the last bytes came.
                (Claim::Secret(..), ErrorCode::NotFound) => OVER.to_owned(),
                _ => problem.fields.first().map_or(problem.message, |first| first.description.clone()),
            };
            let outcome = Outcome::Refused(told);
            let mut tx = service.store.begin(&call.ctx).await?;
            if !store::uploads::conclude(&mut tx, upload.id, &outcome).await? {
                // Another go of the same upload has come to its end meanwhile: its answer stands, and so do its bytes.
                return Err(error);
            }
            tx.commit().await?;
            // It may have been refused before it became a version's bytes.
            if let Err(error) = service.vault.delete_part(call.ctx.tenant, upload.id).await {
                tracing::warn!(upload = %upload.id, %error, "the bytes of a refused upload could not be removed");
            }
            discard(service, call.ctx.tenant, upload.id).await;
            Ok(outcome)
        }
        Err(error) => Err(error),
    }
}

/// Whether the same file would be refused again. One that the store has less of than was thought may come whole yet.
pub(in crate::http) fn is_final(error: &DocumentsError) -> bool {
    if matches!(error, DocumentsError::Vault(VaultError::Interrupted(_))) {
        return false;
    }
    matches!(
        error.problem().code,
        ErrorCode::InvalidArgument
            | ErrorCode::FailedPrecondition
            | ErrorCode::PermissionDenied
            | ErrorCode::NotFound
    )
}

async fn attempt(
    service: &Service,
    call: &Call,
    upload: &Upload,
    known: Option<Hashed>,
) -> Result<serde_json::Value, DocumentsError> {
    let aim = aim(service, call, upload.target).await?;
    let received = service.vault.finish_part(&upload.part(call.ctx.tenant), known).await?;
    let landed = judge(service, &received, upload.file_name.clone(), &aim.accepted, true).await?;
    let answer = match (upload.claim, &upload.sender) {
        (Claim::Person(person, _), _) => {
            serde_json::to_value(put(service, call, person, upload.account_id, upload.target, &landed).await?)
        }
        (Claim::Secret(link, _), Some(sender)) => {
            serde_json::to_value(drops::put(service, call, link, sender, &landed).await?)
        }
        (Claim::Secret(..), None) => return Err(DocumentsError::NotFound),
    };
    service.scans.notify_one();
    service.drawings.notify_one();
    answer.map_err(|error| DocumentsError::Unreadable(format!("the answer of an upload: {error}")))
}
