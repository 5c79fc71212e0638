//! The console's first page: who is blocked on what.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::{
    messaging::v1::ListMailsRequest,
    tenancy::v1::ListAccountsRequest,
    time::moment,
    workflow::v1::{AttentionItem, ListBlockedRequest, ListBlockedResponse},
};
use serde::Deserialize;
use tonic::Status;

use crate::{
    ask::{Ask, StaffAsk},
    components::{Row, Tag, Tone},
    error::PageError,
    layout::Shell,
    render::Page,
    wording,
};

/// What the list is narrowed to; it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    side: String,
    #[serde(default)]
    mine: String,
}

/// A filter to choose.
struct Chip {
    label: String,
    href: &'static str,
    current: bool,
}

/// What a firm that has just begun does next.
struct Start {
    label: String,
    href: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "pages/console/home.html")]
struct Home<'a> {
    s: &'a Shell,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    on_client: i32,
    on_us: i32,
    overdue: i32,
    start: Vec<Start>,
}

pub(super) async fn show(ask: StaffAsk, Query(filter): Query<Filter>) -> Result<Response, PageError> {
    let side =
        if matches!(filter.side.as_str(), "client" | "us") { filter.side.clone() } else { String::new() };
    let asked =
        ListBlockedRequest { account_id: String::new(), side, page_size: 200, mine: !filter.mine.is_empty() };
    let mut workflow = ask.workflow();
    let (blocked, start) = tokio::join!(workflow.list_blocked(asked), start(&ask));
    let s = &*ask.shell;
    let view = Home::new(s, blocked?.into_inner(), &filter, start?);
    Page::new(s.t("console-home-title"), view).at("home").respond(s, &ask.headers)
}

/// What is left to do at the beginning; nothing for those who do not administer the firm, or once all is done.
async fn start(ask: &Ask) -> Result<Vec<Start>, PageError> {
    if !ask.reader.has_role("admin") {
        return Ok(Vec::new());
    }
    let (mut tenancy, mut messaging) = (ask.tenancy(), ask.messaging());
    let accounts =
        tenancy.list_accounts(ListAccountsRequest { page_size: 1, ..ListAccountsRequest::default() });
    let mails = messaging.list_mails(ListMailsRequest { page_size: 1, ..ListMailsRequest::default() });
    let (accounts, mails) =
        tokio::try_join!(accounts, mails).map_err(|status: Status| PageError::from(status))?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let (mailed, client) = (!mails.get_ref().mails.is_empty(), !accounts.get_ref().accounts.is_empty());
    Ok(steps(&ask.shell, mailed, !portals.is_empty(), client))
}

fn steps(s: &Shell, mailed: bool, portal: bool, client: bool) -> Vec<Start> {
    if mailed && portal && client {
        return Vec::new();
    }
    vec![
        Start { label: s.t("console-start-mail"), href: "/console/settings#test-mail", done: mailed },
        Start { label: s.t("console-start-portal"), href: "/console/gallery", done: portal },
        Start { label: s.t("console-start-client"), href: "/console/accounts", done: client },
    ]
}

impl<'a> Home<'a> {
    fn new(s: &'a Shell, blocked: ListBlockedResponse, filter: &Filter, start: Vec<Start>) -> Self {
        let mine = !filter.mine.is_empty();
        let chip = |key: &str, href, current| Chip { label: s.t(key), href, current };
        let chips = vec![
            chip("console-all", "/console", filter.side.is_empty() && !mine),
            chip("console-on-client", "/console?side=client", filter.side == "client"),
            chip("console-on-us", "/console?side=us", filter.side == "us"),
            chip("console-mine", "/console?mine=1", mine),
        ];
        Self {
            s,
            chips,
            rows: blocked.items.iter().filter_map(|item| row(s, item)).collect(),
            on_client: blocked.on_client,
            on_us: blocked.on_us,
            overdue: blocked.overdue,
            start,
        }
    }
}

