//! What a change does to access, in words.

use portico_definition::{AccessEffect, Change, diff, parse};

use crate::{listed, read, shipped};

fn changes(name: &str, from: &str, to: &str) -> Vec<Change> {
    let yaml = shipped(name);
    assert_eq!(yaml.matches(from).count(), 1, "`{from}` must occur once");
    let after = parse(&yaml.replace(from, to)).unwrap_or_else(|findings| panic!("{}", listed(&findings)));
    diff(&read(name), &after)
}

#[test]
fn nothing_changed_says_nothing() {
    assert_eq!(diff(&read("vendor-invoices"), &read("vendor-invoices")), []);
}

#[test]
fn a_new_right_widens_and_a_lost_one_narrows() {
    let found =
        changes("vendor-invoices", "can: [read, create], where", "can: [read, create, update], where");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].effect, AccessEffect::Widened);
    assert!(found[0].text.contains("may now change records of \u{201c}invoice\u{201d}"), "{}", found[0].text);

    let found =
        changes("vendor-invoices", "{role: finance, can: [read, update]}", "{role: finance, can: [read]}");
    assert_eq!(found[0].effect, AccessEffect::Narrowed);
    assert!(found[0].text.contains("may no longer change"), "{}", found[0].text);
}

#[test]
fn a_condition_taken_away_widens_and_one_added_narrows() {
    let limited = "- {role: project_manager, can: [read, update], where: {field: team, contains: me}}";
    let free = "- {role: project_manager, can: [read, update]}";
    let found = changes("client-onboarding", limited, free);
    assert!(found.iter().all(|change| change.effect == AccessEffect::Widened), "{found:?}");
    assert!(found[0].text.contains("without a condition"), "{}", found[0].text);
    let back = diff(
        &parse(&shipped("client-onboarding").replace(limited, free)).unwrap(),
        &read("client-onboarding"),
    );
    assert!(back.iter().all(|change| change.effect == AccessEffect::Narrowed), "{back:?}");
}

#[test]
fn seeing_a_field_or_a_page_is_access() {
    let found = changes(
        "client-onboarding",
        "visibleTo: [project_manager]}\n      access",
        "visibleTo: [project_manager, signatory]}\n      access",
    );
    assert_eq!(found[0].effect, AccessEffect::Widened);
    assert!(
        found[0].text.contains("May sign for the company") && found[0].text.contains("fee"),
        "{}",
        found[0].text
    );

    let found = changes("client-onboarding", "visibleTo: [client, signatory]", "visibleTo: [client]");
    assert_eq!((found.len(), found[0].effect), (1, AccessEffect::Narrowed));
}

#[test]
fn a_scope_that_reaches_less_narrows() {
    let found = changes(
        "vendor-invoices",
        "controller:    {side: internal, scope: all}",
        "controller:    {side: internal, scope: assigned}",
    );
    assert_eq!((found.len(), found[0].effect), (1, AccessEffect::Narrowed));
    assert!(
        found[0].text.contains("what the person is assigned to instead of every account"),
        "{}",
        found[0].text
    );
}

#[test]
fn texts_are_neutral() {
    let found = changes("vendor-invoices", "title: Record the payment", "title: Pay");
    assert!(
        !found.is_empty() && found.iter().all(|change| change.effect == AccessEffect::Neutral),
        "{found:?}"
    );
}
