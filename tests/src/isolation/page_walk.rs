//! The walk over every page: whoever it is not for gets the page of what is not there, the same for what exists and what never was.

use std::collections::BTreeMap;

use anyhow::ensure;
use http::{Method, StatusCode};
use portico_core::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use portico_web::pages::{Entry, Who, all};

use super::rpc_walk::{Belongings, belongings};
use crate::harness::{Answer, Outcome, Visitor, World};

/// Parameters that name no resource of anybody, with a value to ask with.
const PLAIN: [(&str, &str); 10] = [
    ("secret", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("hash", "0000"),
    ("file", "none.css"),
    ("n", "1"),
    ("page", "1"),
    ("name", "client-onboarding"),
    ("portal", "client-onboarding"),
    ("path", "onboarding"),
    ("kind", "engagement"),
    ("slug", "northwind"),
];

/// Every page that takes an id, asked by strangers for what is Acme's.
pub(super) async fn i01_i02_no_page_tells_a_stranger_anything() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    let mut strangers = vec![
        ("another firm's administrator", world.staff("contoso", "carla@contoso.example").await?),
        ("another firm's client", world.client("contoso", "ian@initech.example").await?),
        ("another account's client", world.client("northwind", "gina@globex.example").await?),
    ];
    let mut told = Vec::new();
    let mut asked = 0;
    for entry in all() {
        for (who, stranger) in &mut strangers {
            asked += walk(entry, who, stranger, &belongings, &mut told).await?;
        }
    }
    ensure!(asked > 100, "only {asked} pages were asked for");
    ensure!(told.is_empty(), "{}", told.join("\n"));
    Ok(())
}

/// Nobody sees a page that is for somebody, and a client sees no page of the console.
pub(super) async fn no_page_opens_for_whom_it_is_not() -> Outcome {
    let world = World::demo().await?;
    let mut nobody = world.visitor("northwind");
    let mut client = world.client("northwind", "ana@acme.example").await?;
    let mut wrong = Vec::new();
    for entry in all() {
        let path = fill(entry.path, &BTreeMap::new());
        if entry.who != Who::Anyone {
            let answer = get(&mut nobody, &path).await?;
            let sent_away = answer.status == StatusCode::SEE_OTHER
                && answer.headers.get("location").is_some_and(|to| to.as_bytes().starts_with(b"/sign-in"));
            let closed = matches!(
                answer.status,
                StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND
            );
            if !sent_away && !closed {
                wrong.push(format!("{path} answers {} to nobody", answer.status));
            }
        }
        if matches!(entry.who, Who::Staff | Who::Admin) {
            let answer = get(&mut client, &path).await?;
            if !matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
                wrong.push(format!("{path} answers {} to a client", answer.status));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn walk(
    entry: &Entry,
    who: &str,
    stranger: &mut Visitor,
    belongings: &Belongings,
    told: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let Some(parameter) =
        parameters(entry.path).into_iter().find(|name| belongings.ids.contains_key(name.as_str()))
    else {
        return Ok(0);
    };
    let ids = &belongings.ids[parameter.as_str()];
    let Some(id) = ids.first() else { return Ok(0) };
    let absent_id = OsEntropy.uuid(SystemClock.now()).to_string();
    let real_path = fill(entry.path, &BTreeMap::from([(parameter.clone(), id.clone())]));
    let absent_path = fill(entry.path, &BTreeMap::from([(parameter.clone(), absent_id.clone())]));
    for method in [Method::GET, Method::POST] {
        let real = send(stranger, method.clone(), &real_path).await?;
        let absent = send(stranger, method.clone(), &absent_path).await?;
        for canary in &belongings.canaries {
            if real.text().contains(canary.as_str()) {
                told.push(format!("{method} {}: {who} reads {canary}", entry.path));
            }
        }
        if real.status != absent.status || normal(&real, id) != normal(&absent, &absent_id) {
            told.push(format!(
                "{method} {}: {who} can tell {parameter} from one that never was ({} and {})",
                entry.path, real.status, absent.status
            ));
        }
        if real.status.is_success()
            && entry.who != Who::Anyone
            && matches!(parameter.as_str(), "step_id" | "run_id" | "version_id" | "record_id" | "item_id")
        {
            told.push(format!("{method} {}: {who} gets {} for what is Acme's", entry.path, real.status));
        }
    }
    Ok(4)
}

async fn get(visitor: &mut Visitor, path: &str) -> anyhow::Result<Answer> {
    visitor.send(Method::GET, path, http::HeaderMap::new(), bytes::Bytes::new()).await
}

async fn send(visitor: &mut Visitor, method: Method, path: &str) -> anyhow::Result<Answer> {
    if method == Method::POST {
        // A form of their own gives them a valid token: it is not the token that must keep them out.
        visitor.get("/me").await?;
        return visitor
            .post_only(
                path,
                &[("reason", "no reason"), ("title", "a title"), ("body", "hello"), ("decision", "approve")],
            )
            .await;
    }
    get(visitor, path).await
}

/// A page's text without what differs between any two answers.
fn normal(answer: &Answer, id: &str) -> String {
    let text = answer.text().replace(id, "…");
    match text.find("data-reference") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn parameters(path: &str) -> Vec<String> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
        .map(|name| name.trim_start_matches('*').to_owned())
        .collect()
}

fn fill(path: &str, given: &BTreeMap<String, String>) -> String {
    path.split('/')
        .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                let name = name.trim_start_matches('*');
                let plain =
                    PLAIN.iter().find(|(plain, _)| *plain == name).map(|(_, value)| (*value).to_owned());
                let fresh = || OsEntropy.uuid(SystemClock.now()).to_string();
                given.get(name).cloned().or(plain).unwrap_or_else(fresh)
            }
            None => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}
