//! What is true of a sealed file: whoever has one may ask, without signing in.
//!
//! Nothing is said that does not stand in the file itself, so a stranger with another file learns nothing. Several files may be brought at
//! once: then a file that is not sealed itself is known by the hash that the certificate of a sealed one names, and sealed ones by each other's.

mod papers;

use askama::Template;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};
use serde::Deserialize;

use self::papers::{Checked, Named, brought, named};
use crate::{
    ask::Visit,
    csrf::{FileForm, FileParts},
    error::PageError,
    form::Errors,
    layout::{Area, Shell},
    render::Page,
    sending::{cut, send_file_of_visitor},
};

/// Files that are checked at once.
const MOST: usize = 10;
/// The longest name of a file that is shown, in characters.
const LONGEST_NAME: usize = 120;

#[derive(Template)]
#[template(path = "pages/entry/verify.html")]
struct View<'a> {
    s: &'a Shell,
    errors: Errors,
    told: Vec<Told>,
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
    #[serde(flatten)]
    paper: Paper,
    /// The other papers that were signed in the same act.
    beside: Vec<Paper>,
    people: Vec<Person>,
    made_at: DateTime<Utc>,
    development: bool,
}

/// A paper, as a certificate names it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Paper {
    title: String,
    original_sha256: String,
    signed_sha256: String,
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
    /// The file's name.
    name: String,
    tone: &'static str,
    icon: &'static str,
    text: String,
    /// Further sentences, each with its tone.
    notes: Vec<(&'static str, String)>,
    /// Labels and values.
    lines: Vec<(String, String)>,
    people: Vec<Row>,
    papers: Vec<PaperRow>,
    /// Hashes: labels and values.
    hashes: Vec<(String, String)>,
}

/// Another paper of the same act.
struct PaperRow {
    title: String,
    read: String,
    entered: String,
    /// Which of the files it is, or that it is none of them.
    brought: String,
}

struct Row {
    name: String,
    role: String,
    done: String,
}

impl Told {
    /// What is to be said of each file, also of what one says about another.
    fn all(s: &Shell, files: &[Checked]) -> Vec<Self> {
        let sealed = files.iter().any(|file| file.verdict.holds());
        let tell = |(place, file): (usize, &Checked)| {
            let mut told = Self::new(s, file);
            let relations = named(files, place);
            told.relate(s, &file.verdict, &relations, sealed);
            if file.verdict.holds() {
                let beside = file.verdict.facts.iter().flat_map(|facts| &facts.beside);
                told.papers = beside.map(|paper| PaperRow::of(s, paper, files)).collect();
            }
            told
        };
        files.iter().enumerate().map(tell).collect()
    }

