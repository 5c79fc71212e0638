//! The shipped fit-out from the client's brief to the keys, by the pages alone, without a script.

use anyhow::{Context as _, bail, ensure};
use chrono::TimeDelta;
use http::StatusCode;
use portico_core::{Clock as _, SystemClock};
use portico_proto::workflow::v1::{GetRecordRequest, Step, StepState};

use super::flow::with_file;
use crate::harness::{Answer, Engagement, Outcome, Persona, Visitor, World, pdf, plain, steps};

/// So often somebody is asked whether a paper is theirs to sign.
const ROUNDS: usize = 3;

/// The people of a fit-out: the client's, who lead, hold the budget and sign, and the firm's.
struct People {
    bea: Visitor,
    ben: Visitor,
    sofia: Visitor,
    mia: Visitor,
    dan: Visitor,
    finn: Visitor,
    manager: Persona,
}

impl People {
    async fn of(world: &World) -> anyhow::Result<Self> {
        Ok(Self {
            bea: world.client("northwind", "bea@wingtip.example").await?,
            ben: world.client("northwind", "ben@wingtip.example").await?,
            sofia: world.client("northwind", "sofia@wingtip.example").await?,
            mia: world.staff("northwind", "mia@northwind.example").await?,
            dan: world.staff("northwind", "dan@northwind.example").await?,
            finn: world.staff("northwind", "finn@northwind.example").await?,
            manager: world.person("northwind", "mia@northwind.example").await?,
        })
    }

    /// A step as it is once everything so far has happened.
    async fn step(&self, world: &World, of: &Engagement, key: &str) -> anyhow::Result<Step> {
        world.settle().await?;
        steps(&self.manager.run(&of.run).await?).remove(key).with_context(|| format!("no step {key}"))
    }

    /// The page of a step that is open now.
    async fn task(&self, world: &World, of: &Engagement, key: &str) -> anyhow::Result<String> {
        let step = self.step(world, of, key).await?;
        ensure!(step.state() == StepState::Active, "{key} is not open: {step:?}");
        Ok(format!("/tasks/{}", step.id))
    }

    async fn done(&self, world: &World, of: &Engagement, key: &str) -> Outcome {
        let step = self.step(world, of, key).await?;
        ensure!(step.state() == StepState::Done, "{key} is not done: {step:?}");
        Ok(())
    }
}

/// What a browser would send of the first form whose address ends so, untouched; nothing where there is none.
fn sheet(page: &str, to: &str) -> Option<(String, Vec<(String, String)>)> {
    let part = |tag: &str, name: &str| {
        let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&").replace("&#38;", "&"))
    };
    for form in page.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        let Some(action) = part(form, "action").filter(|action| action.ends_with(to)) else { continue };
        let mut fields = Vec::new();
        for tag in form.split('<').skip(1) {
            let Some(name) = part(tag.split('>').next().unwrap_or_default(), " name") else { continue };
            let is = |kind: &str| tag.contains(&format!("type=\"{kind}\""));
            let chosen = tag.split('>').next().is_some_and(|tag| tag.ends_with(" checked"));
            let value = if tag.starts_with("textarea") {
                tag.split_once('>').map(|(_, text)| text.trim_start_matches('\n').to_owned())
            } else if tag.starts_with("input") && !is("file") && (chosen || !is("radio") && !is("checkbox")) {
                part(tag, " value")
            } else {
                None
            };
            // Which questions were asked is said by whoever answers them.
            if let Some(value) = value.filter(|_| name != "_csrf" && name != "_shown") {
                fields.push((name, value));
            }
        }
        return Some((action, fields));
    }
    None
}

/// Sends the form of a page that was answered, with what was typed over what stood there.
async fn send(who: &mut Visitor, page: &Answer, to: &str, typed: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let found = sheet(&page.text(), to);
    let (action, mut fields) =
        found.with_context(|| format!("{} leads nowhere as {to}: {}", page.path, plain(&page.text())))?;
    fields.retain(|(name, _)| typed.iter().all(|(given, _)| given != name));
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = fields.chain(typed.iter().copied()).collect();
    // A form that also takes files is answered at the address beside it where there are none.
    let answer = who.post(action.trim_end_matches("/files"), &fields).await?;
    let words = plain(&answer.text());
    ensure!(answer.status == StatusCode::OK, "{action} answers {}: {words}", answer.status);
    Ok(answer)
}

async fn press(who: &mut Visitor, page: &str, to: &str, typed: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let shown = who.get(page).await?.is(StatusCode::OK)?;
    send(who, &shown, to, typed).await
}

