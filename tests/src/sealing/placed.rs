//! Fields that staff place in the console: asked for in the portal, and sealed with the contract.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::documents::v1::{Envelope, GetEnvelopeRequest};

use super::judges::Judges;
use crate::harness::{Outcome, Persona, World, steps};

async fn envelope(person: &Persona, step: &str) -> anyhow::Result<Envelope> {
    let asked = GetEnvelopeRequest { step_id: step.to_owned(), ..GetEnvelopeRequest::default() };
    person.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")
}

/// The whole way by plain forms, as a browser without scripts goes it.
pub(super) async fn fields_placed_in_the_console_are_asked_for_and_sealed() -> Outcome {
    let judges = Judges::new()?;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&paul.run(&engagement.run).await?)["agreement"].id.clone();
    let open = envelope(&paul, &step).await?;
    let signers: Vec<_> = open.signers.iter().filter(|signer| signer.part == "signer").collect();
    ensure!(signers.len() == 2, "the agreement is signed by {} people", signers.len());
    let (sam, firm) = (signers[0].id.as_str(), signers[1].id.as_str());

    let mut staff = world.staff("northwind", "paul@northwind.example").await?;
    let page = format!("/console/steps/{step}/envelope/fields");
    let before = staff.get(&page).await?.is(StatusCode::OK)?.text();
    let etag = before.split("name=\"etag\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let etag = etag.context("no etag")?.to_owned();
    let mut fields = vec![("etag", etag.as_str()), ("act", "save")];
    for (index, kind, signer, y) in
        [("1", "text", sam, "5"), ("2", "signature", sam, "80"), ("3", "signature", firm, "90")]
    {
        let name = |part: &str| -> &'static str { format!("{part}-{index}").leak() };
        let values =
            [("kind", kind), ("signer", signer), ("paper", "1"), ("page", "1"), ("x", "10"), ("y", y)];
        fields.extend(values.map(|(part, value)| (name(part), value)));
        fields.extend(
            [("height", "3"), ("label", "Company number"), ("required", "yes")]
                .map(|(part, value)| (name(part), value)),
        );
        fields.push((name("width"), if index == "2" { "1" } else { "40" }));
    }
    let wrong = staff.post_only(&page, &fields).await?;
    ensure!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY, "a field too narrow: {}", wrong.status);
    ensure!(wrong.text().contains("href=\"#f-width-2\""), "it is not said where: {}", wrong.text());
    for field in fields.iter_mut().filter(|(name, _)| *name == "width-2") {
        field.1 = "30";
    }
    let saved = staff.post(&page, &fields).await?.is(StatusCode::OK)?.text();
    ensure!(saved.matches("<rect").count() == 3, "not all are drawn: {saved}");

    let mut signer = world.client("northwind", "sam@acme.example").await?;
    let asked = signer.get(&format!("/tasks/{step}?step=adopt")).await?.is(StatusCode::OK)?.text();
    let value = asked.split("name=\"value-").nth(1).and_then(|rest| rest.split('"').next());
    let value = format!("value-{}", value.context("the field is not asked for")?);
    ensure!(asked.contains("1. Company number"), "the field has no label: {asked}");
    let review = format!("/tasks/{step}/sign/review");
    let empty = signer.post_only(&review, &[("typed_name", "Sam Okafor")]).await?;
    ensure!(empty.status == StatusCode::UNPROCESSABLE_ENTITY, "an empty field: {}", empty.status);
    ensure!(empty.text().contains(&format!("href=\"#f-{value}\"")), "{}", empty.text());
    let checked = signer.post_only(&review, &[("typed_name", "Sam Okafor"), (&value, "HRB-4711")]).await?;
    let checked = checked.is(StatusCode::OK)?.text();
    ensure!(checked.contains("HRB-4711"), "what was filled in is not shown: {checked}");
    let original = open.original.context("no original")?.sha256;
    let others: Vec<_> =
        open.others.iter().filter_map(|paper| Some(paper.original.as_ref()?.sha256.clone())).collect();
    let others = others.join(",");
    let both =
        [("sha256", original.as_str()), ("others", others.as_str()), ("intent", "yes"), ("consent", "yes")];
    let sign = [&[("typed_name", "Sam Okafor"), (value.as_str(), "HRB-4711")][..], &both[..]].concat();
    signer.post(&format!("/tasks/{step}/sign"), &sign).await?.is(StatusCode::OK)?;
    world.settle().await?;
    let sign = [&[("typed_name", "Paul Meyer")][..], &both[..]].concat();
    staff.get(&format!("/tasks/{step}?step=adopt")).await?.is(StatusCode::OK)?;
    staff.post(&format!("/tasks/{step}/sign"), &sign).await?.is(StatusCode::OK)?;
    world.settle().await?;

    let done = envelope(&paul, &step).await?;
    let version = done.signed.context("not signed by both")?.id;
    let file = paul.download(&format!("/versions/{version}")).await?.body.to_vec();
    let root = std::fs::read_to_string(world.home().join("seal/authority.pem"))?;
    judges.agree("a contract with fields", &file, &[&root])?;
    let path = judges.file("placed.pdf", &file)?;
    let words = std::process::Command::new("pdftotext").args(["-l", "1"]).arg(&path).arg("-").output()?;
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    ensure!(words.contains("HRB-4711"), "the value is not on the first page: {words}");
    Ok(())
}
