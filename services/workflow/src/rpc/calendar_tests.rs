//! Calendars that staff keep elsewhere: what is busy there is offered to nobody, what goes wrong is told to its owner alone, and nobody
//! else reads a word of it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Body, extract::Request, response::Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Clock as _, Ctx, Problem};
use portico_proto::workflow::v1::*;
use portico_rpc::ServiceError as _;

use super::{
    connect_calendar, disconnect_calendar, get_calendar,
    meeting_tests::{begin_in, book, keep, meeting, nine_to_five, shift},
};
use crate::{
    WorkflowConfig,
    jobs::read_calendars,
    store,
    testing::{Engagement, Fixture, id},
};

const PASSWORD: &str = "app p@ss:word";

#[derive(Default)]
struct Kept {
    events: Vec<String>,
    /// What is answered instead.
    refusal: Option<(u16, String)>,
    /// What was asked: method and path.
    asked: Vec<String>,
}

/// A calendar server on this machine, with one calendar of entries, one of tasks, and one that takes no time.
struct Server {
    address: String,
    kept: Arc<Mutex<Kept>>,
}

impl Server {
    async fn start() -> Self {
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let state = Arc::clone(&kept);
        let app = Router::new().fallback(move |request: Request| {
            let state = Arc::clone(&state);
            async move { answer(&state, &request) }
        });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, kept }
    }

    /// Holds an hour of something, that begins then.
    fn hold(&self, uid: &str, starts_at: DateTime<Utc>) {
        let moment = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
        let (begin, end) = (moment(starts_at), moment(starts_at + TimeDelta::hours(1)));
        self.kept.lock().unwrap().events.push(format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Doctor\r\nDTSTART:{begin}\r\nDTEND:{end}\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n"
        ));
    }

    fn refuse(&self, status: u16, location: &str) {
        self.kept.lock().unwrap().refusal = Some((status, location.to_owned()));
    }

    fn asked(&self) -> Vec<String> {
        self.kept.lock().unwrap().asked.clone()
    }
}

