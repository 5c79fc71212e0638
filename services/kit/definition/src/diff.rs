//! What changed between two versions, in words, and whom it lets see more or less.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use crate::{AccessRule, Action, Definition, Record, Role, Scope};

/// One change between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The place in the document.
    pub path: String,
    /// What changed, in a sentence: "Clients may now read the fee of an engagement."
    pub text: String,
    /// What it does to access.
    pub effect: AccessEffect,
}

/// What a change does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessEffect {
    /// Somebody may see or do more. A change of a condition counts as widening unless it only adds one.
    Widened,
    /// Somebody may see or do less, and nobody more.
    Narrowed,
    /// Nobody may see or do more or less.
    Neutral,
}

use AccessEffect::{Narrowed, Neutral, Widened};

/// The changes from one version to another, those that widen access first. Empty when nothing changed.
#[must_use]
pub fn diff(old: &Definition, new: &Definition) -> Vec<Change> {
    let mut changes = Changes { old, new, found: Vec::new() };
    changes.roles();
    changes.records();
    changes.pages();
    changes.named("forms", "form", &old.spec.forms, &new.spec.forms);
    changes.named(
        "documentTemplates",
        "document",
        &old.spec.document_templates,
        &new.spec.document_templates,
    );
    changes.named("notices", "notice", &old.spec.notices, &new.spec.notices);
    changes.workflows();
    changes.rest();
    changes.found.sort_by_key(|change| match change.effect {
        Widened => 0,
        Narrowed => 1,
        Neutral => 2,
    });
    changes.found
}

struct Changes<'a> {
    old: &'a Definition,
    new: &'a Definition,
    found: Vec<Change>,
}

