//! Deadlines, reminders, escalation and expiry: four different things on one clock.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Party, Period};

/// The moment from which time is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The start of the run.
    Start,
    /// The moment the step became ready: everything it needs is done.
    Ready,
    /// The step's own due date. Only escalation and expiry may count from it.
    Due,
    /// The completion of another step.
    Step(String),
}

/// How long after an anchor. Working days and days end at the end of the day (see [`crate::calendar`]); a period
/// is exact to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delay {
    /// Days of the portal's calendar on which work is done.
    Workdays(u32),
    /// Calendar days.
    Days(u32),
    /// An exact length of time.
    Duration(Period),
}

impl Delay {
    /// No delay at all.
    pub const NONE: Self = Self::Duration(Period { days: 0, hours: 0, minutes: 0 });
}

/// When a step should be done: `{after: start, workdays: 5}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TimingText", into = "TimingText")]
pub struct Due {
    /// Counted from here.
    pub after: Anchor,
    /// How long after.
    pub delay: Delay,
}

/// Whom to tell when a step is still open: `{after: due, days: 2, to: {role: controller}}`. Without a length of
/// time it is told at the anchor itself. The step stays with its assignee.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TimingText", into = "TimingText")]
pub struct Escalation {
    /// Counted from here.
    pub after: Anchor,
    /// How long after.
    pub delay: Delay,
    /// Who is told.
    pub to: Party,
}

/// When a step can no longer be done: `{after: due, workdays: 10}`. An expired step satisfies nothing; staff may
/// reopen or waive it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TimingText", into = "TimingText")]
pub struct Expiry {
    /// Counted from here.
    pub after: Anchor,
    /// How long after.
    pub delay: Delay,
}

/// A reminder to the assignee of an open step with a due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "ReminderText", into = "ReminderText")]
pub enum Reminder {
    /// Once, this long before the due date.
    Before(Period),
    /// After the due date.
    After {
        /// How long after the due date the first one goes out.
        after: Period,
        /// How long between two of them; needed when there is more than one.
        every: Option<Period>,
        /// How many go out at most, 1 to 20.
        max: u32,
    },
}

impl Anchor {
    /// Words that no step may be called, since anchors are named by them.
    pub const RESERVED: [&'static str; 3] = ["start", "ready", "due"];
}

impl From<String> for Anchor {
    fn from(text: String) -> Self {
        match text.as_str() {
            "start" => Self::Start,
            "ready" => Self::Ready,
            "due" => Self::Due,
            _ => Self::Step(text),
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Ready => "ready",
            Self::Due => "due",
            Self::Step(step) => step,
        })
    }
}

impl Serialize for Anchor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Anchor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimingText {
    after: Anchor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workdays: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration: Option<Period>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Party>,
}

const ONE_LENGTH: &str = "say how long after with exactly one of `workdays`, `days` and `duration`";
const NO_PARTY: &str = "`to` belongs to `escalate` only";

impl TimingText {
    fn new(after: Anchor, delay: Delay, to: Option<Party>) -> Self {
        let mut text = Self { after, workdays: None, days: None, duration: None, to };
        match delay {
            Delay::NONE => {}
            Delay::Workdays(days) => text.workdays = Some(days),
            Delay::Days(days) => text.days = Some(days),
            Delay::Duration(period) => text.duration = Some(period),
        }
        text
    }

    fn delay(&self) -> Result<Delay, &'static str> {
        let delay = match (self.workdays, self.days, self.duration) {
            (None, None, None) => Delay::NONE,
            (Some(days), None, None) => Delay::Workdays(days),
            (None, Some(days), None) => Delay::Days(days),
            (None, None, Some(period)) => Delay::Duration(period),
            _ => return Err(ONE_LENGTH),
        };
        match delay {
            Delay::Workdays(days) | Delay::Days(days) if days > Period::MAX_DAYS => {
                Err("a deadline lies at most ten years (3660 days) ahead")
            }
            _ => Ok(delay),
        }
    }
}

impl TryFrom<TimingText> for Due {
    type Error = &'static str;

    fn try_from(text: TimingText) -> Result<Self, Self::Error> {
        match (text.delay()?, &text.to) {
            (_, Some(_)) => Err(NO_PARTY),
            (Delay::NONE, None) => Err(ONE_LENGTH),
            (delay, None) => Ok(Self { after: text.after, delay }),
        }
    }
}

impl From<Due> for TimingText {
    fn from(due: Due) -> Self {
        Self::new(due.after, due.delay, None)
    }
}

