//! The walk over every page: whoever it is not for gets the page of what is not there, the same for what exists and what never was.

use std::{collections::BTreeMap, time::Duration};

use anyhow::ensure;
use http::{Method, StatusCode};
use portico_core::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use portico_proto::messaging::v1::PostMessageRequest;
use portico_web::pages::{Entry, Who, all};

use super::rpc_walk::{Belongings, belongings, fingerprint};
use crate::harness::{Answer, Outcome, Visitor, World};

/// Parameters that name no resource of anybody, with a value to ask with.
const PLAIN: [(&str, &str); 11] = [
    ("token", "AAAA"),
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
    let before = fingerprint(&world).await?;
    let mut told = Vec::new();
    let mut asked = 0;
    for entry in all() {
        for (who, stranger) in &mut strangers {
            asked += walk(entry, who, stranger, &belongings, &mut told).await?;
        }
    }
    ensure!(asked > 1_500, "only {asked} pages were asked for");
    ensure!(told.is_empty(), "{}", told.join("\n"));
    world.settle().await?;
    let after = fingerprint(&world).await?;
    ensure!(before == after, "the walk changed what belongs to Acme: {before:?} became {after:?}");
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
    let mut asked = 0;
    for (real, absent) in trials(entry, belongings) {
        for (method, htmx) in [(Method::GET, false), (Method::GET, true), (Method::POST, false)] {
            if method == Method::POST && real.path == entry.path {
                // A page without an id is the stranger's own to post to: what ids its form may hold, the RPC walk swaps.
                continue;
            }
            let mut there = send(stranger, method.clone(), &real, htmx).await?;
            let mut nowhere = send(stranger, method.clone(), &absent, htmx).await?;
            asked += 2;
            let same = |there: &Answer, nowhere: &Answer| {
                there.status == nowhere.status && normal(there, &real.ids) == normal(nowhere, &absent.ids)
            };
            if method == Method::GET && !same(&there, &nowhere) {
                // Something of their own may have happened in between: what tells them apart does so again.
                tokio::time::sleep(Duration::from_millis(500)).await;
                there = send(stranger, method.clone(), &real, htmx).await?;
                nowhere = send(stranger, method.clone(), &absent, htmx).await?;
            }
            for canary in &belongings.canaries {
                if there.text().contains(canary.as_str()) {
                    told.push(format!("{method} {}: {who} reads {canary}", real.path));
                }
            }
            if !same(&there, &nowhere) {
                told.push(format!(
                    "{method} {}: {who} can tell it from one that never was ({} and {})",
                    real.path, there.status, nowhere.status
                ));
            }
            if there.status.is_success()
                && entry.who != Who::Anyone
                && real.path != entry.path
                && real.private
            {
                told.push(format!("{method} {}: {who} gets {} for what is Acme's", real.path, there.status));
            }
        }
    }
    Ok(asked)
}

/// A page to ask for: its path, its query, and the ids in both.
struct Ask {
    path: String,
    query: String,
    ids: Vec<String>,
    /// Whether its path names something that only Acme and its team may know of.
    private: bool,
}

/// Names of a page's query parameters and what they take. Every page is asked with all of them.
const QUERY: [(&str, &str); 15] = [
    ("account", "account_id"),
    ("account_id", "account_id"),
    ("company", "legal_entity_id"),
    ("record", "record_id"),
    ("record_id", "record_id"),
    ("run", "run_id"),
    ("step", "step_id"),
    ("person", "person_id"),
    ("actor", "person_id"),
    ("object", "record_id"),
    ("document", "document_id"),
    ("version", "version_id"),
    ("message", "message_id"),
    ("portal", "portal_id"),
    ("mail", "mail_id"),
];

