//! Runs over time: a drawing, and the same as a table. Staff go on from there to move dates; clients see the rows that are for them.

use askama::Template;
use portico_definition::Gantt;
use portico_proto::workflow::v1::RunState;

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell, plan::Plan};

/// More runs than this are a list's business.
const MOST: usize = 20;

#[derive(Template)]
#[template(path = "blocks/gantt.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    plans: Vec<Plan>,
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Gantt,
) -> Result<Shown, PageError> {
    let s = place.s();
    let staff = place.ask.reader.is_staff();
    let runs = place.runs(&block.workflow, &[RunState::Active, RunState::Paused]).await?;
    let title = title.map_or_else(
        || s.say("gantt-title").arg("workflow", place.workflow_title(&block.workflow)).to_string(),
        str::to_owned,
    );
    let plans = runs.iter().take(MOST).map(|run| Plan::of(s, run, staff)).collect();
    shown(&View { s, id, title, plans })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, plan::tests::run, text::Locale};

    #[test]
    fn drawing_and_table_have_the_same_rows() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let html = |staff: bool| {
            let plans = vec![Plan::of(&s, &run(&s), staff)];
            View { s: &s, id: "b", title: "Plan".to_owned(), plans }.render().unwrap()
        };
        let staff = html(true);
        assert_eq!((staff.matches("<rect").count(), staff.matches("<tr>").count()), (4, 6));
        assert_eq!(staff.matches("<path class=\"link\"").count(), 3);
        assert!(
            staff.contains("Sign &#60;it&#62;") && !staff.contains(" style=") && staff.contains("/plan\"")
        );
        let client = html(false);
        assert_eq!((client.matches("<rect").count(), client.matches("<tr>").count()), (3, 5));
        assert!(!client.contains("Canary") && !client.contains("/console"), "{client}");
    }
}
