//! What the certificate of completion says, read out of the file by programs that are not ours.

use std::process::Command;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderMap, Method, StatusCode};
use sha2::{Digest as _, Sha256};

use super::{judges::Judges, product::envelope, samples::now};
use crate::harness::{Outcome, Persona, Visitor, World, plain, steps};

/// The product's sentences as they are shipped.
const SENTENCES: &str = include_str!("../../../services/web/locales/en/portal.ftl");
/// What the two browsers call themselves.
const AGENTS: [&str; 2] = ["Certified/1.0 (a phone)", "Certified/2.0 (a desk)"];

/// Signs on the pages, as a browser does that calls itself `agent`.
async fn sign(visitor: &mut Visitor, person: &Persona, step: &str, (name, agent): (&str, &str)) -> Outcome {
    visitor.get(&format!("/tasks/{step}?step=read")).await?.is(StatusCode::OK)?;
    visitor.get(&format!("/tasks/{step}?step=adopt")).await?.is(StatusCode::OK)?;
    let sha256 = envelope(person, step).await?.original.context("no original")?.sha256;
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for (field, value) in [
        ("_csrf", visitor.token()),
        ("typed_name", name),
        ("sha256", &sha256),
        ("others", ""),
        ("intent", "yes"),
        ("consent", "yes"),
    ] {
        fields.append_pair(field, value);
    }
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse()?);
    headers.insert("user-agent", agent.parse()?);
    let body = fields.finish();
    let answer = visitor.send(Method::POST, &format!("/tasks/{step}/sign"), headers, body.into()).await?;
    ensure!(
        answer.status == StatusCode::SEE_OTHER,
        "{name} does not sign ({}): {}",
        answer.status,
        plain(&answer.text())
    );
    Ok(())
}

/// The moment behind a label.
fn moment(text: &str, label: &str) -> anyhow::Result<DateTime<Utc>> {
    let behind = text.match_indices(label).map(|(at, _)| &text[at + label.len()..]);
    let mut dated = behind.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let found = dated.next().with_context(|| format!("no date behind {label:?} in {text}"))?;
    let words: Vec<_> = found.split_whitespace().take(3).collect();
    ensure!(words.last() == Some(&"UTC"), "behind {label:?} stands {words:?}");
    let parsed = NaiveDateTime::parse_from_str(&words[..2].join(" "), "%Y-%m-%d %H:%M:%S");
    Ok(parsed.with_context(|| format!("{words:?}"))?.and_utc())
}

fn run(program: &str, arguments: &[&str], path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let (before, after) =
        arguments.split_at(arguments.iter().position(|one| *one == "-").unwrap_or(arguments.len()));
    let output = Command::new(program).args(before).arg(path).args(after).output()?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// For each of the two: role, order, address, browser, how it is known who they are, the sentence they agreed to, and every time;
/// then the chain of what happened, computed anew, and where to have the file checked.
pub(super) async fn the_certificate_says_who_when_from_where_and_to_what() -> Outcome {
    let judges = Judges::new()?;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&sam.run(&engagement.run).await?)["agreement"].id.clone();
    let began = now();
    let mut client = world.client("northwind", "sam@acme.example").await?;
    sign(&mut client, &sam, &step, ("Sam Okafor", AGENTS[0])).await?;
    world.settle().await?;
    let mut staff = world.staff("northwind", "paul@northwind.example").await?;
    sign(&mut staff, &paul, &step, ("Paul Meyer", AGENTS[1])).await?;
    world.settle().await?;
    let done = envelope(&sam, &step).await?;
    let version = done.signed.clone().context("no signed file")?.id;
    let file = sam.download(&format!("/versions/{version}")).await?.body;
    let path = judges.file("certified.pdf", &file)?;
    let text = String::from_utf8(run("pdftotext", &["-layout", "-"], &path)?)?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");

    let sentence =
        SENTENCES.lines().find_map(|line| line.strip_prefix("sign-consent = ")).context("no sentence")?;
    let consent = hex::encode(Sha256::digest(sentence));
    // Each part begins with who it is about, in the order in which they signed.
    let (first, second) =
        (text.find("place 1)").context("no first")?, text.find("place 2)").context("no second")?);
    let chain = text.find("What happened").context("no list of what happened")?;
    ensure!(first < second && second < chain, "the parts are out of order: {text}");
    let mut before = began - TimeDelta::seconds(2);
    for (number, name, email, part, agent) in [
        (0, "Sam Okafor", "sam@acme.example", &text[first..second], AGENTS[0]),
        (1, "Paul Meyer", "paul@northwind.example", &text[second..chain], AGENTS[1]),
    ] {
        let role = &done.signers[number].role_title;
        let end = if number == 0 { first } else { second };
        let head = &text[text[..end].rfind("Role ").context("no role")?..end];
        ensure!(
            !role.is_empty() && head.contains(role.as_str()),
            "{name} acts as {role}, and it reads {head}"
        );
        for words in [
            format!("E-mail {email}"),
            format!("Identified by Signed in as {name}"),
            "IP address 127.0.0.1".to_owned(),
            format!("Browser {agent}"),
            consent.clone(),
        ] {
            ensure!(part.contains(&words), "of {name} the certificate does not say {words}: {part}");
        }
        if number == 1 {
            // They were asked when the first had signed.
            before -= TimeDelta::seconds(1);
        }
        let labels = if number == 0 {
            ["Opened ", "Agreed to sign ", " Signed "]
        } else {
            ["Sent ", "Opened ", " Signed "]
        };
        for label in labels {
            let at = moment(part, label)?;
            ensure!(at >= before && at <= now(), "{name}, {label}: {at} does not follow {before}");
            before = at;
        }
    }
    ensure!(text.contains("Check this file at") && text.contains("/verify"), "nowhere to check: {text}");
    ensure!(
        text.contains(&done.original.context("no original")?.sha256),
        "the hash of what was read: {text}"
    );

    // The list for programs, taken out of the file and computed anew: each entry stands on the one before, and on the pages.
    let folder = judges.folder().join("parts");
    std::fs::create_dir_all(&folder)?;
    run("pdfdetach", &["-saveall", "-o", &folder.display().to_string()], &path)?;
    let facts: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("certificate.json"))?)?;
    let events = facts["events"].as_array().context("no events")?;
    let (mut previous, mut kinds) = (String::new(), Vec::new());
    for event in events {
        let of = |name: &str| event[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        let at = DateTime::parse_from_rfc3339(&of("at")?)?.timestamp_micros();
        let words = format!("{previous}\n{at}\n{}\n{}", of("kind")?, of("text")?);
        previous = of("sha256")?;
        ensure!(hex::encode(Sha256::digest(words)) == previous, "{event} does not follow");
        ensure!(text[chain..].contains(&previous), "the pages do not list {event}");
        kinds.push(of("kind")?);
    }
    let expected =
        ["prepared", "sent", "opened", "consented", "signed", "sent", "opened", "consented", "signed"];
    ensure!(kinds == expected, "what happened: {kinds:?}");
    Ok(())
}
