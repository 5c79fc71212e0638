//! What needs the reader now, and what the reader waits for.

use askama::Template;
use portico_definition::Attention;
use portico_proto::{
    billing::v1::{Document, DocumentKind, ListDocumentsRequest},
    workflow::v1::{AttentionItem, ListAttentionRequest, ListAttentionResponse},
};

use super::{Place, Shown};
use crate::{
    components::Row,
    error::PageError,
    layout::Shell,
    paper,
    wording::{attention_row, html, waiting_row},
};

/// As many as one takes in at a glance; the rest is behind "Show all".
const AT_MOST: u32 = 7;
/// Invoices to pay and estimates to decide on that are shown, each; all stand under "Invoices".
const PAPERS: i32 = 3;

#[derive(Template)]
#[template(path = "blocks/attention.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    needs: Vec<Row>,
    more: usize,
    waiting: Vec<Row>,
    next: &'a str,
    /// Whether somebody else than the firm is waited for: a colleague, or for staff anybody.
    others: bool,
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        id: &'a str,
        answer: &'a ListAttentionResponse,
        papers: &[Document],
        at_most: u32,
        with_account: bool,
    ) -> Self {
        let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let (mut needs, later): (Vec<Row>, Vec<Row>) =
            papers.iter().map(|paper| paper::row(s, paper, false, "")).partition(|row| row.urgent);
        let tasks = answer.needs_you.iter().filter_map(|item| attention_row(s, item, with_account));
        needs.extend(tasks.take(at_most));
        needs.extend(later);
        Self {
            s,
            id,
            more: (answer.needs_you.len() + papers.len()).saturating_sub(needs.len()),
            needs,
            waiting: answer
                .waiting
                .iter()
                .filter_map(|item| waiting_row(s, item, with_account))
                .take(at_most)
                .collect(),
            next: &answer.next,
            others: answer.waiting.iter().any(waits_for_a_client),
        }
    }

    fn heading(&self) -> String {
        match self.needs.len() + self.more {
            0 => self.s.t("attention-none"),
            count => self.s.say("attention-count").arg("count", count).to_string(),
        }
    }
}

fn waits_for_a_client(item: &AttentionItem) -> bool {
    let assignee = item.step.as_ref().and_then(|step| step.assignee.as_ref());
    assignee.is_some_and(|assignee| assignee.side == "external")
}

/// What a client has to pay or to decide on. Where billing does not answer, the tasks are shown without it.
async fn papers(place: &Place<'_>) -> Vec<Document> {
    let ask = place.ask;
    if ask.reader.is_staff() || !ask.web.bills(ask.tenant()).await {
        return Vec::new();
    }
    let asked = |kind: DocumentKind, state: &str| ListDocumentsRequest {
        account_id: place.account.clone(),
        kind: kind.into(),
        state: state.to_owned(),
        page_size: PAPERS,
        ..ListDocumentsRequest::default()
    };
    let (mut one, mut other) = (ask.billing(), ask.billing());
    let found = tokio::try_join!(
        one.list_documents(asked(DocumentKind::Invoice, "open")),
        other.list_documents(asked(DocumentKind::Estimate, "sent")),
    );
    match found {
        Ok((invoices, estimates)) => {
            let open = estimates.into_inner().documents.into_iter().filter(|one| one.state == "sent");
            invoices.into_inner().documents.into_iter().chain(open).collect()
        }
        Err(status) => {
            tracing::warn!(code = ?status.code(), "home page without what is to be paid");
            Vec::new()
        }
    }
}

pub(super) async fn show(place: &Place<'_>, id: &str, block: &Attention) -> Result<Shown, PageError> {
    let asked = ListAttentionRequest { account_id: place.account.clone(), page_size: 100 };
    let mut workflow = place.ask.workflow();
    let (answer, papers) = tokio::join!(workflow.list_attention(asked), papers(place));
    let answer = answer?.into_inner();
    let at_most = block.limit.unwrap_or(AT_MOST);
    let mut view = View::new(place.s(), id, &answer, &papers, at_most, place.names_accounts());
    view.others |= place.ask.reader.is_staff();
    Ok(Shown { heading: Some(view.heading()), html: html(&view)? })
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{Assignee, AttentionItem, StepState};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    fn item(title: &str, days: i64) -> AttentionItem {
        AttentionItem { step: Some(step("form", title, StepState::Active, days)), ..AttentionItem::default() }
    }

    #[test]
    fn the_heading_counts_all_and_the_list_shows_a_few() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let needs_you = (0..9).map(|index| item(&format!("Do {index}"), index)).collect();
        let answer = ListAttentionResponse { needs_you, ..ListAttentionResponse::default() };
        let view = View::new(&s, "block-0", &answer, &[], AT_MOST, false);
        assert_eq!(view.heading(), "9 things need you");
        let html = view.render().unwrap();
        assert_eq!(html.matches("class=\"row-link").count(), 7);
        assert!(html.contains("href=\"/tasks\"") && html.contains("data-live=\"step_changed"));
    }

    #[test]
    fn what_is_to_be_paid_is_counted_and_comes_first_once_it_is_overdue() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let answer = ListAttentionResponse { needs_you: vec![item("Sign", 2)], ..Default::default() };
        let open = paper::tests::invoice();
        let overdue = Document { state: "overdue".to_owned(), ..open.clone() };
        for (papers, first, count) in
            [(vec![open.clone()], "Sign", 2), (vec![overdue, open], "/invoices/", 3)]
        {
            let view = View::new(&s, "block-0", &answer, &papers, AT_MOST, false);
            assert_eq!(view.heading(), format!("{count} things need you"));
            let html = view.render().unwrap();
            let list = html.split_once("row-link").unwrap().0.len();
            let first_row = &html[list.saturating_sub(200)..list + 300];
            assert!(first_row.contains(first), "{first_row}");
        }
    }

    #[test]
    fn who_is_up_to_date_reads_what_comes_next_and_who_has_it() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let mut theirs = item("Check your documents", 2);
        theirs.step.as_mut().unwrap().assignee = Some(Assignee {
            names: vec!["Maria Lopez".to_owned()],
            side: "internal".to_owned(),
            ..Assignee::default()
        });
        let answer = ListAttentionResponse {
            waiting: vec![theirs],
            next: "Maria Lopez checks your documents by 5 December.".to_owned(),
            ..ListAttentionResponse::default()
        };
        let view = View::new(&s, "block-0", &answer, &[], AT_MOST, false);
        assert_eq!(view.heading(), "You are up to date");
        let html = view.render().unwrap();
        assert!(html.contains("Maria Lopez checks your documents by 5 December."));
        assert!(html.contains("Maria Lopez · due in 2 days"));
    }
}
