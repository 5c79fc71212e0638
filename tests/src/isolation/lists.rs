//! Lists, counts, filters and cursors: nothing foreign is in them, and nothing hidden can be asked about.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use portico_proto::{
    DESCRIPTOR_SET,
    documents::v1::ListDocumentsRequest,
    messaging::v1::{CountUnreadRequest, ListThreadsRequest, PostMessageRequest},
    tenancy::v1::{AuditLine, ListAuditRequest},
    workflow::v1::{
        ListAttentionRequest, ListBlockedRequest, ListBlockedResponse, ListOutstandingRequest,
        ListRecordsRequest, ListRunsRequest, OutstandingRow, ReassignStepRequest, RunState,
    },
};
use portico_rpc::AccessTable;
use prost_reflect::DescriptorPool;
use serde_json::json;
use tonic::Code;

use super::rpc_walk::belongings;
use crate::harness::{Outcome, Persona, World, pdf, steps};

async fn blocked(person: &Persona, side: &str) -> anyhow::Result<ListBlockedResponse> {
    let asked = ListBlockedRequest { side: side.to_owned(), page_size: 200, ..ListBlockedRequest::default() };
    Ok(person.workflow().list_blocked(asked).await?.into_inner())
}

/// The rows of requests that wait, as one of the staff sees them: all, or those in which these words are.
async fn outstanding(person: &Persona, query: &str) -> anyhow::Result<Vec<OutstandingRow>> {
    let query = query.to_owned();
    let asked = ListOutstandingRequest { query, page_size: 200, ..ListOutstandingRequest::default() };
    Ok(person.workflow().list_outstanding(asked).await?.into_inner().rows)
}

/// What a person's lists hold and count: records, runs, tasks, threads, unread, documents, audit lines.
async fn counts(person: &Persona, portal: &str) -> anyhow::Result<Vec<(&'static str, usize)>> {
    let mut found = Vec::new();
    let asked = ListRunsRequest { page_size: 200, ..ListRunsRequest::default() };
    found.push(("runs", person.workflow().list_runs(asked).await?.into_inner().runs.len()));
    let asked = ListRecordsRequest {
        portal_id: portal.to_owned(),
        kind: "engagement".to_owned(),
        page_size: 200,
        ..ListRecordsRequest::default()
    };
    let records = person.workflow().list_records(asked).await.map(|answer| answer.into_inner().records.len());
    found.push(("records", records.unwrap_or_default()));
    let asked = ListAttentionRequest { page_size: 200, ..ListAttentionRequest::default() };
    let attention = person.workflow().list_attention(asked).await?.into_inner();
    found.push(("attention", attention.needs_you.len()));
    let asked = ListThreadsRequest { page_size: 200, ..ListThreadsRequest::default() };
    found.push(("threads", person.messaging().list_threads(asked).await?.into_inner().threads.len()));
    let unread = person.messaging().count_unread(CountUnreadRequest {}).await?.into_inner();
    found.push(("unread", usize::try_from(unread.messages + unread.notifications)?));
    let asked = ListDocumentsRequest { page_size: 200, ..ListDocumentsRequest::default() };
    found.push(("documents", person.documents().list_documents(asked).await?.into_inner().documents.len()));
    Ok(found)
}

/// Whatever one account has, no list and no number of another account or firm grows by it.
pub(super) async fn i03_lists_and_counts_leave_foreign_rows_out() -> Outcome {
    let world = World::demo().await?;
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let (ian, carla) = (
        world.person("contoso", "ian@initech.example").await?,
        world.person("contoso", "carla@contoso.example").await?,
    );
    let (paul, finn) = (
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "finn@northwind.example").await?,
    );
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let portal = nora.portal("client-onboarding").await?;
    let strangers = [("Gina", &gina), ("Ian", &ian), ("Carla", &carla)];
    let mut before = Vec::new();
    for (_, stranger) in &strangers {
        before.push(counts(stranger, &portal).await?);
    }
    let staff_before = (blocked(&carla, "").await?, blocked(&finn, "").await?);
    let rows_before = (outstanding(&carla, "").await?, outstanding(&finn, "").await?);
    belongings(&world).await?;
    world.settle().await?;
    for ((who, stranger), before) in strangers.iter().zip(before) {
        let after = counts(stranger, &portal).await?;
        ensure!(before == after, "{who}'s lists grew by what is Acme's: {before:?} became {after:?}");
    }
    ensure!(blocked(&carla, "").await? == staff_before.0, "another firm's numbers grew");
    ensure!(blocked(&finn, "").await? == staff_before.1, "the numbers of staff outside of the team grew");
    ensure!(outstanding(&carla, "").await? == rows_before.0, "another firm's outstanding rows grew");
    ensure!(outstanding(&finn, "").await? == rows_before.1, "the rows of staff outside of the team grew");
    for stranger in [&carla, &finn] {
        ensure!(outstanding(stranger, "Acme").await?.is_empty(), "a search finds what is Acme's");
    }
    // The same lists do hold it for those whose it is.
    ensure!(!outstanding(&paul, "Acme").await?.is_empty(), "the project manager has nothing outstanding");
    let own = counts(&ana, &portal).await?;
    ensure!(own.iter().filter(|(_, count)| *count > 0).count() >= 5, "Ana's own lists hold {own:?}");
    ensure!(blocked(&paul, "").await?.on_client > 0, "the project manager's own numbers are empty");
    Ok(())
}

