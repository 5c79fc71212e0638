//! Who may do what: by default nobody anything, and never on a doubt.

use std::sync::LazyLock;

use portico_definition::{
    AccessRule, Action, Actor, Comparison, Definition, Expr, Operand, Operator, RecordView, Truth, can,
    evaluate, run_access_tests, visible_fields,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::read;

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn view<'a>(account: &'a str, fields: &'a Map<String, Value>) -> RecordView<'a> {
    RecordView {
        account: Some(account),
        creator: None,
        state: Some("submitted"),
        number: None,
        fields,
        related: None,
    }
}

fn compare(field: &str, operator: Operator, operand: Value) -> Expr {
    Expr::Compare(Comparison { field: field.to_owned(), operator, operand: Operand::Constant(operand) })
}

struct Person {
    accounts: Vec<String>,
    roles: Vec<String>,
}

impl Person {
    fn new(account: &str, role: &str) -> Self {
        Self { accounts: vec![account.to_owned()], roles: vec![role.to_owned()] }
    }

    fn actor(&self) -> Actor<'_> {
        Actor { person: "ann", accounts: &self.accounts, roles: &self.roles }
    }
}

#[test]
fn a_client_reads_what_is_theirs_and_nothing_else() {
    let definition = read("client-onboarding");
    let none = Map::new();
    let client = Person::new("acme", "client");
    assert!(can(&definition, "engagement", Action::Read, &view("acme", &none), &client.actor()));
    assert!(!can(&definition, "engagement", Action::Read, &view("globex", &none), &client.actor()));
    assert!(!can(&definition, "engagement", Action::Update, &view("acme", &none), &client.actor()));
    assert!(!can(&definition, "contract", Action::Read, &view("acme", &none), &client.actor()));
    assert_eq!(
        visible_fields(&definition, &client.roles, "engagement"),
        ["title", "start_date", "team", "contacts"]
    );
    assert!(visible_fields(&definition, &[], "engagement").is_empty());
    assert!(visible_fields(&definition, &["stranger".to_owned()], "engagement").is_empty());
}

#[test]
fn staff_reach_only_what_names_them() {
    let definition = read("client-onboarding");
    let manager = Person { accounts: Vec::new(), roles: vec!["project_manager".to_owned()] };
    let theirs = fields(json!({"team": ["bob", "ann"]}));
    let others = fields(json!({"team": ["bob"]}));
    let unset = Map::new();
    assert!(can(&definition, "engagement", Action::Update, &view("acme", &theirs), &manager.actor()));
    assert!(!can(&definition, "engagement", Action::Read, &view("acme", &others), &manager.actor()));
    assert!(!can(&definition, "engagement", Action::Read, &view("acme", &unset), &manager.actor()));
    // Being a contact of the client does not make anybody staff.
    let contact = fields(json!({"contacts": ["ann"]}));
    assert!(!can(&definition, "engagement", Action::Read, &view("acme", &contact), &manager.actor()));
}

#[test]
fn roles_of_an_account_never_reach_beyond_it_whatever_a_rule_says() {
    let mut definition = read("vendor-invoices");
    let rules = &mut definition.spec.records.get_mut("invoice").unwrap().access;
    *rules = vec![AccessRule { role: "vendor".into(), can: vec![Action::Read], condition: None }];
    let vendor = Person::new("acme", "vendor");
    let none = Map::new();
    assert!(can(&definition, "invoice", Action::Read, &view("acme", &none), &vendor.actor()));
    assert!(!can(&definition, "invoice", Action::Read, &view("globex", &none), &vendor.actor()));
    let nobodys = RecordView { account: None, ..view("", &none) };
    assert!(!can(&definition, "invoice", Action::Read, &nobodys, &vendor.actor()));
}

