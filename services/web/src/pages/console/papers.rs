//! Papers that the firm has signed again and again: the list of templates, and new ones from a PDF.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::documents::v1::{
    ArchivePaperTemplateRequest, DeletePaperTemplateRequest, ListPaperTemplatesRequest, PaperTemplate,
};
use portico_rpc::problem_from;

use super::{attempt::Sent, done::Done};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::{Row, Tone},
    csrf::FileForm,
    error::PageError,
    form::Errors,
    layout::Shell,
    library::take_last,
    pages::portal::bytes::picture,
    render::Page,
    sending::text_of,
};

#[derive(Template)]
#[template(path = "pages/console/papers.html")]
struct View<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
    errors: &'a Errors,
}

pub(super) async fn show(ask: StaffAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, &Errors::none(), &done).await
}

/// Makes a template of a PDF; its fields are placed next.
pub(super) async fn upload(ask: StaffAsk, FileForm(parts): FileForm) -> Result<Response, PageError> {
    match take_last(&ask, "/paper-templates", parts).await {
        Ok(answer) => {
            let to = format!("/console/papers/{}?done=paper-kept", text_of(&answer, "paper_template_id"));
            Ok(see_other_after(&to, text_of(&answer, "event")))
        }
        Err(problem) => again(&ask, problem).await,
    }
}

pub(super) async fn archive(
    ask: StaffAsk,
    Path(paper_template_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let archived = sent.of("archived") == "yes";
    let asked = ArchivePaperTemplateRequest { paper_template_id, archived };
    let answer = ask.paper_templates().archive_paper_template(asked).await?.into_inner();
    let done = if archived { "paper-archived" } else { "paper-restored" };
    Ok(see_other_after(&format!("/console/papers?done={done}"), &answer.event))
}

pub(super) async fn remove(
    ask: StaffAsk,
    Path(paper_template_id): Path<String>,
) -> Result<Response, PageError> {
    let asked = DeletePaperTemplateRequest { paper_template_id };
    match ask.paper_templates().delete_paper_template(asked).await {
        Ok(answer) => Ok(see_other_after("/console/papers?done=paper-removed", &answer.into_inner().event)),
        Err(status) => again(&ask, problem_from(&status)).await,
    }
}

/// A page of a template, as a picture.
pub(super) async fn sheet(
    ask: StaffAsk,
    Path((id, page)): Path<(String, u32)>,
) -> Result<Response, PageError> {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Err(not_here());
    }
    picture(&ask, &format!("/paper-templates/{id}/pages/{page}")).await
}

async fn again(ask: &StaffAsk, problem: Problem) -> Result<Response, PageError> {
    let errors = Errors::from(&problem);
    let page = page(ask, &errors, &Done::default()).await;
    Ok(refused(problem, |_| page))
}

async fn page(ask: &StaffAsk, errors: &Errors, done: &Done) -> Result<Response, PageError> {
    let found = ask.paper_templates().list_paper_templates(ListPaperTemplatesRequest {}).await?;
    let s = &*ask.shell;
    let view = View { s, rows: rows(s, &found.into_inner().templates), errors };
    let status =
        if errors.is_empty() { http::StatusCode::OK } else { http::StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page::new(s.t("papers-title"), view).at("accounts").status(status);
    done.above(page, s).respond(s, &ask.headers)
}

fn rows(s: &Shell, templates: &[PaperTemplate]) -> Vec<Row> {
    let row = |template: &PaperTemplate| {
        let meta = s
            .say("papers-meta")
            .arg("fields", template.field_count)
            .arg("pages", template.pages)
            .arg("uses", template.uses)
            .to_string();
        let row = Row::new(template.title.clone(), format!("/console/papers/{}", template.id), meta);
        match (template.archived, template.field_count) {
            (true, _) => row.tagged(Tone::Neutral, s.t("papers-archived")),
            (false, 0) => row.tagged(Tone::Warn, s.t("papers-unplaced")),
            (false, _) => row,
        }
    };
    templates.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn templates_are_listed_with_what_is_left_to_do() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let template = |id: &str, field_count, archived| PaperTemplate {
                id: id.to_owned(),
                title: format!("<{id}>"),
                field_count,
                archived,
                ..PaperTemplate::default()
            };
            let all = [template("a", 2, false), template("b", 0, false), template("c", 2, true)];
            let errors = Errors::from(&Problem::invalid("file", "Choose a PDF."));
            let view = View { s: &s, rows: rows(&s, &all), errors: &errors };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("/console/papers/a") && html.contains("&#60;b&#62;"), "{html}");
            assert_eq!(html.matches(&s.t("papers-unplaced")).count(), 1);
            assert_eq!(html.matches(&s.t("papers-archived")).count(), 1);
            assert!(html.contains("enctype=\"multipart/form-data\"") && html.contains("Choose a PDF."));
            assert!(html.matches("<h1").count() == 1 && !html.contains("papers-"), "{html}");
        }
    }
}
