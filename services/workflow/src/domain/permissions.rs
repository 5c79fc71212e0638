//! Who may see a record, and who may see, act on and review a step: the one place where that is decided.

use std::collections::BTreeMap;

use portico_core::{AccountId, ActorKind, Ctx, PersonId};
use portico_definition::{Action, Actor, Definition, RecordView, Step, StepKind, can, visible_fields};

use super::engine::{Assignment, StepRecord};

/// Whoever asks.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    kind: ActorKind,
    person: Option<PersonId>,
    person_text: String,
    accounts: Vec<String>,
    roles: Vec<String>,
    /// What somebody of accounts does in each, by the account's id.
    account_roles: BTreeMap<String, Vec<String>>,
    /// The roles that count for the object looked at: see [`Viewer::at`].
    here: Vec<String>,
    /// Those of the firm who have asked them to approve in their place.
    stands_for: Vec<Delegator>,
}

/// Somebody of the firm who has asked another to approve in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delegator {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    /// What they approve by, as of when they asked.
    pub(crate) roles: Vec<String>,
}

impl Delegator {
    fn is_meant(&self, assignment: &Assignment) -> bool {
        assignment.people.iter().any(|person| person.id == self.person)
            || assignment.roles.iter().any(|role| self.roles.contains(role))
    }
}

/// What is asked about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepAction {
    View,
    Act,
    Review,
}

/// What the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As if it were not there.
    Hidden,
    /// They see it and may not do this.
    Refused,
    /// They may.
    Allowed,
}

impl Viewer {
    /// Whoever acts in `ctx`. For somebody of accounts no role counts until [`Viewer::at`] has said where they look: a role in one account is
    /// none in another.
    pub(crate) fn of(ctx: &Ctx) -> Self {
        let is_client = ctx.actor.kind == ActorKind::Client;
        let account_roles = ctx.actor.account_roles.iter();
        Self {
            kind: ctx.actor.kind,
            person: ctx.actor.person,
            person_text: ctx.actor.person.map(|id| id.to_string()).unwrap_or_default(),
            accounts: ctx.actor.accounts.listed().iter().map(ToString::to_string).collect(),
            roles: ctx.actor.roles.clone(),
            account_roles: account_roles
                .map(|(account, roles)| (account.to_string(), roles.clone()))
                .collect(),
            here: if is_client { Vec::new() } else { ctx.actor.roles.clone() },
            stands_for: Vec::new(),
        }
    }

    /// Somebody of an account, as they would come in with these roles there.
    pub(crate) fn member(person: PersonId, account: AccountId, roles: Vec<String>) -> Self {
        Self {
            kind: ActorKind::Client,
            accounts: vec![account.to_string()],
            account_roles: BTreeMap::from([(account.to_string(), roles.clone())]),
            here: Vec::new(),
            ..Self::staff(person, roles)
        }
    }

    /// Somebody of the firm, as they would come in with these roles.
    pub(crate) fn staff(person: PersonId, roles: Vec<String>) -> Self {
        Self {
            kind: ActorKind::Staff,
            person: Some(person),
            person_text: person.to_string(),
            accounts: Vec::new(),
            roles: roles.clone(),
            account_roles: BTreeMap::new(),
            here: roles,
            stands_for: Vec::new(),
        }
    }

    /// The same, standing in for others at approvals.
    pub(crate) fn standing_for(self, stands_for: Vec<Delegator>) -> Self {
        Self { stands_for, ..self }
    }

    /// The same, standing in for none of those who are `barred`.
    pub(crate) fn without(&self, barred: impl Fn(PersonId) -> bool) -> Self {
        let stands_for = self.stands_for.iter().filter(|one| !barred(one.person)).cloned().collect();
        Self { stands_for, ..self.clone() }
    }

    /// For whom they stand in.
    pub(crate) fn delegators(&self) -> &[Delegator] {
        &self.stands_for
    }

    /// For whom they approve a step: for themselves (nobody else) where it is their own turn, or for the first who asked them to and has not
    /// approved it already; where all have, for the first of those, so that what was done stays in sight.
    pub(crate) fn approves_for(&self, step: &StepRecord) -> Option<&Delegator> {
        if self.is_meant(&step.owner) || self.is_meant(&step.turn) {
            return None;
        }
        let asked =
            |delegator: &&Delegator| delegator.is_meant(&step.owner) || delegator.is_meant(&step.turn);
        let doers = step.doers();
        let mut meant = self.stands_for.iter().filter(asked);
        let first = meant.next();
        first
            .filter(|one| !doers.contains(&one.person))
            .or_else(|| meant.find(|one| !doers.contains(&one.person)))
            .or(first)
            .filter(|_| step.kind == "approval" && !step.owner.external)
    }

    /// Whether they have given one of a step's approvals.
    pub(crate) fn has_approved(&self, step: &StepRecord) -> bool {
        step.approvals.iter().any(|approval| Some(approval.by.id) == self.person)
    }

