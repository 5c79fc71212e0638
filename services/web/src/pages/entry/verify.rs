//! What is true of a sealed file: whoever has one may ask, without signing in.
//!
//! Nothing is said that does not stand in the file itself, so a stranger with another file learns nothing.

use askama::Template;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};
use serde::Deserialize;

use crate::{
    ask::Visit,
    csrf::FileForm,
    error::PageError,
    form::Errors,
    layout::{Area, Shell},
    render::Page,
    sending::{cut, send_file_of_visitor},
};

#[derive(Template)]
#[template(path = "pages/entry/verify.html")]
struct View<'a> {
    s: &'a Shell,
    errors: Errors,
    verdict: Option<Told>,
}

/// What documents says about a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Verdict {
    verdict: String,
    sha256: String,
    subject: String,
    timestamp_at: Option<DateTime<Utc>>,
    out_of_time: bool,
    coherent: bool,
    facts: Option<Facts>,
}

/// What the file says of itself, as far as the page shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts {
    firm: String,
    envelope: String,
    title: String,
    original_sha256: String,
    signed_sha256: String,
    people: Vec<Person>,
    made_at: DateTime<Utc>,
    development: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Person {
    name: String,
    role: String,
    part: String,
    signed_at: Option<DateTime<Utc>>,
}

/// The verdict in words.
struct Told {
    tone: &'static str,
    icon: &'static str,
    text: String,
    /// Further sentences, each with its tone.
    notes: Vec<(&'static str, String)>,
    /// Labels and values.
    lines: Vec<(String, String)>,
    people: Vec<Row>,
    /// Hashes: labels and values.
    hashes: Vec<(String, String)>,
}

struct Row {
    name: String,
    role: String,
    done: String,
}

impl Told {
    fn new(s: &Shell, verdict: &Verdict) -> Self {
        // A seal that was made outside its certificate's time proves nothing, whatever else holds.
        let (tone, key) = match verdict.verdict.as_str() {
            "sealed" if verdict.out_of_time || !verdict.coherent => ("bad", "verify-not-valid"),
            "sealed" => ("ok", "verify-sealed"),
            "extended" => ("bad", "verify-extended"),
            "altered" => ("bad", "verify-altered"),
            "foreign" => ("warn", "verify-foreign"),
            _ => ("info", "verify-unsealed"),
        };
        let icon = if tone == "ok" { "check" } else { "alert" };
        let mut told = Self {
            tone,
            icon,
            text: s.say(key).arg("firm", &s.firm.name).to_string(),
            notes: Vec::new(),
            lines: Vec::new(),
            people: Vec::new(),
            hashes: vec![(s.t("verify-file-hash"), verdict.sha256.clone())],
        };
        if !verdict.subject.is_empty() {
            told.lines.push((s.t("verify-certificate"), verdict.subject.clone()));
        }
        if let Some(facts) = &verdict.facts {
            told.describe(s, verdict, facts);
        }
        told
    }

    fn describe(&mut self, s: &Shell, verdict: &Verdict, facts: &Facts) {
        if verdict.out_of_time {
            self.notes.push(("bad", s.t("verify-out-of-time")));
        }
        if !verdict.coherent {
            self.notes.push(("bad", s.t("verify-incoherent")));
        }
        if facts.development {
            self.notes.push(("warn", s.t("verify-development")));
        }
        self.notes.push(("info", s.t("verify-simple")));
        let mut line = |key: &str, value: String| self.lines.push((s.t(key), value));
        line("verify-title", facts.title.clone());
        line("verify-by", facts.firm.clone());
        line("verify-sealed-at", s.date_time(&facts.made_at));
        match &verdict.timestamp_at {
            Some(at) => line("verify-timestamp", s.date_time(at)),
            None => line("verify-timestamp", s.t("verify-no-timestamp")),
        }
        line("verify-envelope", facts.envelope.clone());
        self.hashes.push((s.t("verify-original-hash"), facts.original_sha256.clone()));
        self.hashes.push((s.t("verify-signed-hash"), facts.signed_sha256.clone()));
        self.people = facts.people.iter().map(|person| Row::of(s, person)).collect();
    }
}

impl Row {
    fn of(s: &Shell, person: &Person) -> Self {
        let done = match (&person.signed_at, person.part.as_str()) {
            (Some(at), "approver") => s.say("verify-approved").arg("date", s.date_time(at)).to_string(),
            (Some(at), _) => s.say("signer-signed").arg("date", s.date_time(at)).to_string(),
            (None, _) => s.t("verify-saw"),
        };
        Self { name: person.name.clone(), role: person.role.clone(), done }
    }
}

fn page(
    visit: &Visit,
    errors: Errors,
    verdict: Option<Told>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*visit.shell;
    let view = View { s, errors, verdict };
    Page::new(s.t("verify-head"), view).framed(Area::Plain).status(status).respond(s, &visit.headers)
}

pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    page(&visit, Errors::none(), None, StatusCode::OK)
}

