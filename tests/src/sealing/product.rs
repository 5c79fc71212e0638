//! The whole product: a contract that two people sign in the portal, and what anybody is told about the file.

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::{
    documents::v1::{Envelope, GetEnvelopeRequest, SignEnvelopeRequest, Version},
    tenancy::v1::PublishPortalRequest,
};

use super::{
    judges::Judges,
    samples::{Key, draft, now, stamped},
};
use crate::harness::{Answer, Outcome, Persona, Visitor, World, plain, steps};

/// A contract that Sam and Paul have signed: the sealed file and the certificate of the development authority.
/// An agreement that both sides have signed: its file, the authority of its seal, and the envelope.
pub(crate) async fn signed(world: &World) -> anyhow::Result<(Vec<u8>, String, Envelope)> {
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&sam.run(&engagement.run).await?)["agreement"].id.clone();
    for (person, name) in [(&sam, "Sam Okafor"), (&paul, "Paul Meyer")] {
        let open = envelope(person, &step).await?;
        let sign = SignEnvelopeRequest {
            envelope_id: open.id.clone(),
            sha256: open.original.context("no original")?.sha256,
            other_sha256: open
                .others
                .iter()
                .filter_map(|paper| Some(paper.original.as_ref()?.sha256.clone()))
                .collect(),
            typed_name: name.to_owned(),
            consent: true,
            intent: true,
            user_agent: "a browser".to_owned(),
            consent_text: "I agree to sign electronically.".to_owned(),
            ..SignEnvelopeRequest::default()
        };
        person.documents().sign_envelope(sign).await?;
        world.settle().await?;
    }
    let done = envelope(&sam, &step).await?;
    let version = done.signed.clone().context("no signed file")?.id;
    let file = sam.download(&format!("/versions/{version}")).await?;
    let root = std::fs::read_to_string(world.home().join("seal/authority.pem"))?;
    Ok((file.body.to_vec(), root, done))
}

pub(super) async fn envelope(person: &Persona, step: &str) -> anyhow::Result<Envelope> {
    let asked = GetEnvelopeRequest { step_id: step.to_owned(), opening: true, ..Default::default() };
    person.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")
}

pub(super) async fn a_contract_signed_in_the_portal_is_sealed() -> Outcome {
    let judges = Judges::new()?;
    let world = World::demo().await?;
    let (file, root, envelope) = signed(&world).await?;
    judges.agree("the portal's file", &file, &[&root])?;
    let path = judges.file("signed.pdf", &file)?;
    let output = std::process::Command::new("pdftotext").arg("-layout").arg(path).arg("-").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Certificate of completion",
        "development certificate",
        "Sam Okafor",
        "Paul Meyer",
        &envelope.id,
        "/verify",
        "Opened: Sam Okafor",
        "Agreed to sign electronically: Paul Meyer",
    ] {
        ensure!(flat.contains(words), "the certificate does not say {words}: {text}");
    }
    Ok(())
}

/// Two documents in one envelope: one act signs both, each has a seal that both programs call valid, and its certificate names
/// the hashes of the other.
pub(super) async fn each_of_several_documents_has_its_own_seal() -> Outcome {
    let judges = Judges::new()?;
    let world = World::demo().await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let shipped = portico_definition::gallery().iter().find(|entry| entry.name == "client-onboarding");
    let yaml = shipped.context("not shipped")?.yaml.replace(
        "    data_agreement:\n",
        "    annex:\n      file: templates/data-agreement.pdf\n      title: Annex\n      fields:\n        \
         - {id: annex_signature, type: signature, signer: signatory, page: 1, box: [0.10, 0.78, 0.35, 0.06]}\n    data_agreement:\n",
    );
    let yaml = yaml.replace(
        "          template: data_agreement\n",
        "          template: data_agreement\n          also: [annex]\n",
    );
    let asked = PublishPortalRequest { yaml, base_version: 1, dry_run: false };
    let answer = nora.tenancy().publish_portal(asked).await?.into_inner();
    ensure!(answer.findings.is_empty(), "{:?}", answer.findings);
    world.settle().await?;
    let (first, root, done) = signed(&world).await?;
    ensure!(done.others.len() == 1, "{} further documents", done.others.len());
    let sam = world.person("northwind", "sam@acme.example").await?;
    let annex = done.others[0].signed.clone().context("the annex is not signed")?;
    let annex = sam.download(&format!("/versions/{}", annex.id)).await?.body.to_vec();
    let mut nobody = world.visitor("northwind");
    for (what, file) in [("the agreement", &first), ("the annex", &annex)] {
        judges.agree(what, file, &[&root])?;
        let path = judges.file("several.pdf", file)?;
        let output = std::process::Command::new("pdftotext").arg("-layout").arg(path).arg("-").output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(text.contains("Signed in the same act"), "{what} does not name the other: {text}");
        let told = plain(&checked(&mut nobody, "several.pdf", file).await?.is(StatusCode::OK)?.text());
        ensure!(told.contains("not a byte of it was changed"), "{what}: {told}");
    }
    // Brought together they are known to belong together, and so are the papers as they were read, which carry no seal.
    let read = |paper: Option<&Version>| paper.map(|it| it.id.clone());
    let originals = [read(done.original.as_ref()), read(done.others[0].original.as_ref())];
    let mut papers = Vec::new();
    for id in originals {
        papers.push(sam.download(&format!("/versions/{}", id.context("no original")?)).await?.body.to_vec());
    }
    let files =
        [("a.pdf", first.as_slice()), ("b.pdf", &annex), ("c.pdf", &papers[0]), ("d.pdf", &papers[1])];
    let answer = nobody.post_with_files("/verify", &files).await?.is(StatusCode::OK)?;
    let told = plain(&answer.text());
    for words in ["in the same act as a.pdf", "in the same act as b.pdf", "as it was read", "Yes: b.pdf"] {
        ensure!(told.contains(words), "the page does not say {words}: {told}");
    }
    let good = answer.text().matches("banner ok").count();
    ensure!(good == 6, "{good} good words: four verdicts, and two that belong together: {told}");
    let mut other = papers[1].clone();
    other.push(b' ');
    let files = [("a.pdf", first.as_slice()), ("d.pdf", &other)];
    let told = plain(&nobody.post_with_files("/verify", &files).await?.is(StatusCode::OK)?.text());
    ensure!(told.contains("none of the sealed files"), "another paper is taken for the annex: {told}");
    let many = vec![("a.pdf", b"%PDF-1.7".as_slice()); 11];
    let refused = nobody.post_with_files("/verify", &many).await?;
    ensure!(refused.status == StatusCode::UNPROCESSABLE_ENTITY, "eleven files answer {}", refused.status);
    let mut changed = annex;
    changed[700] ^= 1;
    let told = plain(&checked(&mut nobody, "several.pdf", &changed).await?.is(StatusCode::OK)?.text());
    ensure!(told.contains("does not fit it"), "a changed annex: {told}");
    Ok(())
}

