//! The closed language of conditions. It has fields, constants, the person asking and their account, and nothing
//! that could loop, call or surprise.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How deep `and`, `or` and comparisons may nest.
pub const MAX_DEPTH: usize = 4;

/// A condition over a record (or over a form's answers) and the person asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ExprText", into = "ExprText")]
pub enum Expr {
    /// `{account: mine}`: the record belongs to an account of the person asking.
    AccountIsMine,
    /// `{field: …, <operator>: …}`.
    Compare(Comparison),
    /// `{and: […]}`: every one holds. Empty, it is broken and denies.
    And(Vec<Expr>),
    /// `{or: […]}`: at least one holds. Empty, it is broken and denies.
    Or(Vec<Expr>),
}

/// A field held against a constant or the person asking.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The field's name. `state` and `number` are fields of records that have states and numbers. One hop over a
    /// `ref` field is written with a point: `purchase_order.total`.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub operand: Operand,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The same.
    Is,
    /// Not the same; undecidable while the field is empty.
    IsNot,
    /// Greater, later.
    Above,
    /// Less, earlier.
    Below,
    /// Greater or the same.
    AtLeast,
    /// Less or the same.
    AtMost,
    /// The list holds it; the text holds it.
    Contains,
    /// It is one of these.
    In,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `me`: the person asking. Only people fields may be compared with it.
    Me,
    /// A constant. Money is `{amount: 100, currency: EUR}` in minor units, a date is `2026-03-01`.
    Constant(Value),
}

impl Operator {
    /// Every operator with the key it is written as.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Is, "is"),
        (Self::IsNot, "isNot"),
        (Self::Above, "above"),
        (Self::Below, "below"),
        (Self::AtLeast, "atLeast"),
        (Self::AtMost, "atMost"),
        (Self::Contains, "contains"),
        (Self::In, "in"),
    ];

    /// The key it is written as.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "isNot",
            Self::Above => "above",
            Self::Below => "below",
            Self::AtLeast => "atLeast",
            Self::AtMost => "atMost",
            Self::Contains => "contains",
            Self::In => "in",
        }
    }

    /// Whether it needs an order, so that only numbers, money and dates can be compared by it.
    #[must_use]
    pub const fn is_ordering(self) -> bool {
        matches!(self, Self::Above | Self::Below | Self::AtLeast | Self::AtMost)
    }
}

impl Expr {
    /// How deep the condition nests; 1 for a single comparison.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::AccountIsMine | Self::Compare(_) => 1,
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
        }
    }

    /// Every comparison in it, in the order written.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::AccountIsMine => Vec::new(),
            Self::Compare(comparison) => vec![comparison],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::comparisons).collect(),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct ExprText {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Mine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    and: Option<Vec<Expr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    or: Option<Vec<Expr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_not: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    above: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    below: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contains: Option<Value>,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    one_of: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mine {
    Mine,
}

impl TryFrom<ExprText> for Expr {
    type Error = &'static str;

    fn try_from(text: ExprText) -> Result<Self, Self::Error> {
        let compared = [
            (Operator::Is, text.is),
            (Operator::IsNot, text.is_not),
            (Operator::Above, text.above),
            (Operator::Below, text.below),
            (Operator::AtLeast, text.at_least),
            (Operator::AtMost, text.at_most),
            (Operator::Contains, text.contains),
            (Operator::In, text.one_of),
        ];
        let mut compared: Vec<_> =
            compared.into_iter().filter_map(|(operator, operand)| Some((operator, operand?))).collect();
        let expr = match (text.account, text.and, text.or, text.field, compared.pop()) {
            (Some(Mine::Mine), None, None, None, None) => Self::AccountIsMine,
            (None, Some(parts), None, None, None) => Self::And(parts),
            (None, None, Some(parts), None, None) => Self::Or(parts),
            (None, None, None, Some(field), Some((operator, operand))) if compared.is_empty() => {
                let operand = if operand == "me" { Operand::Me } else { Operand::Constant(operand) };
                Self::Compare(Comparison { field, operator, operand })
            }
            (None, None, None, None, None) => {
                return Err("an empty condition allows nobody: leave it out or fill it in");
            }
            (None, None, None, Some(_), _) => {
                return Err("compare a field with exactly one of is, isNot, above, below, atLeast, atMost, \
                            contains and in");
            }
            _ => {
                return Err(
                    "a condition is one of `account: mine`, `field` with an operator, `and` and `or`",
                );
            }
        };
        match &expr {
            Self::And(parts) | Self::Or(parts) if parts.is_empty() => {
                Err("an empty `and` or `or` allows nobody: fill it in")
            }
            _ if expr.depth() > MAX_DEPTH => Err("conditions nest at most 4 deep"),
            _ => Ok(expr),
        }
    }
}

impl From<Expr> for ExprText {
    fn from(expr: Expr) -> Self {
        let mut text = Self::default();
        match expr {
            Expr::AccountIsMine => text.account = Some(Mine::Mine),
            Expr::And(parts) => text.and = Some(parts),
            Expr::Or(parts) => text.or = Some(parts),
            Expr::Compare(Comparison { field, operator, operand }) => {
                text.field = Some(field);
                let operand = match operand {
                    Operand::Me => Value::from("me"),
                    Operand::Constant(value) => value,
                };
                let slot = match operator {
                    Operator::Is => &mut text.is,
                    Operator::IsNot => &mut text.is_not,
                    Operator::Above => &mut text.above,
                    Operator::Below => &mut text.below,
                    Operator::AtLeast => &mut text.at_least,
                    Operator::AtMost => &mut text.at_most,
                    Operator::Contains => &mut text.contains,
                    Operator::In => &mut text.one_of,
                };
                *slot = Some(operand);
            }
        }
        text
    }
}

impl JsonSchema for Expr {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let nested = generator.subschema_for::<Self>();
        let mut forms = vec![
            serde_json::json!({
                "type": "object", "properties": {"account": {"const": "mine"}},
                "required": ["account"], "additionalProperties": false
            }),
            serde_json::json!({
                "type": "object", "properties": {"and": {"type": "array", "items": nested, "minItems": 1}},
                "required": ["and"], "additionalProperties": false
            }),
            serde_json::json!({
                "type": "object", "properties": {"or": {"type": "array", "items": nested, "minItems": 1}},
                "required": ["or"], "additionalProperties": false
            }),
        ];
        let mut comparison = serde_json::Map::new();
        comparison.insert("field".to_owned(), serde_json::json!({"type": "string"}));
        comparison.extend(
            Operator::ALL.map(|(_, key)| (key.to_owned(), serde_json::json!({"not": {"type": "null"}}))),
        );
        forms.push(serde_json::json!({
            "type": "object", "properties": comparison, "required": ["field"],
            "minProperties": 2, "maxProperties": 2, "additionalProperties": false
        }));
        json_schema!({
            "description": "A condition: `account: mine`, a field compared with a constant or `me`, `and`, `or`.",
            "oneOf": forms
        })
    }
}