fn row(s: &Shell, item: &AttentionItem) -> Option<Row> {
    let step = item.step.as_ref()?;
    let who = step.assignee.as_ref().map(|assignee| wording::assignee(s, assignee)).unwrap_or_default();
    let side = s.t(if wording::is_ours(step) { "console-side-us" } else { "console-side-client" });
    let age = s.say("console-waiting-days").arg("days", item.age_days).to_string();
    let due = step.due.as_ref().and_then(moment).map(|due| s.due(&due));
    // A role may well be called what its side is called: once is enough.
    let whose = if who.to_lowercase() == side.to_lowercase() { who } else { format!("{who} ({side})") };
    let parts = [item.account_name.clone(), item.record_title.clone(), whose, age];
    let meta = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let mut row = Row::new(step.title.clone(), format!("/console/runs/{}", step.run_id), meta);
    row.urgent = due.as_ref().is_some_and(|due| due.overdue);
    row.tag = due.map(|due| {
        let tone = if due.overdue {
            Tone::Bad
        } else if due.soon {
            Tone::Warn
        } else {
            Tone::Neutral
        };
        Tag::new(tone, due.text)
    });
    Some(row)
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{Assignee, Step, StepState};

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn blocked() -> ListBlockedResponse {
        let step = Step {
            run_id: "0190aaaa-0000-7000-8000-000000000009".to_owned(),
            assignee: Some(Assignee {
                names: vec!["Ana Souza".to_owned()],
                side: "external".to_owned(),
                ..Assignee::default()
            }),
            ..wording::tests::step("form", "Complete the intake questionnaire", StepState::Active, -2)
        };
        let item = AttentionItem {
            step: Some(step),
            account_name: "Acme <b>".to_owned(),
            record_title: "Website".to_owned(),
            age_days: 3,
            ..AttentionItem::default()
        };
        ListBlockedResponse { items: vec![item], on_client: 4, on_us: 2, overdue: 1 }
    }

    #[test]
    fn a_row_says_whose_turn_it_is_how_long_and_leads_to_the_run() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let row = row(&s, &blocked().items[0]).unwrap();
        assert_eq!(row.meta, "Acme <b> · Website · Ana Souza (client) · waiting for 3 days");
        assert_eq!(row.href, "/console/runs/0190aaaa-0000-7000-8000-000000000009");
        assert!(row.urgent);
        assert_eq!(row.tag.unwrap(), Tag::new(Tone::Bad, "2 days overdue"));

        let mut of_role = blocked().items.remove(0);
        let assignee = of_role.step.as_mut().unwrap().assignee.as_mut().unwrap();
        assignee.names = vec!["Client".to_owned()];
        assert_eq!(
            super::row(&s, &of_role).unwrap().meta,
            "Acme <b> · Website · Client · waiting for 3 days"
        );
    }

    #[test]
    fn the_page_counts_filters_and_escapes() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let filter = Filter { side: "client".to_owned(), mine: String::new() };
        let html = Page::new("x", Home::new(&s, blocked(), &filter, steps(&s, true, false, false)))
            .whole(&s)
            .unwrap();
        assert_eq!(html.matches("<h1").count(), 1);
        assert!(html.contains("href=\"/console?side=client\" aria-current=\"true\""));
        assert!(html.contains("Acme &#60;b&#62;") && html.contains("data-live="));
        assert!(html.contains("href=\"/console/gallery\"") && !html.contains("console-"), "{html}");
    }

    #[test]
    fn the_first_steps_go_away_when_they_are_done() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        assert!(steps(&s, true, true, true).is_empty());
        assert_eq!(steps(&s, true, false, true).iter().filter(|step| step.done).count(), 2);
        let html =
            Home::new(&s, ListBlockedResponse::default(), &Filter::default(), Vec::new()).render().unwrap();
        assert!(html.contains("Nobody is waiting"));
    }
}