fn answer(state: &Mutex<Kept>, request: &Request) -> Response {
    let mut kept = state.lock().unwrap();
    let (method, path) = (request.method().as_str(), request.uri().path());
    kept.asked.push(format!("{method} {path}"));
    let plain = |status: u16, text: String| {
        Response::builder()
            .status(status)
            .header("content-type", "application/xml")
            .body(Body::from(text))
            .unwrap()
    };
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("paul:{PASSWORD}")));
    if let Some((status, location)) = &kept.refusal {
        return Response::builder().status(*status).header("location", location).body(Body::empty()).unwrap();
    }
    if request.headers().get("authorization").is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        return plain(401, String::new());
    }
    let calendar = |name: &str, kind: &str, more: &str| {
        format!(
            "<d:response><d:href>/home/{name}/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>\
             <c:supported-calendar-component-set><c:comp name=\"{kind}\"/></c:supported-calendar-component-set>{more}</d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )
    };
    let said = |href: &str, inner: &str| {
        format!(
            "<d:response><d:href>{href}</d:href><d:propstat><d:prop>{inner}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )
    };
    let inner = match (method, path) {
        ("PROPFIND", "/") => return plain(404, String::new()),
        ("PROPFIND", "/.well-known/caldav") => {
            return Response::builder().status(301).header("location", "/dav/").body(Body::empty()).unwrap();
        }
        ("PROPFIND", "/dav/") => said(
            "/dav/",
            "<d:current-user-principal><d:href>/people/paul/</d:href></d:current-user-principal>",
        ),
        ("PROPFIND", "/people/paul/") => {
            said(path, "<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>")
        }
        ("PROPFIND", "/home/work/") => calendar("work", "VEVENT", ""),
        ("PROPFIND", "/home/") => {
            let free = "<c:schedule-calendar-transp><c:transparent/></c:schedule-calendar-transp>";
            calendar("work", "VEVENT", "")
                + &calendar("tasks", "VTODO", "")
                + &calendar("birthdays", "VEVENT", free)
        }
        ("REPORT", "/home/work/") => {
            let events = kept.events.iter().map(|event| {
                said("/home/work/1.ics", &format!("<c:calendar-data>{event}</c:calendar-data>"))
            });
            events.collect()
        }
        _ => return plain(404, String::new()),
    };
    plain(
        207,
        format!(
            r#"<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">{inner}</d:multistatus>"#
        ),
    )
}

async fn begin() -> (Fixture, Engagement, String, Server) {
    let config = WorkflowConfig { local_calendars: true, ..WorkflowConfig::default() };
    let (fixture, one, step) = begin_in(Fixture::configured(config).await, "first").await;
    (fixture, one, step, Server::start().await)
}

async fn connect(fixture: &Fixture, ctx: &Ctx, address: &str, password: &str) -> Result<Calendar, Problem> {
    let request = ConnectCalendarRequest {
        address: address.to_owned(),
        user_name: "paul".to_owned(),
        password: password.to_owned(),
    };
    let connected = connect_calendar::handle(&fixture.service, ctx.clone(), request).await;
    connected.map(|answer| answer.calendar.unwrap()).map_err(|error| error.problem())
}

async fn own(fixture: &Fixture, ctx: &Ctx) -> Option<Calendar> {
    get_calendar::handle(&fixture.service, ctx.clone(), GetCalendarRequest {}).await.unwrap().calendar
}

async fn disconnect(fixture: &Fixture, ctx: &Ctx) {
    disconnect_calendar::handle(&fixture.service, ctx.clone(), DisconnectCalendarRequest {}).await.unwrap();
}

async fn offered(fixture: &Fixture, ctx: &Ctx, step: &str) -> Vec<String> {
    let at = |slot: Slot| {
        DateTime::from_timestamp(slot.starts_at.unwrap().seconds, 0).unwrap().format("%dT%H").to_string()
    };
    meeting(fixture, ctx, step).await.slots.into_iter().map(at).collect()
}

async fn rows(fixture: &Fixture) -> Vec<i64> {
    sqlx::query_scalar(
        "select unnest(array[(select count(*) from workflow.calendars), (select count(*) from workflow.calendar_readings),
           (select count(*) from workflow.busy_times), (select count(*) from workflow.outbox)])",
    )
    .fetch_all(fixture.database.admin())
    .await
    .unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn what_is_busy_elsewhere_is_offered_to_nobody_and_buffers_count() {
    let (fixture, one, step, server) = begin().await;
    server.hold("doctor", at("2026-10-21T09:00:00Z"));
    let before = offered(&fixture, &one.client, &step).await;
    assert!(before.contains(&"21T09".to_owned()));
    let calendar = connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    assert_eq!((calendar.calendars, calendar.busy_stretches, calendar.trouble), (1, 1, 0));
    assert!(!server.asked().iter().any(|asked| asked.contains("tasks") || asked.contains("birthdays")));
    let left = offered(&fixture, &one.client, &step).await;
    let gone: Vec<&String> = before.iter().filter(|start| !left.contains(start)).collect();
    assert_eq!(gone, ["21T09"]);
    let taken = book(&fixture, &one.client, &step, &at("2026-10-21T09:00:00Z").timestamp().to_string()).await;
    assert_eq!(taken.unwrap_err().reason, "time_taken");

    let etag = super::get_availability::handle(
        &fixture.service,
        one.manager.clone(),
        GetAvailabilityRequest::default(),
    );
    let etag = etag.await.unwrap().availability.unwrap().etag;
    keep(&fixture, &one.manager, Availability { buffer_after_minutes: 30, etag, ..nine_to_five() })
        .await
        .unwrap();
    let apart = offered(&fixture, &one.client, &step).await;
    let gone: Vec<&String> = left.iter().filter(|start| !apart.contains(start)).collect();
    assert_eq!(gone, ["21T08", "21T10"], "half an hour is kept free around it");

    // A later reading replaces the whole, by itself.
    server.kept.lock().unwrap().events.clear();
    server.hold("dentist", at("2026-10-22T09:00:00Z"));
    fixture.database.clock.advance(read_calendars::PERIOD);
    read_calendars::run(&fixture.service).await.unwrap();
    let later = offered(&fixture, &one.client, &step).await;
    assert!(later.contains(&"21T09".to_owned()) && !later.contains(&"22T09".to_owned()));
}

#[tokio::test]
async fn a_password_is_sealed_and_told_to_nobody() {
    let (fixture, one, _, server) = begin().await;
    let calendar =
        connect(&fixture, &one.manager, &format!("{}home/work/", server.address), PASSWORD).await.unwrap();
    assert!(!format!("{calendar:?} {:?}", own(&fixture, &one.manager).await).contains("p@ss"));
    let secret: Vec<u8> = sqlx::query_scalar("select secret from workflow.calendars")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    assert!(!secret.windows(6).any(|part| part == b"p@ss:w"), "it is sealed at rest");
    let said: Vec<Vec<u8>> = sqlx::query_scalar("select body from workflow.outbox")
        .fetch_all(fixture.database.admin())
        .await
        .unwrap();
    assert!(!said.iter().any(|body| body.windows(4).any(|part| part == b"p@ss")));
    let titles: Vec<String> = sqlx::query_scalar("select b::text from workflow.busy_times b")
        .fetch_all(fixture.database.admin())
        .await
        .unwrap();
    assert!(!titles.iter().any(|row| row.contains("Doctor")));
}

