//! Templates of papers: a PDF of the firm's, prepared once in the console, put into an envelope, signed and sealed.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::documents::v1::{Envelope, GetEnvelopeRequest};

use super::judges::Judges;
use crate::harness::{Outcome, Persona, World, pdf, steps};

/// What stands between two words of a page.
fn between<'a>(html: &'a str, before: &str, after: &str) -> anyhow::Result<&'a str> {
    let found = html.split(before).nth(1).and_then(|rest| rest.split(after).next());
    found.with_context(|| format!("{before} is not on the page: {html}"))
}

async fn envelope(person: &Persona, step: &str) -> anyhow::Result<Envelope> {
    let asked = GetEnvelopeRequest { step_id: step.to_owned(), ..GetEnvelopeRequest::default() };
    person.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")
}

/// The whole way by plain forms, as a browser without scripts goes it.
pub(super) async fn a_paper_from_a_template_is_signed_and_sealed() -> Outcome {
    let judges = Judges::new()?;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&paul.run(&engagement.run).await?)["agreement"].id.clone();
    let mut staff = world.staff("northwind", "paul@northwind.example").await?;

    let empty = staff.get("/console/papers").await?.is(StatusCode::OK)?.text();
    ensure!(empty.contains("No template yet"), "{empty}");
    let file = pdf("Mutual confidentiality", 1);
    let made = staff.post_with_file("/console/papers", &[], "Mutual NDA.pdf", &file).await?;
    ensure!(made.status == StatusCode::SEE_OTHER, "the upload answers {}: {}", made.status, made.text());
    let to = made.headers.get("location").and_then(|to| to.to_str().ok()).context("it leads nowhere")?;
    let made = staff.get(to).await?.is(StatusCode::OK)?.text();
    let id =
        between(&made, "action=\"/console/papers/", "\"")?.split('/').next().unwrap_or_default().to_owned();
    let (client, firm) = {
        let roles: Vec<_> =
            made.split("<option value=\"").filter_map(|rest| rest.split('"').next()).collect();
        let roles: Vec<_> = roles.into_iter().filter(|value| value.len() == 36).collect();
        ensure!(roles.len() >= 2, "nobody fills fields in: {made}");
        (roles[0].to_owned(), roles[1].to_owned())
    };
    let page = format!("/console/papers/{id}");
    let picture = staff.get(&format!("{page}/pages/1")).await?.is(StatusCode::OK)?;
    ensure!(picture.headers.get("content-type").is_some_and(|kind| kind == "image/png"), "no picture");

    let mut fields = vec![("version", between(&made, "name=\"version\" value=\"", "\"")?), ("act", "save")];
    for (index, kind, role, y) in [
        ("1", "date", client.as_str(), "60"),
        ("2", "signature", client.as_str(), "70"),
        ("3", "signature", firm.as_str(), "80"),
    ] {
        let name = |part: &str| -> &'static str { format!("{part}-{index}").leak() };
        let values = [("kind", kind), ("signer", role), ("paper", "1"), ("page", "1"), ("x", "10"), ("y", y)];
        fields.extend(values.map(|(part, value)| (name(part), value)));
        // In a field as high as this a date has one line alone.
        fields.push((name("height"), if index == "1" { "1.2" } else { "3" }));
        fields.push((name("width"), if index == "1" { "5" } else { "40" }));
    }
    let wrong = staff.post_only(&page, &fields).await?;
    ensure!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY, "a date of 5 %: {}", wrong.status);
    let wrong = wrong.text();
    ensure!(
        wrong.contains("href=\"#f-width-1\"") && wrong.contains("28 September 2028"),
        "it is not said what is too narrow: {wrong}"
    );
    for field in fields.iter_mut().filter(|(name, _)| *name == "width-1") {
        field.1 = "25";
    }
    let saved = staff.post(&page, &fields).await?.is(StatusCode::OK)?.text();
    ensure!(saved.matches("<rect").count() == 3, "not all are drawn: {saved}");

    let before = envelope(&paul, &step).await?;
    let placing = format!("/console/steps/{step}/envelope/fields");
    let shown = staff.get(&placing).await?.is(StatusCode::OK)?.text();
    let etag = between(&shown, "name=\"etag\" value=\"", "\"")?.to_owned();
    let take = [("etag", etag.as_str()), ("act", "use"), ("template", id.as_str())];
    let taken = staff.post(&placing, &take).await?.is(StatusCode::OK)?.text();
    ensure!(taken.matches("<rect").count() == 3, "the fields are not placed: {taken}");
    let open = envelope(&paul, &step).await?;
    ensure!(open.title == "Mutual NDA", "the envelope is still called {}", open.title);
    let original = open.original.context("no original")?.sha256;
    ensure!(Some(&original) != before.original.as_ref().map(|one| &one.sha256), "the paper is the old one");

    let others: Vec<_> =
        open.others.iter().filter_map(|paper| Some(paper.original.as_ref()?.sha256.clone())).collect();
    let others = others.join(",");
    let both =
        [("sha256", original.as_str()), ("others", others.as_str()), ("intent", "yes"), ("consent", "yes")];
    let mut signer = world.client("northwind", "sam@acme.example").await?;
    signer.get(&format!("/tasks/{step}?step=adopt")).await?.is(StatusCode::OK)?;
    let sign = [&[("typed_name", "Sam Okafor")][..], &both[..]].concat();
    signer.post(&format!("/tasks/{step}/sign"), &sign).await?.is(StatusCode::OK)?;
    world.settle().await?;
    staff.get(&format!("/tasks/{step}?step=adopt")).await?.is(StatusCode::OK)?;
    let sign = [&[("typed_name", "Paul Meyer")][..], &both[..]].concat();
    staff.post(&format!("/tasks/{step}/sign"), &sign).await?.is(StatusCode::OK)?;
    world.settle().await?;

    let done = envelope(&paul, &step).await?;
    let version = done.signed.context("not signed by both")?.id;
    let file = paul.download(&format!("/versions/{version}")).await?.body.to_vec();
    let root = std::fs::read_to_string(world.home().join("seal/authority.pem"))?;
    judges.agree("a paper from a template", &file, &[&root])?;
    let path = judges.file("template.pdf", &file)?;
    let words = std::process::Command::new("pdftotext").args(["-l", "1"]).arg(&path).arg("-").output()?;
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    ensure!(words.contains("Mutual confidentiality") && words.contains("Sam Okafor"), "{words}");

    // What was used stays on record; its archived template is offered to nobody.
    let kept = staff.post_only(&format!("{page}/remove"), &[]).await?;
    ensure!(kept.status == StatusCode::UNPROCESSABLE_ENTITY, "a used template: {}", kept.status);
    let archived = staff.post(&format!("{page}/archive"), &[("archived", "yes")]).await?;
    let archived = archived.is(StatusCode::OK)?.text();
    ensure!(archived.contains("Archived") && archived.contains("used once"), "{archived}");
    Ok(())
}
