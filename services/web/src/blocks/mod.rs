//! The blocks that a portal page is made of: one file a block type, with a template of the same name.
//!
//! [`render_page`] loads all blocks of a page at once, each in the reader's name; what the reader may not see is left
//! out, and a part that does not answer says so without taking the page with it.

use askama::Template;
use futures_util::future::join_all;
use portico_core::{ErrorCode, Problem};
use portico_definition::{Actor, Block, BlockKind, Page};
use portico_proto::workflow::v1::{
    GetRunRequest, ListRecordsRequest, ListRunsRequest, Record, Run, RunState,
};

pub use once::Once;

use crate::{
    ask::Ask,
    error::PageError,
    layout::Shell,
    web::PublishedPortal,
    wording::{html, humanize},
};

pub(crate) mod activity;
mod attention;
mod checklist;
mod contact;
pub(crate) mod documents;
mod form;
mod gantt;
mod invoices;
mod meetings;
mod once;
mod record;
pub(crate) mod record_list;
mod run_board;
mod text;
mod thread;
mod timeline;

/// The least number of records that is asked for, so that blocks that show one and blocks that show a few share a list.
const SHARED_RECORDS: usize = 10;

/// Where a page of a definition is being shown.
pub struct Place<'a> {
    /// The reader.
    pub ask: &'a Ask,
    /// The portal.
    pub portal: &'a PublishedPortal,
    /// The account the page is about; empty for all that the reader may see.
    pub account: String,
    /// The page's own address, without a query.
    pub href: String,
    /// The query: filters of lists.
    pub query: Vec<(String, String)>,
    /// Runs that several blocks ask for.
    pub runs_once: Once<Run>,
    /// Records that several blocks ask for.
    pub records_once: Once<Record>,
}

/// A page's content.
#[derive(Debug, Default)]
pub struct Rendered {
    /// What stands in the heading instead of the page's title: "4 things need you".
    pub heading: Option<String>,
    /// The work.
    pub main: Vec<String>,
    /// People and dates to know, beside the work.
    pub aside: Vec<String>,
}

/// One block's content; empty text shows nothing.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    heading: Option<String>,
    html: String,
}

#[derive(Template)]
#[template(path = "blocks/away.html")]
struct Away<'a> {
    s: &'a Shell,
    id: &'a str,
}

