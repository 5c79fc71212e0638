//! The engine over both shipped definitions.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{PersonId, SeededEntropy, StepId};
use portico_definition::{Definition, RecordView, Workflow, calendar::BusinessDays, gallery};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

mod meetings;

/// A definition with a record, ready to run.
struct House {
    definition: Definition,
    workflow: String,
    fields: Map<String, Value>,
    state: String,
    directory: Directory,
    days: BusinessDays,
    entropy: SeededEntropy,
    now: DateTime<Utc>,
}

impl House {
    fn of(portal: &str, workflow: &str, state: &str, fields: Value) -> Self {
        let definition = gallery().iter().find(|entry| entry.name == portal).unwrap();
        let definition = portico_definition::parse(definition.yaml).unwrap();
        let days = BusinessDays::new(&definition.spec.calendar, []);
        let Value::Object(fields) = fields else { panic!("fields are an object") };
        Self {
            definition,
            workflow: workflow.to_owned(),
            fields,
            state: state.to_owned(),
            directory: Directory::default(),
            days,
            entropy: SeededEntropy::new(3),
            // A Friday morning.
            now: DateTime::from_timestamp(1_800_003_600, 0).unwrap(),
        }
    }

    fn onboarding() -> Self {
        let entropy = SeededEntropy::new(9);
        let now = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let (manager, client) = (PersonId::new(now, &entropy), PersonId::new(now, &entropy));
        let mut house = Self::of(
            "client-onboarding",
            "onboarding",
            "signed",
            json!({"title": "Website", "team": [manager.to_string()], "contacts": [client.to_string()]}),
        );
        house.directory.holders.0.insert("project_manager".to_owned(), vec![manager]);
        house.directory.names.insert(manager, "Mina".to_owned());
        house.directory.names.insert(client, "Ana".to_owned());
        house
    }

    fn invoices(amount: i64, currency: &str) -> Self {
        Self::of(
            "vendor-invoices",
            "invoice_approval",
            "submitted",
            json!({"amount": {"amount": amount, "currency": currency}, "supplier_no": "4711"}),
        )
    }

    fn workflow(&self) -> &Workflow {
        &self.definition.spec.workflows[&self.workflow]
    }

    fn decide(&self, run: &RunState, event: &Event) -> Result<Vec<Command>, Refusal> {
        let state = run.record_state.clone().unwrap_or_else(|| self.state.clone());
        let ctx = Context {
            definition: &self.definition,
            workflow: self.workflow(),
            now: self.now,
            by: None,
            days: &self.days,
            zone: chrono_tz::UTC,
            record: RecordView {
                account: None,
                creator: None,
                state: Some(&state),
                number: None,
                fields: &self.fields,
                related: None,
            },
            directory: &self.directory,
        };
        decide(&ctx, run, event)
    }

    fn started(&self) -> (RunState, Vec<RunFact>) {
        let steps = self.workflow().steps.iter().map(|_| StepId::new(self.now, &self.entropy)).collect();
        let mut run = RunState::default();
        let commands = self.decide(&run, &Event::Start { steps }).unwrap();
        let facts = take(&mut run, &commands);
        (run, facts)
    }

    fn must(&self, run: &mut RunState, event: &Event) -> Vec<Command> {
        let commands = self.decide(run, event).unwrap();
        take(run, &commands);
        commands
    }

    fn fulfil(&self, run: &mut RunState, key: &str) -> Vec<Command> {
        let step = run.named(key).unwrap();
        let event =
            Event::Fulfilled { step: step.id, attempt: step.attempt, by: None, outcome: String::new() };
        self.must(run, &event)
    }
}

fn take(run: &mut RunState, commands: &[Command]) -> Vec<RunFact> {
    let facts: Vec<RunFact> = commands
        .iter()
        .filter_map(|command| if let Command::Note(line) = command { Some(line.clone()) } else { None })
        .collect();
    facts.iter().for_each(|line| apply(run, line));
    facts
}

fn tells(commands: &[Command]) -> Vec<&Tell> {
    commands
        .iter()
        .filter_map(|command| if let Command::Tell(tell, _) = command { Some(tell) } else { None })
        .collect()
}

fn version(number: i32) -> Deliverable {
    Deliverable {
        document: "d".to_owned(),
        version: format!("v{number}"),
        number,
        sha256: "ab".to_owned(),
        file_name: "plan.pdf".to_owned(),
        by: None,
    }
}

fn status(run: &RunState, key: &str) -> StepStatus {
    run.named(key).unwrap().status
}

