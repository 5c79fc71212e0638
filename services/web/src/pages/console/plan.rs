//! The plan of one run: the drawing, and beside it a form for every date that can be moved.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use chrono::{Days, NaiveDate};
use portico_core::Problem;
use portico_proto::{
    time::timestamp,
    workflow::v1::{GetRunRequest, MoveDueDateRequest},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    error::PageError,
    layout::Shell,
    plan::Plan,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/console/plan.html")]
struct View<'a> {
    s: &'a Shell,
    run: &'a str,
    title: String,
    plan: Plan,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &run_id, Attempt::default(), &done).await
}

/// Moves one date: by so many days, or to a day. A bar that was dragged sends the day.
pub(super) async fn shift(
    ask: StaffAsk,
    Path((run_id, step_id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let zone = ask.shell.formats.zone();
    let answer = match wanted(&sent).and_then(|day| dates::end_of_day(&day.to_string(), zone)) {
        None => Err(Problem::invalid("due", ask.shell.t("console-no-day"))),
        Some(due) => {
            let asked = MoveDueDateRequest {
                step_id: step_id.clone(),
                due: Some(timestamp(due)),
                reason: sent.text("reason"),
            };
            let moved = ask.workflow().move_due_date(asked).await;
            moved.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status))
        }
    };
    match answer {
        Ok(event) => Ok(see_other_after(
            &format!("/console/runs/{run_id}/plan?done=dates-moved#step-{step_id}"),
            &event,
        )),
        Err(problem) => {
            let field = format!("due-{step_id}");
            let attempt = Attempt::refused("plan", sent, &problem, &[("due", &field)]);
            let page = page(&ask, &run_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// The day that is wanted: the one that was written, or the present one so many days earlier or later.
fn wanted(sent: &Sent) -> Option<NaiveDate> {
    let by = match sent.of("by") {
        "" => return sent.of("due").parse().ok(),
        by => by.parse::<i64>().ok().filter(|by| by.abs() <= 3660)?,
    };
    let now: NaiveDate = sent.of("now").parse().ok()?;
    let days = Days::new(by.unsigned_abs());
    if by < 0 { now.checked_sub_days(days) } else { now.checked_add_days(days) }
}

async fn page(ask: &StaffAsk, run_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let found = ask.workflow().get_run(GetRunRequest { run_id: run_id.to_owned() }).await?.into_inner();
    let run = found.run.ok_or_else(not_here)?;
    let s = &*ask.shell;
    let status = attempt.status();
    let title = s.say("plan-title").arg("record", &run.record_title).to_string();
    let view = View { s, run: &run.id, title: title.clone(), plan: Plan::of(s, &run, true), attempt };
    let page = Page::new(title, view).at("home").status(status).script("js/plan.js");
    done.above(page, s)
        .under(run.account_name.clone(), format!("/console/accounts/{}", run.account_id))
        .under(run.record_title.clone(), format!("/console/runs/{}", run.id))
        .respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, plan::tests::run, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_date_moves_by_days_or_to_a_day() {
        let day =
            |pairs: &[(&str, &str)]| wanted(&sent(pairs)).map(|day| day.to_string()).unwrap_or_default();
        assert_eq!(day(&[("by", "-1"), ("now", "2026-03-01")]), "2026-02-28");
        assert_eq!(day(&[("by", "7"), ("now", "2026-12-28"), ("due", "2026-01-01")]), "2027-01-04");
        assert_eq!(day(&[("due", "2026-12-24")]), "2026-12-24");
        for wrong in [
            vec![],
            vec![("by", "much"), ("now", "2026-01-01")],
            vec![("by", "1")],
            vec![("by", "99999"), ("now", "2026-01-01")],
        ] {
            assert_eq!(day(&wrong), "");
        }
    }

    #[test]
    fn every_date_ahead_has_its_buttons_and_its_field() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let run = run(&s);
            let view = View {
                s: &s,
                run: &run.id,
                title: "Plan".to_owned(),
                plan: Plan::of(&s, &run, true),
                attempt: Attempt::default(),
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert_eq!(html.matches("name=\"by\" value=\"-1\"").count(), 3, "{html}");
            assert!(html.contains("data-plan") && html.contains("data-due=\"2026-12-01\""));
            assert!(
                html.matches("<h1").count() == 1 && !html.contains("plan-") || html.contains("plan-forms")
            );
        }
    }
}
