//! A portal's definition as a text: check it, see what changes for whom, publish it; and the files it names.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::{Method, StatusCode};
use portico_core::{ErrorCode, Problem};
use portico_definition::{GalleryEntry, gallery};
use portico_proto::{
    documents::v1::{ListTemplatesRequest, Template as TemplateFile},
    tenancy::v1::{Change, Finding, GetPortalRequest, PublishPortalRequest, PublishPortalResponse},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    deliverable::nothing_chosen,
    done::Done,
};
use crate::{
    ask::{AdminAsk, not_here, refused},
    components::{Tag, Tone},
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    sending::{percent_encoded, read_text, send_file_by},
};

struct FindingRow {
    place: String,
    message: String,
    hint: String,
}

struct ChangeRow {
    tag: Tag,
    sentence: String,
}

struct FileRow {
    path: String,
    meta: String,
}

/// What checking has said.
#[derive(Default)]
struct Verdict {
    findings: Vec<FindingRow>,
    changes: Vec<ChangeRow>,
    checked: bool,
}

#[derive(Template)]
#[template(path = "pages/console/definition.html")]
struct View<'a> {
    s: &'a Shell,
    name: &'a str,
    yaml: String,
    version: i32,
    verdict: Verdict,
    files: Vec<FileRow>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: AdminAsk,
    Path(name): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let (yaml, version) = stored(&ask, &name).await?;
    page(&ask, &name, (yaml, version), Verdict::default(), Attempt::default(), &done).await
}

/// Checks or publishes, as the button says.
pub(super) async fn publish(
    ask: AdminAsk,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let yaml = sent.text("yaml");
    let base_version: i32 = sent.of("version").parse().unwrap_or(0);
    let dry_run = sent.of("act") != "publish";
    let asked = PublishPortalRequest { yaml: yaml.clone(), base_version, dry_run };
    match ask.tenancy().publish_portal(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            if !dry_run && answer.findings.is_empty() {
                ask.web.forget_portals(ask.tenant()).await;
                let name = answer.portal.map_or(name, |portal| portal.name);
                return Ok(see_other(&format!("/console/definitions/{name}?done=published")));
            }
            let verdict = Verdict::of(&ask.shell, &answer);
            page(&ask, &name, (yaml, base_version), verdict, Attempt::default(), &Done::default()).await
        }
        Err(status) => {
            let problem = problem_from(&status);
            // Somebody else published meanwhile: the text stays, so that nothing that was typed is lost.
            let kept = problem.code == ErrorCode::Conflict;
            let attempt = Attempt::refused("definition", sent, &problem, &[]);
            let page =
                page(&ask, &name, (yaml, base_version), Verdict::default(), attempt, &Done::default()).await;
            if kept { page } else { Ok(refused(problem, |_| page)) }
        }
    }
}