#[tokio::test]
async fn nobody_but_its_owner_reads_or_ends_a_connection() {
    let (fixture, one, _, server) = begin().await;
    connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    let colleague = fixture.staff("Cora Colleague", &["project_manager"]);
    let mut stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    // Not even with the same id: the firm is another.
    stranger.actor.person = one.manager.actor.person;
    let before = rows(&fixture).await;
    for other in [&one.admin, &colleague, &stranger] {
        assert_eq!(own(&fixture, other).await, None);
        disconnect(&fixture, other).await;
    }
    // A client who comes as far as this has no calendar here either, whatever id they bring.
    let mut client = one.client.clone();
    client.actor.person = one.manager.actor.person;
    assert_eq!(own(&fixture, &client).await, None);
    assert_eq!(rows(&fixture).await, before);

    disconnect(&fixture, &one.manager).await;
    assert_eq!(rows(&fixture).await[..3], [0, 0, 0], "secret and stretches are gone");
    assert_eq!(own(&fixture, &one.manager).await, None);
    let after = rows(&fixture).await;
    disconnect(&fixture, &one.manager).await;
    assert_eq!(rows(&fixture).await, after, "a second time changes nothing");
}

#[tokio::test]
async fn what_cannot_be_read_is_not_connected_and_the_field_is_named() {
    let (fixture, one, _, server) = begin().await;
    let before = rows(&fixture).await;
    let refused = async |address: &str, password: &str| {
        let problem = connect(&fixture, &one.manager, address, password).await.unwrap_err();
        (problem.reason, problem.fields[0].field.clone())
    };
    let told = |reason: &str, field: &str| (reason.to_owned(), field.to_owned());
    assert_eq!(refused(&server.address, "wrong").await, told("calendar_password", "password"));
    assert_eq!(
        refused(&format!("{}nothing/", server.address), PASSWORD).await,
        told("calendar_missing", "address")
    );
    for wrong in ["", "ftp://x/", "https://a:b@c/"] {
        assert_eq!(refused(wrong, PASSWORD).await.1, "address");
    }
    assert_eq!(refused(&server.address, "").await.1, "password");
    let other = Server::start().await;
    server.refuse(302, &other.address);
    assert_eq!(refused(&server.address, PASSWORD).await, told("calendar_elsewhere", "address"));
    assert_eq!(other.asked(), [""; 0], "name and password go to no other server");
    server.refuse(302, "/round/");
    assert_eq!(refused(&server.address, PASSWORD).await.0, "calendar_no_calendar");
    server.refuse(503, "");
    assert_eq!(refused(&server.address, PASSWORD).await.0, "calendar_away");
    server.refuse(200, "");
    assert_eq!(refused(&server.address, PASSWORD).await.0, "calendar_no_calendar");
    assert_eq!(rows(&fixture).await, before);
}

