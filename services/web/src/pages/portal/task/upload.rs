//! Files for a row of a request, one part after the other.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header::ACCEPT};
use portico_core::{ItemId, Problem};

use super::{acted, request::field_of};
use crate::{
    ask::{Ask, not_here},
    csrf::{FileForm, FileParts},
    error::PageError,
    sending::{cut, send_file, text_of},
};

pub(in crate::pages::portal) async fn item_files(
    ask: Ask,
    Path((step, item)): Path<(String, String)>,
    FileForm(parts): FileForm,
) -> Result<Response, PageError> {
    item.parse::<ItemId>().map_err(|_| not_here())?;
    take(&ask, &step, &format!("/items/{item}/files"), &field_of(&item), parts).await
}

/// Sends every chosen file on. A script sends each by itself and reads JSON; a form comes back to the step's page.
async fn take(
    ask: &Ask,
    step: &str,
    route: &str,
    field: &str,
    mut parts: FileParts,
) -> Result<Response, PageError> {
    let mut event = String::new();
    let mut taken = 0_usize;
    let mut outcome = Ok(());
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => {
                outcome = Err(cut(&ask.shell));
                break;
            }
        };
        if part.file_name().is_none_or(str::is_empty) {
            continue;
        }
        match send_file(ask, route, part).await {
            Ok(answer) => {
                taken += 1;
                text_of(&answer, "event").clone_into(&mut event);
            }
            Err(problem) => {
                outcome = Err(problem);
                break;
            }
        }
    }
    if outcome.is_ok() && taken == 0 {
        outcome = Err(Problem::invalid(field, ask.shell.t("upload-none")));
    }
    if wants_json(&ask.headers) {
        return outcome.map(|()| StatusCode::NO_CONTENT.into_response()).map_err(PageError);
    }
    let outcome = outcome.map(|()| event).map_err(|problem| at_field(problem, field));
    acted(ask, step, outcome, Vec::new()).await
}

/// What is wrong with the file stands at the field it was chosen in.
fn at_field(mut problem: Problem, field: &str) -> Problem {
    let description =
        problem.fields.first().map_or_else(|| problem.message.clone(), |first| first.description.clone());
    problem.fields.clear();
    problem.with_field(field, description)
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|kinds| kinds.to_str().ok())
        .is_some_and(|kinds| kinds.starts_with("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_file_is_told_at_its_own_row() {
        let problem = at_field(Problem::invalid("file", "This is no PDF."), "file-i1");
        assert_eq!((problem.fields.len(), problem.fields[0].field.as_str()), (1, "file-i1"));
        assert_eq!(problem.fields[0].description, "This is no PDF.");
    }
}
