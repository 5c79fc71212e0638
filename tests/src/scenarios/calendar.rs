//! A calendar that a member of staff keeps on a server which is not ours, and the times that clients are offered.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, ensure};
use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Europe::Berlin;
use portico_core::Clock as _;
use portico_proto::workflow::v1::{BookTimeRequest, GetMeetingRequest};

use super::flow::published;
use crate::harness::{CalendarServer, Outcome, Visitor, World, plain, steps};

const PAGE: &str = "/console/availability";
const PAGE_OF_CALENDAR: &str = "/console/availability/calendar";

/// The next Sunday on which the clocks in Berlin are changed.
fn next_change(now: DateTime<Utc>) -> anyhow::Result<NaiveDate> {
    let offset = |day: NaiveDate| {
        let noon = day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default());
        Berlin.from_local_datetime(&noon).single().map(|at| at.offset().fix().local_minus_utc())
    };
    let days = now.date_naive().iter_days().skip(8).take(400);
    days.into_iter().find(|day| offset(*day) != offset(*day - Days::new(1))).context("no change of clocks")
}

/// A time by the clock in Berlin.
fn at(day: NaiveDate, hour: u32) -> anyhow::Result<DateTime<Utc>> {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).context("no hour")?;
    let local = Berlin.from_local_datetime(&day.and_time(time)).single();
    Ok(local.context("no such time")?.to_utc())
}

/// The times that Ana is offered.
async fn offered(world: &World, step: &str) -> anyhow::Result<BTreeSet<DateTime<Utc>>> {
    let ana = world.person("northwind", "ana@acme.example").await?;
    let meeting = ana.workflow().get_meeting(GetMeetingRequest { step_id: step.to_owned() }).await?;
    let starts = meeting.into_inner().slots.into_iter().filter_map(|slot| slot.starts_at);
    Ok(starts.filter_map(|at| DateTime::from_timestamp(at.seconds, 0)).collect())
}