#[test]
fn money_in_two_currencies_cannot_be_compared() {
    let above = compare("amount", Operator::Above, json!({"amount": 1_000_000, "currency": "USD"}));
    let person = Person::new("acme", "vendor");
    let decide = |amount: Value| {
        let fields = fields(json!({"amount": amount}));
        evaluate(&above, &view("acme", &fields), &person.actor())
    };
    assert_eq!(decide(json!({"amount": 1_000_001, "currency": "USD"})), Truth::True);
    assert_eq!(decide(json!({"amount": 1_000_000, "currency": "USD"})), Truth::False);
    assert_eq!(decide(json!({"amount": 9_000_000, "currency": "EUR"})), Truth::Undecidable);
    assert_eq!(decide(json!(9_000_000)), Truth::Undecidable);
    assert_eq!(decide(Value::Null), Truth::Undecidable);
}

#[test]
fn every_operator_decides_what_it_can() {
    let fields = fields(json!({
        "name": "Steel pipes", "count": 3, "ratio": 0.5, "day": "2026-03-01", "urgent": true,
        "kind": "goods", "tags": ["a", "b"], "order": "x"
    }));
    let related = fields_of_order();
    let record = RecordView { related: Some(&related), number: Some("INV-7"), ..view("acme", &fields) };
    let person = Person::new("acme", "vendor");
    let cases = [
        ("name", Operator::Contains, json!("PIPE"), Truth::True),
        ("name", Operator::Is, json!("steel pipes"), Truth::False),
        ("count", Operator::AtLeast, json!(3), Truth::True),
        ("count", Operator::Below, json!(3.5), Truth::True),
        ("ratio", Operator::Is, json!(0.5), Truth::True),
        ("day", Operator::Above, json!("2026-02-28"), Truth::True),
        ("day", Operator::AtMost, json!("not a day"), Truth::Undecidable),
        ("urgent", Operator::IsNot, json!(true), Truth::False),
        ("urgent", Operator::Is, json!("true"), Truth::Undecidable),
        ("kind", Operator::In, json!(["services", "goods"]), Truth::True),
        ("kind", Operator::In, json!([]), Truth::Undecidable),
        ("tags", Operator::Contains, json!("b"), Truth::True),
        ("tags", Operator::Contains, json!("c"), Truth::False),
        ("state", Operator::Is, json!("submitted"), Truth::True),
        ("number", Operator::Is, json!("INV-7"), Truth::True),
        ("order.total", Operator::Above, json!(10), Truth::True),
        ("order.missing", Operator::Above, json!(10), Truth::Undecidable),
        ("other.total", Operator::Above, json!(10), Truth::Undecidable),
        ("absent", Operator::IsNot, json!("x"), Truth::Undecidable),
    ];
    for (field, operator, operand, expected) in cases {
        let expr = compare(field, operator, operand.clone());
        assert_eq!(
            evaluate(&expr, &record, &person.actor()),
            expected,
            "{field} {} {operand}",
            operator.key()
        );
    }
}

fn fields_of_order() -> Map<String, Value> {
    fields(json!({"order": {"total": 11}}))
}

#[test]
fn an_empty_or_too_deep_condition_denies() {
    let person = Person::new("acme", "vendor");
    let none = Map::new();
    for broken in [Expr::And(Vec::new()), Expr::Or(Vec::new()), nested(5)] {
        assert_eq!(evaluate(&broken, &view("acme", &none), &person.actor()), Truth::Undecidable);
        let mut definition = read("vendor-invoices");
        let rules = &mut definition.spec.records.get_mut("invoice").unwrap().access;
        *rules = vec![AccessRule { role: "vendor".into(), can: vec![Action::Read], condition: Some(broken) }];
        assert!(!can(&definition, "invoice", Action::Read, &view("acme", &none), &person.actor()));
    }
    assert_eq!(evaluate(&nested(4), &view("acme", &none), &person.actor()), Truth::True);
}

fn nested(depth: usize) -> Expr {
    if depth == 1 { Expr::AccountIsMine } else { Expr::And(vec![nested(depth - 1)]) }
}

