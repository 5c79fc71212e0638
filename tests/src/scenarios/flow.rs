//! Forms of several pages, hours that staff keep, and the plan: by the pages alone, without a script.

use anyhow::{Context as _, ensure};
use portico_definition::gallery;

use crate::harness::{Engagement, Outcome, Visitor, World, pdf, plain, steps};

const PAGE: &str = "/console/definitions/client-onboarding";

const FORM: &str = "  forms:
    intake_questionnaire:
      schema:
        type: object
        required: [kind, register, sign]
        properties:
          kind:     {type: string, enum: [company, person], title: Who are you?}
          name:     {type: string, title: Your name}
          register: {type: string, title: Register number}
          capital:  {type: object, format: money, title: Capital}
          seat:     {type: object, format: address, title: Seat}
          scans:    {type: array, format: file, title: Extract}
          owners:   {type: array, title: Owners, items: {type: object, required: [who], properties: {who: {type: string, title: Who}, share: {type: number, title: Share}}}}
          sign:     {type: object, format: signature, title: That this is true}
      ui:
        - {field: name, prefill: person.name}
        - {field: scans, accept: [pdf]}
        - {field: capital, currency: EUR, visibleWhen: {field: register, contains: HRB}}
      pages:
        - {title: Who you are, fields: [kind, name]}
        - {title: Your company, visibleWhen: {field: kind, is: company}, fields: [register, capital], groups: [{title: People and papers, fields: [owners, scans, seat]}]}
        - {title: Signature, fields: [sign]}
";

/// The shipped onboarding with a paged form, a meeting by hours, a plan for clients, and a step that is the firm's alone.
fn changed() -> anyhow::Result<String> {
    let entry =
        gallery().iter().find(|entry| entry.name == "client-onboarding").context("nothing is shipped")?;
    let (before, rest) = entry.yaml.split_once("  forms:\n").context("no forms")?;
    let (_, after) = rest.split_once("  documentTemplates:\n").context("no templates")?;
    let yaml = format!("{before}{FORM}\n  documentTemplates:\n{after}")
        .replace("duration: PT45M, notice: PT24H,", "duration: PT60M, notice: PT24H, times: open,")
        .replace(
            "        - {type: checklist, workflow: onboarding}\n",
            "        - {type: checklist, workflow: onboarding}\n        - {type: gantt, workflow: onboarding}\n",
        )
        .replace(
            "      milestones:\n",
            "        - {id: credit, type: task, title: Canary check their credit, assignee: {role: project_manager}, visibleTo: [project_manager], due: {after: start, workdays: 3}}\n      milestones:\n",
        );
    ensure!(
        yaml.contains("times: open") && yaml.contains("gantt") && yaml.contains("Canary"),
        "nothing was changed"
    );
    Ok(yaml)
}

pub(crate) async fn published(world: &World) -> anyhow::Result<Engagement> {
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let version = nora.get(PAGE).await?.field("version").context("the page names no version")?;
    let yaml = changed()?;
    let sent = [("yaml", yaml.as_str()), ("version", version.as_str()), ("act", "publish")];
    let answer = nora.post(PAGE, &sent).await?;
    let now = nora.get(PAGE).await?.field("version");
    ensure!(now != Some(version), "it was not published: {}", plain(&answer.text()));
    world.settle().await?;
    world.signed_engagement("Warehouse audit").await
}

async fn send(
    ana: &mut Visitor,
    step: &str,
    fields: &[(&str, &str)],
) -> anyhow::Result<crate::harness::Answer> {
    let etag = ana.get(&format!("/tasks/{step}?page=1")).await?.field("etag").unwrap_or_default();
    let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("etag", etag.as_str())]).collect();
    ana.post(&format!("/tasks/{step}/answers"), &fields).await
}

/// A form with fields and a PDF in the field of this name, as a browser without scripts sends it.
pub(super) async fn with_file(
    visitor: &mut Visitor,
    path: &str,
    fields: &[(&str, &str)],
    file: &str,
) -> anyhow::Result<crate::harness::Answer> {
    let part = |name: &str, more: &str| {
        format!("--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
    };
    let mut body = format!("{}{}\r\n", part("_csrf", ""), visitor.token());
    for (name, value) in fields {
        body.push_str(&format!("{}{value}\r\n", part(name, "")));
    }
    body.push_str(&part(file, "; filename=\"extract.pdf\"\r\nContent-Type: application/pdf"));
    let body = [body.as_bytes(), pdf("Extract", 1).as_slice(), Visitor::AFTER_FILE.as_bytes()].concat();
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, "multipart/form-data; boundary=the-end-of-a-part".parse()?);
    visitor.send(http::Method::POST, path, headers, body.into()).await
}

