//! A template of papers: what it is called, who signs it and how, and the fields on its pages.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::documents::v1::{
    GetPaperTemplateRequest, PaperRole, PaperTemplate, PlacedField, SavePaperTemplateRequest,
};
use portico_rpc::problem_from;

use super::{
    attempt::Sent,
    done::Done,
    field_board::{self, Board, Ground, Paper, new_field},
    sending,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::{Choice, Row},
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

/// Empty rows for further people who sign.
const SPARE: usize = 2;
/// People who sign a paper at most.
const MOST: usize = 10;

/// Somebody who signs, as a row of the form.
struct Seat {
    number: usize,
    id: String,
    title: String,
    sides: Vec<Choice>,
    parts: Vec<Choice>,
    turn: String,
}

impl Seat {
    fn name(&self, part: &str) -> String {
        format!("role_{part}-{}", self.number)
    }
}

#[derive(Template)]
#[template(path = "pages/console/paper.html")]
struct View<'a> {
    s: &'a Shell,
    template: &'a PaperTemplate,
    action: String,
    /// The template as it is, whatever was typed.
    name: &'a str,
    version: String,
    days: String,
    levels: Vec<Choice>,
    seats: Vec<Seat>,
    board: Board,
    /// What was sent to accounts from it.
    sendings: Vec<Row>,
    errors: &'a Errors,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let template = find(&ask, id).await?;
    page(&ask, &template, &template.title, &Errors::none(), &done).await
}

