//! The program is killed at random moments under load; what it had acknowledged is there exactly once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use http::StatusCode;
use portico_core::{Entropy as _, OsEntropy};
use portico_proto::{
    messaging::v1::{GetThreadRequest, Message},
    workflow::v1::{AddTaskRequest, ListRunsRequest, StepState},
};
use serde_json::json;

use crate::harness::{Engagement, MailServer, Outcome, Persona, Visitor, World, pdf};

/// How often the program is killed.
const KILLS: usize = 5;
/// More than can be done between the kills.
const TASKS: usize = 120;
const CONTRACTS: usize = 24;

/// What clients were told is done.
#[derive(Default)]
struct Journal {
    messages: BTreeSet<String>,
    files: BTreeSet<String>,
    tasks: BTreeSet<String>,
    contracts: BTreeSet<String>,
}

/// The clients' common knowledge: what was acknowledged, and whether to go on.
#[derive(Clone, Default)]
struct Load {
    journal: Arc<Mutex<Journal>>,
    over: Arc<AtomicBool>,
}

impl Load {
    fn note(&self, write: impl FnOnce(&mut Journal) -> bool) {
        write(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How often the rarest act was acknowledged.
    fn least(&self) -> usize {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let counts =
            [&journal.messages, &journal.files, &journal.tasks, &journal.contracts].map(BTreeSet::len);
        counts.into_iter().min().unwrap_or_default()
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }
}

/// What stands ready to be done.
struct Ready {
    engagement: Engagement,
    tasks: Vec<String>,
    contracts: Vec<String>,
}

/// Five kills under load: messages, files, completed tasks, runs and mails are each there once, no more and no less.
pub(super) async fn killed_at_any_moment_nothing_acknowledged_is_lost_or_done_twice() -> Outcome {
    // Where there is no mail server, mails are counted in the development mailbox alone.
    let server = MailServer::start().ok();
    let mut world = World::demo().await?;
    let ready = prepare(&world).await?;
    let ana = world.client("northwind", "ana@acme.example").await?;
    let paul = world.staff("northwind", "paul@northwind.example").await?;
    if let Some(server) = &server {
        world.mail_through(server);
    }
    let mut process = world.hand_over().await?;
    let load = Load::default();
    let clients = [
        tokio::spawn(post_messages(load.clone(), ana.clone(), ready.engagement.record.clone())),
        tokio::spawn(send_files(load.clone(), ana, ready.engagement.record.clone())),
        tokio::spawn(complete_tasks(load.clone(), paul.clone(), ready.tasks.clone())),
        tokio::spawn(sign_contracts(load.clone(), paul, ready.contracts.clone())),
    ];
    for _ in 0..KILLS {
        let random = u64::from(OsEntropy.uuid(chrono::DateTime::UNIX_EPOCH).as_bytes()[15]);
        tokio::time::sleep(Duration::from_millis(900 + random * 6)).await;
        process.kill()?;
        process.revive().await?;
    }
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while load.least() < KILLS && std::time::Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    load.over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await??;
    }
    process.kill()?;
    let log = process.log()?;
    ensure!(!log.contains("panicked"), "it panicked: {log}");
    ensure!(!log.contains("words-of-a-client"), "the log holds what clients write");
    // Later than any lease of what it had in hand.
    world.take_back_after(TimeDelta::minutes(10)).await?;
    world.settle().await?;
    check(&world, &ready, &load, server.as_ref()).await
}

async fn prepare(world: &World) -> anyhow::Result<Ready> {
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (paul, nora) = (
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "nora@northwind.example").await?,
    );
    let mut tasks = Vec::new();
    for number in 0..TASKS {
        let asked = AddTaskRequest {
            run_id: engagement.run.clone(),
            title: format!("Task {number}"),
            person_ids: vec![paul.id.clone()],
            client_visible: false,
            ..AddTaskRequest::default()
        };
        tasks.push(paul.workflow().add_task(asked).await?.into_inner().step.context("no task")?.id);
    }
    let mut contracts = Vec::new();
    for number in 0..CONTRACTS {
        let fields = json!({"title": format!("Contract {number}"), "team": [paul.id], "contacts": []});
        let record = nora.create(&engagement.portal, "engagement", &engagement.account, fields).await?;
        contracts.push(record.id);
    }
    world.settle().await?;
    Ok(Ready { engagement, tasks, contracts })
}

