//! Lines of the audit in words.

use portico_proto::{tenancy::v1::AuditLine, time::moment};

use crate::{layout::Shell, wording::humanize};

/// Something that was done.
pub(super) struct Line {
    /// "Ana Souza"
    pub(super) who: String,
    /// "Document downloaded: contract.pdf"
    pub(super) what: String,
    /// "5 minutes ago"
    pub(super) when: String,
    /// For machines; empty where the moment is unknown.
    pub(super) at: String,
}

/// A line of the audit as a sentence.
pub(super) fn line(s: &Shell, line: &AuditLine) -> Line {
    let at = line.at.as_ref().and_then(moment);
    Line {
        who: actor(s, line),
        what: what(line),
        when: at.map(|at| s.ago(&at)).unwrap_or_default(),
        at: at.map(|at| s.formats.machine(&at)).unwrap_or_default(),
    }
}

/// Who did it: a person, or the portal by itself.
pub(super) fn actor(s: &Shell, line: &AuditLine) -> String {
    if line.actor_name.is_empty() || line.actor_kind == "system" {
        s.t("console-by-itself")
    } else {
        line.actor_name.clone()
    }
}

/// What was done with what: an action is written as `noun.verb`.
pub(super) fn what(line: &AuditLine) -> String {
    let action = humanize(&line.action);
    if line.object_label.is_empty() { action } else { format!("{action}: {}", line.object_label) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn an_entry_reads_as_who_and_what() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let mut entry = AuditLine {
            actor_name: "Ana Souza".to_owned(),
            actor_kind: "client".to_owned(),
            action: "document.downloaded".to_owned(),
            object_label: "contract.pdf".to_owned(),
            ..AuditLine::default()
        };
        let shown = line(&s, &entry);
        assert_eq!(
            (shown.who.as_str(), shown.what.as_str()),
            ("Ana Souza", "Document downloaded: contract.pdf")
        );
        entry.actor_kind = "system".to_owned();
        entry.actor_name = "workflow.timers".to_owned();
        assert_eq!(actor(&s, &entry), "Automatically");
    }
}
