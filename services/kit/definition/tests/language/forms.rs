//! Forms: pages, kinds of questions, and what is filled in beforehand.

use portico_definition::{QuestionKind, diff, parse};

use crate::{listed, shipped};

const FORM: &str = "  forms:
    intake_questionnaire:
      schema:
        type: object
        required: [kind, register]
        properties:
          kind:     {type: string, enum: [company, person]}
          title:    {type: string}
          fee:      {type: object, format: money}
          register: {type: string}
          seat:     {type: object, format: address}
          scans:    {type: array, format: file}
          lines:    {type: array, items: {type: object, properties: {what: {type: string}, cost: {type: object, format: money}}}}
          sign:     {type: object, format: signature}
      ui:
        - {field: title, prefill: record.title}
        - {field: fee, currency: EUR, prefill: record.fee}
        - {field: scans, accept: [pdf]}
        - {field: lines.cost, currency: EUR}
      pages:
        - {title: You, fields: [kind, title, fee]}
        - {title: Company, visibleWhen: {field: kind, is: company}, fields: [register], groups: [{title: Seat, visibleWhen: {field: register, contains: HRB}, fields: [seat]}]}
        - {title: Rest, fields: [scans, lines, sign]}

";

/// The shipped onboarding with another questionnaire.
fn with(form: &str) -> String {
    let (before, rest) = shipped("client-onboarding").split_once("  forms:\n").unwrap();
    let (_, after) = rest.split_once("  documentTemplates:\n").unwrap();
    format!("{before}{form}  documentTemplates:\n{after}")
}

/// Replaces the only occurrence of `from`, and holds the findings to `words`.
fn refused(from: &str, to: &str, words: &[&str]) {
    assert_eq!(FORM.matches(from).count(), 1, "`{from}` must occur once");
    let findings = parse(&with(&FORM.replace(from, to))).expect_err("this must be refused");
    let says = findings.iter().any(|one| words.iter().all(|word| one.to_string().contains(word)));
    assert!(says, "expected {words:?}, found\n{}", listed(&findings));
}

#[test]
fn a_form_of_every_kind_on_several_pages_is_read() {
    let definition = parse(&with(FORM)).unwrap_or_else(|findings| panic!("{}", listed(&findings)));
    let form = &definition.spec.forms["intake_questionnaire"];
    assert_eq!(form.kind("lines"), Some(QuestionKind::Table));
    assert_eq!(form.conditions("seat").len(), 2);
    let other = parse(&with(&FORM.replace("title: Rest", "title: The rest"))).unwrap();
    assert!(!diff(&definition, &other).is_empty(), "another page is a change");
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    refused("format: signature", "format: seal", &["nobody could be asked `sign`", "money, address or"]);
    refused("what: {type: string}", "what: {type: object}", &["`what` cannot be a column"]);
    refused("{field: scans, accept: [pdf]}", "{field: title, accept: [pdf]}", &["only a question for files"]);
    refused("{field: fee, currency: EUR,", "{field: fee, currency: euro,", &["three capital letters"]);
    refused("{field: lines.cost, currency", "{field: lines.price, currency", &["no question `lines.price`"]);
}

#[test]
fn pages_hold_every_question_once_and_depend_on_earlier_ones() {
    refused("fields: [scans, lines, sign]", "fields: [scans, sign]", &["`lines` stands on no page"]);
    refused("fields: [scans, lines, sign]", "fields: [scans, lines, sign, kind]", &["on the pages twice"]);
    refused("fields: [scans, lines, sign]", "fields: [scans, lines, sing]", &["there is no question `sing`"]);
    refused(
        "visibleWhen: {field: kind, is: company}",
        "visibleWhen: {field: register, is: x}",
        &["asked later"],
    );
    refused("fields: [scans, lines, sign]", "fields: []", &["at least one question"]);
    refused(
        "{field: register, contains: HRB}, fields: [seat]",
        "{field: seat, contains: HRB}, fields: [seat]",
        &["cannot stand in a condition"],
    );
}

#[test]
fn what_is_filled_in_beforehand_must_be_there_and_fit() {
    refused("prefill: record.title", "prefill: record.titel", &["no such field", "`title`"]);
    refused("prefill: record.fee", "prefill: record.title", &["something of another kind"]);
    refused("prefill: record.title", "prefill: firm.secret", &["prefill is one of"]);
    refused(
        "{field: scans, accept: [pdf]}",
        "{field: scans, prefill: account.name}",
        &["cannot be filled in before"],
    );
}
