//! What is refused: each case with the line, the column and the words.

use portico_definition::{Finding, MAX_BYTES, parse};

use crate::{listed, shipped};

const CLIENT: &str = "client-onboarding";
const VENDOR: &str = "vendor-invoices";

/// Replaces the only occurrence of `from` in a shipped definition. The mark `¦` in `to` shows where the finding must
/// point; it is taken out before the text is read.
pub(crate) fn refused(name: &str, from: &str, to: &str, words: &[&str]) {
    let yaml = shipped(name);
    assert_eq!(yaml.matches(from).count(), 1, "`{from}` must occur once");
    let marked = yaml.replace(from, to);
    let (before, _) = marked.split_once('¦').expect("the place is marked");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let findings = parse(&marked.replacen('¦', "", 1)).expect_err("this must be refused");
    let here = |finding: &&Finding| (finding.line as usize, finding.column as usize) == (line, column);
    let found: Vec<_> = findings.iter().filter(here).map(ToString::to_string).collect();
    let says = found.iter().any(|text| words.iter().all(|word| text.contains(word)));
    assert!(says, "expected {words:?} at line {line}, column {column}; found\n{}", listed(&findings));
}

#[test]
fn what_cannot_be_read() {
    refused(
        CLIENT,
        "  audience: client",
        "  audience: client\n  ¦audiense: client",
        &["unknown key `audiense`", "did you mean `audience`"],
    );
    refused(CLIENT, "autosave: true", "¦autosafe: true", &["unknown key `autosafe`", "`autosave`"]);
    refused(
        CLIENT,
        "{id: intake, type: form,",
        "{id: intake, type: form, ¦asignee: {role: client},",
        &["unknown key `asignee`", "`assignee`"],
    );
    refused(
        CLIENT,
        "form: intake_questionnaire,",
        "form: intake_questionnaire, ¦template: data_agreement,",
        &["unknown key `template`", "known here: `form`"],
    );
    refused(
        CLIENT,
        "{id: intake, type: form,",
        "{id: intake, type: ¦fomr,",
        &["`fomr`", "did you mean `form`"],
    );
    refused(CLIENT, "{type: attention}", "{type: ¦atention}", &["`atention`", "`attention`"]);
    refused(
        VENDOR,
        "{type: money, required: true, min: 1}",
        "{type: money, required: true, ¦minn: 1}",
        &["unknown key `minn`", "`min`"],
    );
    refused(VENDOR, "audience: vendor", "audience: vendor\n  ¦audience: client", &["audience"]);
    refused(CLIENT, "apiVersion: portico/v1", "apiVersion: ¦portico/v2", &["portico/v2", "portico/v1"]);
    refused(
        VENDOR,
        "  brand: {from: tenant}",
        "  brand: {from: tenant}\n  ¦signUp: closed",
        &["unknown key `signUp`"],
    );
    refused(CLIENT, "duration: PT45M", "duration: ¦45M", &["`45M` is not a length of time", "PT45M"]);
    refused(CLIENT, "notice: PT24H", "notice: ¦P1M", &["`P1M` is not a length of time"]);
    refused(
        CLIENT,
        "title: Client onboarding\n  description",
        "title: ¦2024\n  description",
        &["expected a text", "2024"],
    );
    refused(CLIENT, "{before: P2D}", "¦{before: P2D, after: P1D}", &["either `before: P2D` or `after: P1D`"]);
    refused(
        VENDOR,
        "due: {after: ready, workdays: 5}",
        "¦due: {after: ready, workdays: 5, days: 3}",
        &["exactly one of `workdays`"],
    );
    refused(
        CLIENT,
        "where: {field: team, contains: me}",
        "¦where: {}",
        &["an empty condition allows nobody"],
    );
    refused(
        CLIENT,
        "where: {field: team, contains: me}",
        "¦where: {field: team}",
        &["exactly one of is, isNot"],
    );
    refused(VENDOR, "cannot: complete", "cannot: ¦explode", &["`explode`", "complete"]);
}

#[test]
fn a_missing_key_is_named_where_it_belongs() {
    refused(
        CLIENT,
        "        - {type: checklist, workflow: onboarding}",
        "        - ¦{type: checklist}",
        &["the key `workflow` is missing"],
    );
    refused(CLIENT, "- {id: intake, type: form,", "- ¦{id: intake,", &["the key `type` is missing"]);
    refused(
        CLIENT,
        "- {id: intake, type: form, title: Complete the intake questionnaire, form: intake_questionnaire,",
        "- ¦{id: intake, type: form, title: Complete the intake questionnaire,",
        &["the key `form` is missing"],
    );
}

