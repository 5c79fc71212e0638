//! What happened lately, from the audit that the reader may see.

use askama::Template;
use portico_definition::Activity;
use portico_proto::{
    tenancy::v1::{AuditLine, ListAuditRequest},
    time::moment,
};

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell, wording::humanize};

/// How many lines are shown where the definition says nothing.
const AT_MOST: u32 = 8;

#[derive(Template)]
#[template(path = "blocks/activity.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    lines: Vec<Happened>,
}

/// One line of what happened.
pub(crate) struct Happened {
    /// "Ana Souza downloaded a file"
    pub(crate) text: String,
    /// What it was done to.
    pub(crate) object: String,
    /// When, in words.
    pub(crate) when: String,
    /// From which address; empty for jobs.
    pub(crate) address: String,
}

impl Happened {
    pub(crate) fn of(s: &Shell, line: &AuditLine) -> Self {
        // What runs by itself, the firm set up to run.
        let by_itself = line.actor_name.is_empty() || line.actor_kind == "system";
        let who = if by_itself { s.firm.name.clone() } else { line.actor_name.clone() };
        let version = if line.version.is_empty() {
            String::new()
        } else {
            format!(" ({})", s.say("version").arg("number", &line.version))
        };
        Self {
            text: format!("{who} {}", what(s, &line.action)),
            object: format!("{}{version}{}", line.object_label, unscanned(s, line)),
            when: line.at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default(),
            address: line.address.clone(),
        }
    }
}

/// Says of a file that was opened without a scanner's word that the firm's policy allowed it, and of one that something in it acts.
pub(crate) fn unscanned(s: &Shell, line: &AuditLine) -> String {
    let told = line.action.starts_with("document.") && line.details_json.contains("\"unscanned\"");
    let unscanned = if told { format!(" ({})", s.t("audit-unscanned")) } else { String::new() };
    let acts = line.action.starts_with("document.") && line.details_json.contains("\"active\":");
    if acts { format!("{unscanned} ({})", s.t("audit-active")) } else { unscanned }
}

/// An action's name as a sentence has it: `audit-<action>` in the locales, else the name's own words.
fn what(s: &Shell, action: &str) -> String {
    let key = format!("audit-{}", action.replace(['.', '_'], "-"));
    let text = s.t(&key);
    if text == key { humanize(action).to_lowercase() } else { text }
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Activity,
) -> Result<Shown, PageError> {
    let s = place.s();
    let object_id = match &block.of {
        Some(kind) => match place.records(kind, 1).await?.into_iter().next() {
            Some(record) => record.id,
            None => return Ok(Shown::default()),
        },
        None => String::new(),
    };
    let asked = ListAuditRequest {
        account_id: place.account.clone(),
        object_id,
        page_size: i32::try_from(block.limit.unwrap_or(AT_MOST)).unwrap_or(200).min(200),
        ..ListAuditRequest::default()
    };
    let lines = place.ask.tenancy().list_audit(asked).await?.into_inner().lines;
    let lines = lines.iter().map(|line| Happened::of(s, line)).collect();
    shown(&View { s, id, title: title.map_or_else(|| s.t("activity-title"), str::to_owned), lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn an_action_without_a_sentence_of_its_own_is_still_readable() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        assert_eq!(what(&s, "document.downloaded"), "downloaded a file");
        assert_eq!(what(&s, "spaceship.landed_softly"), "spaceship landed softly");
        let line = AuditLine {
            action: "envelope.signed".to_owned(),
            actor_name: "Ana <b>".to_owned(),
            object_label: "Data agreement".to_owned(),
            version: "2".to_owned(),
            ..AuditLine::default()
        };
        let lines = vec![Happened::of(&s, &line)];
        assert_eq!(lines[0].object, "Data agreement (version 2)");
        let html = View { s: &s, id: "b", title: "Activity".to_owned(), lines }.render().unwrap();
        assert!(html.contains("Ana &#60;b&#62; signed"));
        let job =
            AuditLine { actor_kind: "system".to_owned(), actor_name: "workflow.timers".to_owned(), ..line };
        assert_eq!(Happened::of(&s, &job).text, "Northwind Consulting signed");
    }
}
