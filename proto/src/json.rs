//! JSON between `serde_json` and `google.protobuf.Struct`.

use prost_types::{ListValue, Struct, Value as ProtoValue, value::Kind};
use serde_json::{Map, Number, Value};

/// Numbers beyond this cannot be told apart in a double, which is what a `Struct` carries.
const LARGEST_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A JSON object as a `Struct`; anything else becomes an empty one.
pub fn to_struct(value: &Value) -> Struct {
    match value {
        Value::Object(map) => {
            Struct { fields: map.iter().map(|(key, value)| (key.clone(), to_value(value))).collect() }
        }
        _ => Struct::default(),
    }
}

/// A `Struct` as a JSON object. Whole numbers come back as integers.
pub fn from_struct(message: &Struct) -> Value {
    Value::Object(
        message.fields.iter().map(|(key, value)| (key.clone(), from_value(value))).collect::<Map<_, _>>(),
    )
}

fn to_value(value: &Value) -> ProtoValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(*flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(to_value).collect() }),
        Value::Object(_) => Kind::StructValue(to_struct(value)),
    };
    ProtoValue { kind: Some(kind) }
}

fn from_value(value: &ProtoValue) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => Value::Bool(*flag),
        Some(Kind::NumberValue(number)) => from_number(*number),
        Some(Kind::StringValue(text)) => Value::String(text.clone()),
        Some(Kind::ListValue(list)) => Value::Array(list.values.iter().map(from_value).collect()),
        Some(Kind::StructValue(message)) => from_struct(message),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within the exact range")]
fn from_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT_INTEGER {
        return Value::Number(Number::from(number as i64));
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_survives_the_way_there_and_back() {
        let fields = json!({"title": "Audit", "fee": {"amount": 1_250_000, "currency": "EUR"}, "team": ["a", "b"], "open": true, "note": null, "share": 0.5});
        assert_eq!(from_struct(&to_struct(&fields)), fields);
    }
}