#[test]
fn onboarding_runs_from_its_definition_alone() {
    let house = House::onboarding();
    let (mut run, _) = house.started();
    assert_eq!(run.status, RunStatus::Active);
    for key in ["intake", "sysdocs", "agreement", "kickoff"] {
        assert_eq!(status(&run, key), StepStatus::Active, "{key}");
    }
    assert_eq!(status(&run, "plan"), StepStatus::Blocked);
    assert_eq!(
        run.named("agreement").unwrap().owner.roles,
        ["client", "signatory"],
        "nobody may sign yet: the client names one"
    );

    // Five working days after Friday, to the end of the day.
    assert_eq!(run.named("intake").unwrap().due.unwrap().to_rfc3339(), "2027-01-22T23:59:59+00:00");
    let first = run.milestones[2].first_estimate.unwrap();
    assert!(first > run.named("kickoff").unwrap().due.unwrap(), "the plan comes after the kickoff");

    let mut told = 0;
    for key in ["intake", "sysdocs", "agreement", "kickoff"] {
        let commands = house.fulfil(&mut run, key);
        told += tells(&commands).iter().filter(|tell| matches!(tell, Tell::Notification { .. })).count();
    }
    assert_eq!(told, 1);
    assert_eq!(run.milestones.iter().filter(|one| one.reached_at.is_some()).count(), 2);

    let plan = run.named("plan").unwrap().clone();
    assert_eq!(plan.turn.people[0].name, "Mina", "the manager hands the plan over");
    house.must(&mut run, &Event::VersionAdded { step: plan.id, deliverable: version(1) });
    assert!(run.named("plan").unwrap().turn.external);
    house.fulfil(&mut run, "plan");
    assert_eq!(run.status, RunStatus::Done);
    assert_eq!(run.milestones[2].first_estimate, Some(first), "the first estimate is kept");

    house.must(&mut run, &Event::VersionAdded { step: plan.id, deliverable: version(2) });
    assert_eq!(
        (run.status, status(&run, "plan")),
        (RunStatus::Active, StepStatus::Active),
        "a new version voids the approval"
    );
    assert_eq!(run.milestones[2].reached_at, None);
}

#[test]
fn an_invoice_over_the_threshold_or_in_another_currency_needs_the_plant() {
    for (amount, currency, expected) in [
        (999_999, "USD", StepStatus::Skipped),
        (1_000_001, "USD", StepStatus::Active),
        (5, "EUR", StepStatus::Active),
    ] {
        let (run, _) = House::invoices(amount, currency).started();
        assert_eq!(status(&run, "plant"), expected, "{amount} {currency}");
    }
}

#[test]
fn a_returned_approval_with_an_outcome_ends_the_run() {
    let house = House::invoices(2_000_000, "USD");
    let (mut run, _) = house.started();
    let plant = run.named("plant").unwrap().clone();
    let event = Event::Returned { step: plant.id, attempt: 1, by: None, reason: "No order".to_owned() };
    let commands = house.must(&mut run, &event);
    assert!(commands.contains(&Command::SetRecordState("rejected".to_owned())));
    assert_eq!(tells(&commands), [&Tell::Notification { place: 0, entry: 1 }]);
    assert_eq!(run.status, RunStatus::Done);
    assert_eq!(
        (status(&run, "finance"), status(&run, "pay")),
        (StepStatus::Cancelled, StepStatus::Cancelled)
    );
}

#[test]
fn an_approved_and_paid_invoice_tells_the_vendor_twice() {
    let house = House::invoices(5, "USD");
    let (mut run, _) = house.started();
    let approved = house.fulfil(&mut run, "finance");
    assert!(tells(&approved).contains(&&Tell::Notification { place: 0, entry: 1 }));
    let paid = house.fulfil(&mut run, "pay");
    assert!(tells(&paid).contains(&&Tell::Notification { place: 0, entry: 2 }));
    assert_eq!((run.record_state.as_deref(), run.status), (Some("paid"), RunStatus::Done));
}

#[test]
fn reminders_keep_their_number_and_their_distance_and_stop_when_done() {
    let mut house = House::onboarding();
    let (mut run, _) = house.started();
    let intake = run.named("intake").unwrap().clone();
    let mut sent = Vec::new();
    // One look a day for forty days, with an outage of a fortnight in between.
    for day in (0..50).filter(|day| !(9..23).contains(day)) {
        house.now = run.started_at.unwrap() + TimeDelta::days(day);
        for rule in 0..2 {
            let event = Event::TimerFired { step: intake.id, timer: TimerKind::Remind(rule) };
            let first = house.must(&mut run, &event);
            assert!(house.must(&mut run, &event).is_empty(), "the same timer twice says nothing");
            if !first.is_empty() {
                sent.push((rule, day));
            }
        }
    }
    // Due at the end of the 7th day: two days before, then one day after and every three, three times.
    assert_eq!(sent, [(0, 6), (1, 23), (1, 26), (1, 29)]);

    house.fulfil(&mut run, "intake");
    let event = Event::TimerFired { step: intake.id, timer: TimerKind::Remind(1) };
    assert!(house.must(&mut run, &event).is_empty());
}

