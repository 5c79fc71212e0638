//! Where in the portal something is dealt with: the paths that lists and notices carry. The pages are those of web.

use portico_core::{RecordId, RunId};

use super::engine::StepRecord;

/// Whoever follows a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody of a client.
    Client,
    /// Somebody of the firm who is to act.
    Acting,
    /// Somebody of the firm who watches or steers.
    Watching,
}

impl Reader {
    /// Somebody who is to act, of the client's side or of the firm's.
    pub(crate) const fn acting(external: bool) -> Self {
        if external { Self::Client } else { Self::Acting }
    }

    /// Somebody who need not act.
    pub(crate) const fn watching(external: bool) -> Self {
        if external { Self::Client } else { Self::Watching }
    }
}

/// The page of a step. Staff review, deliver and offer times in the console; their own forms, tasks, approvals and signatures are
/// done where clients do theirs.
pub(crate) fn step(reader: Reader, step: &StepRecord) -> String {
    let id = step.id;
    match (reader, step.kind.as_str()) {
        (Reader::Client, _) => format!("/tasks/{id}"),
        (Reader::Acting, "meeting") => format!("/console/steps/{id}/meeting"),
        (Reader::Acting, "document_request") if step.turn != step.owner => {
            format!("/console/steps/{id}/review")
        }
        (Reader::Acting, "approval") if step.turn != step.owner => {
            format!("/console/steps/{id}/deliverable")
        }
        (Reader::Acting, _) => format!("/tasks/{id}"),
        (Reader::Watching, _) => format!("/console/steps/{id}"),
    }
}

/// The page of a run. Clients read it with the record that it is about.
pub(crate) fn run(reader: Reader, run: RunId, about: RecordId) -> String {
    match reader {
        Reader::Client => record(reader, about),
        Reader::Acting | Reader::Watching => format!("/console/runs/{run}"),
    }
}

/// The page of a record.
pub(crate) fn record(reader: Reader, record: RecordId) -> String {
    match reader {
        Reader::Client => format!("/records/{record}"),
        Reader::Acting | Reader::Watching => format!("/console/records/{record}"),
    }
}

/// The page of everything that the reader is to do in a run.
pub(crate) fn tasks(reader: Reader, of: RunId) -> String {
    match reader {
        Reader::Client => "/tasks".to_owned(),
        Reader::Acting | Reader::Watching => format!("/console/runs/{of}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use portico_core::{Entropy as _, SeededEntropy, StepId};
    use serde_json::json;

    use super::*;

    #[test]
    fn clients_act_in_the_portal_and_staff_where_their_part_is_done() {
        let now = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let id = StepId(SeededEntropy::new(1).uuid(now));
        let client =
            json!({"people": [], "role": null, "role_title": "", "roles": ["client"], "external": true});
        let firm =
            json!({"people": [], "role": null, "role_title": "", "roles": ["manager"], "external": false});
        let of = |kind: &str, turn: &serde_json::Value| -> StepRecord {
            serde_json::from_value(json!({
                "id": id, "title": "t", "kind": kind, "needs": [], "client_visible": true, "visible_to": [],
                "status": "active", "closed": false, "attempt": 1, "owner": client, "turn": turn, "reminded": {},
                "escalated": false, "overdue": false, "reason": "", "outcome": "", "progress": "",
            }))
            .unwrap()
        };
        for (reader, kind, turn, place) in [
            (Reader::Client, "form", &client, format!("/tasks/{id}")),
            (Reader::Client, "meeting", &firm, format!("/tasks/{id}")),
            (Reader::Watching, "form", &client, format!("/console/steps/{id}")),
            (Reader::Acting, "meeting", &firm, format!("/console/steps/{id}/meeting")),
            (Reader::Acting, "document_request", &firm, format!("/console/steps/{id}/review")),
            (Reader::Acting, "approval", &firm, format!("/console/steps/{id}/deliverable")),
            (Reader::Acting, "approval", &client, format!("/tasks/{id}")),
            (Reader::Acting, "esign", &firm, format!("/tasks/{id}")),
        ] {
            assert_eq!(step(reader, &of(kind, turn)), place, "{reader:?} {kind}");
        }
    }

    #[test]
    fn a_run_is_the_consoles_and_clients_read_its_record() {
        let now = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let entropy = SeededEntropy::new(1);
        let (of, about) = (RunId(entropy.uuid(now)), RecordId(entropy.uuid(now)));
        assert_eq!(run(Reader::Client, of, about), format!("/records/{about}"));
        assert_eq!(run(Reader::Watching, of, about), format!("/console/runs/{of}"));
        assert_eq!(record(Reader::Acting, about), format!("/console/records/{about}"));
        assert_eq!(
            (tasks(Reader::Client, of), tasks(Reader::Acting, of)),
            ("/tasks".to_owned(), format!("/console/runs/{of}"))
        );
    }
}