#[test]
fn records_and_access() {
    refused(
        VENDOR,
        "{role: finance, can: [read, update]}",
        "{role: ¦finanse, can: [read, update]}",
        &["no role `finanse`", "`finance`"],
    );
    refused(
        CLIENT,
        "where: {field: team, contains: me}",
        "where: {field: ¦teem, contains: me}",
        &["the record `engagement` has no field `teem`", "`team`"],
    );
    refused(
        CLIENT,
        "where: {field: team, contains: me}",
        "where: {field: team, is: ¦me}",
        &["`is` does not go with `team`", "contains"],
    );
    refused(CLIENT, "{initial: proposed,", "{initial: ¦propsed,", &["no state `propsed`", "`proposed`"]);
    refused(
        CLIENT,
        "signed: [done, cancelled]",
        "signed: [¦doen, cancelled]",
        &["no state `doen`", "`done`"],
    );
    refused(CLIENT, "lost: []}", "lost: [], ¦stray: []}", &["no record ever reaches the state `stray`"]);
    refused(
        CLIENT,
        "visibleTo: [project_manager]}\n      access",
        "visibleTo: [¦manager]}\n      access",
        &["no role `manager`"],
    );
    refused(VENDOR, "to: purchase_order,", "to: ¦purchase,", &["no record `purchase`"]);
    refused(
        VENDOR,
        "uniqueWithin: account",
        "uniqueWithin: ¦tenant",
        &["people of one account could find out"],
    );
    refused(
        VENDOR,
        "vendor:        {side: external, scope: account}",
        "vendor:        {side: external, scope: ¦all}",
        &["never reach beyond their account"],
    );
}

#[test]
fn a_record_without_an_access_rule() {
    let yaml = shipped(VENDOR);
    let start = yaml
        .find("      access:\n        - {role: vendor,  can: [read, create]")
        .expect("the rules of invoices");
    let end = yaml[start..].find("\n\n").expect("their end") + start;
    let without = format!("{}{}", &yaml[..start], &yaml[end..]);
    let findings = parse(&without).expect_err("nobody could see an invoice");
    let line = without.lines().position(|line| line == "    invoice:").expect("the record") + 1;
    let found = findings.iter().find(|finding| finding.path == "spec.records.invoice").expect("a finding");
    assert_eq!((found.line as usize, found.column), (line, 5));
    assert!(found.message.contains("has no access rule"), "{found}");
}

#[test]
fn forms_and_templates() {
    refused(
        CLIENT,
        "type: form, title: Complete the intake questionnaire, form: intake_questionnaire",
        "type: form, title: Complete the intake questionnaire, form: ¦intake_questionaire",
        &["no form `intake_questionaire`", "did you mean `intake_questionnaire`"],
    );
    refused(
        CLIENT,
        "{type: boolean, title: \"Do you run a system today?\"}",
        "{type: ¦bool, title: \"Do you run a system today?\"}",
        &["no JSON Schema"],
    );
    refused(
        CLIENT,
        "required: [company_legal_name, goals]",
        "required: [company_legal_name, ¦goal]",
        &["no question `goal`", "`goals`"],
    );
    refused(
        CLIENT,
        "{field: existing_system, visibleWhen",
        "{field: ¦existing, visibleWhen",
        &["no question `existing`"],
    );
    refused(
        CLIENT,
        "visibleWhen: {field: has_existing_system, is: true}",
        "visibleWhen: {field: has_existing_system, is: ¦yes please}",
        &["expected true or false"],
    );
    refused(
        CLIENT,
        "file: templates/data-agreement.pdf",
        "file: ¦../../secrets.pdf",
        &["not the path of a PDF beside"],
    );
    refused(CLIENT, "{id: client_date,", "{id: ¦client_signature,", &["`client_signature` occurs twice"]);
    refused(
        CLIENT,
        "box: [0.55, 0.78, 0.20, 0.04]",
        "¦box: [0.55, 0.78, 0.60, 0.04]",
        &["does not lie on the page"],
    );
}