#[test]
fn a_pause_stops_the_timers_and_moves_the_dates() {
    let mut house = House::onboarding();
    let (mut run, _) = house.started();
    let due = run.named("intake").unwrap().due.unwrap();
    let commands = house.must(&mut run, &Event::Paused { reason: "Holiday".to_owned() });
    assert!(commands.iter().any(|command| matches!(command, Command::ClearTimer(..))));
    assert!(!commands.iter().any(|command| matches!(command, Command::SetTimer(..))));
    house.now += TimeDelta::days(10);
    house.must(&mut run, &Event::Resumed);
    assert_eq!(run.named("intake").unwrap().due, Some(due + TimeDelta::days(10)));
}

#[test]
fn a_returned_document_goes_back_to_the_client_with_its_reason() {
    let house = House::onboarding();
    let (mut run, _) = house.started();
    let step = run.named("sysdocs").unwrap().clone();
    house.must(
        &mut run,
        &Event::Progressed { step: step.id, attempt: 1, turn: Turn::Reviewer, progress: "1 of 1".to_owned() },
    );
    assert!(!run.named("sysdocs").unwrap().turn.external, "the firm looks at it");
    let event =
        Event::Returned { step: step.id, attempt: 1, by: None, reason: "Page 2 is missing".to_owned() };
    let commands = house.must(&mut run, &event);
    assert!(commands.contains(&Command::Activate(step.id)));
    let now = run.named("sysdocs").unwrap();
    assert_eq!(
        (now.status, now.attempt, now.reason.as_str()),
        (StepStatus::Returned, 2, "Page 2 is missing")
    );
    assert!(now.turn.external);
    assert!(house.must(&mut run, &event).is_empty());
}

#[test]
fn escalation_tells_and_leaves_the_step_where_it_is() {
    let mut house = House::invoices(5, "USD");
    let (mut run, _) = house.started();
    let finance = run.named("finance").unwrap().clone();
    let event = Event::TimerFired { step: finance.id, timer: TimerKind::Escalate };
    assert!(house.must(&mut run, &event).is_empty(), "not before it is due");
    house.now = finance.due.unwrap();
    let commands = house.must(&mut run, &event);
    let Some(Command::Tell(Tell::Escalation { .. }, to)) =
        commands.iter().find(|command| matches!(command, Command::Tell(..)))
    else {
        panic!("nobody was told: {commands:?}")
    };
    assert_eq!(to.roles, ["controller"]);
    assert_eq!(run.named("finance").unwrap().turn, finance.turn);
    assert!(house.must(&mut run, &event).is_empty());
}

#[test]
fn a_turn_given_to_one_person_is_no_longer_whoever_has_the_roles() {
    let house = House::onboarding();
    let (mut run, _) = house.started();
    let step = run.named("intake").unwrap().clone();
    assert!(!step.turn.roles.is_empty());
    let bea = PersonRef { id: PersonId::new(house.now, &house.entropy), name: "Bea".to_owned() };
    let turn = Turn::Person { person: bea.clone(), external: true };
    let event =
        Event::Progressed { step: step.id, attempt: step.attempt, turn, progress: "0 of 2".to_owned() };
    house.must(&mut run, &event);
    let now = run.named("intake").unwrap().turn.clone();
    assert_eq!((now.people, now.roles, now.external), (vec![bea], Vec::new(), step.turn.external));
}