/// Page by page: what a page hides is asked once it shows, rows are added by a button, a file stays, and what is wrong stands on its page.
pub(super) async fn a_form_of_several_pages_is_filled_in_without_a_script() -> Outcome {
    let world = World::demo().await?;
    let engagement = published(&world).await?;
    let person = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&person.run(&engagement.run).await?)["intake"].id.clone();
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let first = ana.get(&format!("/tasks/{step}")).await?.shows("Who you are")?;
    ensure!(first.text().contains("value=\"Ana Souza\""), "her name does not stand there already");
    ensure!(!first.text().contains("Register number"), "another page's question is asked");

    send(&mut ana, &step, &[("page", "1"), ("name", "Ana Souza")])
        .await?
        .is(http::StatusCode::UNPROCESSABLE_ENTITY)?;
    let second = send(&mut ana, &step, &[("page", "1"), ("name", "Ana Souza"), ("kind", "company")]).await?;
    let second = second.shows("Your company")?;
    ensure!(
        second.text().contains("data-shown") || second.text().contains("data-visible-when"),
        "nothing depends"
    );
    let with_row = send(
        &mut ana,
        &step,
        &[("page", "2"), ("register", "HRB 1"), ("owners.0.who", "Ana"), ("go", "add:owners")],
    )
    .await?;
    ensure!(with_row.text().contains("name=\"owners.1.who\""), "no second row");
    // The capital shows since the number begins so, and is asked before one goes on.
    let asked =
        send(&mut ana, &step, &[("page", "2"), ("register", "HRB 1"), ("owners.0.who", "Ana")]).await?;
    let asked = asked.shows("Your company")?;
    ensure!(asked.text().contains("name=\"capital\""), "the capital is not asked");
    let wrong = [
        ("page", "2"),
        ("register", "HRB 1"),
        ("_shown", "capital"),
        ("capital", "a lot"),
        ("owners.0.share", "5"),
    ];
    let refused = send(&mut ana, &step, &wrong).await?.is(http::StatusCode::UNPROCESSABLE_ENTITY)?;
    let words = plain(&refused.text());
    ensure!(words.contains("amount") && words.contains("row 1"), "what is wrong is not told: {words}");

    let page = ana.get(&format!("/tasks/{step}?page=2")).await?;
    let etag = page.field("etag").unwrap_or_default();
    let fields = [
        ("etag", etag.as_str()),
        ("page", "2"),
        ("register", "HRB 1"),
        ("_shown", "capital"),
        ("capital", "25,000.00"),
        ("owners.0.who", "Ana"),
        ("owners.0.share", "100"),
    ];
    with_file(&mut ana, &format!("/tasks/{step}/answers/files"), &fields, "scans")
        .await?
        .is(http::StatusCode::SEE_OTHER)?;
    ana.get(&format!("/tasks/{step}?page=3")).await?.shows("Signature")?;
    let review =
        send(&mut ana, &step, &[("page", "3"), ("sign.name", "Ana Souza"), ("sign.agreed", "yes")]).await?;
    let review = review.shows("Check your answers")?;
    let words = plain(&review.text());
    for word in ["25,000.00 EUR", "extract.pdf", "Who: Ana", "People and papers", "Ana Souza"] {
        ensure!(words.contains(word), "{word} is not read back: {words}");
    }
    let etag = review.field("etag").unwrap_or_default();
    ana.post(&format!("/tasks/{step}/submit"), &[("etag", &etag)]).await?.shows("What happens next")?;
    let sheet = ana.get(&format!("/tasks/{step}/answers")).await?.shows("25,000.00 EUR")?;
    ensure!(plain(&sheet.text()).contains("signed by Ana Souza"), "the sheet does not say who signed");

    let mut gina = world.client("northwind", "gina@globex.example").await?;
    for path in [format!("/tasks/{step}"), format!("/tasks/{step}/answers")] {
        gina.get(&path).await?.is(http::StatusCode::NOT_FOUND)?;
    }
    Ok(())
}