impl Place<'_> {
    fn s(&self) -> &Shell {
        &self.ask.shell
    }

    /// What a workflow is called: its title, or its name made readable.
    fn workflow_title(&self, name: &str) -> String {
        let workflow = self.portal.definition.spec.workflows.get(name);
        workflow.and_then(|workflow| workflow.title.clone()).unwrap_or_else(|| humanize(name))
    }

    /// What the query says of `name`; empty where it says nothing.
    pub(crate) fn asked(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether rows need the account's name: staff, and people of several companies.
    pub(crate) fn names_accounts(&self) -> bool {
        self.account.is_empty() && (self.ask.reader.is_staff() || self.ask.reader.accounts.len() > 1)
    }

    /// The reader as the definition's rules see them.
    pub(crate) fn actor<T>(&self, ask: impl FnOnce(&Actor<'_>) -> T) -> T {
        let reader = &self.ask.reader;
        let accounts: Vec<String> = reader.accounts.iter().map(ToString::to_string).collect();
        ask(&Actor { person: &reader.person.id, accounts: &accounts, roles: &reader.roles })
    }

    /// The runs of a workflow with their steps, newest first.
    pub(crate) async fn runs(&self, workflow: &str, states: &[RunState]) -> Result<Vec<Run>, PageError> {
        // One account has few runs: its blocks share one list of all states. Over many accounts each asks for what it shows.
        let listed = if self.account.is_empty() { states } else { &[] };
        let question = format!("{workflow} {listed:?}");
        let runs = self.runs_once.ask(question, self.list_runs(workflow, listed)).await?;
        Ok(runs.into_iter().filter(|run| states.is_empty() || states.contains(&run.state())).collect())
    }

    async fn list_runs(&self, workflow: &str, states: &[RunState]) -> Result<Vec<Run>, PageError> {
        let asked = ListRunsRequest {
            portal_id: self.portal.portal.id.clone(),
            workflow: workflow.to_owned(),
            account_id: self.account.clone(),
            states: states.iter().map(|state| *state as i32).collect(),
            page_size: 50,
            ..ListRunsRequest::default()
        };
        let runs = self.ask.workflow().list_runs(asked).await?.into_inner().runs;
        let whole = runs.into_iter().map(|run| async move {
            if !run.steps.is_empty() {
                return Ok(run);
            }
            let asked = GetRunRequest { run_id: run.id.clone() };
            let found = self.ask.workflow().get_run(asked).await?.into_inner().run;
            Ok::<_, PageError>(found.unwrap_or(run))
        });
        join_all(whole).await.into_iter().collect()
    }

    /// The account's newest records of a kind; a few are asked for by several blocks, and shared.
    pub(crate) async fn records(&self, kind: &str, at_most: usize) -> Result<Vec<Record>, PageError> {
        let listed = at_most.max(SHARED_RECORDS);
        let mut records =
            self.records_once.ask(format!("{kind} {listed}"), self.list_records(kind, listed)).await?;
        records.truncate(at_most);
        Ok(records)
    }

    async fn list_records(&self, kind: &str, at_most: usize) -> Result<Vec<Record>, PageError> {
        let asked = ListRecordsRequest {
            portal_id: self.portal.portal.id.clone(),
            kind: kind.to_owned(),
            account_id: self.account.clone(),
            page_size: i32::try_from(at_most).unwrap_or(i32::MAX),
            ..ListRecordsRequest::default()
        };
        Ok(self.ask.workflow().list_records(asked).await?.into_inner().records)
    }
}

/// Loads and renders the blocks of a page.
///
/// # Errors
/// Only where not one block could be loaded.
pub async fn render_page(place: &Place<'_>, page: &Page) -> Result<Rendered, PageError> {
    let roles = &place.ask.reader;
    let admin = roles.is_staff() && roles.has_role("admin");
    let seen = |block: &Block| {
        admin || block.visible_to.is_empty() || block.visible_to.iter().any(|role| roles.has_role(role))
    };
    let blocks: Vec<_> = page.blocks.iter().enumerate().filter(|(_, block)| seen(block)).collect();
    let shown = join_all(blocks.iter().map(|(index, block)| render_block(place, *index, block))).await;
    let mut rendered = Rendered::default();
    let mut first_trouble = None;
    let mut fine = blocks.is_empty();
    for ((index, block), outcome) in blocks.into_iter().zip(shown) {
        let shown = match outcome {
            Ok(shown) => {
                fine = true;
                shown
            }
            Err(PageError(problem)) if is_hidden(&problem) => {
                fine = true;
                continue;
            }
            Err(PageError(problem)) => {
                tracing::warn!(block = block.kind.name(), reason = %problem.reason, "a block could not be loaded");
                first_trouble.get_or_insert(problem);
                Shown { heading: None, html: html(&Away { s: place.s(), id: &format!("block-{index}") })? }
            }
        };
        rendered.heading = rendered.heading.or(shown.heading);
        if shown.html.is_empty() {
            continue;
        }
        if is_aside(&block.kind) { rendered.aside.push(shown.html) } else { rendered.main.push(shown.html) }
    }
    match first_trouble {
        Some(problem) if !fine => Err(problem.into()),
        _ => Ok(rendered),
    }
}

const fn is_hidden(problem: &Problem) -> bool {
    matches!(problem.code, ErrorCode::NotFound | ErrorCode::PermissionDenied)
}

const fn is_aside(kind: &BlockKind) -> bool {
    matches!(
        kind,
        BlockKind::Timeline(_) | BlockKind::Contact(_) | BlockKind::Meetings(_) | BlockKind::Activity(_)
    )
}

async fn render_block(place: &Place<'_>, index: usize, block: &Block) -> Result<Shown, PageError> {
    let id = format!("block-{index}");
    let title = block.title.as_deref();
    match &block.kind {
        BlockKind::Attention(each) => attention::show(place, &id, each).await,
        BlockKind::Checklist(each) => checklist::show(place, &id, title, each).await,
        BlockKind::Timeline(each) => timeline::show(place, &id, title, each).await,
        BlockKind::Thread(each) => thread::show(place, &id, title, each).await,
        BlockKind::Contact(each) => contact::show(place, &id, title, each).await,
        BlockKind::Invoices(_) => invoices::show(place, &id, title).await,
        BlockKind::RunBoard(each) => run_board::show(place, &id, title, each).await,
        BlockKind::Gantt(each) => gantt::show(place, &id, title, each).await,
        BlockKind::RecordList(each) => record_list::show(place, &id, title, each).await,
        BlockKind::Record(each) => record::show(place, &id, title, each).await,
        BlockKind::Form(each) => form::show(place, &id, title, each),
        BlockKind::Documents(each) => documents::show(place, &id, title, each).await,
        BlockKind::Text(each) => text::show(place, &id, title, each).await,
        BlockKind::Meetings(_) => meetings::show(place, &id, title).await,
        BlockKind::Activity(each) => activity::show(place, &id, title, each).await,
    }
}

/// A block without a heading for the page.
fn shown(part: &impl Template) -> Result<Shown, PageError> {
    Ok(Shown { heading: None, html: html(part)? })
}
