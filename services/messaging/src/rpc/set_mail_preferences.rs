//! Changes what one wants of mail.

use portico_core::{Ctx, Problem};
use portico_proto::messaging::v1::{SetMailPreferencesRequest, SetMailPreferencesResponse};
use portico_service::Fields;
use serde_json::json;

use super::get_mail_preferences::read;
use crate::{
    domain::preferences::{Way, check_times, optional_kind},
    error::MessagingError,
    events::publish,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetMailPreferencesRequest,
) -> Result<SetMailPreferencesResponse, MessagingError> {
    let person = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    if ctx.actor.impersonator.is_some() {
        return Err(MessagingError::ReadOnlyView);
    }
    let asked = request.preferences.unwrap_or_default();
    let times = check_times(&asked.quiet_from, &asked.quiet_until, &asked.digest_at).map_err(invalid)?;
    let mut fields = Fields::default();
    let mut ways = Vec::new();
    for choice in &asked.choices {
        match (optional_kind(&choice.kind), Way::from_word(&choice.way)) {
            (Some(kind), Some(way)) => ways.push((kind, way)),
            (None, _) => fields.refuse("choices", "This kind of mail is always sent."),
            (Some(kind), None) => fields.refuse(kind, "Choose at once, once a day, or never."),
        }
    }
    fields.check().map_err(invalid)?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let mut changed = Vec::new();
    for (kind, way) in ways {
        if store::preferences::set_way(&mut tx, person, kind, way, now).await? {
            changed.push(json!({ "kind": kind, "way": way.as_str() }));
        }
    }
    store::preferences::set_times(&mut tx, person, times, now).await?;
    let details = json!({ "choices": changed });
    publish::mail_preferences_changed(service, &mut tx, "mail_preferences.changed", person, details).await?;
    tx.commit().await?;
    Ok(SetMailPreferencesResponse { preferences: Some(read(service, &ctx, person).await?) })
}

fn invalid(problem: Problem) -> MessagingError {
    MessagingError::Invalid(problem)
}

#[cfg(test)]
mod tests;