/// The brief, page by page; what is known already stands there.
async fn brief(bea: &mut Visitor, task: &str) -> Outcome {
    let first = bea.get(task).await?.shows("Your company")?;
    ensure!(first.text().contains("value=\"Wingtip Bank\""), "the company's name does not stand there");
    let seat = [
        ("registered_office.street", "Harbour Street 12"),
        ("registered_office.postcode", "20457"),
        ("registered_office.city", "Hamburg"),
        ("registered_office.country", "DE"),
        ("bill_elsewhere", "no"),
    ];
    let rooms = [
        ("people", "25"),
        ("site", "Harbour Street 12"),
        ("works", "walls"),
        ("works", "network"),
        ("_shown", "opening_hours"),
        ("opening_hours", "Nine to five"),
        ("_shown", "counters"),
        ("counters", "2"),
        ("_shown", "outlets_each"),
        ("outlets_each", "2"),
        ("_shown", "server_room"),
        ("server_room", "no"),
    ];
    let each = [("rooms.0.room", "Meeting room"), ("rooms.0.how_many", "3"), ("wishes", "Calm")];
    let money = [
        ("earliest_start", "2027-02-01"),
        ("landlord_agrees", "no"),
        ("_shown", "landlord"),
        ("landlord", "City Estates"),
    ];
    let last = [("confirmed.name", "Bea Lindqvist"), ("confirmed.agreed", "yes")];
    let pages: [(&[(&str, &str)], &str); 5] = [
        (&seat, "The rooms"),
        (&rooms, "Room by room"),
        (&each, "Money and time"),
        (&money, "Last of all"),
        (&last, "Check your answers"),
    ];
    let mut shown = first;
    for (typed, next) in pages {
        // A page that takes files sends them elsewhere.
        let to = ["/answers", "/answers/files"].into_iter().find(|to| sheet(&shown.text(), to).is_some());
        let to = to.with_context(|| format!("no questions: {}", plain(&shown.text())))?;
        shown = send(bea, &shown, to, typed).await?.shows(next)?;
    }
    for words in ["City Estates", "Meeting room", "Nine to five", "180,000.00 EUR"] {
        ensure!(plain(&shown.text()).contains(words), "{words} is not read back: {}", plain(&shown.text()));
    }
    send(bea, &shown, "/submit", &[]).await?.shows("What happens next")?;
    Ok(())
}

/// The papers of the building: two that are needed, of three that are asked for, and the firm's word on each.
async fn papers(bea: &mut Visitor, mia: &mut Visitor, task: &str) -> Outcome {
    let page = bea.get(task).await?.shows("Floor plans")?;
    let text = page.text();
    let items: Vec<&str> = text
        .split(&format!("action=\"{task}/items/"))
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.strip_suffix("/files"))
        .collect();
    ensure!(items.len() == 3, "{} papers can be handed in", items.len());
    for item in items.iter().take(2) {
        let sent = bea.upload(&format!("{task}/items/{item}/files"), "paper.pdf", &pdf("Paper", 1)).await?;
        ensure!(sent.status.is_success(), "a paper is refused: {}", sent.text());
    }
    let review = format!("/console{}/review", task.replace("/tasks/", "/steps/"));
    for _ in 0..items.len() {
        let page = mia.get(&review).await?.is(StatusCode::OK)?;
        if sheet(&page.text(), "/accept").is_none() {
            break;
        }
        send(mia, &page, "/accept", &[]).await?;
    }
    Ok(())
}

/// Whoever's turn it is reads, agrees and signs, until the papers are signed by all.
async fn signed(world: &World, people: &mut People, of: &Engagement, key: &str) -> anyhow::Result<usize> {
    let task = people.task(world, of, key).await?;
    let mut acts = 0;
    for _ in 0..ROUNDS {
        for person in 0..5 {
            if people.step(world, of, key).await?.ended_at.is_some() {
                return Ok(acts);
            }
            let People { bea, ben, sofia, mia, dan, .. } = people;
            let who = [bea, ben, sofia, mia, dan].into_iter().nth(person).context("nobody")?;
            let read = who.get(&format!("{task}?step=read")).await?;
            if read.status != StatusCode::OK {
                continue;
            }
            if sheet(&read.text(), "/sign").is_some() {
                send(who, &read, "/sign", &[("intent", "yes")]).await?;
                acts += 1;
                continue;
            }
            let adopt = who.get(&format!("{task}?step=adopt")).await?;
            if sheet(&adopt.text(), "/sign/review").is_some() {
                let review = send(who, &adopt, "/sign/review", &[]).await?;
                send(who, &review, "/sign", &[("intent", "yes"), ("consent", "yes")]).await?;
                acts += 1;
            }
        }
    }
    let left = people.step(world, of, key).await?;
    bail!("after {acts} acts {key} is not signed: {left:?}")
}

/// Hours that somebody keeps, every day.
async fn keep_hours(who: &mut Visitor) -> Outcome {
    let mut hours: Vec<(String, String)> = (1..=7)
        .flat_map(|day| {
            [(format!("from-{day}-1"), "09:00".to_owned()), (format!("until-{day}-1"), "17:00".to_owned())]
        })
        .collect();
    for (name, value) in [("time_zone", "Europe/Berlin"), ("step_minutes", "30"), ("horizon_days", "14")] {
        hours.push((name.to_owned(), value.to_owned()));
    }
    hours.push(("notice_hours".to_owned(), "1".to_owned()));
    let fields: Vec<(&str, &str)> =
        hours.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    who.get("/console/availability").await?;
    who.post("/console/availability", &fields).await?.shows("Your hours were saved")?;
    Ok(())
}

