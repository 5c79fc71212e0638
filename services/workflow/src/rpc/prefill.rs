//! What stands in a form before anybody has answered: from the record as the reader sees it, its account, and the reader.

use portico_core::Ctx;
use portico_definition::{Form, Prefill, QuestionKind};
use serde_json::{Map, Value, json};

use crate::{domain::permissions::Viewer, error::WorkflowError, peers, reach::RunInReach, service::Service};

/// The answers that a form begins with. A field that the reader may not see fills nothing in, and neither does a value that does not fit.
///
/// # Errors
/// Identity does not answer.
pub(super) async fn answers(
    service: &Service,
    ctx: &Ctx,
    viewer: &Viewer,
    found: &RunInReach,
    form: &Form,
) -> Result<Map<String, Value>, WorkflowError> {
    let viewer = viewer.at(found.record.account);
    let visible = viewer.fields(&found.portal.definition, &found.record.kind);
    let mut email = None;
    if let Some(me) = ctx.actor.person
        && form.ui.iter().any(|rule| rule.prefill == Some(Prefill::PersonEmail))
    {
        email = peers::people(service, ctx, &[me]).await?.remove(&me).map(|person| person.email);
    }
    let mut filled = Map::new();
    for rule in &form.ui {
        let (Some(prefill), Some(kind)) = (&rule.prefill, form.kind(&rule.field)) else { continue };
        let value = match prefill {
            Prefill::Record(field) if visible.contains(&field.as_str()) && found.reads_record => {
                found.record.fields.get(field).cloned()
            }
            Prefill::Record(_) => None,
            Prefill::AccountName => Some(json!(found.record.account_name)),
            Prefill::PersonName => Some(json!(ctx.actor.name)),
            Prefill::PersonEmail => email.as_ref().map(|email| json!(email)),
        };
        if let Some(value) = value.filter(|value| fits(kind, value)) {
            filled.insert(rule.field.clone(), value);
        }
    }
    Ok(filled)
}

fn fits(kind: QuestionKind, value: &Value) -> bool {
    match kind {
        QuestionKind::Text | QuestionKind::LongText | QuestionKind::Date | QuestionKind::Choice => {
            value.as_str().is_some_and(|text| !text.is_empty())
        }
        QuestionKind::Number => value.is_number(),
        QuestionKind::YesNo => value.is_boolean(),
        QuestionKind::Money => value.is_object(),
        _ => false,
    }
}