async fn checked(visitor: &mut Visitor, name: &str, file: &[u8]) -> anyhow::Result<Answer> {
    visitor.get("/verify").await?.is(StatusCode::OK)?;
    visitor.post_with_file("/verify", &[], name, file).await
}

/// Anybody may ask, nobody is told more than stands in the file, and nothing that is brought harms.
pub(super) async fn the_verify_page_says_what_is_true() -> Outcome {
    let world = World::demo().await?;
    let (file, ..) = signed(&world).await?;
    let mut nobody = world.visitor("northwind");
    let told = plain(&checked(&mut nobody, "signed.pdf", &file).await?.is(StatusCode::OK)?.text());
    for words in [
        "was sealed by Northwind",
        "not a byte of it was changed",
        "Sam Okafor",
        "Paul Meyer",
        "development certificate",
    ] {
        ensure!(told.contains(words), "the page does not say {words}: {told}");
    }
    let mut elsewhere = world.visitor("contoso");
    let stranger = plain(&checked(&mut elsewhere, "signed.pdf", &file).await?.text());
    ensure!(
        stranger.contains("not one of") && !stranger.contains("Sam Okafor"),
        "at another firm: {stranger}"
    );

    let mut changed = file.clone();
    changed[700] ^= 1;
    let extended = stamped(&file)?;
    let key = Key::today()?;
    let foreign = portico_documents::seal::seal_with(
        &key.key,
        None,
        [1; 8],
        draft(portico_documents::DATA_AGREEMENT, now())?,
    )
    .await?
    .bytes;
    for (what, file, words) in [
        ("changed", changed.as_slice(), "does not fit it"),
        ("extended", &extended, "something was added"),
        ("foreign", &foreign, "not one of"),
        ("the template", portico_documents::DATA_AGREEMENT, "carries no seal"),
        ("no PDF", b"hello".as_slice(), "carries no seal"),
        ("cut", &file[..file.len() / 2], "carries no seal"),
        ("a seal of nothing", b"%PDF-1.7 /ByteRange[0 9 99999999999 1]<30", "carries no seal"),
    ] {
        let answer = checked(&mut nobody, "file.pdf", file).await?.is(StatusCode::OK)?;
        let told = plain(&answer.text());
        ensure!(told.contains(words), "{what}: {told}");
        ensure!(!answer.text().contains("banner ok"), "{what} looks good");
    }
    let nothing = nobody.post_with_file("/verify", &[], "", b"").await?;
    ensure!(nothing.status == StatusCode::UNPROCESSABLE_ENTITY, "no file answers {}", nothing.status);
    let mut large = vec![b' '; 41 * 1024 * 1024];
    large[..8].copy_from_slice(b"%PDF-1.7");
    let answer = checked(&mut nobody, "large.pdf", &large).await?;
    ensure!(answer.status == StatusCode::UNPROCESSABLE_ENTITY, "a large file answers {}", answer.status);
    // One that is refused keeps nobody from reading what is true of the others.
    let together =
        nobody.post_with_files("/verify", &[("large.pdf", large.as_slice()), ("signed.pdf", &file)]).await?;
    let told = plain(&together.text());
    ensure!(together.status == StatusCode::UNPROCESSABLE_ENTITY, "together they answer {}", together.status);
    for words in ["large.pdf: This file is too large", "not a byte of it was changed"] {
        ensure!(told.contains(words), "the page does not say {words}: {told}");
    }
    let mut statuses = Vec::new();
    for _ in 0..25 {
        statuses.push(checked(&mut nobody, "file.pdf", b"hello").await?.status);
    }
    ensure!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "a flood is not held up: {statuses:?}");
    Ok(())
}