/// An event for the run as it stands, chosen by two numbers: often fitting, sometimes stale or absurd.
fn some_event(house: &House, run: &RunState, kind: u8, pick: u8) -> Event {
    let step = run.steps[usize::from(pick) % run.steps.len()].clone();
    let attempt = if pick.is_multiple_of(7) { step.attempt + 1 } else { step.attempt };
    let person = PersonRef { id: PersonId::new(house.now, &house.entropy), name: "Eve".to_owned() };
    let to = Assignment {
        people: vec![person.clone()],
        external: pick.is_multiple_of(2),
        ..Assignment::default()
    };
    let text = || format!("because {pick}");
    match kind % 21 {
        0..=3 => Event::Fulfilled { step: step.id, attempt, by: None, outcome: text() },
        4 => Event::Returned { step: step.id, attempt, by: None, reason: text() },
        5 => Event::Progressed { step: step.id, attempt, turn: Turn::Reviewer, progress: text() },
        6 => Event::Progressed {
            step: step.id,
            attempt,
            turn: Turn::Person { person, external: true },
            progress: text(),
        },
        7 => Event::VersionAdded { step: step.id, deliverable: version(i32::from(pick)) },
        8 => Event::RecordChanged {
            state: Some(["cancelled", "done", "rejected"][usize::from(pick) % 3].to_owned()),
        },
        9 => Event::TimerFired { step: step.id, timer: TimerKind::Remind(usize::from(pick) % 3) },
        10 => Event::TimerFired {
            step: step.id,
            timer: [
                TimerKind::Due,
                TimerKind::Escalate,
                TimerKind::Expire,
                TimerKind::Wait,
                TimerKind::Times,
            ][usize::from(pick) % 5],
        },
        11 => Event::Waived { step: step.id, reason: text() },
        12 => Event::DueMoved {
            step: step.id,
            due: house.now + TimeDelta::hours(i64::from(pick)),
            reason: text(),
        },
        13 => Event::Reassigned { step: step.id, to, reason: text() },
        14 => Event::TaskAdded {
            step: StepId::new(house.now, &house.entropy),
            title: text(),
            to,
            due: None,
            client_visible: false,
            asks: None,
        },
        15 => Event::Paused { reason: text() },
        16 => Event::Resumed,
        17 => Event::TimesOffered { step: step.id, until: house.now + TimeDelta::hours(i64::from(pick)) },
        18 => Event::TimesLeft {
            step: step.id,
            until: pick.is_multiple_of(2).then(|| house.now + TimeDelta::hours(i64::from(pick))),
        },
        19 => Event::ItemMissing { step: step.id, item: (pick % 3).to_string(), name: text(), said: text() },
        _ if pick > 200 => Event::Cancelled { reason: text() },
        _ => Event::Declined { step: step.id, message: text() },
    }
}

proptest! {
    #[test]
    fn whatever_happens_replay_gives_the_run_and_ended_runs_have_no_open_steps(
        events in proptest::collection::vec((0_u8..21, any::<u8>(), 0_i64..96), 0..60),
        vendor in any::<bool>(),
    ) {
        let mut house = if vendor { House::invoices(2_000_000, "USD") } else { House::onboarding() };
        let (mut run, mut history) = house.started();
        for (kind, pick, hours) in events {
            house.now += TimeDelta::hours(hours);
            let event = some_event(&house, &run, kind, pick);
            let Ok(commands) = house.decide(&run, &event) else { continue };
            history.extend(take(&mut run, &commands));
            if run.status.is_ended() {
                prop_assert!(run.steps.iter().all(StepRecord::is_ended), "{:?}", run.status);
            }
            // The same event again changes nothing.
            if let Ok(again) = house.decide(&run, &event) {
                prop_assert_eq!(again, Vec::new(), "{:?}", event);
            }
        }
        let mut replayed = RunState::default();
        history.iter().for_each(|line| apply(&mut replayed, line));
        prop_assert_eq!(&replayed, &run);
        let stored = serde_json::to_value(&run).unwrap();
        prop_assert_eq!(serde_json::from_value::<RunState>(stored).unwrap(), run);
        let lines = serde_json::to_value(&history).unwrap();
        prop_assert_eq!(serde_json::from_value::<Vec<RunFact>>(lines).unwrap(), history);
    }

    #[test]
    fn any_order_of_completion_ends_done_with_the_same_milestones(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle()) {
        let house = House::onboarding();
        let (mut run, _) = house.started();
        let keys: Vec<String> = house.workflow().steps.iter().map(|step| step.id.clone()).collect();
        let mut told = 0;
        while run.status != RunStatus::Done {
            let before = run.clone();
            for place in &order {
                told += tells(&house.fulfil(&mut run, &keys[*place]))
                    .iter().filter(|tell| matches!(tell, Tell::Notification { .. })).count();
            }
            prop_assert_ne!(&before, &run, "the run stands still");
        }
        let reached: BTreeSet<_> = run.milestones.iter().filter(|one| one.reached_at.is_some()).map(|one| one.key.clone()).collect();
        prop_assert_eq!(reached.len(), 3);
        prop_assert_eq!(told, 1);
    }
}