/// Saves what is said of the template, or its fields: each form leaves the other's part as it is.
pub(super) async fn save(ask: StaffAsk, Path(id): Path<String>, sent: Sent) -> Result<Response, PageError> {
    let there = find(&ask, id).await?;
    let version = sent.of("version").parse().unwrap_or(0);
    let mut wanted = PaperTemplate { version, ..there.clone() };
    let (act, from) = (sent.of("act"), field_board::from(&sent));
    match act {
        "terms" => terms(&sent, &mut wanted),
        "add" => {
            wanted.fields = field_board::fields(&sent);
            let ground = ground(&wanted);
            wanted.fields.push(new_field(&ground));
            return page(&ask, &wanted, &there.title, &Errors::none(), &Done::at(from)).await;
        }
        // What is not saved yet goes along to the other pages.
        other if other.starts_with("pages-") => {
            wanted.fields = field_board::fields(&sent);
            return page(&ask, &wanted, &there.title, &Errors::none(), &Done::at(from)).await;
        }
        _ => wanted.fields = field_board::fields(&sent),
    }
    if let Some(problem) = left_behind(&ask.shell, &there, &wanted) {
        let page = page(&ask, &wanted, &there.title, &Errors::from(&problem), &Done::at(from)).await;
        return Ok(refused(problem, |_| page));
    }
    let asked = SavePaperTemplateRequest {
        paper_template_id: wanted.id.clone(),
        version,
        title: wanted.title.clone(),
        level: wanted.level.clone(),
        sign_within_days: wanted.sign_within_days,
        roles: wanted.roles.clone(),
        fields: wanted.fields.clone(),
    };
    match ask.paper_templates().save_paper_template(asked).await {
        Ok(answer) => {
            let to = format!("/console/papers/{}?done=paper-saved&from={from}", wanted.id);
            Ok(see_other_after(&to, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let errors = errors(&problem, act == "terms");
            let page = page(&ask, &wanted, &there.title, &errors, &Done::at(from)).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// Reads the form about the template itself. A row without a name is nobody.
fn terms(sent: &Sent, wanted: &mut PaperTemplate) {
    wanted.title = sent.text("title");
    wanted.level = sent.text("level");
    let days = sent.of("days");
    // What is no number is one that is refused.
    wanted.sign_within_days = if days.is_empty() { 0 } else { days.parse().unwrap_or(-1) };
    wanted.roles.clear();
    for number in 1..=MOST + SPARE {
        let of = |part: &str| sent.of(&format!("role_{part}-{number}"));
        if of("title").is_empty() {
            continue;
        }
        wanted.roles.push(PaperRole {
            id: of("id").to_owned(),
            title: of("title").to_owned(),
            internal: of("side") == "firm",
            part: of("part").to_owned(),
            turn: of("turn").parse().unwrap_or(0),
        });
    }
}

/// Says who still has fields of those who are to go.
fn left_behind(s: &Shell, there: &PaperTemplate, wanted: &PaperTemplate) -> Option<Problem> {
    let gone = |role: &&PaperRole| wanted.roles.iter().all(|kept| kept.id != role.id);
    let used = |role: &&PaperRole| wanted.fields.iter().any(|field| field.signer_id == role.id);
    let role = there.roles.iter().filter(gone).find(used)?;
    let text = s.say("paper-role-used").arg("who", &role.title).to_string();
    Some(Problem::invalid("", text))
}

/// What is wrong, by the names of the form that was sent; with what the other form holds it is said on top.
fn errors(problem: &Problem, terms: bool) -> Errors {
    let mut errors = Errors::none();
    let role = |field: &str| {
        let (index, part) = field.strip_prefix("roles[")?.split_once("].")?;
        Some(format!("role_{part}-{}", index.parse::<usize>().ok()? + 1))
    };
    let fields = field_board::errors(problem);
    for (violation, placed) in Errors::from(problem).all().iter().zip(fields.all()) {
        let named = match (violation.field.as_str(), terms) {
            (_, false) => placed.field.clone(),
            (own @ ("title" | "level"), true) => own.to_owned(),
            ("sign_within_days", true) => "days".to_owned(),
            ("roles", true) => "role_title-1".to_owned(),
            (other, true) => role(other).unwrap_or_default(),
        };
        errors.add(named, violation.description.clone());
    }
    errors
}

pub(super) async fn find(ask: &StaffAsk, paper_template_id: String) -> Result<PaperTemplate, PageError> {
    let asked = GetPaperTemplateRequest { paper_template_id };
    let found = ask.paper_templates().get_paper_template(asked).await?.into_inner().template;
    found.ok_or_else(not_here)
}

async fn page(
    ask: &StaffAsk,
    template: &PaperTemplate,
    name: &str,
    errors: &Errors,
    done: &Done,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = View {
        sendings: sending::listed(ask, &template.id).await?,
        ..View::new(s, template, name, errors, done.from())
    };
    let page = Page::new(name.to_owned(), view).at("accounts").status(status).script("js/placing.js");
    done.above(page, s).under(s.t("papers-title"), "/console/papers".to_owned()).respond(s, &ask.headers)
}

fn ground(template: &PaperTemplate) -> Ground {
    let paper = Paper {
        number: 1,
        title: template.title.clone(),
        pictures: format!("/console/papers/{}/pages/", template.id),
        pages: template.pages,
    };
    // Who has just been added has no id before they are saved.
    let kept = template.roles.iter().filter(|role| !role.id.is_empty());
    Ground { papers: vec![paper], parties: kept.map(|role| (role.id.clone(), role.title.clone())).collect() }
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, template: &'a PaperTemplate, name: &'a str, errors: &'a Errors, from: i32) -> Self {
        let fields: &[PlacedField] = &template.fields;
        let level = |value: &str| Choice::new(value, s.t(&format!("paper-level-{value}")), &template.level);
        let days = template.sign_within_days;
        Self {
            s,
            template,
            action: format!("/console/papers/{}", template.id),
            name,
            version: template.version.to_string(),
            days: if days > 0 { days.to_string() } else { String::new() },
            levels: ["sign", "acknowledge"].map(level).into(),
            seats: seats(s, &template.roles),
            board: Board::new(s, &ground(template), fields, !template.archived, from),
            sendings: Vec::new(),
            errors,
        }
    }

    /// Whether it can be sent to accounts as it is.
    fn can_be_sent(&self) -> bool {
        !self.template.archived && self.template.field_count > 0
    }
}

fn seats(s: &Shell, roles: &[PaperRole]) -> Vec<Seat> {
    let next = roles.iter().map(|role| role.turn).max().unwrap_or(0) + 1;
    let spare = PaperRole { part: "signer".to_owned(), turn: next, ..PaperRole::default() };
    let spare = std::iter::repeat_n(spare, SPARE.min(MOST.saturating_sub(roles.len())));
    let seat = |(number, role): (usize, PaperRole)| {
        let side = if role.internal { "firm" } else { "account" };
        Seat {
            number,
            sides: ["account", "firm"]
                .map(|value| Choice::new(value, s.t(&format!("paper-side-{value}")), side))
                .into(),
            parts: ["signer", "approver"]
                .map(|value| Choice::new(value, s.t(&format!("paper-part-{value}")), &role.part))
                .into(),
            turn: role.turn.to_string(),
            id: role.id,
            title: role.title,
        }
    };
    (1..).zip(roles.iter().cloned().chain(spare)).map(seat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn template() -> PaperTemplate {
        let role = |id: &str, internal| PaperRole {
            id: id.to_owned(),
            title: format!("<{id}>"),
            internal,
            part: "signer".to_owned(),
            turn: 1,
        };
        let field = PlacedField {
            paper: 1,
            page: 1,
            kind: "signature".to_owned(),
            signer_id: "client".to_owned(),
            width: 0.3,
            height: 0.05,
            ..PlacedField::default()
        };
        PaperTemplate {
            id: "t1".to_owned(),
            title: "NDA".to_owned(),
            level: "sign".to_owned(),
            roles: vec![role("client", false), role("firm", true)],
            fields: vec![field],
            pages: 2,
            version: 3,
            ..PaperTemplate::default()
        }
    }

    #[test]
    fn a_form_becomes_terms_and_empty_rows_are_nobody() {
        let mut wanted = template();
        terms(
            &sent(&[
                ("title", " Lease "),
                ("level", "acknowledge"),
                ("days", "x"),
                ("role_title-1", ""),
                ("role_title-2", "Firm"),
                ("role_id-2", "firm"),
                ("role_side-2", "firm"),
                ("role_part-2", "approver"),
                ("role_turn-2", "2"),
                ("role_title-4", "Tenant"),
            ]),
            &mut wanted,
        );
        assert_eq!((wanted.title.as_str(), wanted.sign_within_days, wanted.roles.len()), ("Lease", -1, 2));
        assert_eq!((wanted.roles[0].internal, wanted.roles[0].turn, wanted.roles[1].turn), (true, 2, 0));
        let s = crate::walk::shell(Area::Console, Locale::En);
        let problem = left_behind(&s, &template(), &wanted).unwrap();
        assert!(problem.message.contains("<client>"), "the client still has a signature: {problem:?}");
        let problem = Problem::invalid("roles[1].turn", "Choose.").with_field("fields[0].kind", "No.");
        let found = errors(&problem, true);
        assert_eq!((found.of("role_turn-2"), found.all()[1].field.as_str()), ("Choose.", ""));
        let problem = Problem::invalid("fields[0].width", "Too narrow.");
        assert_eq!(errors(&problem, false).of("width-1"), "Too narrow.");
    }

    #[test]
    fn a_template_is_changed_without_scripts() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let mut template = template();
            let mut errors = Errors::none();
            errors.add("role_turn-1", "Choose a turn.");
            let whole = |template: &PaperTemplate| {
                let view = View::new(&s, template, "NDA", &errors, 1);
                Page::new("x", view).whole(&s).unwrap()
            };
            let html = whole(&template);
            assert_eq!(html.matches("action=\"/console/papers/t1\"").count(), 2, "{html}");
            assert!(html.contains("href=\"#f-role_turn-1\"") && html.contains("id=\"f-role_turn-1\""));
            assert_eq!(html.matches("name=\"role_title-").count(), 2 + SPARE);
            assert!(html.contains("/console/papers/t1/pages/2") && html.contains("&#60;client&#62;"));
            assert!(
                html.contains("/console/papers/t1/remove") && html.contains("/console/papers/t1/archive")
            );
            assert!(html.matches("<h1").count() == 1 && !html.contains("paper-role"), "{html}");
            template.uses = 1;
            assert!(!whole(&template).contains("/console/papers/t1/remove"), "papers were signed by it");
            template.archived = true;
            assert!(!whole(&template).contains("data-rows"), "an archived one is not changed");
        }
    }
}