#[test]
fn workflows_and_steps() {
    refused(CLIENT, "subject: engagement", "subject: ¦engagment", &["no record `engagment`", "`engagement`"]);
    refused(CLIENT, "enters: signed", "enters: ¦sined", &["no state `sined`", "`signed`"]);
    refused(
        CLIENT,
        "to: contacts, role: client",
        "to: ¦contact, role: client",
        &["no field `contact`", "`contacts`"],
    );
    refused(
        CLIENT,
        "to: contacts, role: client",
        "to: contacts, role: ¦project_manager",
        &["side of the role `project_manager`"],
    );
    refused(CLIENT, "needs: [kickoff]", "needs: [¦kickof]", &["no step `kickof`", "`kickoff`"]);
    refused(
        VENDOR,
        "title: Approve the invoice (plant)",
        "title: Approve the invoice (plant)\n          ¦needs: [pay]",
        &["`plant` needs itself"],
    );
    refused(
        CLIENT,
        "due: {after: kickoff, workdays: 5}",
        "due: {after: ¦kick_off, workdays: 5}",
        &["no step `kick_off`", "`kickoff`"],
    );
    refused(
        CLIENT,
        "due: {after: kickoff, workdays: 5}",
        "due: {after: ¦due, workdays: 5}",
        &["cannot be counted from itself"],
    );
    refused(
        VENDOR,
        "above: {amount: 1000000, currency: USD}",
        "above: ¦10000",
        &["expected an amount of money", "minor units"],
    );
    refused(VENDOR, "onlyIf: {field: amount,", "onlyIf: {field: ¦amont,", &["no field `amont`", "`amount`"]);
    refused(
        CLIENT,
        "template: data_agreement",
        "template: ¦data_agrement",
        &["no document template", "`data_agreement`"],
    );
    refused(
        CLIENT,
        "order: [signatory, project_manager]",
        "¦order: [signatory]",
        &["fields for `project_manager`"],
    );
    refused(
        CLIENT,
        "order: [signatory, project_manager]",
        "order: [signatory, project_manager, ¦client]",
        &["no signature field for `client`"],
    );
    refused(CLIENT, "- id: plan\n", "- id: ¦start\n", &["no step can be called `start`"]);
    refused(CLIENT, "- id: plan\n", "- id: ¦kickoff\n", &["the id `kickoff` occurs twice"]);
    refused(CLIENT, "when: {done: [plan]}", "when: {done: [¦plans]}", &["no step `plans`", "`plan`"]);
    refused(
        VENDOR,
        "when: {returned: [plant, finance]}",
        "when: {returned: [plant, ¦pay]}",
        &["nobody ever returns `pay`"],
    );
    refused(VENDOR, "set: {state: rejected}", "set: {state: ¦refused}", &["no state `refused`"]);
    refused(
        VENDOR,
        "notice: invoice_state,",
        "notice: ¦invoice_status,",
        &["no notice `invoice_status`", "`invoice_state`"],
    );
    refused(
        VENDOR,
        "- {id: pay, type: task, title: Record the payment, assignee: {role: finance}",
        "- ¦{id: pay, type: task, title: Record the payment",
        &["nobody would ever do `pay`"],
    );
    refused(VENDOR, "escalate: {after: due,", "escalate: {after: ¦dew,", &["no step `dew`", "`due`"]);
    refused(CLIENT, "review: {role: project_manager}", "review: {role: ¦reviewer}", &["no role `reviewer`"]);
}

#[test]
fn pages_notices_and_tests() {
    refused(
        CLIENT,
        "{type: checklist, workflow: onboarding}",
        "{type: checklist, workflow: ¦onbording}",
        &["no workflow `onbording`", "`onboarding`"],
    );
    refused(
        CLIENT,
        "{type: thread, on: engagement}",
        "{type: thread, on: ¦engagements}",
        &["no record `engagements`"],
    );
    refused(
        VENDOR,
        "columns: [number, total]",
        "columns: [number, ¦totals]",
        &["has no field `totals`", "`total`"],
    );
    refused(CLIENT, "path: /onboarding", "path: ¦/", &["has the same path"]);
    refused(CLIENT, "path: /onboarding", "path: ¦/console/onboarding", &["belong to the platform"]);
    refused(CLIENT, "visibleTo: [client, signatory]", "visibleTo: [client, ¦signer]", &["no role `signer`"]);
    refused(
        CLIENT,
        "- {type: invoices}",
        "- ¦{type: run_board, workflow: onboarding}",
        &["the role `client` is no staff"],
    );
    refused(
        VENDOR,
        "body: \"{{record.amount}} for",
        "body: ¦\"{{record.ammount}} for",
        &["has no field `ammount`", "`amount`"],
    );
    refused(
        VENDOR,
        "body: \"{{record.amount}} for {{record.purchase_order.number}}",
        "body: ¦\"{{record.amount}} for {{record.purchase_order.numbers}}",
        &["the record `purchase_order` has no field `numbers`"],
    );
    refused(
        CLIENT,
        "subject: \"{{account.name}}",
        "subject: ¦\"{{acount.name}}",
        &["stands for nothing", "`account.name`"],
    );
    refused(
        VENDOR,
        "{record: invoice, of: account-b}",
        "{record: ¦invoices, of: account-b}",
        &["no record `invoices`"],
    );
    refused(
        VENDOR,
        "step: invoice_approval.finance",
        "step: ¦invoice_approval.finances",
        &["no step `finances`", "`finance`"],
    );
    refused(
        VENDOR,
        "name: a vendor never sees another's invoices, as: {role: vendor",
        "name: ¦a vendor never sees another's invoices, as: {role: controller",
        &["the access test does not hold", "is allowed"],
    );
    refused(
        CLIENT,
        "what: {field: engagement.fee, of: account-a}",
        "what: {field: ¦engagement.fees, of: account-a}",
        &["no field `fees`", "`fee`"],
    );
}

