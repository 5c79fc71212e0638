//! Who may do what with which record. Roles allow, rules restrict, and whatever cannot be decided is refused.

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::{
    Action, Comparison, Definition, Expr, FieldKind, MAX_DEPTH, Operand, Operator, Record, Role, Scope, Side,
};

/// Whether a condition holds. Undecidable is an answer of its own: a missing value, amounts in two currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can tell. Access is refused; a step is required.
    Undecidable,
}

impl Truth {
    /// Both: false wins over undecidable, which wins over true.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Undecidable,
        }
    }

    /// Either: true wins over undecidable, which wins over false.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Undecidable,
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undecidable => Self::Undecidable,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Actor<'a> {
    /// The person's id.
    pub person: &'a str,
    /// The accounts the person belongs to (with those below them, for roles of that scope), or is assigned to.
    pub accounts: &'a [String],
    /// The roles the person has. Names the definition does not know allow nothing.
    pub roles: &'a [String],
}

/// A record as conditions see it.
#[derive(Debug, Clone, Copy)]
pub struct RecordView<'a> {
    /// The account the record belongs to.
    pub account: Option<&'a str>,
    /// Who made it.
    pub creator: Option<&'a str>,
    /// Its state.
    pub state: Option<&'a str>,
    /// Its number, with its prefix.
    pub number: Option<&'a str>,
    /// The values of its fields (see [`FieldKind`] for how each looks).
    pub fields: &'a Map<String, Value>,
    /// For each `ref` field that is set, the fields of the other record, with `state` and `number` among them.
    /// Conditions over a reference that is not here are undecidable.
    pub related: Option<&'a Map<String, Value>>,
}

/// Evaluates a condition. It never fails: what is broken or missing is undecidable.
#[must_use]
pub fn evaluate(expr: &Expr, record: &RecordView<'_>, actor: &Actor<'_>) -> Truth {
    if expr.depth() > MAX_DEPTH {
        return Truth::Undecidable;
    }
    walk(expr, &|comparison| compare(comparison, record, actor), &|| mine(record, actor))
}

/// Evaluates a condition with its leaves decided by others.
pub(crate) fn walk(expr: &Expr, compare: &dyn Fn(&Comparison) -> Truth, mine: &dyn Fn() -> Truth) -> Truth {
    match expr {
        Expr::AccountIsMine => mine(),
        Expr::Compare(comparison) => compare(comparison),
        Expr::And(parts) | Expr::Or(parts) if parts.is_empty() => Truth::Undecidable,
        Expr::And(parts) => parts.iter().fold(Truth::True, |all, part| all.and(walk(part, compare, mine))),
        Expr::Or(parts) => parts.iter().fold(Truth::False, |any, part| any.or(walk(part, compare, mine))),
    }
}

pub(crate) fn mine(record: &RecordView<'_>, actor: &Actor<'_>) -> Truth {
    match record.account {
        Some(account) => actor.accounts.iter().any(|own| own == account).into(),
        None => Truth::Undecidable,
    }
}

pub(crate) fn compare(comparison: &Comparison, record: &RecordView<'_>, actor: &Actor<'_>) -> Truth {
    let state = record.state.map(Value::from);
    let number = record.number.map(Value::from);
    let found = match comparison.field.split_once('.') {
        Some((reference, field)) => record.related.and_then(|related| related.get(reference)?.get(field)),
        None if comparison.field == "state" => state.as_ref(),
        None if comparison.field == "number" => number.as_ref(),
        None => record.fields.get(&comparison.field),
    };
    let Some(found) = found.filter(|value| !value.is_null()) else { return Truth::Undecidable };
    let me = Value::from(actor.person);
    let operand = match &comparison.operand {
        Operand::Me if actor.person.is_empty() => return Truth::Undecidable,
        Operand::Me => &me,
        Operand::Constant(value) => value,
    };
    match comparison.operator {
        Operator::Is => same(found, operand),
        Operator::IsNot => !same(found, operand),
        Operator::Above => ordered(found, operand, &[Ordering::Greater]),
        Operator::Below => ordered(found, operand, &[Ordering::Less]),
        Operator::AtLeast => ordered(found, operand, &[Ordering::Greater, Ordering::Equal]),
        Operator::AtMost => ordered(found, operand, &[Ordering::Less, Ordering::Equal]),
        Operator::Contains => match (found, operand) {
            (Value::Array(items), _) => items.contains(operand).into(),
            (Value::String(text), Value::String(part)) => {
                text.to_lowercase().contains(&part.to_lowercase()).into()
            }
            _ => Truth::Undecidable,
        },
        Operator::In => match operand {
            Value::Array(values) if !values.is_empty() => {
                values.iter().fold(Truth::False, |any, value| any.or(same(found, value)))
            }
            _ => Truth::Undecidable,
        },
    }
}