/// Every word by which a list can be narrowed, asked for by an RPC's name; a new one must be thought about here.
const NARROWING: [&str; 19] = [
    "ListAccounts.query",
    "ListAudit.action_prefix",
    "ListAudit.from",
    "ListAudit.until",
    "ListBlocked.mine",
    "ListBlocked.side",
    "ListDocuments.kind",
    "ListDocuments.state",
    "ListFolders.deep",
    "ListMails.state",
    "ListOutstanding.overdue",
    "ListOutstanding.query",
    "ListOutstanding.waits_for",
    "ListPeople.query",
    "ListPeople.side",
    "ListPeopleInRole.role",
    "ListRecords.kind",
    "ListRecords.states",
    "ListRuns.states",
];

/// No list can be narrowed, ordered or searched by what its reader may not see.
pub(super) async fn i04_nothing_hidden_can_be_asked_about() -> Outcome {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
    let table = AccessTable::read(DESCRIPTOR_SET)?;
    let mut narrowing = BTreeSet::new();
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let rule = table.rule(&path).context("no rule")?;
        if !["List", "Search", "Count", "Snapshot"].iter().any(|verb| method.name().starts_with(verb)) {
            continue;
        }
        for field in method.input().fields() {
            let name = field.name();
            // A workflow's name stands in every run; the rest are pages, or ids that the walk swaps.
            if !matches!(name, "page_size" | "page_token" | "workflow")
                && !rule.resource_fields.iter().any(|one| one == name)
            {
                narrowing.insert(format!("{}.{name}", method.name()));
            }
        }
    }
    let known: BTreeSet<String> = NARROWING.iter().map(|one| (*one).to_owned()).collect();
    ensure!(narrowing == known, "lists can be narrowed by {narrowing:?}, and this test knows {known:?}");

    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    let portal = belongings.ids["portal_id"][0].clone();
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let (nora, finn) = (
        world.person("northwind", "nora@northwind.example").await?,
        world.person("northwind", "finn@northwind.example").await?,
    );

    // The audit: a client cannot find a line that is not shown by asking for what stands in it.
    let all = ListAuditRequest {
        account_id: belongings.ids["account_id"][0].clone(),
        page_size: 200,
        ..ListAuditRequest::default()
    };
    let everything = nora.tenancy().list_audit(all.clone()).await?.into_inner().lines;
    let shown: BTreeSet<String> = lines(&ana, &all).await?.into_iter().map(|line| line.id).collect();
    let hidden: Vec<&AuditLine> = everything.iter().filter(|line| !shown.contains(&line.id)).collect();
    for line in everything.iter().filter(|line| !line.actor_id.is_empty()) {
        for asked in [
            ListAuditRequest { action_prefix: line.action.clone(), ..all.clone() },
            ListAuditRequest { object_id: line.object_id.clone(), ..all.clone() },
            ListAuditRequest { actor_id: line.actor_id.clone(), ..all.clone() },
            ListAuditRequest { from: line.at, ..all.clone() },
        ] {
            let found = lines(&ana, &asked).await?;
            ensure!(
                found.iter().all(|found| hidden.iter().all(|line| line.id != found.id)),
                "a hidden line answers to {asked:?}"
            );
            ensure!(lines(&gina, &asked).await?.is_empty(), "another client finds a line by {asked:?}");
            let found =
                lines(&finn, &ListAuditRequest { account_id: String::new(), ..asked.clone() }).await?;
            ensure!(found.iter().all(|line| !line.action.is_empty()), "a line without its action");
        }
    }

    // Records and runs: a state narrows what one sees, and shows nothing else.
    for states in [vec!["signed".to_owned()], vec!["proposed".to_owned()]] {
        let asked = ListRecordsRequest {
            portal_id: portal.clone(),
            kind: "engagement".to_owned(),
            states: states.clone(),
            ..ListRecordsRequest::default()
        };
        let own = ana.workflow().list_records(asked.clone()).await?.into_inner().records;
        ensure!((states[0] == "signed") == (own.len() == 1), "{states:?} shows Ana {} records", own.len());
        ensure!(
            own.iter().all(|record| record.fields.as_ref().is_some_and(|f| !f.fields.contains_key("fee"))),
            "a list shows the fee"
        );
        let foreign = gina.workflow().list_records(asked).await?.into_inner().records;
        ensure!(foreign.is_empty(), "{states:?} shows Gina what is Acme's");
    }
    for state in [RunState::Active, RunState::Paused, RunState::Done, RunState::Cancelled] {
        let asked = ListRunsRequest { states: vec![state.into()], ..ListRunsRequest::default() };
        ensure!(
            gina.workflow().list_runs(asked).await?.into_inner().runs.is_empty(),
            "{state:?} shows Gina a run of Acme's"
        );
    }
    for side in ["", "client", "us"] {
        let seen = blocked(&finn, side).await?;
        ensure!(
            (seen.items.len(), seen.on_client, seen.on_us, seen.overdue) == (0, 0, 0, 0),
            "staff outside of the team count {seen:?}"
        );
    }

    // A field of a record is no parameter of a page either: the page is the same whatever is asked.
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    let path = format!("/records/{}", belongings.ids["record_id"][0]);
    let plain = crate::harness::plain(&visitor.get(&path).await?.text());
    for query in ["fee=4200000", "sort=fee", "filter=fee:4200000", "q=4200000", "team=me"] {
        let asked = crate::harness::plain(&visitor.get(&format!("{path}?{query}")).await?.text());
        ensure!(asked == plain, "the page answers to {query}");
    }
    Ok(())
}

