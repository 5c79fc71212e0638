//! What holds for every page, whoever writes it: checked over the sources and over rendered samples.

use std::{fs, path::Path, sync::Arc};

use askama::Template;
use axum::{Extension, Router, body::Body, middleware::from_fn, response::Response, routing::get};
use chrono::{TimeZone as _, Utc};
use chrono_tz::Tz;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use portico_core::{ErrorCode, Problem, TenantId};
use tower::ServiceExt as _;

use crate::{
    components::{Choice, Row, Tone},
    error::{PageError, Reference, dress, offline},
    form::Errors,
    layout::{Area, Company, Firm, NavItem, Reader, Shell},
    render::{Page, manifest, secure},
    text::Locale,
    theme::Theme,
};

/// All files below the crate's `folders`, as path and text.
pub(crate) fn sources(folders: &[&str]) -> Vec<(String, String)> {
    fn gather(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, found);
            } else {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(!found.is_empty());
    found
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% import "components/forms.html" as forms %}{% import "components/parts.html" as parts %}
<div class="page-head"><h1>2 things need you</h1></div>
{% call parts::rows(rows, "Needs you") %}{% endcall %}
<form method="post">{% call forms::token(s) %}{% endcall %}{% call forms::summary(s, errors) %}{% endcall %}
{% call forms::text(s, errors, "name", "Legal name", value = typed) %}{% endcall %}
{% call forms::textarea(s, errors, "goals", "Goals", optional = true) %}{% endcall %}
{% call forms::select(s, errors, "zone", "Time zone", choices) %}{% endcall %}
{% call forms::choices(s, errors, "kind", "Kind", choices, hint = "One of them") %}{% endcall %}
{% call forms::check(errors, "agree", "I agree") %}{% endcall %}
{% call forms::files(s, errors, "file", "Choose files", accept = ".pdf") %}{% endcall %}</form>
{% call parts::empty("files", "No files yet", "Files appear here.") %}{% endcall %}
{% call parts::banner("warn", "alert", "Not scanned") %}{% endcall %}
{% call parts::person("Ana Souza", line = "Project manager") %}{% endcall %}
{% call parts::moment(s, s.formats.now(), "now") %}{% endcall %}
{% call parts::stepper(steps, 1) %}{% endcall %}{% call parts::pager(s, "", "?after=1") %}{% endcall %}"#
)]
struct Sample<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
    errors: Errors,
    choices: Vec<Choice>,
    steps: [&'a str; 3],
    typed: &'a str,
}

const HOSTILE: &str = "\"><script>alert(1)</script>";

pub(crate) fn shell(area: Area, locale: Locale) -> Shell {
    let tenant = TenantId::from(uuid::Uuid::from_u128(7));
    let firm = Firm::new(tenant, "Northwind Consulting", None, &Theme::default());
    let now = Utc.with_ymd_and_hms(2026, 12, 3, 12, 0, 0).unwrap();
    let nav = ["home", "tasks", "files", "messages", "invoices"].map(|id| NavItem {
        id,
        label: id.to_owned(),
        href: format!("/{id}"),
        icon: id,
        count: u32::from(id == "tasks") * 5,
        key: id.chars().next(),
    });
    Shell {
        area,
        reader: Some(Reader { name: "Ana Souza".to_owned(), email: "ana@acme.example".to_owned() }),
        companies: ["Acme", HOSTILE]
            .map(|name| Company { name: name.to_owned(), href: "/c".to_owned(), current: name == "Acme" })
            .into(),
        nav: nav.into(),
        live: true,
        largest_attachment: 100 * 1024 * 1024,
        contact: Some("Maria Lopez".to_owned()),
        ..Shell::visitor(firm, locale, Tz::UTC, now, "token")
    }
}

fn sample(s: &Shell) -> Page<Sample<'_>> {
    let mut errors = Errors::none();
    errors.add("name", "Enter the legal name of your company.");
    let rows = vec![
        Row::new("Upload your documentation", "/t/1", "3 of 5")
            .tagged(Tone::Bad, "2 days overdue")
            .urgent(true),
        Row::new("Complete the questionnaire", "/t/2", "").tagged(Tone::Plain, "Completed").done(),
    ];
    let choices = ["a", "b"].map(|value| Choice::new(value, value, "b")).into();
    let content = Sample { s, rows, errors, choices, steps: ["Read", "Adopt", "Sign"], typed: HOSTILE };
    Page::new("Home", content).at("home").under("Back", "/").script("js/signature.js").notice("Saved.")
}

