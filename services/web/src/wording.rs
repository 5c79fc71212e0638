//! Steps, people, sizes and places in the words that pages and blocks share.

use askama::Template;
use portico_core::Problem;
use portico_proto::{
    documents::v1::{ScanState, Version},
    time::moment,
    workflow::v1::{Assignee, AttentionItem, Step, StepState},
};

use crate::{
    components::{Row, Tag, Tone},
    error::PageError,
    layout::Shell,
};

/// The longest path that is followed after signing in.
const LONGEST_PATH: usize = 2000;

/// A path on our own host, or nothing: what comes from outside never sends anybody elsewhere.
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let local = text.starts_with('/') && !text.starts_with("//");
    (plain && local && text.len() <= LONGEST_PATH).then_some(text)
}

/// A part of a page as text.
pub(crate) fn html(part: &impl Template) -> Result<String, PageError> {
    part.render().map_err(|error| PageError(Problem::internal(error)))
}

/// A name in a definition as people read it where it has no title: `purchase_order` → "Purchase order".
pub(crate) fn humanize(name: &str) -> String {
    let spaced = name.replace(['_', '-', '.'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Who is to act: named people, else a role.
pub(crate) fn assignee(s: &Shell, assignee: &Assignee) -> String {
    if !assignee.names.is_empty() {
        return assignee.names.join(", ");
    }
    match (assignee.role_title.as_str(), assignee.side.as_str()) {
        ("", "internal") => s.firm.name.clone(),
        ("", _) => s.t("side-client"),
        (title, _) => title.to_owned(),
    }
}

/// Whether it is the turn of the firm's own people.
pub(crate) fn is_ours(step: &Step) -> bool {
    step.assignee.as_ref().is_some_and(|assignee| assignee.side == "internal")
}

/// Whether somebody can still act on the step.
pub(crate) fn is_open(step: &Step) -> bool {
    matches!(step.state(), StepState::Active | StepState::Returned)
}

/// How a step stands, in few statuses: what is settled is plain, what is left stands out.
pub(crate) fn step_tag(s: &Shell, step: &Step) -> Tag {
    let say = |tone, key: &str| Tag::new(tone, s.t(key));
    match step.state() {
        StepState::Done => say(Tone::Plain, "step-done"),
        StepState::Skipped | StepState::Waived => say(Tone::Plain, "step-waived"),
        StepState::Cancelled => say(Tone::Plain, "step-cancelled"),
        StepState::Expired => say(Tone::Bad, "step-expired"),
        StepState::Blocked | StepState::Unspecified => say(Tone::Plain, "step-blocked"),
        StepState::Ready => say(Tone::Plain, "step-ready"),
        StepState::Returned => say(Tone::Warn, "step-returned"),
        StepState::Active if is_ours(step) && !step.can_act => say(Tone::Neutral, "step-ours"),
        StepState::Active => match step.due.as_ref().and_then(moment).map(|due| s.due(&due)) {
            Some(due) if due.overdue => Tag::new(Tone::Bad, due.text),
            Some(due) if due.soon => Tag::new(Tone::Warn, due.text),
            _ => say(Tone::Info, "step-todo"),
        },
    }
}

/// A step as a row of a list; `more` goes first in the line below it.
pub(crate) fn step_row(s: &Shell, step: &Step, more: &[&str]) -> Row {
    let mut meta: Vec<String> =
        more.iter().filter(|part| !part.is_empty()).map(|part| (*part).to_owned()).collect();
    if !step.progress.is_empty() {
        meta.push(step.progress.clone());
    }
    let due = step.due.as_ref().and_then(moment).map(|due| s.due(&due));
    let settled = matches!(
        step.state(),
        StepState::Done | StepState::Skipped | StepState::Waived | StepState::Cancelled | StepState::Expired
    );
    if settled {
        if let Some(ended) = step.ended_at.as_ref().and_then(moment) {
            let ended = s.formats.short_date(&ended);
            meta.push(if step.ended_by.is_empty() {
                ended
            } else {
                s.say("step-ended-by").arg("name", &step.ended_by).arg("date", ended).to_string()
            });
        }
    } else if let Some(due) = &due {
        meta.push(due.text.clone());
    }
    if !step.reason.is_empty() {
        meta.push(step.reason.clone());
    }
    let overdue = !settled && step.can_act && due.is_some_and(|due| due.overdue);
    let mut row =
        Row::new(step.title.clone(), format!("/tasks/{}", step.id), meta.join(" · ")).urgent(overdue);
    row.tag = Some(step_tag(s, step));
    if settled { row.done() } else { row }
}

/// Something that needs the reader, as a row.
pub(crate) fn attention_row(s: &Shell, item: &AttentionItem, with_account: bool) -> Option<Row> {
    let step = item.step.as_ref()?;
    let account = if with_account { item.account_name.as_str() } else { "" };
    let mut row = step_row(s, step, &[account, &item.record_title]);
    if let Some(link) = local_path(&item.link) {
        link.clone_into(&mut row.href);
    }
    Some(row)
}

/// Something that the reader waits for, as a row: who has it, and until when.
pub(crate) fn waiting_row(s: &Shell, item: &AttentionItem, with_account: bool) -> Option<Row> {
    let step = item.step.as_ref()?;
    let who = step.assignee.as_ref().map(|who| assignee(s, who)).unwrap_or_default();
    let account = if with_account { item.account_name.as_str() } else { "" };
    let mut row = step_row(s, step, &[&who, account]);
    row.tag = None;
    row.urgent = false;
    Some(row)
}

/// What a browser lets one choose. Images let a phone offer its camera.
pub(crate) fn accept_attribute(kinds: &[String]) -> String {
    let of = |kind: &str| match kind {
        "pdf" => ".pdf,application/pdf",
        "image" => "image/*,.heic,.heif,.tif,.tiff",
        "office" => ".doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,.odp,.rtf",
        "zip" => ".zip",
        "text" => ".txt,.csv,.md",
        _ => "",
    };
    kinds.iter().map(|kind| of(kind)).filter(|accept| !accept.is_empty()).collect::<Vec<_>>().join(",")
}

/// What may be chosen and how large it may be, after what else there is to say about it: "PDF or image. Up to 100 MB a file."
pub(crate) fn takes(s: &Shell, hint: &str, kinds: &[String]) -> String {
    let named = kinds.iter().filter(|kind| !accept_attribute(std::slice::from_ref(kind)).is_empty());
    let named: Vec<String> = named.map(|kind| s.t(&format!("upload-kind-{kind}"))).collect();
    let mut parts = vec![hint.trim().to_owned()];
    if let Some((last, before)) = named.split_last() {
        let listed = match before {
            [] => last.clone(),
            _ => s.say("upload-kinds-or").arg("first", before.join(", ")).arg("last", last).to_string(),
        };
        let mut letters = listed.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let kinds: String = first.chain(letters).collect();
        parts.push(s.say("upload-takes").arg("kinds", kinds).to_string());
    }
    parts.push(upload_limit(s, i64::try_from(s.largest_attachment).unwrap_or_default()));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// How large a file may be that is about to be chosen; empty where that is not known.
pub(crate) fn upload_limit(s: &Shell, max_bytes: i64) -> String {
    match u64::try_from(max_bytes) {
        Ok(most) if most > 0 => s.say("upload-limit").arg("size", limit_text(s, most)).to_string(),
        _ => String::new(),
    }
}

/// A limit as it was set, so that it reads the same wherever it is told: in whole megabytes or gigabytes of 1024.
fn limit_text(s: &Shell, most: u64) -> String {
    const MEGABYTE: u64 = 1024 * 1024;
    match most / MEGABYTE {
        0 => s.formats.file_size(&most),
        many if many.is_multiple_of(1024) => format!("{} GB", many / 1024),
        many => format!("{many} MB"),
    }
}

/// "PDF · 1.2 MB · added by Ana Souza, 3 Dec"
pub(crate) fn file_meta(s: &Shell, version: &Version) -> String {
    let kind =
        version.file_name.rsplit_once('.').map(|(_, ending)| ending.to_uppercase()).unwrap_or_default();
    let size = s.formats.file_size(&u64::try_from(version.size).unwrap_or(0));
    let added =
        version.added_at.as_ref().and_then(moment).map(|at| s.formats.short_date(&at)).unwrap_or_default();
    let by = if version.added_by.is_empty() {
        added
    } else {
        s.say("file-added").arg("name", &version.added_by).arg("date", added).to_string()
    };
    [kind, size, by].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What somebody must know before they open a file, or why they cannot: empty where a scanner found nothing and nothing
/// in it acts.
pub(crate) fn scan_note(s: &Shell, version: &Version) -> String {
    let (scanned, acts) = (scanned(s, version), acts(s, version));
    if scanned.is_empty() || acts.is_empty() { scanned + &acts } else { format!("{scanned} {acts}") }
}

/// What in a file acts when it is opened; empty where nothing does.
fn acts(s: &Shell, version: &Version) -> String {
    if version.active.is_empty() || version.scan() == ScanState::Infected {
        return String::new();
    }
    let called = |word: &String| s.t(&format!("file-active-{word}"));
    let what = version.active.iter().map(called).collect::<Vec<_>>().join(", ");
    s.say("file-active").arg("what", what).to_string()
}

fn scanned(s: &Shell, version: &Version) -> String {
    let key = match (version.scan(), version.openable, version.scan_note.as_str()) {
        (ScanState::Clean | ScanState::Unspecified, true, _) => return String::new(),
        (ScanState::Infected, ..) => "file-infected",
        (ScanState::Pending, ..) => "file-scanning",
        (ScanState::Failed, false, _) => "file-scanner-away",
        (ScanState::Failed, true, _) => "file-scanner-away-allowed",
        (ScanState::NotScanned, false, "over_limit" | "locked") => "file-unscannable",
        (_, false, _) => "file-not-yet",
        (_, true, "over_limit") => "file-unscanned-large",
        (_, true, "locked") => "file-unscanned-locked",
        (_, true, _) => "file-unscanned",
    };
    s.t(key)
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::TimeDelta;
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    /// A step that the reader can act on, due in `days`.
    pub(crate) fn step(kind: &str, title: &str, state: StepState, days: i64) -> Step {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        Step {
            id: "0190aaaa-0000-7000-8000-000000000001".to_owned(),
            r#type: kind.to_owned(),
            title: title.to_owned(),
            state: state.into(),
            due: Some(timestamp(s.formats.now() + TimeDelta::days(days))),
            can_act: true,
            client_visible: true,
            ..Step::default()
        }
    }

    #[test]
    fn only_paths_of_our_own_host_are_followed() {
        assert_eq!(local_path("/tasks?x=1"), Some("/tasks?x=1"));
        for text in
            ["", "tasks", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/a b"]
        {
            assert_eq!(local_path(text), None, "{text:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(LONGEST_PATH))), None);
    }

    #[test]
    fn a_step_says_its_due_date_once_and_steps_back_when_done() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let late = step_row(&s, &step("form", "Complete it", StepState::Active, -2), &[]);
        assert!(late.urgent && !late.done);
        assert_eq!(late.tag.unwrap(), Tag::new(Tone::Bad, "2 days overdue"));
        let done = step_row(&s, &step("form", "Complete it", StepState::Done, -2), &[]);
        assert!(done.done && !done.urgent && done.meta.is_empty());
        assert_eq!(done.tag.unwrap().tone, Tone::Plain);
        let theirs = Step {
            can_act: false,
            assignee: Some(Assignee {
                names: vec!["Maria Lopez".to_owned()],
                side: "internal".to_owned(),
                ..Assignee::default()
            }),
            ..step("approval", "Check it", StepState::Active, 3)
        };
        assert_eq!(step_tag(&s, &theirs).tone, Tone::Neutral);
        let row = waiting_row(&s, &AttentionItem { step: Some(theirs), ..AttentionItem::default() }, false)
            .unwrap();
        assert_eq!(row.meta, "Maria Lopez · due in 3 days");
    }

    #[test]
    fn names_of_definitions_become_words() {
        assert_eq!(humanize("purchase_order"), "Purchase order");
        assert_eq!(humanize(""), "");
    }
}
