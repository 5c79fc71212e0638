//! Where staff place the fields that the signers of a paper fill in: on its pages, in a list with numbers, or by a template.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::{
    documents::v1::{
        CreatePaperTemplateRequest, Envelope, GetEnvelopeRequest, ListFieldsRequest,
        ListPaperTemplatesRequest, PaperTemplate, PlaceFieldsRequest, PlacedField, Signer,
        UsePaperTemplateRequest, Version,
    },
    workflow::v1::Run,
};
use portico_rpc::problem_from;

use super::{
    attempt::Sent,
    done::Done,
    field_board::{Board, Ground, Paper, errors, fields, from, new_field},
    step,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/console/placing.html")]
struct View<'a> {
    s: &'a Shell,
    base: &'a str,
    action: String,
    title: &'a str,
    board: Board,
    etag: &'a str,
    /// Templates on offer.
    templates: Vec<Choice>,
    /// Whether there is something that a template can be made of.
    can_keep: bool,
    template_title: String,
    errors: &'a Errors,
}

/// What is shown: the fields as they are, or as they were typed.
struct Shown {
    fields: Vec<PlacedField>,
    etag: String,
    can_change: bool,
    /// Whether these are the fields that are kept.
    kept: bool,
    templates: Vec<PaperTemplate>,
    /// The template that is chosen, and the title that was typed for a new one.
    chosen: String,
    template_title: Option<String>,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let (envelope, run) = find(&ask, &step_id).await?;
    let shown = kept(&ask, &envelope).await?;
    page(&ask, (&envelope, &run), shown, &Errors::none(), &done)
}

pub(super) async fn save(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (envelope, run) = find(&ask, &step_id).await?;
    match sent.of("act") {
        "use" => take(&ask, (&envelope, &run), &sent).await,
        "keep" => keep(&ask, (&envelope, &run), &sent).await,
        "add" => {
            let mut shown = typed(&ask, &sent).await?;
            shown.fields.push(new_field(&ground(&envelope)));
            page(&ask, (&envelope, &run), shown, &Errors::none(), &Done::at(from(&sent)))
        }
        // What is not saved yet goes along to the other pages.
        act if act.starts_with("pages-") => {
            let shown = typed(&ask, &sent).await?;
            page(&ask, (&envelope, &run), shown, &Errors::none(), &Done::at(from(&sent)))
        }
        _ => place(&ask, (&envelope, &run), &sent).await,
    }
}