#[test]
fn a_notice_may_not_tell_its_readers_what_they_may_not_see() {
    let hidden = shipped(VENDOR)
        .replace("amount:         {type: money,", "amount:         {type: money, visibleTo: [finance],");
    let findings = parse(&hidden).expect_err("a vendor would be told the amount");
    let leak =
        findings.iter().find(|finding| finding.path == "spec.notices.invoice_state.body").expect("a finding");
    assert!(leak.message.contains("would tell the role `vendor` what it may not see"), "{leak}");
    assert!(leak.line > 0 && leak.column > 0);
}

#[test]
fn every_finding_is_given_at_once_in_the_order_of_the_text() {
    let broken = shipped(VENDOR)
        .replace("{role: finance, can: [read, update]}", "{role: finanse, can: [read, update]}")
        .replace("needs: [plant]", "needs: [plants]")
        .replace("workflow: invoice_approval}", "workflow: approval_of_invoices}");
    let findings = parse(&broken).expect_err("three things are wrong");
    let paths: Vec<_> = findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "spec.records.invoice.access[2].role",
            "spec.workflows.invoice_approval.steps[1].assignee.role",
            "spec.workflows.invoice_approval.steps[1].needs[0]",
            "spec.workflows.invoice_approval.steps[2].assignee.role",
            "spec.pages[1].blocks[0].workflow",
        ]
    );
    assert!(findings.windows(2).all(|pair| pair[0].line <= pair[1].line));
}

#[test]
fn what_is_too_large_or_multiplies() {
    let long = format!("{}\n# {}", shipped(VENDOR), "x".repeat(MAX_BYTES));
    let findings = parse(&long).unwrap_err();
    assert!(findings[0].message.contains("at most 1 MiB"), "{}", findings[0]);

    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert_eq!(parse(&bomb).unwrap_err().len(), 1);

    let deep = "[".repeat(100_000);
    assert_eq!(parse(&deep).unwrap_err().len(), 1);
    let deep = (0..400).map(|depth| format!("{}a:\n", "  ".repeat(depth))).collect::<String>();
    assert_eq!(parse(&deep).unwrap_err().len(), 1);
}

#[test]
fn what_is_no_definition_at_all() {
    for text in [
        "",
        "\u{0}",
        "- 1\n- 2\n",
        "hello",
        "a: b: c",
        "{",
        "apiVersion: portico/v1\n---\nkind: Portal\n",
        "\t- x: [\n",
        "? [a]\n: b\n",
    ] {
        let findings = parse(text).expect_err("no definition");
        assert!(
            findings.iter().all(|finding| finding.line > 0 && finding.column > 0),
            "{text:?}: {}",
            listed(&findings)
        );
        assert!(!findings[0].message.is_empty());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_to_a_definition_panics(at in 0_usize..6000, length in 0_usize..40, put in "[ -~\n]{0,6}") {
        let yaml = shipped(CLIENT);
        let at = at.min(yaml.len() - 1);
        let end = (at + length).min(yaml.len());
        let damaged = format!("{}{put}{}", &yaml[..at], &yaml[end..]);
        if let Err(findings) = parse(&damaged) {
            proptest::prop_assert!(!findings.is_empty());
            proptest::prop_assert!(findings.iter().all(|finding| finding.line > 0));
        }
    }
}

#[test]
fn a_file_of_no_size_or_of_more_than_can_be_taken() {
    for megabytes in ["0", "5121"] {
        let to = format!("max: 20, maxMegabytes: ¦{megabytes}}}");
        refused(CLIENT, "max: 20}", &to, &["1 to 5120 megabytes"]);
    }
}
