//! Where something is done about a step, by its type and by whose turn it is.

use portico_proto::workflow::v1::{Step, StepState};

use crate::layout::Shell;

/// A link that begins with a verb.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) label: String,
    pub(super) href: String,
}

/// What a member of staff can do about a step, the next thing first.
pub(super) fn links(s: &Shell, step: &Step) -> Vec<Link> {
    let link = |key: &str, href: String| Link { label: s.t(key), href };
    let mut links = Vec::new();
    let untouched =
        matches!(step.state(), StepState::Blocked | StepState::Cancelled | StepState::Unspecified);
    match step.r#type.as_str() {
        "document_request" if !untouched => {
            links.push(link("console-review", format!("/console/steps/{}/review", step.id)));
        }
        "meeting" if !untouched => {
            links.push(link("console-times", format!("/console/steps/{}/meeting", step.id)))
        }
        "esign" if !untouched => {
            links.push(link("console-signing", format!("/console/steps/{}/envelope", step.id)));
        }
        "approval" if has_deliverable(step) && !untouched => {
            links.push(link("console-deliverable", format!("/console/steps/{}/deliverable", step.id)));
        }
        _ => {}
    }
    let own = links.is_empty() || matches!(step.r#type.as_str(), "approval" | "esign");
    if own && step.can_act {
        links.insert(0, link("console-act", format!("/tasks/{}", step.id)));
    }
    links
}

/// Whether something is delivered for approval, rather than the record itself approved.
pub(super) fn has_deliverable(step: &Step) -> bool {
    step.deliverable.is_some()
        || step.declaration.as_ref().is_some_and(|declared| declared.fields.contains_key("of"))
}

#[cfg(test)]
mod tests {
    use portico_proto::json::to_struct;
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    fn hrefs(step: &Step) -> Vec<String> {
        let s = crate::walk::shell(Area::Console, Locale::En);
        links(&s, step).into_iter().map(|link| link.href.rsplit('/').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn each_type_leads_where_staff_act_on_it() {
        assert_eq!(hrefs(&step("document_request", "t", StepState::Active, 1)), ["review"]);
        assert_eq!(hrefs(&step("meeting", "t", StepState::Active, 1)), ["meeting"]);
        assert!(hrefs(&step("meeting", "t", StepState::Blocked, 1)).iter().all(|href| href != "meeting"));
        let id = step("task", "t", StepState::Active, 1).id;
        assert_eq!(hrefs(&step("task", "t", StepState::Active, 1)), std::slice::from_ref(&id));
        let sign = step("esign", "t", StepState::Active, 1);
        assert_eq!(hrefs(&sign), [sign.id.clone(), "envelope".to_owned()]);
        let theirs = Step { can_act: false, ..step("task", "t", StepState::Active, 1) };
        assert!(hrefs(&theirs).is_empty());
        let of = json!({"of": {"deliverable": "Project plan"}});
        let plan = Step { declaration: Some(to_struct(&of)), ..step("approval", "t", StepState::Active, 1) };
        assert_eq!(hrefs(&plan), [id, "deliverable".to_owned()]);
    }
}