async fn place(ask: &StaffAsk, of: (&Envelope, &Run), sent: &Sent) -> Result<Response, PageError> {
    let asked =
        PlaceFieldsRequest { envelope_id: of.0.id.clone(), etag: sent.text("etag"), fields: fields(sent) };
    match ask.documents().place_fields(asked).await {
        Ok(answer) => {
            let to = format!("{}&from={}", address(of.0, "fields-placed"), from(sent));
            Ok(see_other_after(&to, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let page = page(ask, of, typed(ask, sent).await?, &errors(&problem), &Done::at(from(sent)));
            Ok(refused(problem, |_| page))
        }
    }
}

/// Puts a template's paper and fields into the envelope.
async fn take(ask: &StaffAsk, of: (&Envelope, &Run), sent: &Sent) -> Result<Response, PageError> {
    let asked = UsePaperTemplateRequest {
        paper_template_id: sent.text("template"),
        envelope_id: of.0.id.clone(),
        etag: sent.text("etag"),
    };
    match ask.paper_templates().use_paper_template(asked).await {
        Ok(answer) => Ok(see_other_after(&address(of.0, "paper-used"), &answer.into_inner().event)),
        Err(status) => {
            let shown = Shown { chosen: sent.text("template"), ..kept(ask, of.0).await? };
            again(ask, of, shown, problem_from(&status))
        }
    }
}

/// Makes a template of what is placed.
async fn keep(ask: &StaffAsk, of: (&Envelope, &Run), sent: &Sent) -> Result<Response, PageError> {
    let asked = CreatePaperTemplateRequest {
        envelope_id: of.0.id.clone(),
        title: sent.text("template_title"),
        ..CreatePaperTemplateRequest::default()
    };
    match ask.paper_templates().create_paper_template(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let id = answer.template.unwrap_or_default().id;
            Ok(see_other_after(&format!("/console/papers/{id}?done=paper-kept"), &answer.event))
        }
        Err(status) => {
            let shown = Shown { template_title: Some(sent.text("template_title")), ..kept(ask, of.0).await? };
            again(ask, of, shown, problem_from(&status))
        }
    }
}

/// The page once more, with what is wrong about a template.
fn again(
    ask: &StaffAsk,
    of: (&Envelope, &Run),
    shown: Shown,
    problem: Problem,
) -> Result<Response, PageError> {
    let mut errors = Errors::none();
    for violation in Errors::from(&problem).all() {
        let field = match violation.field.as_str() {
            "paper_template_id" => "template",
            "title" => "template_title",
            _ => "",
        };
        errors.add(field, violation.description.clone());
    }
    let page = page(ask, of, shown, &errors, &Done::default());
    Ok(refused(problem, |_| page))
}

fn address(envelope: &Envelope, done: &str) -> String {
    format!("/console/steps/{}/envelope/fields?done={done}", envelope.step_id)
}

async fn find(ask: &StaffAsk, step_id: &str) -> Result<(Envelope, Run), PageError> {
    let (step, run) = step::find(ask, step_id).await?;
    let asked = GetEnvelopeRequest { step_id: step.id, ..GetEnvelopeRequest::default() };
    let envelope = ask.documents().get_envelope(asked).await?.into_inner().envelope;
    Ok((envelope.ok_or_else(not_here)?, run))
}

/// The templates on offer.
async fn templates(ask: &StaffAsk) -> Result<Vec<PaperTemplate>, PageError> {
    let found = ask.paper_templates().list_paper_templates(ListPaperTemplatesRequest {}).await?;
    Ok(found.into_inner().templates.into_iter().filter(|template| !template.archived).collect())
}

/// The fields as they are kept.
async fn kept(ask: &StaffAsk, envelope: &Envelope) -> Result<Shown, PageError> {
    let asked = ListFieldsRequest { envelope_id: envelope.id.clone() };
    let found = ask.documents().list_fields(asked).await?.into_inner();
    Ok(Shown {
        fields: found.fields,
        etag: found.etag,
        can_change: found.can_change,
        kept: true,
        templates: templates(ask).await?,
        chosen: String::new(),
        template_title: None,
    })
}

/// The fields as they were typed.
async fn typed(ask: &StaffAsk, sent: &Sent) -> Result<Shown, PageError> {
    Ok(Shown {
        fields: fields(sent),
        etag: sent.text("etag"),
        can_change: true,
        kept: false,
        templates: templates(ask).await?,
        chosen: String::new(),
        template_title: None,
    })
}

fn page(
    ask: &StaffAsk,
    (envelope, run): (&Envelope, &Run),
    shown: Shown,
    errors: &Errors,
    done: &Done,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let base = format!("/console/steps/{}/envelope", envelope.step_id);
    let title = s.say("placing-title").arg("title", &envelope.title).to_string();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = view(s, envelope, &shown, (&base, &title, done.from()), errors);
    let page = Page::new(title.clone(), view).at("home").status(status).script("js/placing.js");
    done.above(page, s)
        .under(run.account_name.clone(), format!("/console/accounts/{}", run.account_id))
        .under(run.record_title.clone(), format!("/console/runs/{}", run.id))
        .under(envelope.title.clone(), base.clone())
        .respond(s, &ask.headers)
}

fn view<'a>(
    s: &'a Shell,
    envelope: &Envelope,
    shown: &'a Shown,
    (base, title, from): (&'a str, &'a str, i32),
    errors: &'a Errors,
) -> View<'a> {
    let offered = shown.templates.iter().filter(|template| template.field_count > 0);
    View {
        s,
        base,
        action: format!("{base}/fields"),
        title,
        board: Board::new(s, &ground(envelope), &shown.fields, shown.can_change, from),
        etag: &shown.etag,
        templates: offered
            .map(|template| Choice::new(template.id.clone(), template.title.clone(), &shown.chosen))
            .collect(),
        can_keep: shown.kept && shown.fields.iter().any(|field| field.paper == 1),
        template_title: shown.template_title.clone().unwrap_or_else(|| envelope.title.clone()),
        errors,
    }
}

