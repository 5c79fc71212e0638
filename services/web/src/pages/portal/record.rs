//! One record: its fields, its state, and what goes on with it.

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_core::RecordId;
use portico_proto::workflow::v1::{GetRecordRequest, GetRunRequest, ListRunsRequest, Record, Run};

use crate::{
    ask::{Ask, not_here},
    components::Row,
    error::PageError,
    layout::Shell,
    render::Page,
    values::{Line, kind_title, lines},
    wording::{humanize, step_row},
};

#[derive(Template)]
#[template(path = "pages/portal/record.html")]
struct View<'a> {
    s: &'a Shell,
    record: &'a Record,
    title: &'a str,
    kind: String,
    state: String,
    account: &'a str,
    lines: Vec<Line>,
    runs: Vec<(String, Vec<Row>)>,
}

pub(super) async fn record(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    id.parse::<RecordId>().map_err(|_| not_here())?;
    let asked = GetRecordRequest { record_id: id.clone() };
    let found = ask.workflow().get_record(asked).await?.into_inner().record.ok_or_else(not_here)?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let portal = portals.iter().find(|portal| portal.portal.id == found.portal_id).ok_or_else(not_here)?;
    let definition = &portal.definition;
    let runs = runs(&ask, &id).await?;
    let s = &*ask.shell;
    let kind = kind_title(definition, &found.kind);
    let title = match (found.title.as_str(), found.number.as_str()) {
        ("", "") => kind.clone(),
        ("", number) => number.to_owned(),
        (title, _) => title.to_owned(),
    };
    let several = ask.reader.is_staff() || ask.reader.accounts.len() > 1;
    let workflow = |run: &Run| {
        let named = definition.spec.workflows.get(&run.workflow).and_then(|workflow| workflow.title.clone());
        named.unwrap_or_else(|| humanize(&run.workflow))
    };
    let view = View {
        s,
        record: &found,
        title: &title,
        state: humanize(&found.state),
        account: if several { &found.account_name } else { "" },
        lines: definition
            .spec
            .records
            .get(&found.kind)
            .map(|kind| lines(s, kind, &found, &[]))
            .unwrap_or_default(),
        runs: runs
            .iter()
            .map(|run| (workflow(run), run.steps.iter().map(|step| step_row(s, step, &[])).collect()))
            .collect(),
        kind,
    };
    Page::new(title.clone(), view).under(s.t("nav-home"), "/").respond(s, &ask.headers)
}

async fn runs(ask: &Ask, record: &str) -> Result<Vec<Run>, PageError> {
    let asked = ListRunsRequest { record_id: record.to_owned(), page_size: 10, ..ListRunsRequest::default() };
    let mut runs = ask.workflow().list_runs(asked).await?.into_inner().runs;
    for run in runs.iter_mut().filter(|run| run.steps.is_empty()) {
        let asked = GetRunRequest { run_id: run.id.clone() };
        if let Some(whole) = ask.workflow().get_run(asked).await?.into_inner().run {
            *run = whole;
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::StepState;

    use super::*;
    use crate::{
        layout::Area,
        text::Locale,
        values::tests::{gallery, invoice},
    };

    #[test]
    fn a_vendor_sees_state_fields_and_steps_of_an_invoice() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let record = invoice();
        let step = crate::wording::tests::step("approval", "Approve the invoice", StepState::Done, 1);
        let view = View {
            s: &s,
            record: &record,
            title: "R-77",
            kind: kind_title(&definition, "invoice"),
            state: "Submitted".to_owned(),
            account: "",
            lines: lines(&s, &definition.spec.records["invoice"], &record, &[]),
            runs: vec![("Invoice approval".to_owned(), vec![step_row(&s, &step, &[])])],
        };
        let html = view.render().unwrap();
        assert!(html.contains("12,345.00 EUR") && html.contains("Completed") && html.contains(">Submitted<"));
        assert!(
            html.contains(&format!("href=\"/messages/{}\"", record.id)) && html.matches("<h1").count() == 1
        );
    }
}
