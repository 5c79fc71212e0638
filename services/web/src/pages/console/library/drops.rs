//! The links by which people without an account send files into a folder.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    documents::v1::{
        CreateDropLinkRequest, DropLink, DropLinkState, ListDropLinksRequest, RevokeDropLinkRequest,
    },
    time::moment,
};
use portico_rpc::problem_from;

use super::folder::{next, read, under};
use crate::{
    ask::{StaffAsk, not_here, refused, remember, see_other_after},
    components::{Choice, Tag, Tone},
    error::PageError,
    layout::Shell,
    pages::console::{
        attempt::{Attempt, Sent},
        done::Done,
    },
    render::Page,
};

/// For how many days a link can be made, and which of them is offered first.
const DAYS: [&str; 4] = ["1", "7", "30", "90"];
const USUAL_DAYS: &str = "7";

struct Row {
    id: String,
    title: String,
    meta: String,
    tag: Tag,
    open: bool,
}

#[derive(Template)]
#[template(path = "pages/console/drops.html")]
struct View<'a> {
    s: &'a Shell,
    folder: &'a str,
    name: &'a str,
    key: String,
    days: Vec<Choice>,
    /// The address of the link that was just made; empty where none was.
    address: String,
    rows: Vec<Row>,
    older: String,
    attempt: Attempt,
}

pub(super) async fn list(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let after = query.get("after").cloned().unwrap_or_default();
    page(&ask, &folder_id, after, String::new(), Attempt::default(), &done).await
}

/// Makes a link. Its address is on the page that answers and nowhere else, so this is no redirect.
pub(super) async fn create(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let most = sent.of("most_files");
    let asked = CreateDropLinkRequest {
        folder_id: folder_id.clone(),
        title: sent.text("title"),
        note: sent.text("note"),
        days: sent.of("days").parse().unwrap_or(0),
        // What is no number is one that is refused.
        most_files: if most.is_empty() {
            0
        } else {
            most.parse().ok().filter(|most| *most > 0).unwrap_or(-1)
        },
        idempotency_key: sent.text("key"),
    };
    match ask.drops().create_drop_link(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let address = format!("{}/drop/{}", ask.web.origin(&ask.site.profile.slug), answer.token);
            let none = Done::default();
            let mut page = page(&ask, &folder_id, String::new(), address, Attempt::default(), &none).await?;
            remember(&mut page, &answer.event);
            Ok(page)
        }
        Err(status) => {
            let problem = problem_from(&status);
            let names = [("folder_id", "title"), ("idempotency_key", "title")];
            let attempt = Attempt::refused("link", sent, &problem, &names);
            let page = page(&ask, &folder_id, String::new(), String::new(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn end(
    ask: StaffAsk,
    Path((folder_id, drop_link_id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let answer = ask.drops().revoke_drop_link(RevokeDropLinkRequest { drop_link_id }).await?.into_inner();
    Ok(see_other_after(&format!("/console/folders/{folder_id}/drops?done=drop-link-ended"), &answer.event))
}

fn row(s: &Shell, link: &DropLink) -> Row {
    let at = |at: &Option<_>| at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default();
    let (tone, key) = match link.state() {
        DropLinkState::Open => (Tone::Ok, "drops-open"),
        DropLinkState::Full => (Tone::Neutral, "drops-full"),
        DropLinkState::Revoked => (Tone::Neutral, "drops-ended"),
        DropLinkState::Expired | DropLinkState::Unspecified => (Tone::Neutral, "drops-expired"),
    };
    let meta = s
        .say("drops-meta")
        .arg("name", &link.created_by)
        .arg("until", at(&link.expires_at))
        .arg("files", i64::from(link.files))
        .arg("most", i64::from(link.most_files))
        .to_string();
    Row {
        id: link.id.clone(),
        title: link.title.clone(),
        meta,
        tag: Tag::new(tone, s.t(key)),
        open: link.state() == DropLinkState::Open,
    }
}

async fn page(
    ask: &StaffAsk,
    folder_id: &str,
    after: String,
    address: String,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let found = read(ask, folder_id, String::new()).await?;
    let folder = found.folder.as_ref().ok_or_else(not_here)?;
    let asked = ListDropLinksRequest { folder_id: folder_id.to_owned(), page_size: 50, page_token: after };
    let links = ask.drops().list_drop_links(asked).await?.into_inner();
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View {
        s,
        folder: &folder.id,
        name: &folder.name,
        key: ask.form_key(),
        days: days(s, &attempt.value("link", "days", USUAL_DAYS)),
        address,
        rows: links.links.iter().map(|link| row(s, link)).collect(),
        older: next(&links.next_page_token),
        attempt,
    };
    let page = Page::new(s.t("drops-title"), view).at("accounts").status(status);
    under(done.above(page, s), s, &found, true).respond(s, &ask.headers)
}

fn days(s: &Shell, current: &str) -> Vec<Choice> {
    let choice = |days: &str| {
        let label = s.say("drops-days").arg("count", days.parse::<i64>().unwrap_or(0)).to_string();
        Choice::new(days, label, current)
    };
    DAYS.map(choice).into()
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(s: &Shell, address: &str, attempt: Attempt) -> String {
        let link = |id: &str, state: DropLinkState| DropLink {
            id: id.to_owned(),
            title: "Papers".to_owned(),
            files: 1,
            most_files: 3,
            created_by: "Paul".to_owned(),
            state: state.into(),
            ..DropLink::default()
        };
        let links = [
            link("l1", DropLinkState::Open),
            link("l2", DropLinkState::Revoked),
            link("l3", DropLinkState::Expired),
            link("l4", DropLinkState::Full),
        ];
        let view = View {
            s,
            folder: "f1",
            name: "Accounts",
            key: "k".to_owned(),
            days: days(s, "30"),
            address: address.to_owned(),
            rows: links.iter().map(|link| row(s, link)).collect(),
            older: String::new(),
            attempt,
        };
        Page::new("x", view).whole(s).unwrap()
    }

    #[test]
    fn only_a_link_that_takes_files_can_be_ended_and_an_address_is_shown_once() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let page = html(&s, "", Attempt::default());
            assert!(page.contains("/drops/l1/end") && page.matches("/end\"").count() == 1, "{page}");
            assert!(!page.contains("drops-title") && !page.contains("readonly"), "{page}");
            assert!(page.contains("<option value=\"30\" selected>"));
            let page = html(&s, "http://x/drop/abc", Attempt::default());
            assert!(page.contains("value=\"http://x/drop/abc\""));
        }
    }

    #[test]
    fn a_refused_wish_stays_in_its_form() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("title".to_owned(), "Mine".to_owned())].into_iter().collect();
        let problem = Problem::invalid("most_files", "Enter a number.");
        let page = html(&s, "", Attempt::refused("link", sent, &problem, &[]));
        assert!(page.contains("value=\"Mine\"") && page.contains("Enter a number."));
    }
}