    /// Says what sealed files that were brought along say about this one.
    fn relate(&mut self, s: &Shell, verdict: &Verdict, relations: &[Named<'_>], sealed: bool) {
        let bare = matches!(verdict.verdict.as_str(), "unsealed" | "foreign");
        if bare && sealed && relations.is_empty() {
            (self.tone, self.icon, self.text) = ("warn", "alert", s.t("verify-named-by-none"));
        }
        // What was changed, or lies in a file to which something was added, is not made good by another file.
        if !bare && !verdict.holds() {
            return;
        }
        for relation in relations {
            let text = match relation {
                Named::Read(title, by) => s.say("verify-as-read").arg("title", *title).arg("file", *by),
                Named::Entered(title, by) => s.say("verify-as-entered").arg("title", *title).arg("file", *by),
                Named::Together(by) => s.say("verify-together").arg("file", *by),
            };
            if bare {
                // That one sealed file names it says all; the others of the same act say no more.
                (self.tone, self.icon, self.text) = ("ok", "check", text.to_string());
                return;
            }
            self.notes.push(("ok", text.to_string()));
        }
    }

    fn new(s: &Shell, Checked { name, verdict }: &Checked) -> Self {
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
            name: name.clone(),
            tone,
            icon,
            text: s.say(key).arg("firm", &s.firm.name).to_string(),
            notes: Vec::new(),
            lines: Vec::new(),
            people: Vec::new(),
            papers: Vec::new(),
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
        line("verify-title", facts.paper.title.clone());
        line("verify-by", facts.firm.clone());
        line("verify-sealed-at", s.date_time(&facts.made_at));
        match &verdict.timestamp_at {
            Some(at) => line("verify-timestamp", s.date_time(at)),
            None => line("verify-timestamp", s.t("verify-no-timestamp")),
        }
        line("verify-envelope", facts.envelope.clone());
        self.hashes.push((s.t("verify-original-hash"), facts.paper.original_sha256.clone()));
        self.hashes.push((s.t("verify-signed-hash"), facts.paper.signed_sha256.clone()));
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

impl PaperRow {
    fn of(s: &Shell, paper: &Paper, files: &[Checked]) -> Self {
        let brought = match brought(files, paper) {
            Some(file) => s.say("verify-brought").arg("file", file).to_string(),
            None => s.t("verify-not-brought"),
        };
        Self {
            title: paper.title.clone(),
            read: paper.original_sha256.clone(),
            entered: paper.signed_sha256.clone(),
            brought,
        }
    }
}

fn page(visit: &Visit, errors: Errors, told: Vec<Told>, status: StatusCode) -> Result<Response, PageError> {
    let s = &*visit.shell;
    let view = View { s, errors, told };
    Page::new(s.t("verify-head"), view).framed(Area::Plain).status(status).respond(s, &visit.headers)
}

pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    page(&visit, Errors::none(), Vec::new(), StatusCode::OK)
}

pub(super) async fn check(visit: Visit, FileForm(parts): FileForm) -> Result<Response, PageError> {
    let Looked { files, errors } = look(&visit, parts).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(&visit, errors, Told::all(&visit.shell, &files), status)
}

/// What was looked at, and what was wrong with the other files.
#[derive(Default)]
struct Looked {
    files: Vec<Checked>,
    errors: Errors,
}

/// A refusal of a file, told at the field of this page.
fn at_files(problem: &Problem, name: &str) -> Errors {
    let mut errors = Errors::none();
    let words = problem.fields.iter().find(|at| at.field == "file").map(|at| &at.description);
    errors.add("files", format!("{name}: {}", words.unwrap_or(&problem.message)));
    errors
}

/// Looks at every file. One that is refused keeps nobody from reading what is true of the others.
async fn look(visit: &Visit, mut parts: FileParts) -> Result<Looked, PageError> {
    let s = &*visit.shell;
    let mut looked = Looked::default();
    loop {
        let field = match parts.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            // What arrived before the line was cut has been looked at.
            Err(_) => {
                looked.errors.extend(Errors::from(&cut(s)));
                return Ok(looked);
            }
        };
        if field.name() != Some("files") || field.file_name().is_none_or(str::is_empty) {
            continue;
        }
        if looked.files.len() >= MOST {
            looked.errors.add("files", s.say("verify-too-many").arg("count", MOST).to_string());
            break;
        }
        let name: String = field.file_name().unwrap_or_default().chars().take(LONGEST_NAME).collect();
        match send_file_of_visitor(visit, "web.verify", "/verify", field).await {
            Ok(answer) => {
                let verdict = serde_json::from_value(answer).map_err(Problem::internal)?;
                looked.files.push(Checked { name, verdict });
            }
            Err(problem) if problem.code == ErrorCode::InvalidArgument => {
                looked.errors.extend(at_files(&problem, &name));
            }
            // Nothing that comes after it would be looked at either.
            Err(problem) if looked.files.is_empty() => return Err(PageError(problem)),
            Err(problem) => {
                looked.errors.extend(at_files(&problem, &name));
                break;
            }
        }
    }
    if looked.files.is_empty() && looked.errors.is_empty() {
        looked.errors.add("files", s.t("verify-no-file"));
    }
    Ok(looked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    fn page_of(files: &[(&str, serde_json::Value)], locale: Locale) -> String {
        let s = crate::walk::shell(Area::Plain, locale);
        let checked = |(name, json): &(&str, serde_json::Value)| Checked {
            name: (*name).to_owned(),
            verdict: serde_json::from_value(json.clone()).unwrap(),
        };
        let files: Vec<_> = files.iter().map(checked).collect();
        let view = View { s: &s, errors: Errors::none(), told: Told::all(&s, &files) };
        Page::new("x", view).framed(Area::Plain).whole(&s).unwrap()
    }

    fn told(json: serde_json::Value, locale: Locale) -> String {
        page_of(&[("a.pdf", json)], locale)
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

    #[test]
    fn papers_that_a_sealed_file_names_are_told_and_known_again() {
        let mut contract = sealed(false, true);
        contract["facts"]["beside"] =
            serde_json::json!([{ "title": "Annex <B>", "original_sha256": "12", "signed_sha256": "34" }]);
        let bare = |hash: &str| serde_json::json!({ "verdict": "unsealed", "sha256": hash });
        for locale in Locale::ALL {
            let alone = page_of(&[("a.pdf", contract.clone())], locale);
            for words in ["Annex &#60;B&#62;", ">12<", ">34<"] {
                assert!(alone.contains(words), "{words}: {alone}");
            }
            let files = [
                ("a.pdf", contract.clone()),
                ("annex <1>.pdf", bare("12")),
                ("entered.pdf", bare("34")),
                ("read.pdf", bare("cd")),
                ("else.pdf", bare("99")),
            ];
            let html = page_of(&files, locale);
            assert_eq!(html.matches("<div class=\"banner ok\">").count(), 4, "{html}");
            assert!(html.contains("annex &#60;1&#62;.pdf") && html.contains("else.pdf"), "{html}");
            assert!(html.matches("<h1").count() == 1 && !html.contains("verify-"), "{html}");
        }
        let english = page_of(&[("a.pdf", contract.clone()), ("x.pdf", bare("99"))], Locale::En);
        assert!(english.contains("none of the sealed files"), "{english}");
        // One that was changed stays so, whatever another file says of its hash.
        let mut altered = bare("12");
        altered["verdict"] = "altered".into();
        let html = page_of(&[("a.pdf", contract), ("x.pdf", altered)], Locale::En);
        assert_eq!(html.matches("<div class=\"banner ok\">").count(), 1, "{html}");
    }
}