/// Keeps a file that the definition names, such as the PDF of a document to sign.
pub(super) async fn add_template(
    ask: AdminAsk,
    Path(name): Path<String>,
    form: FileForm,
) -> Result<Response, PageError> {
    match send(&ask, form).await {
        Ok(()) => Ok(see_other(&format!("/console/definitions/{name}?done=template-saved"))),
        Err(problem) => {
            let stored = stored(&ask, &name).await?;
            let attempt = Attempt::refused("template", Sent::default(), &problem, &[]);
            let page = page(&ask, &name, stored, Verdict::default(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn send(ask: &AdminAsk, FileForm(mut parts): FileForm) -> Result<(), Problem> {
    let mut path = String::new();
    while let Some(mut field) = parts.next_field().await.map_err(|_| nothing_chosen(&ask.shell))? {
        match field.name() {
            Some("path") => {
                let text = read_text(&mut field).await.map_err(|wrong| wrong.at("path", &ask.shell))?;
                text.trim().clone_into(&mut path);
            }
            Some("file") if field.file_name().is_some_and(|name| !name.is_empty()) => {
                let parts: Vec<_> =
                    template_path(&ask.shell, &path)?.split('/').map(percent_encoded).collect();
                let path = format!("/templates/{}", parts.join("/"));
                return send_file_by(Method::PUT, ask, &path, field).await.map(|_| ());
            }
            _ => {}
        }
    }
    Err(nothing_chosen(&ask.shell))
}

/// The path of a template as definitions write it: relative, and without a way out.
fn template_path<'a>(s: &Shell, path: &'a str) -> Result<&'a str, Problem> {
    let plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if plain && path.len() <= 200 {
        Ok(path)
    } else {
        Err(Problem::invalid("path", s.t("console-template-path-wrong")))
    }
}

/// The page of a gallery entry that could not be published as it is.
pub(super) async fn with_findings(
    ask: &AdminAsk,
    entry: &GalleryEntry,
    findings: &[Finding],
) -> Result<Response, PageError> {
    let answer = PublishPortalResponse { findings: findings.to_vec(), ..PublishPortalResponse::default() };
    let verdict = Verdict::of(&ask.shell, &answer);
    page(ask, entry.name, (entry.yaml.to_owned(), 0), verdict, Attempt::default(), &Done::default()).await
}

/// The newest version, or the gallery's text where nothing of this name is published yet.
async fn stored(ask: &AdminAsk, name: &str) -> Result<(String, i32), PageError> {
    let asked = GetPortalRequest { portal_id: String::new(), name: name.to_owned(), version: 0 };
    match ask.tenancy().get_portal(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            Ok((answer.yaml, answer.portal.map_or(0, |portal| portal.version)))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let offered = gallery().iter().find(|entry| entry.name == name);
            match offered {
                Some(entry) if problem.code == ErrorCode::NotFound => Ok((entry.yaml.to_owned(), 0)),
                Some(_) => Err(problem.into()),
                None if problem.code == ErrorCode::NotFound => Err(not_here()),
                None => Err(problem.into()),
            }
        }
    }
}

async fn page(
    ask: &AdminAsk,
    name: &str,
    (yaml, version): (String, i32),
    verdict: Verdict,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let files = ask.documents().list_templates(ListTemplatesRequest {}).await?.into_inner().templates;
    let s = &*ask.shell;
    let status =
        if verdict.findings.is_empty() { attempt.status() } else { StatusCode::UNPROCESSABLE_ENTITY };
    let files = files.iter().map(|file| file_row(s, file)).collect();
    let view = View { s, name, yaml, version, verdict, files, attempt };
    let title = s.say("console-definition").arg("name", name).to_string();
    let page =
        Page::new(title, view).at("portals").status(status).under(s.t("nav-portals"), "/console/portals");
    done.above(page, s).respond(s, &ask.headers)
}

impl Verdict {
    fn of(s: &Shell, answer: &PublishPortalResponse) -> Self {
        Self {
            findings: answer.findings.iter().map(|finding| finding_row(s, finding)).collect(),
            changes: answer.changes.iter().map(|change| change_row(s, change)).collect(),
            checked: true,
        }
    }
}

fn finding_row(s: &Shell, finding: &Finding) -> FindingRow {
    let place = match (finding.line, finding.path.is_empty()) {
        (0, _) => finding.path.clone(),
        (line, _) => s.say("console-line").arg("line", line).arg("column", finding.column).to_string(),
    };
    FindingRow { place, message: finding.message.clone(), hint: finding.hint.clone() }
}

fn change_row(s: &Shell, change: &Change) -> ChangeRow {
    let (tone, key) = match change.access.as_str() {
        "widened" => (Tone::Warn, "console-access-widened"),
        "narrowed" => (Tone::Info, "console-access-narrowed"),
        _ => (Tone::Neutral, "console-access-neutral"),
    };
    ChangeRow { tag: Tag::new(tone, s.t(key)), sentence: change.sentence.clone() }
}

fn file_row(s: &Shell, file: &TemplateFile) -> FileRow {
    let meta = file.version.as_ref().map(|version| crate::wording::file_meta(s, version)).unwrap_or_default();
    FileRow { path: file.path.clone(), meta }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(verdict: Verdict) -> String {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let yaml = "kind: Portal # </textarea><script>".to_owned();
        let view = View {
            s: &s,
            name: "client-onboarding",
            yaml,
            version: 2,
            verdict,
            files: Vec::new(),
            attempt: Attempt::default(),
        };
        Page::new("x", view).whole(&s).unwrap()
    }

    #[test]
    fn findings_say_where_what_and_what_to_do() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let finding = Finding {
            line: 12,
            column: 3,
            message: "unknown key `stepps`".to_owned(),
            hint: "did you mean `steps`?".to_owned(),
            ..Finding::default()
        };
        let html =
            html(Verdict::of(&s, &PublishPortalResponse { findings: vec![finding], ..Default::default() }));
        assert!(html.contains("Line 12, column 3") && html.contains("did you mean"));
        assert!(html.contains("role=\"alert\"") && html.matches("<h1").count() == 1);
        assert!(!html.contains("</textarea><script>"), "the text cannot leave its field");
    }

    #[test]
    fn a_clean_check_says_what_changes_for_whom() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let change =
            Change { access: "widened".to_owned(), sentence: "Clients may now read the fee.".to_owned() };
        let html =
            html(Verdict::of(&s, &PublishPortalResponse { changes: vec![change], ..Default::default() }));
        assert!(html.contains("Access widened") && html.contains("Clients may now read the fee."));
        assert!(html.contains("value=\"publish\"") && !html.contains("console-"));
    }

    #[test]
    fn a_template_stays_beside_its_definition() {
        assert!(
            template_path(
                &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
                "templates/data-agreement.pdf"
            )
            .is_ok()
        );
        for path in ["", "/etc/x", "../x", "a//b", "a/../b", "a/"] {
            assert!(
                template_path(
                    &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
                    path
                )
                .is_err(),
                "{path:?}"
            );
        }
    }
}