/// The papers of an envelope, and those who act on them.
fn ground(envelope: &Envelope) -> Ground {
    let paper = |(number, title, original): (i32, &str, &Version)| Paper {
        number,
        title: title.to_owned(),
        pictures: format!("/files/{}/pages/", original.id),
        pages: original.pages,
    };
    let first = envelope.original.iter().map(|original| (1, envelope.title.as_str(), original));
    let others = envelope.others.iter();
    let others =
        others.filter_map(|paper| Some((paper.number, paper.title.as_str(), paper.original.as_ref()?)));
    let party = |signer: &Signer| match signer.name.as_str() {
        "" => (signer.id.clone(), signer.role_title.clone()),
        name => (signer.id.clone(), format!("{name} ({})", signer.role_title)),
    };
    let acting = |signer: &&Signer| matches!(signer.part.as_str(), "signer" | "approver");
    Ground {
        papers: first.chain(others).map(paper).collect(),
        parties: envelope.signers.iter().filter(acting).map(party).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn envelope() -> Envelope {
        let signer = |id: &str, part: &str| Signer {
            id: id.to_owned(),
            name: format!("<{id}>"),
            role_title: "Client".to_owned(),
            part: part.to_owned(),
            ..Signer::default()
        };
        Envelope {
            step_id: "7".to_owned(),
            title: "Agreement".to_owned(),
            signers: vec![signer("ana", "signer"), signer("vera", "viewer")],
            original: Some(Version { id: "v1".to_owned(), pages: 2, ..Version::default() }),
            ..Envelope::default()
        }
    }

    fn shown(fields: Vec<PlacedField>) -> Shown {
        let template = |id: &str, field_count| PaperTemplate {
            id: id.to_owned(),
            title: format!("Title of {id}"),
            field_count,
            ..PaperTemplate::default()
        };
        Shown {
            fields,
            etag: "4".to_owned(),
            can_change: true,
            kept: true,
            templates: vec![template("nda", 2), template("empty", 0)],
            chosen: String::new(),
            template_title: None,
        }
    }

    #[test]
    fn fields_are_placed_without_scripts_and_drawn_on_their_pages() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let envelope = envelope();
            let field =
                PlacedField { label: "Company <no>".to_owned(), page: 2, ..new_field(&ground(&envelope)) };
            let mut shown = shown(vec![field]);
            let mut errors = Errors::none();
            errors.add("width-1", "Too narrow.");
            let whole = |shown: &Shown| {
                let view = view(&s, &envelope, shown, ("/console/steps/7/envelope", "Fields", 1), &errors);
                Page::new("x", view).whole(&s).unwrap()
            };
            let html = whole(&shown);
            assert!(
                html.contains("action=\"/console/steps/7/envelope/fields\"") && html.contains("value=\"4\"")
            );
            assert!(html.contains("name=\"x-1\"") && html.contains("Company &#60;no&#62;"), "{html}");
            assert!(html.contains("href=\"#f-width-1\"") && html.contains("id=\"f-width-1\""));
            assert_eq!(html.matches("data-sheet=").count(), 2);
            assert_eq!(html.matches("<rect x=\"100\" y=\"141\"").count(), 1, "{html}");
            assert!(
                html.contains("&#60;ana&#62;") && !html.contains("&#60;vera&#62;"),
                "nothing for viewers"
            );
            assert_eq!(html.matches("<h1").count(), 1);
            assert!(html.contains("value=\"nda\"") && !html.contains("value=\"empty\""), "{html}");
            assert!(html.contains("value=\"keep\"") && html.contains("name=\"template_title\""));
            (shown.kept, shown.fields) = (true, Vec::new());
            assert!(!whole(&shown).contains("value=\"keep\""), "there is nothing to keep");
            shown.can_change = false;
            let fixed = whole(&shown);
            assert!(
                !fixed.contains("action=\"/console/steps/7") && fixed.contains(&s.t("placing-fixed")),
                "{fixed}"
            );
        }
    }
}