async fn lines(person: &Persona, asked: &ListAuditRequest) -> anyhow::Result<Vec<AuditLine>> {
    match person.tenancy().list_audit(asked.clone()).await {
        Ok(answer) => Ok(answer.into_inner().lines),
        Err(status) if status.code() == Code::NotFound => Ok(Vec::new()),
        Err(status) => Err(status.into()),
    }
}

/// What is made under something foreign is refused as if that were not there, and leaves nothing behind.
pub(super) async fn i10_nothing_is_made_under_a_foreign_parent() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let (paul, carla) = (
        world.person("northwind", "paul@northwind.example").await?,
        world.person("contoso", "carla@contoso.example").await?,
    );
    let record = belongings.ids["record_id"][0].clone();
    let globex = world
        .engagement("northwind", "paul@northwind.example", "Globex", &["gina@globex.example"], "Plant audit")
        .await?;

    // A message with another account's file: refused, and the file stays its owner's to send.
    let file = ana
        .upload(&format!("/attachments?record_id={record}"), "photo.pdf", pdf("A photo", 1))
        .await?
        .text("document_id")?;
    let post = |record: &str| PostMessageRequest {
        record_id: record.to_owned(),
        body: "with a file".to_owned(),
        attachment_ids: vec![file.clone()],
        ..PostMessageRequest::default()
    };
    let refused = gina.messaging().post_message(post(&globex.record)).await.err();
    ensure!(refused.is_some_and(|status| status.code() == Code::NotFound), "Gina sent Ana's file");
    ana.messaging().post_message(post(&record)).await.context("Ana's own file is gone")?;

    // A record under another firm's account or portal.
    let (acme, portal) = (&belongings.ids["account_id"][0], &belongings.ids["portal_id"][0]);
    let own_portal = carla.portal("client-onboarding").await?;
    let initech = carla.account("Initech").await?;
    for (portal, account) in [(&own_portal, acme), (portal, &initech), (portal, acme)] {
        let made = carla.create(portal, "engagement", account, json!({"title": "Taken"})).await;
        ensure!(made.is_err(), "a record was made under another firm's account or portal");
    }
    // A task in the hands of somebody of another account.
    let step = steps(&paul.run(&belongings.ids["run_id"][0]).await?)["intake"].id.clone();
    let asked = ReassignStepRequest {
        step_id: step,
        person_ids: vec![gina.id.clone()],
        ..ReassignStepRequest::default()
    };
    ensure!(
        paul.workflow().reassign_step(asked).await.is_err(),
        "a task was given to another account's person"
    );
    let taken: i64 =
        sqlx::query_scalar("select count(*) from workflow.records where data ->> 'title' = 'Taken'")
            .fetch_one(world.database.admin())
            .await
            .unwrap_or_default();
    ensure!(taken == 0, "{taken} records were left behind");
    Ok(())
}

