//! Who approves in one's place while one is away, and in whose place oneself does.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::{
    identity::v1::{ListPeopleRequest, Side},
    time::{moment, timestamp},
    workflow::v1::{Delegation, EndDelegationRequest, ListDelegationsRequest, SetDelegationRequest},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
};
use crate::{
    ask::{StaffAsk, refused},
    components::Choice,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// A stand-in: their name, until when and why.
struct Row {
    person: String,
    name: String,
    meta: String,
}

#[derive(Template)]
#[template(path = "pages/console/standing_in.html")]
struct View<'a> {
    s: &'a Shell,
    given: Vec<Row>,
    held: Vec<Row>,
    people: Vec<Choice>,
    until: String,
    reason: String,
    attempt: Attempt,
}

pub(super) async fn show(ask: StaffAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), &done).await
}

pub(super) async fn add(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let answer = match dates::end_of_day(sent.of("until"), ask.shell.formats.zone()) {
        None => Err(Problem::invalid("until", ask.shell.t("console-no-day"))),
        Some(_) if sent.of("person").is_empty() => {
            Err(Problem::invalid("person", ask.shell.t("standing-in-nobody")))
        }
        Some(until) => {
            let asked = SetDelegationRequest {
                person_id: sent.text("person"),
                until: Some(timestamp(until)),
                reason: sent.text("reason"),
            };
            ask.workflow().set_delegation(asked).await.map(|_| ()).map_err(|status| problem_from(&status))
        }
    };
    match answer {
        Ok(()) => Ok(see_other("/console/standing-in?done=stand-in-set")),
        Err(problem) => {
            let attempt = Attempt::refused("stand-in", sent, &problem, &[("person_id", "person")]);
            let page = page(&ask, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn end(ask: StaffAsk, Path(person_id): Path<String>) -> Result<Response, PageError> {
    ask.workflow().end_delegation(EndDelegationRequest { person_id }).await?;
    Ok(see_other("/console/standing-in?done=stand-in-ended"))
}

async fn page(ask: &StaffAsk, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut workflow, mut identity) = (ask.workflow(), ask.identity());
    let staff =
        ListPeopleRequest { side: Side::Staff.into(), page_size: 200, ..ListPeopleRequest::default() };
    let (found, people) =
        tokio::join!(workflow.list_delegations(ListDelegationsRequest {}), identity.list_people(staff));
    let (found, people) = (found?.into_inner(), people?.into_inner().people);
    let s = &*ask.shell;
    let status = attempt.status();
    let chosen = attempt.value("stand-in", "person", "");
    let others = people.iter().filter(|person| person.active && person.id != ask.reader.person.id);
    let choices = std::iter::once(Choice::new("", s.t("choose"), &chosen))
        .chain(others.map(|person| Choice::new(person.id.clone(), person.name.clone(), &chosen)));
    let row = |one: &Delegation, theirs: bool| {
        let until = one.until.as_ref().and_then(moment).map(|at| s.date(&at)).unwrap_or_default();
        let until = s.say("standing-in-until").arg("date", until).to_string();
        let parts = [until.as_str(), one.reason.as_str()];
        Row {
            person: one.to_person_id.clone(),
            name: if theirs { one.from_name.clone() } else { one.to_name.clone() },
            meta: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        }
    };
    let view = View {
        s,
        given: found.given.iter().map(|one| row(one, false)).collect(),
        held: found.held.iter().map(|one| row(one, true)).collect(),
        people: choices.collect(),
        until: attempt.value("stand-in", "until", ""),
        reason: attempt.value("stand-in", "reason", ""),
        attempt,
    };
    let page = Page::new(s.t("standing-in-title"), view).at("people").status(status);
    done.above(page, s).under(s.t("nav-people"), "/console/people").respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_stand_in_is_named_with_the_day_and_can_be_taken_back() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let row =
                |name: &str| Row { person: "p1".to_owned(), name: name.to_owned(), meta: "until".to_owned() };
            let view = View {
                s: &s,
                given: vec![row("Sten <b>")],
                held: vec![row("Flo")],
                people: vec![Choice::new("p1", "Sten", "")],
                until: String::new(),
                reason: String::new(),
                attempt: Attempt::default(),
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("/console/standing-in/p1/end\"")
                    && html.contains("Sten &#60;b&#62;")
                    && html.contains("Flo")
            );
            assert!(html.matches("<h1").count() == 1 && !html.contains("standing-in-title"));
        }
    }
}
