//! Approvals by several, four eyes, and meetings by the hours that staff keep.

use portico_definition::{ApprovalOrder, MeetingHost, MeetingTimes, StepKind, parse};

use crate::{listed, refused::refused, shipped};

const VENDOR: &str = "vendor-invoices";
const FINANCE: &str = "title: Approve the invoice (finance)\n          assignee: {role: finance}\n";

/// The shipped supplier portal in which others approve last.
fn with(last: &str) -> String {
    let yaml = shipped(VENDOR);
    assert_eq!(yaml.matches(FINANCE).count(), 1);
    yaml.replace(FINANCE, &format!("title: Approve the invoice (finance)\n          {last}\n"))
}

#[test]
fn several_approvers_are_read_with_their_order_and_conditions() {
    let yaml = with(
        "approvers: [{role: finance, count: 2}, {role: controller, onlyIf: {field: amount, above: {amount: 1, currency: USD}}}]\n          order: sequential\n          distinctFrom: [plant]",
    );
    let definition = parse(&yaml).unwrap_or_else(|findings| panic!("{}", listed(&findings)));
    let StepKind::Approval(approval) = &definition.spec.workflows["invoice_approval"].steps[1].kind else {
        panic!("finance approves")
    };
    assert_eq!((approval.order, approval.approvers[0].count), (ApprovalOrder::Sequential, 2));
    assert!(approval.approvers[1].only_if.is_some());
    let json = serde_json::to_value(&definition).unwrap();
    assert_eq!(portico_definition::from_json(json).unwrap(), definition);
}

#[test]
fn approvers_who_could_never_be_enough_are_refused() {
    let to = |last: &str| format!("title: Approve the invoice (finance)\n          {last}\n");
    let cases: [(&str, &[&str]); 8] = [
        ("approvers: [{role: ¦finanse}]", &["there is no role", "`finance`"]),
        ("approvers: [{role: finance, count: ¦0}]", &["between 1 and 20"]),
        ("approvers: [{role: finance}, {role: ¦finance}]", &["occurs twice"]),
        ("¦approvers: [{role: finance}, {role: vendor}]", &["of one side"]),
        ("approvers: [{role: finance}]\n          atLeast: ¦2", &["can be enough"]),
        (
            "approvers: [{role: finance}]\n          order: sequential\n          atLeast: ¦1",
            &["all of them"],
        ),
        ("assignee: {role: finance}\n          distinctFrom: [¦finance]", &["name another one"]),
        ("assignee: {role: finance}\n          distinctFrom: [¦plantt]", &["there is no step", "`plant`"]),
    ];
    for (last, words) in cases {
        refused(VENDOR, FINANCE, &to(last), words);
    }
}

#[test]
fn a_meeting_says_where_its_times_come_from_and_who_is_met() {
    let plain = "duration: PT45M, notice: PT24H,";
    let yaml =
        shipped("client-onboarding").replace(plain, &format!("{plain} times: open, host: round_robin,"));
    let definition = parse(&yaml).unwrap();
    let StepKind::Meeting(meeting) = &definition.spec.workflows["onboarding"].steps[3].kind else {
        panic!("kickoff is a meeting")
    };
    assert_eq!((meeting.times, meeting.host), (MeetingTimes::Open, MeetingHost::RoundRobin));
    let before = parse(shipped("client-onboarding")).unwrap();
    let json = serde_json::to_string(&before).unwrap();
    assert!(!json.contains("times") && !json.contains("approvers"), "what says nothing is stored as nothing");
}

#[test]
fn a_plan_may_stand_on_a_clients_page_and_a_board_of_all_runs_may_not() {
    let list = "        - {type: checklist, workflow: onboarding}\n";
    let with =
        |block: &str| shipped("client-onboarding").replace(list, &format!("{list}        - {block}\n"));
    assert!(parse(&with("{type: gantt, workflow: onboarding}")).is_ok());
    let findings = parse(&with("{type: run_board, workflow: onboarding}")).unwrap_err();
    assert!(listed(&findings).contains("is no staff"), "{}", listed(&findings));
}