impl Changes<'_> {
    fn add(&mut self, path: impl Into<String>, effect: AccessEffect, text: impl Into<String>) {
        self.found.push(Change { path: path.into(), text: text.into(), effect });
    }

    /// A role as a sentence begins with it.
    fn role_title(&self, name: &str) -> String {
        let role = self.new.spec.roles.get(name).or_else(|| self.old.spec.roles.get(name));
        let title = role.and_then(|role| role.title.clone()).unwrap_or_else(|| name.replace('_', " "));
        format!("The role \u{201c}{title}\u{201d}")
    }

    fn roles(&mut self) {
        let (old, new) = (&self.old.spec.roles, &self.new.spec.roles);
        for (name, role) in new {
            let path = format!("spec.roles.{name}");
            let title = self.role_title(name);
            match old.get(name) {
                None => self.add(path, Neutral, format!("{title} is new.")),
                Some(before) if before == role => {}
                Some(before) => self.role(path, &title, before, role),
            }
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            let title = self.role_title(name);
            self.add(
                format!("spec.roles.{name}"),
                Narrowed,
                format!("{title} is gone; its people lose access."),
            );
        }
    }

    fn role(&mut self, path: String, title: &str, before: &Role, after: &Role) {
        if before.side != after.side {
            self.add(path.clone(), Widened, format!("{title} moves to the other side of the portal."));
        }
        if before.scope != after.scope {
            let effect = if within(after.scope, before.scope) { Narrowed } else { Widened };
            let text =
                format!("{title} now reaches {} instead of {}.", reach(after.scope), reach(before.scope));
            self.add(path.clone(), effect, text);
        }
        if before.title != after.title {
            self.add(path, Neutral, format!("{title} has a new title."));
        }
    }

    fn records(&mut self) {
        let (old, new) = (&self.old.spec.records, &self.new.spec.records);
        for (name, record) in new {
            let path = format!("spec.records.{name}");
            match old.get(name) {
                None => {
                    self.add(
                        path.clone(),
                        Neutral,
                        format!("The record \u{201c}{}\u{201d} is new.", words(name)),
                    );
                    self.rules(&path, name, &[], &record.access);
                }
                Some(before) => {
                    self.rules(&path, name, &before.access, &record.access);
                    self.fields(&path, name, before, record);
                    if (&before.title, before.per_account, &before.label, &before.number, &before.states)
                        != (&record.title, record.per_account, &record.label, &record.number, &record.states)
                    {
                        let text = format!(
                            "The record \u{201c}{}\u{201d} has other states, numbers or titles.",
                            words(name)
                        );
                        self.add(path, Neutral, text);
                    }
                }
            }
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            self.add(
                format!("spec.records.{name}"),
                Narrowed,
                format!("The record \u{201c}{}\u{201d} is gone; nobody may see one any more.", words(name)),
            );
        }
    }

    fn rules(&mut self, path: &str, record: &str, old: &[AccessRule], new: &[AccessRule]) {
        let pairs: BTreeSet<(String, u8)> = old
            .iter()
            .chain(new)
            .flat_map(|rule| rule.can.iter().map(|action| (rule.role.clone(), *action as u8)))
            .collect();
        for (role, action) in pairs {
            let Some(action) = ACTIONS.get(usize::from(action)) else { continue };
            let conditions = |rules: &[AccessRule]| -> Vec<_> {
                let of = rules.iter().filter(|rule| rule.role == role && rule.can.contains(action));
                of.map(|rule| rule.condition.clone()).collect()
            };
            let (before, after) = (conditions(old), conditions(new));
            if before == after {
                continue;
            }
            let title = self.role_title(&role);
            let what = format!("{} records of \u{201c}{}\u{201d}", verb(*action), words(record));
            let at = format!("{path}.access");
            if before.is_empty() {
                let limit = if after.contains(&None) { "" } else { " where a condition holds" };
                self.add(at, Widened, format!("{title} may now {what}{limit}."));
            } else if after.is_empty() {
                self.add(at, Narrowed, format!("{title} may no longer {what}."));
            } else if after.contains(&None) && !before.contains(&None) {
                self.add(at, Widened, format!("{title} may now {what} without a condition."));
            } else if before.contains(&None) && !after.contains(&None) {
                self.add(at, Narrowed, format!("{title} may {what} only where a condition holds."));
            } else if after.iter().all(|condition| before.contains(condition)) {
                self.add(at, Narrowed, format!("{title} may {what} under fewer conditions than before."));
            } else {
                self.add(at, Widened, format!("{title} may {what} under other conditions than before."));
            }
        }
    }

    fn fields(&mut self, path: &str, record: &str, before: &Record, after: &Record) {
        let of = format!("of \u{201c}{}\u{201d}", words(record));
        for (name, field) in &after.fields {
            let at = format!("{path}.fields.{name}");
            let called = format!("the field \u{201c}{}\u{201d} {of}", words(name));
            match before.fields.get(name) {
                None => {
                    let seen = if field.visible_to.is_empty() {
                        "whoever may read the record".to_owned()
                    } else {
                        field.visible_to.join(", ")
                    };
                    self.add(at, Widened, format!("{} is new and seen by {seen}.", capital(&called)));
                }
                Some(old) if old == field => {}
                Some(old) => {
                    self.visibility(&format!("{at}.visibleTo"), &called, &old.visible_to, &field.visible_to);
                    if (&old.kind, old.required, &old.title, &old.help, old.unique_within)
                        != (&field.kind, field.required, &field.title, &field.help, field.unique_within)
                    {
                        self.add(
                            at,
                            Neutral,
                            format!("{} takes other values or has another text.", capital(&called)),
                        );
                    }
                }
            }
        }
        for name in before.fields.keys().filter(|name| !after.fields.contains_key(*name)) {
            let text = format!(
                "The field \u{201c}{}\u{201d} {of} is gone; what was entered is no longer shown.",
                words(name)
            );
            self.add(format!("{path}.fields.{name}"), Narrowed, text);
        }
    }

    /// A list of roles in which none means all.
    fn visibility(&mut self, path: &str, called: &str, old: &[String], new: &[String]) {
        match (old.is_empty(), new.is_empty()) {
            (true, true) => {}
            (true, false) => {
                self.add(path, Narrowed, format!("Only {} may now see {called}.", new.join(", ")))
            }
            (false, true) => {
                self.add(path, Widened, format!("Everybody who may read the record may now see {called}."));
            }
            (false, false) => self.listed(path, called, old, new),
        }
    }

    /// A list of roles in which none means none.
    fn listed(&mut self, path: &str, called: &str, old: &[String], new: &[String]) {
        for role in new.iter().filter(|role| !old.contains(role)) {
            let title = self.role_title(role);
            self.add(path, Widened, format!("{title} may now see {called}."));
        }
        for role in old.iter().filter(|role| !new.contains(role)) {
            let title = self.role_title(role);
            self.add(path, Narrowed, format!("{title} may no longer see {called}."));
        }
    }

    fn pages(&mut self) {
        let (old, new) = (&self.old.spec.pages, &self.new.spec.pages);
        for page in new {
            let path = format!("spec.pages.{}", page.id);
            let called = format!("the page \u{201c}{}\u{201d}", page.title);
            match old.iter().find(|before| before.id == page.id) {
                None => self.listed(&path, &called, &[], &page.visible_to),
                Some(before) => {
                    self.listed(&path, &called, &before.visible_to, &page.visible_to);
                    if (&before.path, &before.title, &before.blocks)
                        != (&page.path, &page.title, &page.blocks)
                    {
                        self.add(path, Neutral, format!("{} looks different.", capital(&called)));
                    }
                }
            }
        }
        for page in old.iter().filter(|page| !new.iter().any(|after| after.id == page.id)) {
            let text = format!("The page \u{201c}{}\u{201d} is gone.", page.title);
            self.add(format!("spec.pages.{}", page.id), Narrowed, text);
        }
    }

    fn workflows(&mut self) {
        let (old, new) = (&self.old.spec.workflows, &self.new.spec.workflows);
        self.named("workflows", "workflow", old, new);
        for (name, workflow) in new {
            let Some(before) = old.get(name) else { continue };
            for step in &workflow.steps {
                let path = format!("spec.workflows.{name}.steps.{}", step.id);
                let Some(old_step) = before.steps.iter().find(|old_step| old_step.id == step.id) else {
                    self.add(path, Neutral, format!("The step \u{201c}{}\u{201d} is new.", step.title));
                    continue;
                };
                let turn = |step: &crate::Step, of: &crate::Workflow| {
                    step.assignee.clone().or_else(|| of.defaults.assignee.clone())
                };
                if turn(step, workflow) != turn(old_step, before) {
                    let text = format!("The step \u{201c}{}\u{201d} is somebody else's turn.", step.title);
                    self.add(path.clone(), Widened, text);
                }
                self.visibility(
                    &path,
                    &format!("the step \u{201c}{}\u{201d}", step.title),
                    &old_step.visible_to,
                    &step.visible_to,
                );
            }
            for step in
                before.steps.iter().filter(|step| !workflow.steps.iter().any(|after| after.id == step.id))
            {
                let path = format!("spec.workflows.{name}.steps.{}", step.id);
                self.add(path, Neutral, format!("The step \u{201c}{}\u{201d} is gone.", step.title));
            }
        }
    }

    fn named<T: PartialEq>(
        &mut self,
        key: &str,
        kind: &str,
        old: &IndexMap<String, T>,
        new: &IndexMap<String, T>,
    ) {
        for (name, value) in new {
            let happened = match old.get(name) {
                None => "is new",
                Some(before) if before == value => continue,
                Some(_) => "has changed",
            };
            self.add(
                format!("spec.{key}.{name}"),
                Neutral,
                format!("The {kind} \u{201c}{}\u{201d} {happened}.", words(name)),
            );
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            self.add(
                format!("spec.{key}.{name}"),
                Neutral,
                format!("The {kind} \u{201c}{}\u{201d} is gone.", words(name)),
            );
        }
    }

    fn rest(&mut self) {
        let (old, new) = (&self.old.spec, &self.new.spec);
        if old.sign_in != new.sign_in {
            let more = new.sign_in.methods.iter().any(|method| !old.sign_in.methods.contains(method))
                || old.sign_in.sign_up != new.sign_in.sign_up;
            let effect = if more { Widened } else { Narrowed };
            self.add("spec.signIn", effect, "People sign in in other ways than before.");
        }
        if old.calendar != new.calendar {
            self.add(
                "spec.calendar",
                Neutral,
                "Work is done on other days than before; new deadlines follow.",
            );
        }
        if (&old.audience, &old.brand) != (&new.audience, &new.brand)
            || self.old.metadata != self.new.metadata
        {
            self.add("metadata", Neutral, "The portal's name, audience or look has changed.");
        }
        if old.tests != new.tests {
            let lost = old.tests.iter().filter(|test| !new.tests.contains(test)).count();
            let text = match lost {
                0 => "There are more access tests.".to_owned(),
                lost => format!("{lost} access tests of the last version are gone or changed."),
            };
            self.add("spec.tests", Neutral, text);
        }
    }
}

const ACTIONS: [Action; 4] = [Action::Read, Action::Create, Action::Update, Action::Delete];

const fn verb(action: Action) -> &'static str {
    match action {
        Action::Read => "read",
        Action::Create => "create",
        Action::Update => "change",
        Action::Delete => "delete",
    }
}

const fn reach(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "only what the person made",
        Scope::Account => "their own account",
        Scope::AccountAndBelow => "their own account and those below it",
        Scope::Assigned => "what the person is assigned to",
        Scope::All => "every account",
    }
}

/// Whether everything the one scope reaches is reached by the other.
const fn within(inner: Scope, outer: Scope) -> bool {
    matches!(
        (inner, outer),
        (_, Scope::All) | (Scope::Account, Scope::AccountAndBelow) | (Scope::Account, Scope::Assigned)
    )
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