/// A cursor and an idempotency key belong to whoever they were given: another's are words without a meaning.
pub(super) async fn i30_cursors_and_keys_carry_nothing_of_another_account() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    let globex = world
        .engagement("northwind", "paul@northwind.example", "Globex", &["gina@globex.example"], "Plant audit")
        .await?;
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let one = ListAuditRequest { page_size: 1, ..ListAuditRequest::default() };
    let token = ana.tenancy().list_audit(one.clone()).await?.into_inner().next_page_token;
    ensure!(!token.is_empty(), "Ana's audit fits one line");
    let asked = ListAuditRequest { page_token: token, page_size: 200, ..one };
    for line in lines(&gina, &asked).await? {
        ensure!(line.account_id == globex.account, "Ana's cursor shows Gina {line:?}");
    }
    let post = |record: &str, words: &str| PostMessageRequest {
        record_id: record.to_owned(),
        body: words.to_owned(),
        idempotency_key: "the-same-key".to_owned(),
        ..PostMessageRequest::default()
    };
    let record = &belongings.ids["record_id"][0];
    let first = ana.messaging().post_message(post(record, "of Acme")).await?.into_inner();
    let second = gina.messaging().post_message(post(&globex.record, "of Globex")).await?.into_inner();
    let again = ana.messaging().post_message(post(record, "of Acme")).await?.into_inner();
    let (first, second) = (first.message.context("no message")?, second.message.context("no message")?);
    ensure!(second.body == "of Globex" && first.id != second.id, "a key of Acme answered Gina {second:?}");
    ensure!(again.message.is_some_and(|again| again.id == first.id), "the same key made another message");
    Ok(())
}

/// An event whose headers name another firm than its row reaches nobody, waits among the dead letters, and holds up no other.
pub(super) async fn i21_a_forged_event_goes_to_the_dead_letters() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    world.settle().await?;
    let other = world.tenant("contoso").await?;
    let before: i64 = count(&world, "select count(*) from tenancy.audit_entries").await?;
    // Only a superuser can write this: the application role may not name another firm, nor a position.
    sqlx::query(
        "insert into workflow.outbox (id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at)
         select gen_random_uuid(), tenant_id, topic, key, virtual_partition, type,
           jsonb_set(headers, '{tenant}', to_jsonb($1::text)), body, now()
         from workflow.outbox where type like '%RunStarted' or type like '%StepActivated' limit 1",
    )
    .bind(other.to_string())
    .execute(world.database.admin())
    .await?;
    sqlx::query("notify portico_outbox").execute(world.database.admin()).await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let post = PostMessageRequest {
        record_id: belongings.ids["record_id"][0].clone(),
        body: "after the forged one".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post).await?;
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(15);
    let mut parked = 0;
    while parked == 0 && std::time::Instant::now() < patience {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        parked =
            count(&world, "select count(*) from workflow.dead_letters where reason like '%another firm%'")
                .await?;
    }
    ensure!(parked > 0, "the forged event is not among the dead letters");
    let foreign = format!(
        "select count(*) from tenancy.audit_entries where tenant_id = '{other}' and at > now() - interval '5 seconds' and object_kind = 'run'"
    );
    ensure!(count(&world, &foreign).await? == 0, "the forged event had an effect at the other firm");
    let after = count(&world, "select count(*) from tenancy.audit_entries").await?;
    ensure!(after > before, "nothing went on after the forged event");
    Ok(())
}

async fn count(world: &World, sql: &str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(world.database.admin()).await?)
}