async fn keep_hours(paul: &mut Visitor) -> anyhow::Result<()> {
    let mut hours: Vec<(String, String)> = (1..=7)
        .flat_map(|day| {
            [(format!("from-{day}-1"), "09:00".to_owned()), (format!("until-{day}-1"), "12:00".to_owned())]
        })
        .collect();
    for (name, value) in [
        ("time_zone", "Europe/Berlin"),
        ("step_minutes", "60"),
        ("horizon_days", "14"),
        ("notice_hours", "1"),
    ] {
        hours.push((name.to_owned(), value.to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        hours.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    paul.get(PAGE).await?;
    paul.post(PAGE, &fields).await?.shows("Your hours were saved")?;
    Ok(())
}

/// Lets a quarter of an hour pass, and what is due by then happen.
async fn pass(world: &mut World) -> Outcome {
    world.clock().advance(TimeDelta::minutes(15));
    world.restart().await
}

/// The entries, and the times between nine and twelve that they take, with the Monday of the week in which the clocks change.
async fn fill(server: &CalendarServer, monday: NaiveDate) -> anyhow::Result<BTreeSet<DateTime<Utc>>> {
    let day = |number: u64| monday + Days::new(number);
    let date = |number: u64| day(number).format("%Y%m%d").to_string();
    let hour = |number: u64, hour: u32| format!("{}T{hour:02}0000", date(number));
    let timed = |name: &str, when: String| format!("{name};TZID=Europe/Berlin:{when}");
    let span = |number: u64, from: u32, until: u32| {
        format!("{}\n{}", timed("DTSTART", hour(number, from)), timed("DTEND", hour(number, until)))
    };
    server.make("work").await?;
    server.make("private").await?;
    // Every Wednesday at ten for half a year: before the change and after it.
    let begun = monday - Days::new(26 * 7 - 2);
    let standing = format!(
        "DTSTART;TZID=Europe/Berlin:{0}T100000\nDTEND;TZID=Europe/Berlin:{0}T110000\nRRULE:FREQ=WEEKLY;BYDAY=WE",
        begun.format("%Y%m%d")
    );
    server.write("work", "standing", &[&standing]).await?;
    // Fridays at nine: one was moved to Saturday at eleven, and the next one was taken out.
    let fridays = format!("{}\nRRULE:FREQ=WEEKLY;COUNT=3\n{}", span(4, 9, 10), timed("EXDATE", hour(11, 9)));
    let moved = format!("{}\nSEQUENCE:3\n{}", timed("RECURRENCE-ID", hour(4, 9)), span(5, 11, 12));
    server.write("work", "fridays", &[&fridays, &moved]).await?;
    server.write("work", "cancelled", &[&format!("{}\nSTATUS:CANCELLED", span(1, 9, 12))]).await?;
    let birthday = format!("DTSTART;VALUE=DATE:{}\nTRANSP:TRANSPARENT", date(8));
    server.write("private", "birthday", &[&birthday]).await?;
    server
        .write("private", "away", &[&format!("DTSTART;VALUE=DATE:{}\nDTEND;VALUE=DATE:{}", date(3), date(4))])
        .await?;
    let taken = [(2, 10), (9, 10), (5, 11), (3, 9), (3, 10), (3, 11)];
    taken.into_iter().map(|(number, hour)| at(day(number), hour)).collect()
}

/// Through the page, against a real server: exactly what is busy is left out, on both sides of the change of clocks; trouble is told, and
/// costs nothing for a day; nobody else reads it.
pub(super) async fn what_is_busy_in_ones_own_calendar_is_not_offered() -> Outcome {
    let server = CalendarServer::start()?;
    let mut world = World::demo_with_clock().await?;
    let monday = next_change(world.clock().now())? - Days::new(6);
    ensure!(monday.weekday() == Weekday::Mon, "clocks are changed on Sundays");
    world.clock().set(at(monday, 5)?);
    world.read_local_calendars();
    world.restart().await?;
    let engagement = published(&world).await?;
    let run = world.person("northwind", "ana@acme.example").await?.run(&engagement.run).await?;
    let step = steps(&run)["kickoff"].id.clone();
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    keep_hours(&mut paul).await?;
    let free = offered(&world, &step).await?;
    let taken = fill(&server, monday).await?;
    ensure!(free.is_superset(&taken), "some would not be offered anyway: {free:?}");

    let address = server.address();
    let fields = |password| {
        [
            ("calendar_address", address.as_str()),
            ("calendar_user", CalendarServer::USER),
            ("calendar_password", password),
        ]
    };
    paul.get(PAGE).await?.shows("Your own calendar")?;
    let refused =
        paul.post(PAGE_OF_CALENDAR, &fields("wrong")).await?.is(http::StatusCode::UNPROCESSABLE_ENTITY)?;
    ensure!(
        plain(&refused.text()).contains("does not take this user name and password"),
        "it is not told why"
    );
    ensure!(!refused.text().contains("value=\"wrong\""), "a password comes back");
    ensure!(offered(&world, &step).await? == free, "what was refused changed something");
    let connected = paul
        .post(PAGE_OF_CALENDAR, &fields(CalendarServer::PASSWORD))
        .await?
        .shows("Your calendar is connected")?;
    let words = plain(&connected.text());
    ensure!(words.contains("2 calendars are read"), "{words}");
    ensure!(
        !connected.text().contains(CalendarServer::PASSWORD) && !words.contains("Canarybird"),
        "it tells too much"
    );
    let left = offered(&world, &step).await?;
    let gone: BTreeSet<_> = free.difference(&left).copied().collect();
    ensure!(gone == taken && left.is_subset(&free), "{gone:?} are not offered, where {taken:?} are busy");
    let ana = world.person("northwind", "ana@acme.example").await?;
    for busy in [&taken.first(), &taken.last()] {
        let slot_id = busy.context("none is busy")?.timestamp().to_string();
        let asked = BookTimeRequest { step_id: step.clone(), slot_id };
        ensure!(ana.workflow().book_time(asked).await.is_err(), "a busy time was booked");
    }
    for (slug, email) in [("northwind", "nora@northwind.example"), ("contoso", "carla@contoso.example")] {
        let page = world.staff(slug, email).await?.get(PAGE).await?.shows("Your own calendar")?;
        ensure!(!page.text().contains(&address) && !page.text().contains("Disconnect"), "{email} sees it");
    }

    // The next reading finds what has changed meanwhile.
    server.remove("private", "away").await?;
    pass(&mut world).await?;
    let away: BTreeSet<_> =
        [9, 10, 11].into_iter().map(|hour| at(monday + Days::new(3), hour)).collect::<Result<_, _>>()?;
    until(async || Ok(offered(&world, &step).await?.is_superset(&away)), "the day is not offered again")
        .await?;

    server.take_password("another one")?;
    pass(&mut world).await?;
    let mut told = String::new();
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while !told.contains("cannot be read since") && std::time::Instant::now() < patience {
        told = plain(&paul.get(PAGE).await?.text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for words in ["cannot be read since", "does not take this user name and password", "counts until"] {
        ensure!(told.contains(words), "{words} is not told: {told}");
    }
    let still: BTreeSet<_> = taken.difference(&away).copied().collect();
    let now = offered(&world, &step).await?;
    ensure!(now.is_disjoint(&still), "what was last read counts no more");

    paul.post("/console/availability/calendar/forget", &[])
        .await?
        .shows("No calendar is connected any more")?;
    ensure!(offered(&world, &step).await? == free, "something is left of it");
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from workflow.calendars) + (select count(*) from workflow.busy_times)",
    )
    .fetch_one(world.database.admin())
    .await?;
    ensure!(kept == 0, "{kept} rows are left");
    Ok(())
}

/// Waits until something holds.
async fn until(holds: impl AsyncFn() -> anyhow::Result<bool>, otherwise: &str) -> Outcome {
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while !holds().await? {
        ensure!(std::time::Instant::now() < patience, "{otherwise}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
