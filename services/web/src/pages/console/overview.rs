//! Records, runs, files and conversations as rows that lead to their pages.

use portico_proto::{
    documents::v1::Document,
    messaging::v1::Thread,
    time::moment,
    workflow::v1::{Record, Run, Step, StepState},
};

use super::states::run_tag;
use crate::{
    components::{Row, Tone},
    layout::Shell,
    web::PublishedPortal,
    wording::{file_meta, humanize},
};

/// A record with its state.
pub(super) fn record_row(s: &Shell, record: &Record) -> Row {
    let changed = record.updated_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let number = if record.number == record.title { "" } else { record.number.as_str() };
    let meta = [number, changed.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    let row = Row::new(record_title(s, record), format!("/console/records/{}", record.id), meta);
    if record.state.is_empty() { row } else { row.tagged(Tone::Neutral, humanize(&record.state)) }
}

/// What a record is called; one without a title goes by its kind.
pub(super) fn record_title(s: &Shell, record: &Record) -> String {
    if record.title.is_empty() {
        s.say("console-untitled").arg("kind", humanize(&record.kind)).to_string()
    } else {
        record.title.clone()
    }
}

/// A run with how far it is.
pub(super) fn run_row(s: &Shell, portals: &[PublishedPortal], run: &Run) -> Row {
    let progress = progress(s, &run.steps);
    let meta = [workflow_title(portals, run), progress].into_iter().filter(|part| !part.is_empty());
    let meta = meta.collect::<Vec<_>>().join(" · ");
    let mut row = Row::new(run_title(portals, run), format!("/console/runs/{}", run.id), meta);
    row.tag = Some(run_tag(s, run.state()));
    row
}

/// What a run is about: its record, or its workflow where the record has no name.
pub(super) fn run_title(portals: &[PublishedPortal], run: &Run) -> String {
    if run.record_title.is_empty() { workflow_title(portals, run) } else { run.record_title.clone() }
}

/// What people call the workflow of a run.
pub(super) fn workflow_title(portals: &[PublishedPortal], run: &Run) -> String {
    let declared = portals
        .iter()
        .find(|published| published.portal.id == run.portal_id)
        .and_then(|published| published.definition.spec.workflows.get(&run.workflow));
    declared.and_then(|workflow| workflow.title.clone()).unwrap_or_else(|| humanize(&run.workflow))
}

/// "3 of 5 steps done"; nothing where the steps are unknown.
pub(super) fn progress(s: &Shell, steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let ended =
        |step: &&Step| matches!(step.state(), StepState::Done | StepState::Skipped | StepState::Waived);
    s.say("console-steps-done")
        .arg("done", steps.iter().filter(ended).count())
        .arg("count", steps.len())
        .to_string()
}

/// A document at its newest version; nothing where it has none yet.
pub(super) fn file_row(s: &Shell, document: &Document) -> Option<Row> {
    let version = document.latest.as_ref()?;
    let title = if document.title.is_empty() { &version.file_name } else { &document.title };
    let row = Row::new(title.clone(), format!("/files/{}/view", version.id), file_meta(s, version));
    Some(if version.openable { row } else { row.tagged(Tone::Warn, s.t("console-file-closed")) })
}

/// A conversation with its newest words.
pub(super) fn thread_row(s: &Shell, thread: &Thread) -> Row {
    let when = thread.last_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let meta = [thread.last_text.clone(), when].into_iter().filter(|part| !part.is_empty());
    let row = Row::new(
        thread.title.clone(),
        format!("/messages/{}", thread.record_id),
        meta.collect::<Vec<_>>().join(" · "),
    );
    if thread.unread > 0 {
        row.tagged(Tone::Info, s.say("unread").arg("count", thread.unread).to_string())
    } else {
        row
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::Version;

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    #[test]
    fn a_run_says_how_far_it_is() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let steps =
            [StepState::Done, StepState::Waived, StepState::Active].map(|state| step("task", "t", state, 1));
        let run = Run {
            workflow: "onboarding".to_owned(),
            record_title: "Website".to_owned(),
            steps: steps.into(),
            ..Run::default()
        };
        let row = run_row(&s, &[], &run);
        assert_eq!((row.text.as_str(), row.meta.as_str()), ("Website", "Onboarding · 2 of 3 steps done"));
    }

    #[test]
    fn nothing_is_called_by_its_id() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let record = Record { id: "0190".to_owned(), kind: "purchase_order".to_owned(), ..Record::default() };
        assert_eq!(record_row(&s, &record).text, "Purchase order without a title");
        assert!(file_row(&s, &Document::default()).is_none());
        let version = Version { file_name: "a.pdf".to_owned(), ..Version::default() };
        let row = file_row(&s, &Document { latest: Some(version), ..Document::default() }).unwrap();
        assert!(row.text == "a.pdf" && row.tag.is_some(), "a file that cannot be opened says so");
    }
}