/// A person who presses again, with the same form, until it is acknowledged.
async fn post_messages(load: Load, mut ana: Visitor, record: String) -> anyhow::Result<()> {
    let path = format!("/messages/{record}");
    for number in 0.. {
        let body = format!("words-of-a-client {number}");
        while load.goes_on() {
            let fields = [("body", body.as_str()), ("key", &format!("message-{number}"))];
            if ana.post_only(&path, &fields).await.is_ok_and(|answer| answer.status == StatusCode::SEE_OTHER)
            {
                load.note(|journal| journal.messages.insert(body.clone()));
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if !load.goes_on() {
            break;
        }
    }
    Ok(())
}

async fn send_files(load: Load, mut ana: Visitor, record: String) -> anyhow::Result<()> {
    let path = format!("/messages/{record}");
    for number in 0.. {
        let name = format!("file-{number}.pdf");
        let bytes = pdf(&format!("File {number}"), 1);
        while load.goes_on() {
            let fields = [("body", name.as_str()), ("key", &format!("file-{number}"))];
            let sent = ana.post_with_file(&path, &fields, &name, &bytes).await;
            if sent.is_ok_and(|answer| answer.status == StatusCode::SEE_OTHER) {
                load.note(|journal| journal.files.insert(name.clone()));
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if !load.goes_on() {
            break;
        }
    }
    Ok(())
}

async fn complete_tasks(load: Load, mut paul: Visitor, tasks: Vec<String>) -> anyhow::Result<()> {
    for task in tasks {
        while load.goes_on() {
            let done = paul.post_only(&format!("/tasks/{task}/complete"), &[("note", "done")]).await;
            match done.map(|answer| answer.status) {
                Ok(StatusCode::SEE_OTHER) => {
                    load.note(|journal| journal.tasks.insert(task.clone()));
                    break;
                }
                // Done by an attempt whose answer was lost.
                Ok(StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) => break,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    Ok(())
}

/// Says that a contract is signed, twice at once, until one is acknowledged.
async fn sign_contracts(load: Load, mut paul: Visitor, contracts: Vec<String>) -> anyhow::Result<()> {
    for contract in contracts {
        let path = format!("/console/records/{contract}/state");
        while load.goes_on() {
            let mut again = paul.clone();
            let fields = [("state", "signed"), ("etag", ""), ("key", "")];
            let (one, two) = tokio::join!(paul.post_only(&path, &fields), again.post_only(&path, &fields));
            let answers = [one, two].map(|answer| answer.map(|answer| answer.status).ok());
            if answers.contains(&Some(StatusCode::SEE_OTHER)) {
                load.note(|journal| journal.contracts.insert(contract.clone()));
                break;
            }
            if answers
                .iter()
                .any(|status| matches!(status, Some(StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY)))
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

async fn check(world: &World, ready: &Ready, load: &Load, server: Option<&MailServer>) -> Outcome {
    let journal = std::mem::take(&mut *load.journal.lock().unwrap_or_else(PoisonError::into_inner));
    for (what, done) in [
        ("messages", journal.messages.len()),
        ("files", journal.files.len()),
        ("tasks", journal.tasks.len()),
        ("contracts", journal.contracts.len()),
    ] {
        ensure!(done >= KILLS, "only {done} {what} were acknowledged, too few to prove anything");
    }
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let thread = thread(&paul, &ready.engagement.record).await?;
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &thread {
        *times.entry(&message.body).or_default() += 1;
    }
    for body in journal.messages.iter().chain(&journal.files) {
        let times = times.get(body.as_str()).copied().unwrap_or_default();
        ensure!(times == 1, "the acknowledged message {body:?} is there {times} times");
    }
    ensure!(times.values().all(|times| *times == 1), "a message is there twice: {times:?}");
    for message in thread.iter().filter(|message| journal.files.contains(&message.body)) {
        let [file] = message.attachments.as_slice() else {
            anyhow::bail!("{} has {} files", message.body, message.attachments.len())
        };
        let bytes = paul.download(&format!("/versions/{}", file.version_id)).await?.body;
        let number = message.body.trim_start_matches("file-").trim_end_matches(".pdf");
        ensure!(bytes[..] == pdf(&format!("File {number}"), 1)[..], "{} holds other bytes", message.body);
    }

    // Each message is told of once, to each member of the team: the effect of its event.
    let told: i64 = scalar(
        world,
        &format!(
            "select count(*) from messaging.notifications where thread_id is not null and person_id = '{}'",
            paul.id
        ),
    )
    .await?;
    ensure!(usize::try_from(told)? == thread.len(), "{} messages were told {told} times", thread.len());

    let run = paul.run(&ready.engagement.run).await?;
    for task in &journal.tasks {
        let step = run.steps.iter().find(|step| step.id == *task).context("a task is gone")?;
        ensure!(step.state() == StepState::Done, "an acknowledged task is {:?}", step.state());
    }
    for contract in &ready.contracts {
        let asked = ListRunsRequest { record_id: contract.clone(), ..ListRunsRequest::default() };
        let runs = paul.workflow().list_runs(asked).await?.into_inner().runs.len();
        let expected = if journal.contracts.contains(contract) { 1..=1 } else { 0..=1 };
        ensure!(expected.contains(&runs), "{runs} runs started for one contract");
    }
    let repeated: i64 = scalar(
        world,
        "select count(*) from (select 1 from tenancy.audit_entries where action like 'step.completed' or action like 'task.completed'
           group by object_id, action having count(*) > 1) twice",
    )
    .await?;
    ensure!(repeated == 0, "{repeated} completions stand in the audit twice");
    for service in ["identity", "tenancy", "documents", "workflow", "messaging"] {
        let parked = scalar(world, &format!("select count(*) from {service}.dead_letters")).await?;
        ensure!(parked == 0, "{parked} events of {service} were given up");
    }
    mails(world, server).await
}

async fn thread(reader: &Persona, record: &str) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = GetThreadRequest { record_id: record.to_owned(), page_size: 200, page_token };
        let answer = reader.messaging().get_thread(asked).await?.into_inner();
        messages.extend(answer.messages);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(messages);
        }
    }
}

/// Every mail was written once for what it tells of; each left, and where one left twice, under the same Message-ID.
async fn mails(world: &World, server: Option<&MailServer>) -> Outcome {
    let twice: Vec<String> = sqlx::query_scalar(
        "select format('%s to %s: %s', kind, to_address, subject) from messaging.mails where kind not in ('message', 'sign_in')
         group by tenant_id, kind, to_address, subject, body, link, link_id having count(*) > 1",
    )
    .fetch_all(world.database.admin())
    .await?;
    ensure!(twice.is_empty(), "mails were written twice: {twice:?}");
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while scalar(world, "select count(*) from messaging.mails where state = 'queued' and due_at < now() + interval '9 minutes'").await? > 0 {
        ensure!(std::time::Instant::now() < patience, "mails are still waiting");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let Some(server) = server else { return Ok(()) };
    // Those without their text left through the server.
    let sent: BTreeSet<String> = sqlx::query_scalar::<_, uuid::Uuid>(
        "select id from messaging.mails where state = 'sent' and source is null",
    )
    .fetch_all(world.database.admin())
    .await?
    .into_iter()
    .map(|id| id.to_string())
    .collect();
    let received: BTreeSet<String> = server
        .mails()?
        .iter()
        .filter_map(|mail| mail.headers.get("message-id"))
        .filter_map(|id| id.trim_start_matches('<').split('@').next().map(str::to_owned))
        .collect();
    ensure!(!sent.is_empty(), "no mail was sent under load");
    ensure!(
        sent.is_subset(&received),
        "mails counted as sent did not arrive: {:?}",
        sent.difference(&received)
    );
    Ok(())
}

async fn scalar(world: &World, sql: &str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(world.database.admin()).await?)
}
