//! Everything that needs the reader, that they wait for, and that is done.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::workflow::v1::{ListAttentionRequest, ListAttentionResponse};

use crate::{
    ask::Ask,
    components::Row,
    error::PageError,
    layout::Shell,
    render::Page,
    wording::{attention_row, waiting_row},
};

#[derive(Template)]
#[template(path = "pages/portal/tasks.html")]
struct Tasks<'a> {
    s: &'a Shell,
    needs: Vec<Row>,
    waiting: Vec<Row>,
    done: Vec<Row>,
    next: &'a str,
}

impl<'a> Tasks<'a> {
    fn new(s: &'a Shell, answer: &'a ListAttentionResponse, with_account: bool) -> Self {
        Self {
            s,
            needs: answer.needs_you.iter().filter_map(|item| attention_row(s, item, with_account)).collect(),
            waiting: answer.waiting.iter().filter_map(|item| waiting_row(s, item, with_account)).collect(),
            done: answer.done.iter().filter_map(|item| attention_row(s, item, with_account)).collect(),
            next: &answer.next,
        }
    }
}

pub(super) async fn tasks(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let asked = ListAttentionRequest { account_id: String::new(), page_size: 200 };
    let answer = ask.workflow().list_attention(asked).await?.into_inner();
    let s = &*ask.shell;
    let with_account = ask.reader.is_staff() || ask.reader.accounts.len() > 1;
    let mut page = Page::new(s.t("nav-tasks"), Tasks::new(s, &answer, with_account)).at("tasks");
    if query.contains_key("told") {
        page = page.notice(s.t("decline-told"));
    }
    page.respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{AttentionItem, StepState};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    #[test]
    fn what_is_done_steps_back_behind_what_is_open() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let item = |state| AttentionItem {
            step: Some(step("form", "Complete it", state, 1)),
            ..AttentionItem::default()
        };
        let answer = ListAttentionResponse {
            needs_you: vec![item(StepState::Active)],
            done: vec![item(StepState::Done)],
            ..ListAttentionResponse::default()
        };
        let html = Tasks::new(&s, &answer, false).render().unwrap();
        assert!(html.find("row-link\"").unwrap() < html.find("row-link done\"").unwrap());
        assert_eq!(html.matches("<h1").count(), 1);
        let none = ListAttentionResponse::default();
        assert!(Tasks::new(&s, &none, false).render().unwrap().contains("class=\"card empty\""));
    }
}
