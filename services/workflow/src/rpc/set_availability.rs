//! Keeps the hours in which somebody of the firm can be met.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portico_core::{Ctx, ErrorCode, FieldViolation, Problem, parse_time_zone};
use portico_events::{AuditDraft, audit};
use portico_proto::workflow::v1::{
    Availability, SetAvailabilityRequest, SetAvailabilityResponse, Window as Message,
};
use serde_json::json;

use super::get_availability::{message, whose};
use crate::{
    convert,
    domain::availability::{DAY, Hours, Window},
    error::WorkflowError,
    service::Service,
    store,
};

/// The most stretches of one day.
const MOST_OF_A_DAY: usize = 6;
/// The most days that differ.
const MOST_EXCEPTIONS: usize = 200;

/// Times that are booked stay booked: hours say what can be booked from now on.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetAvailabilityRequest,
) -> Result<SetAvailabilityResponse, WorkflowError> {
    let given = request.availability.unwrap_or_default();
    let person = whose(service, &ctx, &request.person_id).await?;
    let hours = read(&given)?;
    let over = if given.etag.is_empty() { 0 } else { convert::etag(&given.etag)? };
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let kept = store::availability::keep(&mut tx, person, &hours, over, now).await?;
    let version = kept.ok_or(WorkflowError::Stale)?;
    let draft = AuditDraft {
        action: "availability.set",
        object_kind: "person",
        object_id: person.0,
        object_label: "",
        version: &version.to_string(),
        account: None,
        details: json!({}),
        internal: true,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    Ok(SetAvailabilityResponse { availability: Some(message(person, &hours, version)) })
}

/// What is wrong, field by field.
struct Faults(Vec<FieldViolation>);

impl Faults {
    fn add(&mut self, field: &str, text: &str) {
        self.0.push(FieldViolation { field: field.to_owned(), description: text.to_owned() });
    }

    fn number<N: TryFrom<i32> + Copy + PartialOrd>(
        &mut self,
        field: &str,
        given: i32,
        least: N,
        most: N,
    ) -> N {
        match N::try_from(given).ok().filter(|number| *number >= least && *number <= most) {
            Some(number) => number,
            None => {
                self.add(field, "Choose a number within the limits that are given beside it.");
                least
            }
        }
    }

    fn windows(&mut self, field: &str, given: &[&Message]) -> Vec<Window> {
        let mut windows: Vec<Window> = Vec::new();
        for one in given {
            let from = u16::try_from(one.from_minute).ok().filter(|from| *from < DAY);
            let until = u16::try_from(one.until_minute).ok().filter(|until| *until <= DAY);
            match from.zip(until).filter(|(from, until)| from < until) {
                Some((from, until)) => windows.push(Window { from, until }),
                None => self
                    .add(field, "The end of the hours must be later than their beginning, on the same day."),
            }
        }
        windows.sort_by_key(|window| window.from);
        if windows.len() > MOST_OF_A_DAY || windows.windows(2).any(|pair| pair[1].from < pair[0].until) {
            self.add(field, "The hours of a day may not overlap, and there are at most six stretches.");
        }
        windows
    }
}

fn read(given: &Availability) -> Result<Hours, WorkflowError> {
    let mut faults = Faults(Vec::new());
    let zone = parse_time_zone(&given.time_zone);
    if zone.is_err() {
        faults.add("time_zone", "Choose a time zone from the list, such as Europe/Berlin.");
    }
    let mut weekly: [Vec<Window>; 7] = Default::default();
    for (place, windows) in weekly.iter_mut().enumerate() {
        let day = i32::try_from(place + 1).unwrap_or_default();
        let of_day: Vec<&Message> = given.weekly.iter().filter(|window| window.day == day).collect();
        *windows = faults.windows(&format!("weekly[{place}]"), &of_day);
    }
    if given.weekly.iter().any(|window| !(1..=7).contains(&window.day)) {
        faults.add("weekly", "A week has the days 1, Monday, to 7.");
    }
    let mut exceptions = BTreeMap::new();
    for (place, day) in given.exceptions.iter().enumerate() {
        let field = format!("exceptions[{place}]");
        let windows = faults.windows(&field, &day.windows.iter().collect::<Vec<_>>());
        match day.date.parse::<NaiveDate>() {
            Ok(date) if !exceptions.contains_key(&date) => drop(exceptions.insert(date, windows)),
            Ok(_) => faults.add(&field, "This day is there already."),
            Err(_) => faults.add(&field, "Write the day as a date, such as 2027-03-31."),
        }
    }
    if exceptions.len() > MOST_EXCEPTIONS {
        faults.add("exceptions", "There are at most 200 days that differ.");
    }
    let hours = Hours {
        zone: zone.unwrap_or(chrono_tz::UTC),
        weekly,
        exceptions,
        before: faults.number("buffer_before_minutes", given.buffer_before_minutes, 0, 240),
        after: faults.number("buffer_after_minutes", given.buffer_after_minutes, 0, 240),
        notice: faults.number("notice_minutes", given.notice_minutes, 0, 60 * 24 * 60),
        horizon: faults.number("horizon_days", given.horizon_days, 1, 180),
        step: faults.number("step_minutes", given.step_minutes, 5, 240),
    };
    match faults.0.first() {
        None => Ok(hours),
        Some(first) => {
            let mut problem =
                Problem::new(ErrorCode::InvalidArgument, "invalid_argument", first.description.clone());
            problem.fields = faults.0;
            Err(WorkflowError::Invalid(problem))
        }
    }
}