#[tokio::test]
async fn private_networks_are_closed_unless_the_installation_opens_them() {
    let fixture = Fixture::new().await;
    let paul = fixture.staff("Paul", &["project_manager"]);
    let server = Server::start().await;
    let https = server.address.replace("http:", "https:");
    assert_eq!(
        connect(&fixture, &paul, &https, PASSWORD).await.unwrap_err().reason,
        "calendar_closed_network"
    );
    assert_eq!(
        connect(&fixture, &paul, &server.address, PASSWORD).await.unwrap_err().fields[0].field,
        "address"
    );
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn what_was_last_read_counts_for_a_day_and_the_owner_is_told_since_when() {
    let (fixture, one, step, server) = begin().await;
    server.hold("doctor", at("2026-10-27T09:00:00Z"));
    connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    server.refuse(401, "");
    fixture.database.clock.advance(read_calendars::PERIOD);
    let first = fixture.database.clock.now();
    read_calendars::run(&fixture.service).await.unwrap();
    let asked = server.asked().len();
    fixture.database.clock.advance(read_calendars::PERIOD);
    read_calendars::run(&fixture.service).await.unwrap();
    assert_eq!(server.asked().len(), asked, "a password that is refused is not tried again at once");
    fixture.database.clock.advance(TimeDelta::hours(2));
    read_calendars::run(&fixture.service).await.unwrap();
    assert!(server.asked().len() > asked);
    let calendar = own(&fixture, &one.manager).await.unwrap();
    assert_eq!(calendar.trouble(), CalendarTrouble::Password);
    assert_eq!(calendar.failing_since.unwrap().seconds, first.timestamp());
    assert!(!offered(&fixture, &one.client, &step).await.contains(&"27T09".to_owned()));
    fixture.database.clock.advance(TimeDelta::hours(22));
    assert!(offered(&fixture, &one.client, &step).await.contains(&"27T09".to_owned()), "a day is over");

    server.kept.lock().unwrap().refusal = None;
    read_calendars::run(&fixture.service).await.unwrap();
    let calendar = own(&fixture, &one.manager).await.unwrap();
    assert_eq!((calendar.trouble(), calendar.failing_since), (CalendarTrouble::Unspecified, None));
    assert!(!offered(&fixture, &one.client, &step).await.contains(&"27T09".to_owned()));
}

#[tokio::test]
async fn a_password_that_cannot_be_opened_is_told_and_its_calendar_is_not_kept_from_others() {
    let (fixture, one, _, server) = begin().await;
    connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    sqlx::query("update workflow.calendars set secret = 'x'")
        .execute(fixture.database.admin())
        .await
        .unwrap();
    fixture.database.clock.advance(read_calendars::PERIOD);
    read_calendars::run(&fixture.service).await.unwrap();
    assert_eq!(own(&fixture, &one.manager).await.unwrap().trouble(), CalendarTrouble::Password);
    let locked: Option<DateTime<Utc>> =
        sqlx::query_scalar("select locked_until from workflow.calendar_readings")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
    assert_eq!(locked, None);
}

#[tokio::test]
async fn a_late_reader_keeps_nothing_and_who_has_left_is_not_read() {
    let (fixture, one, _, server) = begin().await;
    connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    fixture.database.clock.advance(read_calendars::PERIOD);
    let now = fixture.database.clock.now();
    let (ctx, person) = (Ctx::system(fixture.tenant, "Test"), one.manager.actor.person.unwrap());
    let mut tx = fixture.service.store.begin(&ctx).await.unwrap();
    let fence =
        store::calendars::lease(&mut tx, person, now, now + TimeDelta::minutes(3)).await.unwrap().unwrap();
    assert_eq!(store::calendars::lease(&mut tx, person, now, now).await.unwrap(), None, "somebody has it");
    tx.commit().await.unwrap();
    // Meanwhile the owner connects it anew.
    connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    let mut tx = fixture.service.store.begin(&ctx).await.unwrap();
    assert!(!store::calendars::give_back(&mut tx, person, fence, now).await.unwrap());
    tx.rollback().await.unwrap();

    fixture.deactivate(&one.manager);
    let asked = server.asked().len();
    fixture.database.clock.advance(read_calendars::PERIOD);
    read_calendars::run(&fixture.service).await.unwrap();
    assert_eq!((server.asked().len(), &rows(&fixture).await[..3]), (asked, &[0, 0, 0][..]));
}

#[tokio::test]
async fn our_own_invitation_in_a_calendar_is_not_in_the_way_of_moving_the_meeting() {
    let (fixture, one, step, server) = begin().await;
    let slot = meeting(&fixture, &one.client, &step).await.slots[4].clone();
    book(&fixture, &one.client, &step, &slot.id).await.unwrap();
    let starts_at = DateTime::from_timestamp(slot.starts_at.unwrap().seconds, 0).unwrap();
    // The mail's calendar file went into the calendar, and so did that of some other installation.
    server.hold(&format!("{step}-meeting"), starts_at);
    server.hold(&format!("{}-meeting", id(&one.client)), starts_at + TimeDelta::days(1));
    let calendar = connect(&fixture, &one.manager, &server.address, PASSWORD).await.unwrap();
    assert_eq!(calendar.busy_stretches, 1, "the other installation's alone");
    let guest = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    let calendar = connect(&fixture, &guest, &server.address, PASSWORD).await.unwrap();
    assert_eq!(calendar.busy_stretches, 2, "a guest of the meeting is busy meanwhile");
    let next = meeting(&fixture, &one.client, &step).await.slots[0].id.clone();
    shift(&fixture, &one.client, &step, &next).await.unwrap();
    let again = offered(&fixture, &one.client, &step).await;
    assert!(
        again.contains(&starts_at.format("%dT%H").to_string()),
        "it has left the time that it was moved from"
    );
}