pub(super) async fn check(visit: Visit, FileForm(mut parts): FileForm) -> Result<Response, PageError> {
    match read(&visit, &mut parts).await {
        Ok(verdict) => {
            let told = Told::new(&visit.shell, &verdict);
            page(&visit, Errors::none(), Some(told), StatusCode::OK)
        }
        Err(problem) if matches!(problem.code, ErrorCode::InvalidArgument) => {
            page(&visit, Errors::from(&problem), None, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(problem) => Err(PageError(problem)),
    }
}

/// A refusal of the file, told at the field of this page.
fn named(mut problem: Problem) -> Problem {
    for at in problem.fields.iter_mut().filter(|at| at.field == "file") {
        at.field = "files".to_owned();
    }
    problem
}

async fn read(visit: &Visit, parts: &mut crate::csrf::FileParts) -> Result<Verdict, Problem> {
    let s = &*visit.shell;
    while let Some(field) = parts.next_field().await.map_err(|_| cut(s))? {
        if field.name() == Some("files") && field.file_name().is_some_and(|name| !name.is_empty()) {
            let answer = send_file_of_visitor(visit, "web.verify", "/verify", field).await.map_err(named)?;
            return serde_json::from_value(answer).map_err(Problem::internal);
        }
    }
    Err(Problem::invalid("files", s.t("verify-no-file")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    fn told(json: serde_json::Value, locale: Locale) -> String {
        let s = crate::walk::shell(Area::Plain, locale);
        let verdict: Verdict = serde_json::from_value(json).unwrap();
        let view = View { s: &s, errors: Errors::none(), verdict: Some(Told::new(&s, &verdict)) };
        Page::new("x", view).framed(Area::Plain).whole(&s).unwrap()
    }

    fn sealed(development: bool, coherent: bool) -> serde_json::Value {
        serde_json::json!({
            "verdict": "sealed", "sha256": "ab", "subject": "CN=Northwind <Consulting>", "coherent": coherent,
            "facts": {
                "firm": "Northwind", "envelope": "e1", "title": "Data agreement", "original_sha256": "cd",
                "signed_sha256": "ef", "made_at": "2026-11-22T09:00:00Z", "development": development,
                "people": [{ "name": "Ana Souza", "role": "Signatory", "part": "signer", "signed_at": "2026-11-22T08:59:00Z" }],
            },
        })
    }

    #[test]
    fn a_sealed_file_is_told_in_words_with_its_people() {
        for locale in Locale::ALL {
            let html = told(sealed(false, true), locale);
            assert!(
                html.contains("banner ok") && html.contains("Ana Souza") && html.contains("cd"),
                "{html}"
            );
            assert!(html.contains("CN=Northwind &#60;Consulting&#62;"), "{html}");
            assert_eq!(html.matches("<h1").count(), 1);
        }
        let development = told(sealed(true, true), Locale::En);
        assert!(development.contains("development certificate"), "{development}");
        assert!(!told(sealed(false, true), Locale::En).contains("development certificate"));
    }

    #[test]
    fn nothing_else_looks_like_a_sealed_file() {
        for verdict in ["extended", "altered", "foreign", "unsealed", "something new"] {
            let html = told(serde_json::json!({ "verdict": verdict }), Locale::En);
            assert!(!html.contains("banner ok"), "{verdict}");
        }
        assert!(!told(sealed(false, false), Locale::En).contains("banner ok"));
        let late = serde_json::json!({ "verdict": "sealed", "coherent": true, "out_of_time": true });
        assert!(!told(late, Locale::En).contains("banner ok"));
    }
}