    /// Whether it is theirs or somebody's for whom they stand in.
    pub(crate) fn is_turn(&self, step: &StepRecord) -> bool {
        self.is_meant(&step.turn) || (self.approves_for(step).is_some() && step.turn == step.owner)
    }

    /// The same, before something that belongs to `account`. Fields and steps are asked about on this one; what holds a record finds the
    /// account itself.
    pub(crate) fn at(&self, account: AccountId) -> Self {
        Self { here: self.roles_in(Some(&account.to_string())).to_vec(), ..self.clone() }
    }

    fn roles_in(&self, account: Option<&str>) -> &[String] {
        if self.kind != ActorKind::Client {
            return &self.roles;
        }
        account.and_then(|account| self.account_roles.get(account)).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing of the firm is hidden: the system, and administrators among the staff.
    pub(crate) fn sees_everything(&self) -> bool {
        match self.kind {
            ActorKind::System => true,
            ActorKind::Staff => self.roles.iter().any(|role| role == "admin"),
            ActorKind::Client | ActorKind::Machine => false,
        }
    }

    pub(crate) fn is_client(&self) -> bool {
        self.kind == ActorKind::Client
    }

    pub(crate) fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// The roles of all their accounts together: what may be worth looking for. It permits nothing.
    pub(crate) fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The roles that count where they look.
    pub(crate) fn roles_here(&self) -> &[String] {
        &self.here
    }

    fn actor_before(&self, record: &RecordView<'_>) -> Actor<'_> {
        let roles = self.roles_in(record.account);
        Actor { person: &self.person_text, accounts: &self.accounts, roles }
    }

    /// Whether they may do this with a record.
    pub(crate) fn can(
        &self,
        definition: &Definition,
        kind: &str,
        action: Action,
        record: &RecordView<'_>,
    ) -> bool {
        self.sees_everything() || can(definition, kind, action, record, &self.actor_before(record))
    }

    /// The fields that they see and set.
    pub(crate) fn fields<'a>(&self, definition: &'a Definition, kind: &str) -> Vec<&'a str> {
        if self.sees_everything() {
            let record = definition.spec.records.get(kind);
            return record
                .map(|record| record.fields.keys().map(String::as_str).collect())
                .unwrap_or_default();
        }
        visible_fields(definition, &self.here, kind)
    }

    /// Whether an assignment means them: by name, or by one of their roles.
    pub(crate) fn is_meant(&self, assignment: &Assignment) -> bool {
        let by_name = self.person.is_some_and(|me| assignment.people.iter().any(|person| person.id == me));
        // A role is one side's: a client never holds one of the firm's.
        by_name || assignment.roles.iter().any(|role| self.here.contains(role))
    }

    fn named_in(&self, step: &StepRecord) -> bool {
        self.person
            .is_some_and(|me| step.owner.people.iter().chain(&step.turn.people).any(|person| person.id == me))
    }

    /// Whether they see a step of a run whose record they may read or not.
    pub(crate) fn sees(&self, step: &StepRecord, reads_record: bool) -> bool {
        if self.sees_everything() || self.named_in(step) || self.approves_for(step).is_some() {
            return true;
        }
        let in_list = step.visible_to.is_empty()
            || step.visible_to.iter().any(|role| self.here.contains(role))
            || self.is_meant(&step.owner)
            || self.is_meant(&step.turn);
        reads_record && if self.is_client() { step.client_visible && in_list } else { true }
    }

    /// Whether it is their turn.
    pub(crate) fn can_act_now(&self, step: &StepRecord, reads_record: bool) -> bool {
        step.is_open()
            && step.kind != "wait"
            && self.sees(step, reads_record)
            && (self.is_turn(step) || self.stands_in(&step.turn))
            && !self.has_approved(step)
    }

    /// Administrators stand in for the firm's side, never for a client's.
    pub(crate) fn stands_in(&self, turn: &Assignment) -> bool {
        self.kind == ActorKind::Staff && self.sees_everything() && !turn.external
    }

