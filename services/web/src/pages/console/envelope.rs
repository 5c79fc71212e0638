//! Who signs a paper, how far that is, what has happened to it, and what staff do about it: remind, give more time, or have somebody
//! else sign, who may be new to the portal.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::{
    documents::v1::{
        DelegateSigningRequest, Envelope, EnvelopeEvent, ExtendSigningRequest, GetEnvelopeRequest,
        ListEnvelopeEventsRequest, RemindSignerRequest, SignerState,
    },
    time::{moment, timestamp},
    workflow::v1::Run,
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
    hand_over::Takers,
    step,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    signers::SignerRow,
};

/// What can happen to a paper; each has its words `trail-<kind>`.
const KINDS: [&str; 12] = [
    "prepared",
    "sent",
    "opened",
    "consented",
    "signed",
    "approved",
    "delegated",
    "reminded",
    "expired",
    "extended",
    "placed",
    "filled",
];

struct Row {
    signer: SignerRow,
    /// Where more time is given; empty where it is not their turn.
    extend: String,
    /// Where they are reminded; empty where it is not their turn.
    remind: String,
    /// The field of the new day, which no other row has.
    field: String,
    /// The last day so far, as a date field has it.
    day: String,
    /// Where somebody else is named; empty where nobody acts here any more.
    delegate: String,
    /// The field of the person, which no other row has.
    person_field: String,
    takers: Vec<Choice>,
    message_field: String,
    /// The fields of somebody new; empty where only the firm's own people can act.
    name_field: String,
    email_field: String,
}

/// Something that happened to the paper.
struct Happened {
    at: String,
    what: String,
    who: String,
}

#[derive(Template)]
#[template(path = "pages/console/envelope.html")]
struct View<'a> {
    s: &'a Shell,
    envelope: &'a Envelope,
    rows: Vec<Row>,
    trail: Vec<Happened>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &step_id, Attempt::default(), &done).await
}