/// What to ask a page for: every id of each kind in its path, then its query, each beside one with ids that never were.
fn trials(entry: &Entry, belongings: &Belongings) -> Vec<(Ask, Ask)> {
    let named: Vec<String> = parameters(entry.path)
        .into_iter()
        .filter(|name| belongings.ids.contains_key(name.as_str()))
        .collect();
    let rounds = named.iter().map(|name| belongings.ids[name.as_str()].len()).max().unwrap_or(1);
    let mut trials = Vec::new();
    for round in 0..rounds {
        let pick =
            |kind: &str| belongings.ids.get(kind).and_then(|ids| ids.get(round % ids.len().max(1))).cloned();
        let real =
            || named.iter().filter_map(|name| Some((name.clone(), pick(name)?))).collect::<BTreeMap<_, _>>();
        let fresh = || OsEntropy.uuid(SystemClock.now()).to_string();
        let never = || named.iter().map(|name| (name.clone(), fresh())).collect::<BTreeMap<_, _>>();
        let ask = |ids: BTreeMap<String, String>, query: Vec<(&str, String)>| Ask {
            path: fill(entry.path, &ids),
            query: query.iter().map(|(name, id)| format!("{name}={id}")).collect::<Vec<_>>().join("&"),
            private: named.iter().any(|name| {
                matches!(
                    name.as_str(),
                    "sales_document_id"
                        | "step_id"
                        | "run_id"
                        | "version_id"
                        | "record_id"
                        | "item_id"
                        | "document_id"
                        | "envelope_id"
                        | "folder_id"
                )
            }),
            ids: ids.into_values().chain(query.into_iter().map(|(_, id)| id)).collect(),
        };
        if !named.is_empty() {
            trials.push((ask(real(), Vec::new()), ask(never(), Vec::new())));
        }
        if round == 0 {
            let query = |known: bool| {
                QUERY
                    .iter()
                    .filter_map(|(name, kind)| Some((*name, if known { pick(kind)? } else { fresh() })))
                    .collect()
            };
            trials.push((ask(never(), query(true)), ask(never(), query(false))));
        }
    }
    trials
}

/// What one account does, another's open page is not told of, nor another firm's.
pub(super) async fn i24_the_live_stream_names_nothing_foreign() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    world.settle().await?;
    let mut streams = Vec::new();
    for (slug, email) in [
        ("northwind", "ana@acme.example"),
        ("northwind", "gina@globex.example"),
        ("contoso", "ian@initech.example"),
    ] {
        let visitor = world.client(slug, email).await?;
        streams.push(tokio::spawn(async move { visitor.listen("/live", Duration::from_secs(4)).await }));
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let post = PostMessageRequest {
        record_id: belongings.ids["record_id"][0].clone(),
        body: "words of the firm".to_owned(),
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(post).await?;
    let mut heard = Vec::new();
    for stream in streams {
        heard.push(stream.await??);
    }
    ensure!(heard[0].contains("message_posted"), "Ana's own page was not told: {}", heard[0]);
    for (who, heard) in ["Gina", "Ian"].iter().zip(&heard[1..]) {
        ensure!(!heard.contains("message_posted"), "{who} was told: {heard}");
        for id in belongings.ids.values().flatten() {
            ensure!(
                !heard.contains(id.as_str()) || belongings.ids["portal_id"].contains(id),
                "{who} was told of {id}"
            );
        }
    }
    Ok(())
}

async fn get(visitor: &mut Visitor, path: &str) -> anyhow::Result<Answer> {
    visitor.send(Method::GET, path, http::HeaderMap::new(), bytes::Bytes::new()).await
}

async fn send(visitor: &mut Visitor, method: Method, ask: &Ask, htmx: bool) -> anyhow::Result<Answer> {
    let path = if ask.query.is_empty() { ask.path.clone() } else { format!("{}?{}", ask.path, ask.query) };
    if method == Method::POST {
        // A form of their own gives them a valid token: it is not the token that must keep them out.
        visitor.get("/me").await?;
        let fields = [
            ("reason", "no reason"),
            ("title", "a title"),
            ("body", "hello"),
            ("decision", "approve"),
            ("consent", "yes"),
            ("intent", "yes"),
            ("name", "A Name"),
            ("state", "lost"),
            ("role", "client"),
        ];
        return visitor.post_only(&path, &fields).await;
    }
    let mut headers = http::HeaderMap::new();
    if htmx {
        headers.insert("hx-request", http::HeaderValue::from_static("true"));
    }
    visitor.send(Method::GET, &path, headers, bytes::Bytes::new()).await
}

/// A page's text without what differs between any two answers.
fn normal(answer: &Answer, ids: &[String]) -> String {
    let mut text = ids.iter().fold(answer.text(), |text, id| text.replace(id.as_str(), "…"));
    // A form's key is new each time.
    for key in text
        .match_indices("name=\"key\" value=\"")
        .map(|(at, _)| at + 18)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let end = text[key..].find('"').map_or(text.len(), |end| key + end);
        text.replace_range(key..end, "");
    }
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