impl TryFrom<TimingText> for Expiry {
    type Error = &'static str;

    fn try_from(text: TimingText) -> Result<Self, Self::Error> {
        let Due { after, delay } = Due::try_from(text)?;
        Ok(Self { after, delay })
    }
}

impl From<Expiry> for TimingText {
    fn from(expiry: Expiry) -> Self {
        Self::new(expiry.after, expiry.delay, None)
    }
}

impl TryFrom<TimingText> for Escalation {
    type Error = &'static str;

    fn try_from(text: TimingText) -> Result<Self, Self::Error> {
        let delay = text.delay()?;
        let to = text.to.ok_or("say who is told: `to: {role: …}`")?;
        Ok(Self { after: text.after, delay, to })
    }
}

impl From<Escalation> for TimingText {
    fn from(escalation: Escalation) -> Self {
        Self::new(escalation.after, escalation.delay, Some(escalation.to))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReminderText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Period>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Period>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<Period>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
}

impl TryFrom<ReminderText> for Reminder {
    type Error = &'static str;

    fn try_from(text: ReminderText) -> Result<Self, Self::Error> {
        let max = text.max.unwrap_or(1);
        match (text.before, text.after, text.every) {
            (Some(before), None, None) if text.max.is_none() => Ok(Self::Before(before)),
            (None, Some(_), _) if !(1..=20).contains(&max) => Err("`max` lies between 1 and 20"),
            (None, Some(_), None) if max > 1 => Err("more than one reminder needs `every`, such as P3D"),
            (None, Some(_), Some(every)) if every.is_zero() => Err("`every` is longer than nothing"),
            (None, Some(after), every) => Ok(Self::After { after, every, max }),
            _ => Err(
                "a reminder is either `before: P2D` or `after: P1D`, with `every` and `max` beside `after`",
            ),
        }
    }
}

impl From<Reminder> for ReminderText {
    fn from(reminder: Reminder) -> Self {
        match reminder {
            Reminder::Before(before) => Self { before: Some(before), after: None, every: None, max: None },
            Reminder::After { after, every, max } => {
                Self { before: None, after: Some(after), every, max: Some(max) }
            }
        }
    }
}

fn timing_schema(
    description: &str,
    length_required: bool,
    with_party: bool,
    generator: &mut SchemaGenerator,
) -> Schema {
    let period = generator.subschema_for::<Period>();
    let mut schema = json_schema!({
        "type": "object",
        "description": description,
        "properties": {
            "after": {"type": "string", "description": "start, ready, due, or the id of a step"},
            "workdays": {"type": "integer", "minimum": 0, "maximum": Period::MAX_DAYS},
            "days": {"type": "integer", "minimum": 0, "maximum": Period::MAX_DAYS},
            "duration": period
        },
        "required": ["after"],
        "additionalProperties": false
    });
    let one_length = serde_json::json!([
        {"required": ["workdays"]}, {"required": ["days"]}, {"required": ["duration"]}
    ]);
    if length_required {
        schema.insert("oneOf".to_owned(), one_length);
    }
    if with_party {
        schema.insert("required".to_owned(), serde_json::json!(["after", "to"]));
        let party = generator.subschema_for::<Party>().to_value();
        if let Some(properties) = schema.get_mut("properties").and_then(|value| value.as_object_mut()) {
            properties.insert("to".to_owned(), party);
        }
    }
    schema
}

impl JsonSchema for Due {
    fn schema_name() -> Cow<'static, str> {
        "Due".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        timing_schema("When the step should be done.", true, false, generator)
    }
}

impl JsonSchema for Expiry {
    fn schema_name() -> Cow<'static, str> {
        "Expiry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        timing_schema("When the step can no longer be done.", true, false, generator)
    }
}

impl JsonSchema for Escalation {
    fn schema_name() -> Cow<'static, str> {
        "Escalation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        timing_schema("Whom to tell when the step is still open.", false, true, generator)
    }
}

impl JsonSchema for Reminder {
    fn schema_name() -> Cow<'static, str> {
        "Reminder".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let period = generator.subschema_for::<Period>();
        json_schema!({
            "description": "A reminder to the assignee: before the due date, or after it at most `max` times.",
            "oneOf": [
                {
                    "type": "object", "properties": {"before": period},
                    "required": ["before"], "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": {
                        "after": period, "every": period,
                        "max": {"type": "integer", "minimum": 1, "maximum": 20, "default": 1}
                    },
                    "required": ["after"], "additionalProperties": false
                }
            ]
        })
    }
}
