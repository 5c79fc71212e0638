//! A message with its files: the files first, each streamed on, then the words.

use axum::{
    Form,
    extract::{FromRequest as _, Path, Request},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use portico_core::{ErrorCode, Problem, RecordId};
use portico_proto::messaging::v1::PostMessageRequest;
use portico_rpc::problem_from;

use super::thread::{Typed, show};
use crate::{
    ask::{Ask, not_here},
    csrf::FileForm,
    error::PageError,
    form::Errors,
    render::see_other,
    sending::{cut, read_text, send_file, text_of},
};

const MOST_FILES: usize = 10;

pub(super) async fn post(
    ask: Ask,
    Path(record): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    record.parse::<RecordId>().map_err(|_| not_here())?;
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    let mut typed = Typed::default();
    let sent = if kind.starts_with(b"multipart/form-data") {
        let form = FileForm::from_request(request, &()).await?;
        read(&ask, &record, form, &mut typed).await
    } else {
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|_| {
            let told = ask.shell.t("form-unreadable");
            PageError(Problem::new(ErrorCode::InvalidArgument, "not_a_form", told))
        })?;
        pairs.into_iter().for_each(|(name, value)| typed.set(&name, value));
        Ok(())
    };
    let outcome = match sent {
        Ok(()) => {
            let attachment_ids = typed.held.iter().map(|(id, _)| id.clone()).collect();
            let asked = PostMessageRequest {
                record_id: record.clone(),
                body: typed.body.trim().to_owned(),
                attachment_ids,
                internal: typed.internal && ask.reader.is_staff(),
                idempotency_key: typed.key.clone(),
            };
            ask.messaging().post_message(asked).await.map_err(|status| problem_from(&status))
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(answer) => {
            let id = answer.into_inner().message.unwrap_or_default().id;
            Ok(see_other(&format!("/messages/{record}#m-{id}")))
        }
        Err(problem) if is_mendable(&problem) => {
            show(
                &ask,
                &record,
                String::new(),
                &typed,
                &Errors::from(&problem),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
        Err(problem) => Ok(PageError(problem).into_response()),
    }
}

impl Typed {
    fn set(&mut self, name: &str, value: String) {
        match name {
            "body" => self.body = value.replace("\r\n", "\n"),
            "key" => self.key = value,
            "internal" => self.internal = value == "yes",
            // A file that has arrived before: the document's id and the file's name.
            "files.file" => {
                self.held.extend(value.split_once(' ').map(|(id, name)| (id.to_owned(), name.to_owned())))
            }
            _ => {}
        }
    }
}

async fn read(
    ask: &Ask,
    record: &str,
    FileForm(mut parts): FileForm,
    typed: &mut Typed,
) -> Result<(), Problem> {
    while let Some(mut part) = parts.next_field().await.map_err(|_| cut(&ask.shell))? {
        if part.name() == Some("files") {
            let Some(name) = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned) else {
                continue;
            };
            if typed.held.len() >= MOST_FILES {
                return Err(Problem::invalid("files", ask.shell.t("thread-too-many-files")));
            }
            let stored = send_file(ask, &format!("/attachments?record_id={record}"), part).await;
            let stored = stored.map_err(|problem| at_files(&problem))?;
            typed.held.push((text_of(&stored, "document_id").to_owned(), name));
            continue;
        }
        let name = part.name().unwrap_or_default().to_owned();
        let text = read_text(&mut part).await.map_err(|wrong| wrong.at("body", &ask.shell))?;
        typed.set(&name, text);
    }
    Ok(())
}

/// What is wrong with a file is told at the field it was chosen in.
fn at_files(problem: &Problem) -> Problem {
    let mut told = problem.clone();
    if problem.code == ErrorCode::InvalidArgument {
        let description =
            problem.fields.first().map_or_else(|| problem.message.clone(), |first| first.description.clone());
        told.fields.clear();
        told = told.with_field("files", description);
    }
    told
}

const fn is_mendable(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ErrorCode::InvalidArgument
            | ErrorCode::FailedPrecondition
            | ErrorCode::AlreadyExists
            | ErrorCode::ResourceExhausted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_forms_own_fields_are_taken() {
        let mut typed = Typed::default();
        for (name, value) in [
            ("body", "a\r\nb"),
            ("internal", "yes"),
            ("key", "k"),
            ("author_id", "x"),
            ("files.file", "d1 a plan.pdf"),
            ("files.file", "nothing"),
        ] {
            typed.set(name, value.to_owned());
        }
        assert_eq!(typed.held, [("d1".to_owned(), "a plan.pdf".to_owned())]);
        assert_eq!((typed.body.as_str(), typed.internal, typed.key.as_str()), ("a\nb", true, "k"));
    }

    #[test]
    fn a_refused_file_is_told_at_the_files() {
        let told = at_files(&Problem::invalid("x-file-name", "This is no PDF."));
        assert_eq!(
            (told.fields[0].field.as_str(), told.fields[0].description.as_str()),
            ("files", "This is no PDF.")
        );
        assert!(at_files(&Problem::not_found()).fields.is_empty());
    }
}