fn same(left: &Value, right: &Value) -> Truth {
    match (left, right) {
        (Value::Object(_), _) | (_, Value::Object(_)) | (Value::Number(_), Value::Number(_)) => {
            ordered(left, right, &[Ordering::Equal])
        }
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => (left == right).into(),
        _ => Truth::Undecidable,
    }
}

/// Compares two numbers, two days, or two amounts in one currency.
fn ordered(left: &Value, right: &Value, accepted: &[Ordering]) -> Truth {
    let ordering = match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
        },
        (Value::String(left), Value::String(right)) => {
            left.parse::<NaiveDate>().ok().zip(right.parse().ok()).map(|(left, right)| left.cmp(&right))
        }
        (Value::Object(_), Value::Object(_)) => match (amount(left), amount(right)) {
            (Some((left, currency)), Some((right, other))) if currency == other => Some(left.cmp(&right)),
            _ => None,
        },
        _ => None,
    };
    ordering.map_or(Truth::Undecidable, |ordering| accepted.contains(&ordering).into())
}

fn amount(value: &Value) -> Option<(i64, &str)> {
    value["amount"].as_i64().zip(value["currency"].as_str())
}

/// Whether the person may do something with a record: one of their roles must have a rule for the action, reach the
/// record by its scope, and the rule's condition must hold.
///
/// For [`Action::Create`] the record is the one about to be made; for [`Action::Update`] ask twice, with the record
/// before and after, or a change could move a record out of the rule.
#[must_use]
pub fn can(
    definition: &Definition,
    kind: &str,
    action: Action,
    record: &RecordView<'_>,
    actor: &Actor<'_>,
) -> bool {
    allowed(definition, kind, action, record, actor, &|condition| evaluate(condition, record, actor))
}

/// [`can`], with conditions decided by others.
pub(crate) fn allowed(
    definition: &Definition,
    kind: &str,
    action: Action,
    record: &RecordView<'_>,
    actor: &Actor<'_>,
    holds: &dyn Fn(&Expr) -> Truth,
) -> bool {
    let Some(declared) = definition.spec.records.get(kind) else { return false };
    declared.access.iter().any(|rule| {
        actor.roles.contains(&rule.role)
            && rule.can.contains(&action)
            && definition
                .spec
                .roles
                .get(&rule.role)
                .is_some_and(|role| reaches(role, declared, record, actor))
            && rule.condition.as_ref().is_none_or(|condition| holds(condition) == Truth::True)
    })
}

/// Whether a role's scope reaches a record.
fn reaches(role: &Role, declared: &Record, record: &RecordView<'_>, actor: &Actor<'_>) -> bool {
    let own_account = mine(record, actor) == Truth::True;
    let made_it = !actor.person.is_empty() && record.creator == Some(actor.person);
    match (role.side, role.scope) {
        (Side::Internal, Scope::All) => true,
        (Side::Internal, Scope::Assigned) => own_account || names(declared, record, actor),
        (Side::Internal, Scope::Own) => made_it,
        (Side::External, Scope::Own) => made_it && own_account,
        (_, Scope::Account | Scope::AccountAndBelow) => own_account,
        (Side::External, Scope::Assigned | Scope::All) => false,
    }
}

/// Whether one of the record's fields for staff names the person.
fn names(declared: &Record, record: &RecordView<'_>, actor: &Actor<'_>) -> bool {
    let staff = |kind: &FieldKind| matches!(kind, FieldKind::People { side: Side::Internal, .. });
    !actor.person.is_empty()
        && declared.fields.iter().filter(|(_, field)| staff(&field.kind)).any(|(name, _)| {
            let people = record.fields.get(name).and_then(Value::as_array);
            people.is_some_and(|people| people.iter().any(|person| person == actor.person))
        })
}

/// The fields that at least one of the roles sees and sets in records it may read or change, in their order.
#[must_use]
pub fn visible_fields<'a>(definition: &'a Definition, roles: &[String], kind: &str) -> Vec<&'a str> {
    let Some(record) = definition.spec.records.get(kind) else { return Vec::new() };
    let known: Vec<&String> = roles.iter().filter(|role| definition.spec.roles.contains_key(*role)).collect();
    let sees = |visible_to: &[String]| {
        if visible_to.is_empty() {
            !known.is_empty()
        } else {
            known.iter().any(|role| visible_to.contains(role))
        }
    };
    record.fields.iter().filter(|(_, field)| sees(&field.visible_to)).map(|(name, _)| name.as_str()).collect()
}