async fn body(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[test]
fn every_frame_is_sound() {
    for area in [Area::Portal, Area::Console, Area::Plain] {
        for locale in Locale::ALL {
            let shell = shell(area, locale);
            let html = sample(&shell).whole(&shell).unwrap();
            assert_eq!(html.matches("<h1").count(), 1, "{area:?}");
            assert_eq!(html.matches("<main").count(), 1);
            assert!(html.contains(&format!("<html lang=\"{}\">", locale.tag())));
            assert!(html.contains("class=\"skip\" href=\"#main\"") && html.contains("id=\"main\""));
            assert!(html.contains("<title>Home – Northwind Consulting</title>"));
            assert!(!html.contains("<script>"), "what people typed is escaped");
            assert!(!html.to_lowercase().contains("portico"), "the platform is never named");
            assert!(!html.contains("js-"), "every script sentence is there");
            assert_labels(&html);
            assert_unique_ids(&html);
            let requests = html.matches("<script src=").count();
            assert!(requests <= 3, "{requests} scripts");
        }
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

fn assert_labels(html: &str) {
    for kind in ["<input", "<select", "<textarea"] {
        for (at, _) in html.match_indices(kind) {
            let tag = html[at..].split('>').next().unwrap();
            if matches!(attribute(tag, "type"), Some("hidden" | "radio" | "checkbox")) {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("no id: {tag}"));
            assert!(html.contains(&format!("<label for=\"{id}\"")), "no label: {tag}");
        }
    }
    for (at, _) in
        html.match_indices("<input type=\"radio\"").chain(html.match_indices("<input type=\"checkbox\""))
    {
        assert!(html[..at].trim_end().ends_with("<label class=\"choice\">"), "a choice stands in its label");
    }
}

fn assert_unique_ids(html: &str) {
    let mut ids: Vec<_> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn nothing_stands_inline() {
    for (path, text) in sources(&["templates"]) {
        let lower = text.to_lowercase();
        assert!(!lower.contains("<style") && !lower.contains(" style="), "{path} has a style of its own");
        assert!(!lower.contains("javascript:"), "{path}");
        for (at, _) in lower.match_indices("<script") {
            assert!(lower[at..].starts_with("<script src="), "{path} has a script of its own");
        }
        for (at, _) in lower.match_indices(" on") {
            let handler =
                lower[at + 3..].trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with("=\"");
            assert!(!handler, "{path}: {}", &lower[at..(at + 40).min(lower.len())]);
        }
        assert!(!lower.contains("hx-on"), "{path} has a handler");
        assert!(!lower.contains("portico"), "{path} names the platform");
        for (at, _) in text.match_indices("asset_url(\"") {
            let name = text[at + 11..].split('"').next().unwrap();
            assert!(crate::assets::exists(name), "{path} wants {name}");
        }
    }
    for (path, text) in sources(&["assets", "locales"]) {
        assert!(!text.to_lowercase().contains("portico"), "{path} names the platform");
    }
}

#[test]
fn joined_scripts_do_not_fight_over_names() {
    let mut names: Vec<(String, String)> = Vec::new();
    for (path, text) in sources(&["assets/js"]) {
        if path.ends_with("service-worker.js") {
            continue;
        }
        for line in text.lines() {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let line = line.strip_prefix("async ").unwrap_or(line);
            for word in ["const ", "let ", "function ", "class "] {
                if let Some(rest) = line.strip_prefix(word) {
                    let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
                    if let Some((_, other)) = names.iter().find(|(known, _)| *known == name) {
                        panic!("{name} stands in {path} and in {other}");
                    }
                    names.push((name, path.clone()));
                }
            }
        }
    }
    assert!(names.len() > 15);
}

#[test]
fn only_checked_forms_take_files() {
    for (path, text) in sources(&["src/pages", "src/blocks"]) {
        assert!(
            !text.contains("extract::Multipart") && !text.contains(" Multipart"),
            "{path}: take csrf::FileForm"
        );
    }
}

#[tokio::test]
async fn a_swap_gets_the_content_alone() {
    let shell = shell(Area::Portal, Locale::En);
    let mut headers = HeaderMap::new();
    headers.insert("hx-request", "true".parse().unwrap());
    headers.insert("hx-target", "section#tasks".parse().unwrap());
    let response = sample(&shell).status(StatusCode::UNPROCESSABLE_ENTITY).respond(&shell, &headers).unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.headers()["vary"].to_str().unwrap().contains("HX-Request"));
    assert_eq!(response.headers()["cache-control"], "no-store");
    let html = body(response).await;
    assert!(html.starts_with("<title>Error: Home – Northwind Consulting</title>"));
    assert!(!html.contains("<main") && html.contains("<h1"));
    headers.insert("hx-target", "body".parse().unwrap());
    let whole = body(sample(&shell).respond(&shell, &headers).unwrap()).await;
    assert!(whole.starts_with("<!doctype html>"));
}

async fn refused(problem: Problem, headers: &[(&str, &str)]) -> Response {
    let handler = move || async move { Err::<Response, _>(PageError(problem.clone())) };
    let app = Router::new()
        .route("/x", get(handler))
        .layer(from_fn(dress))
        .layer(from_fn(secure))
        .layer(Extension(Arc::new(shell(Area::Portal, Locale::En))))
        .layer(Extension(Reference("4bf92f35".to_owned())));
    let mut request = Request::get("/x?a=1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn refusals_are_pages_that_help() {
    let missing = refused(Problem::not_found(), &[]).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let policy = missing.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(missing.headers()["x-content-type-options"], "nosniff");
    let html = body(missing).await;
    assert!(
        html.contains("not shared with you")
            && html.contains("Maria Lopez")
            && html.contains("class=\"portal\"")
    );

    let broken = refused(Problem::internal("connection reset by 10.0.0.1"), &[]).await;
    assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let html = body(broken).await;
    assert!(html.contains("4bf92f35") && !html.contains("10.0.0.1"));

    let away = refused(Problem::new(ErrorCode::Unavailable, "away", "x"), &[]).await;
    assert_eq!(
        (away.status(), &away.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
    );

    let json = refused(Problem::invalid("file", "This is no PDF."), &[("accept", "application/json")]).await;
    assert_eq!(json.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body(json).await.contains("\"message\":\"This is no PDF.\""));
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_there_and_back() {
    let problem = Problem::new(ErrorCode::Unauthenticated, "signed_out", "Sign in.");
    let page = refused(problem.clone(), &[]).await;
    assert_eq!(page.headers()["location"], "/sign-in?next=%2Fx%3Fa%3D1");
    let swap = refused(problem, &[("hx-request", "true")]).await;
    assert_eq!(swap.headers()["hx-redirect"], "/sign-in?next=%2Fx%3Fa%3D1");
}

#[tokio::test]
async fn what_a_phone_keeps_is_the_firms_and_nobodys() {
    let shell = shell(Area::Portal, Locale::De);
    let kept = body(offline(&shell)).await;
    assert!(!kept.contains("Ana Souza") && !kept.contains("Acme") && kept.contains("Sie sind offline"));
    let manifest: serde_json::Value = serde_json::from_str(&body(manifest(&shell)).await).unwrap();
    assert_eq!(manifest["name"], "Northwind Consulting");
    assert_eq!(manifest["theme_color"], "#1f4e8c");
}

#[test]
fn a_page_stays_within_what_a_slow_line_carries() {
    let shell = shell(Area::Portal, Locale::En);
    let html = sample(&shell).whole(&shell).unwrap();
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut html.as_bytes(), &mut packed, &Default::default()).unwrap();
    let total = packed.len()
        + ["css/app.css", "js/app.js", "js/signature.js", "vendor/htmx.js"]
            .map(crate::assets::size_on_the_wire)
            .iter()
            .sum::<usize>();
    assert!(total <= 60 * 1024, "{total}");
}