/// A manager keeps hours on a page; a client picks one of the times, moves it and cancels it.
pub(super) async fn a_time_is_picked_from_the_hours_that_are_kept_moved_and_cancelled() -> Outcome {
    let world = World::demo().await?;
    let engagement = published(&world).await?;
    let person = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&person.run(&engagement.run).await?)["kickoff"].id.clone();
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    paul.get("/console/availability").await?.shows("When you can be met")?;
    let mut hours: Vec<(String, String)> = (1..=7)
        .flat_map(|day| {
            [(format!("from-{day}-1"), "09:00".to_owned()), (format!("until-{day}-1"), "12:00".to_owned())]
        })
        .collect();
    for (name, value) in
        [("time_zone", "Europe/Berlin"), ("step_minutes", "60"), ("horizon_days", "7"), ("notice_hours", "1")]
    {
        hours.push((name.to_owned(), value.to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        hours.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    paul.post("/console/availability", &fields).await?.shows("Your hours were saved")?;

    let mut ana = world.client("northwind", "ana@acme.example").await?;
    let page = ana.get(&format!("/tasks/{step}")).await?.shows("Paul Meyer")?;
    let slot = page.field("slot").context("no time is offered")?;
    ensure!(page.text().contains("Europe/Berlin") || page.text().contains("Berlin"), "the zone is not said");
    let booked = ana.post(&format!("/tasks/{step}/book"), &[("slot", &slot)]).await?.shows("It is booked")?;
    let other = booked.field("slot").context("no other time is offered")?;
    ensure!(other != slot, "the same time is offered again");
    ana.post(&format!("/tasks/{step}/move"), &[("slot", &other)]).await?.shows("It is booked")?;
    ana.post(&format!("/tasks/{step}/cancel-meeting"), &[("reason", "I am ill")]).await?;
    let again = ana.get(&format!("/tasks/{step}")).await?;
    ensure!(again.field("slot").is_some() && again.text().contains("/book\""), "nothing can be chosen again");
    world.settle().await?;
    let mailbox = world.mailbox("northwind").await?;
    let mail = mailbox.wait_for("ana@acme.example", "meeting", 2).await?;
    for words in ["I am ill", "METHOD:CANCEL", "method=CANCEL"] {
        ensure!(
            mail.source.replace("=\r\n", "").contains(words),
            "the mail does not say {words}: {}",
            mail.source
        );
    }
    Ok(())
}

/// The plan: staff see every row and move dates by buttons; in a client's page no row, line or word is the firm's.
pub(super) async fn i24_the_firms_rows_of_a_plan_never_reach_the_client() -> Outcome {
    let world = World::demo().await?;
    let engagement = published(&world).await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let path = format!("/console/runs/{}/plan", engagement.run);
    let plan = paul.get(&path).await?.shows("Canary check their credit")?;
    ensure!(plan.text().contains("class=\"link\""), "what waits for what is not drawn");
    let manager = world.person("northwind", "paul@northwind.example").await?;
    let intake = steps(&manager.run(&engagement.run).await?)["intake"].clone();
    let before = plan.field("now").context("no date can be moved")?;
    let moved = paul.post(&format!("{path}/{}", intake.id), &[("by", "7"), ("now", &before)]).await?;
    moved.shows("The date was moved")?;
    let after = steps(&manager.run(&engagement.run).await?)["intake"].clone();
    ensure!(after.due != intake.due, "the date has not moved");
    world.settle().await?;

    for email in ["ana@acme.example", "sam@acme.example"] {
        let mut client = world.client("northwind", email).await?;
        let home = client.get("/").await?;
        ensure!(home.text().contains("class=\"gantt\""), "{email} sees no plan");
        let runs = format!("/runs/{}", engagement.run);
        for path in ["/", "/tasks", "/activity", runs.as_str()] {
            let html = client.get(path).await?.text();
            ensure!(!html.contains("Canary"), "{email} reads the firm's row at {path}");
            ensure!(!html.contains("/console/"), "{email} is shown a way into the console at {path}");
        }
        client
            .get(&format!("/console/runs/{}/plan", engagement.run))
            .await?
            .is(http::StatusCode::NOT_FOUND)?;
    }
    Ok(())
}