async fn deliver(mia: &mut Visitor, task: &str) -> Outcome {
    let page = format!("/console{}/deliverable", task.replace("/tasks/", "/steps/"));
    mia.get(&page).await?.is(StatusCode::OK)?;
    with_file(mia, &page, &[], "file").await?.is(StatusCode::SEE_OTHER)?;
    Ok(())
}

/// Twelve steps of three clients and three of the firm: a form of five pages, papers, two meetings, two approvals of two, a price that its
/// maker does not check, two papers in one envelope, works, and the keys.
pub(super) async fn a_fit_out_goes_from_the_brief_to_the_keys() -> Outcome {
    let world = World::demo().await?;
    let of = world.fit_out("Branch office, Harbour Street 12").await?;
    let mut people = People::of(&world).await?;
    people.bea.get("/").await?.shows("Tell us what you need")?;

    let task = people.task(&world, &of, "brief").await?;
    brief(&mut people.bea, &task).await?;
    let task = people.task(&world, &of, "papers").await?;
    papers(&mut people.bea, &mut people.mia, &task).await?;
    keep_hours(&mut people.mia).await?;
    keep_hours(&mut people.dan).await?;
    let task = people.task(&world, &of, "visit").await?;
    press(&mut people.ben, &task, "/book", &[]).await?.shows("It is booked")?;
    for key in ["brief", "papers", "visit"] {
        people.done(&world, &of, key).await?;
    }

    let design = people.step(&world, &of, "design").await?;
    let task = format!("/tasks/{}", design.id);
    deliver(&mut people.mia, &task).await?;
    world.settle().await?;
    press(&mut people.ben, &task, "/decide", &[]).await?.shows("1 of 2 approvals")?;
    press(&mut people.sofia, &task, "/decide", &[]).await?;
    people.done(&world, &of, "design").await?;

    let task = people.task(&world, &of, "costing").await?;
    press(&mut people.mia, &task, "/complete", &[]).await?;
    let task = people.task(&world, &of, "price_check").await?;
    people.mia.get(&task).await?.shows("somebody else has to decide this")?;
    for client in [&mut people.bea, &mut people.ben, &mut people.sofia] {
        client.get(&task).await?.is(StatusCode::NOT_FOUND)?;
    }
    press(&mut people.dan, &task, "/decide", &[]).await?;
    press(&mut people.finn, &task, "/decide", &[]).await?;
    people.done(&world, &of, "price_check").await?;

    let acts = signed(&world, &mut people, &of, "contract").await?;
    ensure!(acts >= 3, "the contract was signed by {acts} acts, of three who sign");
    people.done(&world, &of, "contract").await?;
    signed(&world, &mut people, &of, "rules").await?;
    let task = people.task(&world, &of, "works").await?;
    press(&mut people.mia, &task, "/complete", &[("note", "Finished a week early")]).await?;

    let task = people.task(&world, &of, "handover").await?;
    let day = (SystemClock.now() + TimeDelta::days(5)).date_naive().to_string();
    let offer = format!("/console{}/meeting", task.replace("/tasks/", "/steps/"));
    press(&mut people.mia, &offer, "/meeting", &[("day-1", &day), ("time-1", "10:00")]).await?;
    press(&mut people.bea, &task, "/book", &[]).await?.shows("It is booked")?;
    let task = people.task(&world, &of, "snags").await?;
    let review = press(&mut people.bea, &task, "/answers", &[("any", "no")]).await?;
    let review = review.shows("Check your answers")?;
    send(&mut people.bea, &review, "/submit", &[]).await?;
    let accept = people.step(&world, &of, "accept").await?;
    let task = format!("/tasks/{}", accept.id);
    deliver(&mut people.mia, &task).await?;
    world.settle().await?;
    press(&mut people.sofia, &task, "/decide", &[]).await?;
    people.done(&world, &of, "accept").await?;

    let asked = GetRecordRequest { record_id: of.record.clone() };
    let record =
        people.manager.workflow().get_record(asked).await?.into_inner().record.context("no record")?;
    ensure!(record.state == "handed_over", "at the end it is {}", record.state);
    let run = people.manager.run(&of.run).await?;
    let open: Vec<&str> =
        run.steps.iter().filter(|step| step.ended_at.is_none()).map(|step| step.key.as_str()).collect();
    ensure!(open.is_empty(), "still open: {open:?}");
    let mut gina = world.client("northwind", "gina@globex.example").await?;
    for step in &run.steps {
        gina.get(&format!("/tasks/{}", step.id)).await?.is(StatusCode::NOT_FOUND)?;
    }
    Ok(())
}