#[test]
fn the_tests_of_a_definition_fail_when_it_is_opened_up() {
    let mut definition: Definition = read("client-onboarding");
    assert!(run_access_tests(&definition).iter().all(|result| result.passed));
    definition.spec.records.get_mut("engagement").unwrap().fields.get_mut("fee").unwrap().visible_to.clear();
    let results = run_access_tests(&definition);
    assert_eq!(results.iter().map(|result| result.passed).collect::<Vec<_>>(), [true, false]);
    assert!(results[1].explanation.contains("sees the field"), "{}", results[1].explanation);

    let mut vendor = read("vendor-invoices");
    vendor.spec.workflows.get_mut("invoice_approval").unwrap().steps[1]
        .assignee
        .as_mut()
        .unwrap()
        .otherwise = Some("vendor".into());
    let results = run_access_tests(&vendor);
    assert_eq!(results.iter().map(|result| result.passed).collect::<Vec<_>>(), [true, false]);
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(Expr::AccountIsMine),
        (prop::sample::select(vec!["amount", "state", "gone", "team"]), 0_usize..8, any_operand()).prop_map(
            |(field, operator, operand)| Expr::Compare(Comparison {
                field: field.to_owned(),
                operator: Operator::ALL[operator].0,
                operand,
            })
        ),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::And),
            prop::collection::vec(inner, 0..3).prop_map(Expr::Or),
        ]
    })
}

fn any_operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        Just(Operand::Me),
        Just(Operand::Constant(json!("submitted"))),
        Just(Operand::Constant(json!({"amount": 5, "currency": "EUR"}))),
        Just(Operand::Constant(json!({"amount": 5, "currency": "USD"}))),
        Just(Operand::Constant(json!([1, "submitted"]))),
        Just(Operand::Constant(Value::Null)),
    ]
}

/// The vendors' portal with other rules for invoices.
fn with_rules(rules: Vec<AccessRule>) -> Definition {
    static VENDOR: LazyLock<Definition> = LazyLock::new(|| read("vendor-invoices"));
    let mut definition = VENDOR.clone();
    definition.spec.records.get_mut("invoice").unwrap().access = rules;
    definition
}

proptest! {
    #[test]
    fn what_cannot_be_decided_is_never_allowed(expr in any_expr(), amount in 0_i64..10, own in any::<bool>()) {
        let rules = vec![AccessRule { role: "vendor".into(), can: vec![Action::Read], condition: Some(expr.clone()) }];
        let definition = with_rules(rules);
        let person = Person::new("acme", "vendor");
        let fields = fields(json!({"amount": {"amount": amount, "currency": "EUR"}, "team": ["ann"]}));
        let record = view(if own { "acme" } else { "globex" }, &fields);
        let truth = evaluate(&expr, &record, &person.actor());
        let allowed = can(&definition, "invoice", Action::Read, &record, &person.actor());
        prop_assert_eq!(allowed, truth == Truth::True && own);
    }

    #[test]
    fn without_a_rule_nothing_is_allowed(role in "[a-z_]{1,12}", account in "[a-z]{1,4}") {
        let definition = with_rules(Vec::new());
        let person = Person::new(&account, &role);
        let none = Map::new();
        for action in [Action::Read, Action::Create, Action::Update, Action::Delete] {
            prop_assert!(!can(&definition, "invoice", action, &view(&account, &none), &person.actor()));
        }
    }

    #[test]
    fn a_condition_is_written_as_it_is_read(expr in any_expr()) {
        let whole = |expr: &Expr| -> bool {
            expr.depth() <= 4 && !format!("{expr:?}").contains("([])") && expr.comparisons().iter().all(|comparison| {
                comparison.operand != Operand::Constant(Value::Null)
            })
        };
        prop_assume!(whole(&expr));
        let written = serde_json::to_value(&expr).unwrap();
        prop_assert_eq!(serde_json::from_value::<Expr>(written).unwrap(), expr);
    }
}