pub(super) async fn extend(
    ask: StaffAsk,
    Path((step_id, signer_id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (envelope, _) = find(&ask, &step_id).await?;
    let field = day_field(&signer_id);
    let answer = match dates::end_of_day(sent.of(&field), ask.shell.formats.zone()) {
        None => Err(Problem::invalid("until", ask.shell.t("console-no-day"))),
        Some(until) => {
            let until = Some(timestamp(until));
            let asked = ExtendSigningRequest { envelope_id: envelope.id, signer_id, until };
            let answer = ask.documents().extend_signing(asked).await;
            answer.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status))
        }
    };
    match answer {
        Ok(event) => {
            Ok(see_other_after(&format!("/console/steps/{step_id}/envelope?done=time-given"), &event))
        }
        Err(problem) => {
            let attempt = Attempt::refused("extend", sent, &problem, &[("until", &field)]);
            let page = page(&ask, &step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn remind(
    ask: StaffAsk,
    Path((step_id, signer_id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (envelope, _) = find(&ask, &step_id).await?;
    let asked = RemindSignerRequest { envelope_id: envelope.id, signer_id };
    match ask.documents().remind_signer(asked).await.map_err(|status| problem_from(&status)) {
        Ok(answer) => {
            let to = format!("/console/steps/{step_id}/envelope?done=step-reminded");
            Ok(see_other_after(&to, &answer.into_inner().event))
        }
        Err(problem) if problem.reason == "reminded_lately" => {
            Ok(see_other(&format!("/console/steps/{step_id}/envelope?done=step-reminded-lately")))
        }
        Err(problem) => {
            let attempt = Attempt::refused("remind", sent, &problem, &[]);
            let page = page(&ask, &step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn delegate(
    ask: StaffAsk,
    Path((step_id, signer_id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (envelope, _) = find(&ask, &step_id).await?;
    let (field, word) = (person_field(&signer_id), message_field(&signer_id));
    let (name, email) = (name_field(&signer_id), email_field(&signer_id));
    let asked = DelegateSigningRequest {
        envelope_id: envelope.id,
        signer_id,
        person_id: sent.text(&field),
        message: sent.text(&word),
        new_name: sent.text(&name),
        new_email: sent.text(&email),
    };
    let answer = match asked.person_id.as_str() {
        "" if asked.new_name.is_empty() && asked.new_email.is_empty() => {
            Err(Problem::invalid("person_id", ask.shell.t("console-choose-person")))
        }
        _ => ask.documents().delegate_signing(asked).await.map_err(|status| problem_from(&status)),
    };
    match answer {
        Ok(answer) => {
            let to = format!("/console/steps/{step_id}/envelope?done=signer-named");
            Ok(see_other_after(&to, &answer.into_inner().event))
        }
        Err(problem) => {
            let names = [
                ("person_id", field.as_str()),
                ("message", word.as_str()),
                ("new_name", name.as_str()),
                ("new_email", email.as_str()),
            ];
            let attempt = Attempt::refused("delegate", sent, &problem, &names);
            let page = page(&ask, &step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

fn person_field(signer_id: &str) -> String {
    format!("person-{signer_id}")
}

fn message_field(signer_id: &str) -> String {
    format!("message-{signer_id}")
}

fn name_field(signer_id: &str) -> String {
    format!("name-{signer_id}")
}

fn email_field(signer_id: &str) -> String {
    format!("email-{signer_id}")
}

fn day_field(signer_id: &str) -> String {
    format!("until-{signer_id}")
}

async fn find(ask: &StaffAsk, step_id: &str) -> Result<(Envelope, Run), PageError> {
    let (step, run) = step::find(ask, step_id).await?;
    let asked = GetEnvelopeRequest { step_id: step.id, ..Default::default() };
    let envelope = ask.documents().get_envelope(asked).await?.into_inner().envelope;
    Ok((envelope.ok_or_else(not_here)?, run))
}

async fn page(ask: &StaffAsk, step_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (envelope, run) = find(ask, step_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let takers = Takers::of(ask, &run.account_id).await?;
    let asked = ListEnvelopeEventsRequest { envelope_id: envelope.id.clone() };
    let events = ask.documents().list_envelope_events(asked).await?.into_inner().events;
    let rows = rows(s, &envelope, &takers, &attempt);
    let view = View { s, rows, trail: trail(s, &events), envelope: &envelope, attempt };
    let page = Page::new(envelope.title.clone(), view).at("home").status(status);
    done.above(page, s)
        .under(run.account_name.clone(), format!("/console/accounts/{}", run.account_id))
        .under(run.record_title.clone(), format!("/console/runs/{}", run.id))
        .respond(s, &ask.headers)
}

/// What happened, in words, the last first.
fn trail(s: &Shell, events: &[EnvelopeEvent]) -> Vec<Happened> {
    let known = |kind: &str| KINDS.contains(&kind);
    let happened = |event: &EnvelopeEvent| Happened {
        at: event.at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default(),
        what: s.t(&format!("trail-{}", if known(&event.kind) { event.kind.as_str() } else { "changed" })),
        who: event.text.clone(),
    };
    events.iter().rev().map(happened).collect()
}

fn rows(s: &Shell, envelope: &Envelope, takers: &Takers, attempt: &Attempt) -> Vec<Row> {
    let choices = |people: &[(String, String)], field: &str| {
        let chosen = attempt.value("delegate", field, "");
        let mut choices = vec![Choice::new("", s.t("console-choose"), &chosen)];
        choices.extend(people.iter().map(|(id, name)| Choice::new(id.clone(), name.clone(), &chosen)));
        choices
    };
    let each = envelope.signers.iter().map(|signer| {
        let ready = envelope.state == "open" && signer.state() == SignerState::Ready;
        let until = signer.expires_at.as_ref().and_then(moment);
        let acts = ready || (envelope.state == "open" && signer.state() == SignerState::Waiting);
        let person_field = person_field(&signer.id);
        Row {
            delegate: match acts {
                true => format!("/console/steps/{}/envelope/{}/delegate", envelope.step_id, signer.id),
                false => String::new(),
            },
            takers: choices(if signer.internal { &takers.staff } else { &takers.members }, &person_field),
            message_field: message_field(&signer.id),
            person_field,
            signer: SignerRow::of(s, signer),
            extend: match ready {
                true => format!("/console/steps/{}/envelope/{}/extend", envelope.step_id, signer.id),
                false => String::new(),
            },
            remind: match ready && !signer.expired {
                true => format!("/console/steps/{}/envelope/{}/remind", envelope.step_id, signer.id),
                false => String::new(),
            },
            name_field: if signer.internal { String::new() } else { name_field(&signer.id) },
            email_field: email_field(&signer.id),
            field: day_field(&signer.id),
            day: until.map(|until| s.formats.local_day(&until).to_string()).unwrap_or_default(),
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::Signer;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn time_is_given_to_whose_turn_it_is_and_to_nobody_else() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let signer = |id: &str, state: SignerState| Signer {
                id: id.to_owned(),
                name: format!("<{id}>"),
                state: state.into(),
                expired: true,
                expires_at: Some(timestamp(s.formats.now())),
                ..Signer::default()
            };
            let envelope = Envelope {
                step_id: "7".to_owned(),
                state: "open".to_owned(),
                title: "Agreement".to_owned(),
                signers: vec![
                    signer("ana", SignerState::Ready),
                    Signer { internal: true, ..signer("tom", SignerState::Waiting) },
                ],
                ..Envelope::default()
            };
            let pair = |id: &str, name: &str| vec![(id.to_owned(), name.to_owned())];
            let takers = Takers { members: pair("b", "Bea"), staff: pair("i", "Ida") };
            let view = View {
                s: &s,
                rows: rows(&s, &envelope, &takers, &Attempt::default()),
                trail: trail(
                    &s,
                    &[("sent", "Ana"), ("reminded", "<Ana>"), ("else", "x")].map(|(kind, text)| {
                        EnvelopeEvent {
                            at: Some(timestamp(s.formats.now())),
                            kind: kind.to_owned(),
                            text: text.to_owned(),
                        }
                    }),
                ),
                envelope: &envelope,
                attempt: Attempt::default(),
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("action=\"/console/steps/7/envelope/ana/extend\""), "{html}");
            assert!(html.contains("value=\"2026-12-03\"") && html.contains("&#60;ana&#62;"));
            assert_eq!((html.matches("/extend\"").count(), html.matches("/delegate\"").count()), (1, 2));
            assert_eq!((html.matches(">Bea<").count(), html.matches(">Ida<").count()), (1, 1), "{html}");
            assert_eq!(html.matches("<h1").count(), 1);
            assert_eq!(html.matches("/remind\"").count(), 0, "their time is over: more time comes first");
            assert_eq!(
                html.matches("type=\"email\"").count(),
                1,
                "only the client's side takes somebody new"
            );
            let [sent, reminded] = ["trail-sent", "trail-reminded"].map(|key| html.find(&s.t(key)).unwrap());
            assert!(
                reminded < sent && html.contains("&#60;Ana&#62;") && html.contains(&s.t("trail-changed"))
            );
            for kind in KINDS {
                assert!(!s.t(&format!("trail-{kind}")).starts_with("trail-"), "{kind} has no words");
            }
            let mut in_time = envelope.clone();
            in_time.signers[0].expired = false;
            let in_time = rows(&s, &in_time, &takers, &Attempt::default());
            assert_eq!(in_time[0].remind, "/console/steps/7/envelope/ana/remind");
            assert!(in_time[1].remind.is_empty());
            let closed = Envelope { state: "withdrawn".to_owned(), ..envelope };
            let closed = rows(&s, &closed, &takers, &Attempt::default());
            assert!(closed.iter().all(|row| row.extend.is_empty() && row.delegate.is_empty()));
        }
    }
}
