//! A record's form with its files: those go on to documents as they come, and their ids stay in the form.

use portico_core::{ErrorCode, Problem};
use portico_definition::{FieldKind, Record as Kind};

use super::Pairs;
use crate::{
    ask::Ask,
    csrf::{FileForm, MAX_FORM_BYTES},
    form::Errors,
    sending::{cut, read_text, send_file, text_of},
};

/// Reads the form. `account` says, from what was read so far, whose the files are; they are taken for fields of files alone.
///
/// # Errors
/// A connection that was cut, a form over its limit, or documents that do not answer. A file that is refused stands among the errors
/// of the form instead.
pub(crate) async fn receive(
    ask: &Ask,
    FileForm(mut parts): FileForm,
    kind: &Kind,
    account: impl Fn(&Pairs) -> String,
) -> Result<(Pairs, Errors), Problem> {
    let s = &*ask.shell;
    let mut pairs = Pairs::new();
    let mut errors = Errors::none();
    let mut room = MAX_FORM_BYTES;
    while let Some(mut part) = parts.next_field().await.map_err(|_| cut(s))? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file) = part.file_name().map(str::to_owned) else {
            let text = read_text(&mut part).await.map_err(|wrong| wrong.at(&name, s))?;
            room = room
                .checked_sub(name.len() + text.len())
                .ok_or_else(|| Problem::invalid(&name, s.t("thread-too-long")))?;
            pairs.push((name, text));
            continue;
        };
        let takes = kind.fields.get(&name).is_some_and(|field| matches!(field.kind, FieldKind::File { .. }));
        if file.is_empty() || !takes {
            continue;
        }
        match send_file(ask, &format!("/record-files?account_id={}", account(&pairs)), part).await {
            Ok(stored) => {
                let held = format!("{} {file}", text_of(&stored, "document_id"));
                pairs.push((format!("{name}.file"), held));
            }
            Err(problem) if problem.code == ErrorCode::InvalidArgument => {
                let told = problem.fields.first().map_or(&problem.message, |first| &first.description);
                errors.add(name, told.clone());
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok((pairs, errors))
}
