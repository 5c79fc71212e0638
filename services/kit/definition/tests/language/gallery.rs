//! The shipped definitions: clean, and the same after every way of storing them.

use portico_definition::{
    Anchor, Definition, Delay, Due, FieldKind, StepKind, content_hash, from_json, gallery, parse,
    run_access_tests,
};

use crate::{listed, read, shipped};

#[test]
fn every_shipped_definition_is_clean_and_named_as_it_says() {
    for entry in gallery() {
        let definition = read(entry.name);
        assert_eq!(
            (definition.metadata.name.as_str(), definition.metadata.title.as_str()),
            (entry.name, entry.title)
        );
        assert!(!definition.spec.tests.is_empty());
        for result in run_access_tests(&definition) {
            assert!(result.passed, "{}: {}", result.name, result.explanation);
        }
    }
}

#[test]
fn a_definition_survives_json_and_keeps_its_hash() {
    for entry in gallery() {
        let definition = read(entry.name);
        let json = serde_json::to_string(&definition).unwrap();
        let again: Definition = serde_json::from_str(&json).unwrap();
        assert_eq!(again, definition);
        assert_eq!(content_hash(&again), content_hash(&definition));
        let built = from_json(serde_json::from_str(&json).unwrap());
        assert_eq!(built.unwrap_or_else(|findings| panic!("{}", listed(&findings))), definition);
    }
}

#[test]
fn the_kind_of_a_step_may_stand_anywhere_in_its_mapping() {
    let definition = read("client-onboarding");
    let mut json = serde_json::to_value(&definition).unwrap();
    sort_keys(&mut json);
    let again: Definition = serde_json::from_value(json).unwrap();
    assert_eq!(again.spec.workflows["onboarding"].steps, definition.spec.workflows["onboarding"].steps);
}

/// Sorts the keys of every mapping, `type` last of all.
fn sort_keys(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(entries) => {
            let kind = entries.shift_remove("type");
            entries.sort_keys();
            entries.extend(kind.map(|kind| ("type".to_owned(), kind)));
            entries.values_mut().for_each(sort_keys);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(sort_keys),
        _ => {}
    }
}

#[test]
fn the_order_written_is_kept_and_is_part_of_the_hash() {
    let yaml = shipped("client-onboarding");
    let definition = read("client-onboarding");
    let questions: Vec<_> = definition.spec.forms["intake_questionnaire"].schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(questions, ["company_legal_name", "goals", "has_existing_system", "existing_system"]);
    let moved = yaml.replace("[magic_link, password]", "[password, magic_link]");
    assert_ne!(content_hash(&parse(&moved).unwrap()), content_hash(&definition));
    let spaced = yaml.replace("methods: [magic_link, password]", "methods:   [ magic_link,  'password' ]  ");
    assert_eq!(content_hash(&parse(&spaced).unwrap()), content_hash(&definition));
}

#[test]
fn steps_and_fields_are_read_into_their_types() {
    let definition = read("client-onboarding");
    let workflow = &definition.spec.workflows["onboarding"];
    let intake = &workflow.steps[0];
    assert!(matches!(&intake.kind, StepKind::Form(form) if form.form == "intake_questionnaire"));
    assert_eq!(intake.due, Some(Due { after: Anchor::Start, delay: Delay::Workdays(5) }));
    assert_eq!(workflow.steps[4].needs, ["kickoff"]);
    let StepKind::Meeting(meeting) = &workflow.steps[3].kind else { panic!("kickoff is a meeting") };
    assert_eq!((meeting.duration.to_string(), meeting.notice.to_string()), ("PT45M".into(), "PT24H".into()));

    let vendor = read("vendor-invoices");
    let amount = &vendor.spec.records["invoice"].fields["amount"];
    assert!(amount.required);
    assert_eq!(amount.kind, FieldKind::Money { min: Some(1), max: None, currency: None });
    let states = vendor.spec.records["invoice"].states.as_ref().unwrap();
    assert_eq!(states.initial, "submitted");
    assert!(states.allows("approved", "paid") && !states.allows("submitted", "paid"));
}

#[test]
fn the_papers_that_a_shipped_definition_names_are_shipped_with_it() {
    for entry in gallery() {
        let named: Vec<_> =
            read(entry.name).spec.document_templates.into_values().map(|paper| paper.file).collect();
        let shipped: Vec<_> = entry.papers.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(shipped, named, "{}", entry.name);
        assert!(entry.papers.iter().all(|(_, bytes)| bytes.starts_with(b"%PDF-")));
    }
}

#[test]
fn the_fit_out_asks_every_kind_of_question_and_takes_every_kind_of_step() {
    let definition = read("office-fit-out");
    let form = &definition.spec.forms["brief"];
    let mut kinds: Vec<_> = form.questions().filter_map(|question| form.kind(question)).collect();
    kinds.sort_by_key(|kind| *kind as u8);
    kinds.dedup();
    assert_eq!(kinds.len(), 12, "of {kinds:?}");
    let StepKind::Approval(check) = &definition.spec.workflows["fit_out"]
        .steps
        .iter()
        .find(|step| step.id == "price_check")
        .unwrap()
        .kind
    else {
        panic!("the price is checked")
    };
    assert_eq!(
        (check.at_least, check.distinct_from.as_slice()),
        (Some(2), ["costing".to_owned()].as_slice())
    );
}
