//! Meetings to come, and those that wait for a time.

use askama::Template;
use futures_util::future::join_all;
use portico_proto::{
    time::moment,
    workflow::v1::{GetMeetingRequest, GetMeetingResponse, RunState, Step, StepState},
};

use super::{Place, Shown, shown};
use crate::{components::Row, error::PageError, layout::Shell, wording::is_open};

#[derive(Template)]
#[template(path = "blocks/meetings.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    rows: Vec<Row>,
}

/// A meeting that lies ahead, or one whose time is still to be chosen; what is over is not shown.
fn row(s: &Shell, step: &Step, meeting: &GetMeetingResponse) -> Option<Row> {
    let href = format!("/tasks/{}", step.id);
    let starts = meeting.booked.as_ref().and_then(|slot| slot.starts_at.as_ref()).and_then(moment);
    match starts {
        Some(at) if at < s.formats.now() => None,
        Some(at) => {
            let meta = format!("{} · {}", s.formats.date_time_zone(&at), meeting.with_name);
            Some(Row::new(step.title.clone(), href, meta))
        }
        None if is_open(step) => Some(Row::new(step.title.clone(), href, s.t("meeting-unbooked"))),
        None => None,
    }
}

pub(super) async fn show(place: &Place<'_>, id: &str, title: Option<&str>) -> Result<Shown, PageError> {
    let s = place.s();
    let workflows = place.portal.definition.spec.workflows.keys();
    let runs =
        join_all(workflows.map(|workflow| place.runs(workflow, &[RunState::Active, RunState::Done]))).await;
    let mut steps = Vec::new();
    for runs in runs {
        let relevant =
            |step: &Step| step.r#type == "meeting" && (is_open(step) || step.state() == StepState::Done);
        steps.extend(runs?.into_iter().flat_map(|run| run.steps).filter(relevant));
    }
    let asked = steps.iter().map(|step| async move {
        let asked = GetMeetingRequest { step_id: step.id.clone() };
        place.ask.workflow().get_meeting(asked).await.ok().map(tonic::Response::into_inner)
    });
    let meetings = join_all(asked).await;
    let rows: Vec<Row> =
        steps.iter().zip(&meetings).filter_map(|(step, meeting)| row(s, step, meeting.as_ref()?)).collect();
    shown(&View { s, id, title: title.map_or_else(|| s.t("meetings-title"), str::to_owned), rows })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{time::timestamp, workflow::v1::Slot};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    #[test]
    fn only_what_lies_ahead_is_shown() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let booked = |hours| GetMeetingResponse {
            booked: Some(Slot {
                starts_at: Some(timestamp(s.formats.now() + TimeDelta::hours(hours))),
                ..Slot::default()
            }),
            with_name: "Maria Lopez".to_owned(),
            ..GetMeetingResponse::default()
        };
        let done = step("meeting", "Kickoff call", StepState::Done, 1);
        assert_eq!(row(&s, &done, &booked(2)).unwrap().meta, "3 December 2026, 14:00 UTC · Maria Lopez");
        assert!(row(&s, &done, &booked(-2)).is_none());
        let open = step("meeting", "Schedule the kickoff call", StepState::Active, 1);
        assert!(row(&s, &open, &GetMeetingResponse::default()).is_some());
    }
}