    /// Whether they may do something to a step.
    pub(crate) fn authorize(
        &self,
        step: &StepRecord,
        declared: Option<&Step>,
        reads_record: bool,
        action: StepAction,
    ) -> Verdict {
        if !self.sees(step, reads_record) {
            return Verdict::Hidden;
        }
        let allowed = match action {
            StepAction::View => true,
            _ if self.kind == ActorKind::System => true,
            StepAction::Act => {
                let signs = matches!(declared.map(|step| &step.kind), Some(StepKind::Esign(esign))
                    if esign.order.iter().any(|role| self.here.contains(role)));
                self.is_meant(&step.owner)
                    || self.is_meant(&step.turn)
                    || signs
                    || self.approves_for(step).is_some()
                    || self.has_approved(step)
                    || (self.stands_in(&step.owner) && self.stands_in(&step.turn))
            }
            StepAction::Review => {
                let role = declared.and_then(|step| match &step.kind {
                    StepKind::DocumentRequest(request) => request.review.as_ref().map(|review| &review.role),
                    StepKind::Approval(approval) => approval.of.as_ref().map(|of| &of.from.role),
                    StepKind::Meeting(meeting) => Some(&meeting.with.role),
                    _ => None,
                });
                let reviewer = step.asks.as_ref().and_then(|asked| asked.reviewer());
                reviewer.is_some_and(|reviewer| self.is_meant(reviewer) || self.stands_in(reviewer))
                    || role.is_some_and(|role| self.here.contains(role))
                    || (role.is_some() && self.kind == ActorKind::Staff && self.sees_everything())
            }
        };
        if allowed { Verdict::Allowed } else { Verdict::Refused }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{AccountId, AccountScope, Entropy as _, SeededEntropy, TenantId};
    use serde_json::{Map, json};

    use super::*;

    fn people() -> (TenantId, AccountId, AccountId, PersonId) {
        let entropy = SeededEntropy::new(5);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        (
            entropy.uuid(now).into(),
            entropy.uuid(now).into(),
            entropy.uuid(now).into(),
            entropy.uuid(now).into(),
        )
    }

    fn viewer(kind: ActorKind, accounts: &[AccountId], person: PersonId, roles: &[&str]) -> Viewer {
        let mut ctx = Ctx::system(people().0, "Test");
        ctx.actor.kind = kind;
        ctx.actor.person = Some(person);
        ctx.actor.accounts = if kind == ActorKind::Client {
            AccountScope::Listed(accounts.to_vec())
        } else {
            AccountScope::All
        };
        ctx.actor.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        ctx.actor.account_roles =
            accounts.iter().map(|account| (*account, ctx.actor.roles.clone())).collect();
        accounts.first().map_or_else(|| Viewer::of(&ctx), |account| Viewer::of(&ctx).at(*account))
    }

    #[test]
    fn clients_read_their_own_and_never_the_fee_and_managers_what_names_them() {
        let (_, own, other, person) = people();
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let client = viewer(ActorKind::Client, &[own], person, &["client"]);
        let manager = viewer(ActorKind::Staff, &[], person, &["project_manager"]);
        let reads = |viewer: &Viewer, account: AccountId, team: serde_json::Value| {
            let fields: Map<_, _> = json!({ "team": team }).as_object().unwrap().clone();
            let account = account.to_string();
            let record = RecordView {
                account: Some(&account),
                creator: None,
                state: None,
                number: None,
                fields: &fields,
                related: None,
            };
            viewer.can(&definition, "engagement", Action::Read, &record)
        };
        assert!(reads(&client, own, json!([])));
        assert!(!reads(&client, other, json!([])));
        assert!(reads(&manager, other, json!([person.to_string()])));
        assert!(!reads(&manager, other, json!([])));
        assert!(!client.fields(&definition, "engagement").contains(&"fee"));
        assert!(manager.fields(&definition, "engagement").contains(&"fee"));
    }

    #[test]
    fn a_role_in_one_account_opens_nothing_in_another() {
        let (tenant, acme, globex, person) = people();
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let mut ctx = Ctx::system(tenant, "Test");
        ctx.actor.kind = ActorKind::Client;
        ctx.actor.person = Some(person);
        ctx.actor.accounts = AccountScope::Listed(vec![acme, globex]);
        ctx.actor.roles = vec!["client".to_owned(), "signatory".to_owned()];
        ctx.actor.account_roles = BTreeMap::from([(acme, vec!["client".to_owned()])]);
        let viewer = Viewer::of(&ctx);
        let reads = |account: AccountId| {
            let (account, fields) = (account.to_string(), Map::new());
            let record = RecordView {
                account: Some(&account),
                creator: None,
                state: None,
                number: None,
                fields: &fields,
                related: None,
            };
            viewer.can(&definition, "engagement", Action::Read, &record)
        };
        assert!(reads(acme) && !reads(globex));
        let turn =
            |role: &str| Assignment { roles: vec![role.to_owned()], external: true, ..Assignment::default() };
        assert!(viewer.at(acme).is_meant(&turn("client")) && !viewer.at(globex).is_meant(&turn("client")));
        assert!(!viewer.at(acme).is_meant(&turn("signatory")), "held nowhere, whatever the list of all says");
        assert!(!viewer.is_meant(&turn("client")), "nothing counts before it is known where");
        assert!(!viewer.at(acme).fields(&definition, "engagement").is_empty());
        assert!(viewer.at(globex).fields(&definition, "engagement").is_empty());
    }

    #[test]
    fn an_administrator_never_acts_for_a_client() {
        let (_, own, _, person) = people();
        let admin = viewer(ActorKind::Staff, &[], person, &["admin"]);
        let turn = Assignment { roles: vec!["client".to_owned()], external: true, ..Assignment::default() };
        assert!(!admin.stands_in(&turn) && !admin.is_meant(&turn));
        assert!(viewer(ActorKind::Client, &[own], person, &["client"]).is_meant(&turn));
        assert!(!viewer(ActorKind::Client, &[own], person, &["admin"]).sees_everything());
    }
}
