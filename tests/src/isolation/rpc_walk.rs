//! The walk over every RPC: whoever it is not for gets the same answer for what exists and for what never was.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use portico_core::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use portico_proto::{
    DESCRIPTOR_SET,
    documents::v1::{GetDeliverableRequest, GetEnvelopeRequest, GetRequestRequest},
    identity::v1::ListSessionsRequest,
    messaging::v1::{
        CreateDkimKeyRequest, GetThreadRequest, ListMailsRequest, PostMessageRequest,
        mailing_client::MailingClient,
    },
    workflow::v1::{GetMeetingRequest, OfferTimesRequest},
};
use portico_rpc::{AccessTable, Auth, Caller, CallerChannel, Rule};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, Value};

use super::{
    money,
    raw::{self, Outcome as Called},
};
use crate::harness::{Outcome, Persona, World, steps};

/// Fields that end in `_id` and name nothing that belongs to somebody.
const NO_RESOURCE: [&str; 0] = [];

/// Every RPC has a rule, and every field that names a resource is declared in it.
pub(super) async fn every_rpc_declares_its_resources() -> Outcome {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
    let table = AccessTable::read(DESCRIPTOR_SET)?;
    let mut undeclared = Vec::new();
    let mut methods = 0;
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        methods += 1;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let rule = table.rule(&path).with_context(|| format!("{path} has no access rule"))?;
        for field in method.input().fields() {
            let name = field.name().to_owned();
            let names_a_resource =
                (name.ends_with("_id") || name.ends_with("_ids")) && !NO_RESOURCE.contains(&name.as_str());
            if names_a_resource && !rule.resource_fields.contains(&name) {
                undeclared.push(format!("{path}: {name}"));
            }
        }
    }
    ensure!(methods > 80, "only {methods} methods were looked at");
    ensure!(undeclared.is_empty(), "not declared as resource_fields:\n{}", undeclared.join("\n"));
    Ok(())
}

/// What belongs to Acme at Northwind, by the name of the request field that would ask for it.
pub(super) struct Belongings {
    pub(super) ids: BTreeMap<&'static str, Vec<String>>,
    pub(super) canaries: Vec<String>,
}

const CANARY: &str = "canary-7f3a-acme";

pub(super) async fn belongings(world: &World) -> anyhow::Result<Belongings> {
    let engagement = world.signed_engagement(&format!("{CANARY}-title")).await?;
    let manager = world.person("northwind", "paul@northwind.example").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let run = manager.run(&engagement.run).await?;
    let by_key = steps(&run);
    let step =
        |key: &str| by_key.get(key).map(|step| step.id.clone()).with_context(|| format!("no step {key}"));
    let message = ana
        .messaging()
        .post_message(PostMessageRequest {
            record_id: engagement.record.clone(),
            body: format!("{CANARY}-message"),
            ..PostMessageRequest::default()
        })
        .await?
        .into_inner()
        .message
        .context("no message")?;
    let kickoff = step("kickoff")?;
    let in_a_week = portico_proto::time::timestamp(SystemClock.now() + chrono::TimeDelta::days(7));
    manager
        .workflow()
        .offer_times(OfferTimesRequest { step_id: kickoff.clone(), starts: vec![in_a_week] })
        .await?;
    world.settle().await?;
    let slots = ana.workflow().get_meeting(GetMeetingRequest { step_id: kickoff }).await?.into_inner().slots;
    let request = ana
        .documents()
        .get_request(GetRequestRequest { step_id: step("sysdocs")? })
        .await?
        .into_inner()
        .request;
    let items = request.context("no request")?.items;
    let envelope = ana
        .documents()
        .get_envelope(GetEnvelopeRequest { step_id: step("agreement")?, ..Default::default() })
        .await?
        .into_inner()
        .envelope;
    let envelope = envelope.context("no envelope")?;
    let original = envelope.original.context("no original")?;
    let sessions = ana.identity().list_sessions(ListSessionsRequest {}).await?.into_inner().sessions;
    let mails = manager.messaging().list_mails(ListMailsRequest::default()).await?.into_inner().mails;
    let thread = ana
        .messaging()
        .get_thread(GetThreadRequest { record_id: engagement.record.clone(), ..GetThreadRequest::default() })
        .await?;
    ensure!(thread.into_inner().messages.len() == 1, "the thread does not hold the canary");
    let admin = world.person("northwind", "nora@northwind.example").await?;
    let key = MailingClient::new(admin.channel("messaging"))
        .create_dkim_key(CreateDkimKeyRequest::default())
        .await?;
    let key = key.into_inner().key.context("no key")?;
    // The deliverable of a blocked step may not be there yet; asking for it must not fail for another reason than that.
    let _ = ana.documents().get_deliverable(GetDeliverableRequest { step_id: step("plan")? }).await;
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    visitor.get("/me").await?;
    let place = items.first().map(|item| item.id.clone()).context("no item")?;
    let begun = visitor
        .tus(
            http::Method::POST,
            &format!("/uploads?for=item&id={place}"),
            &[("upload-length", "100"), ("upload-metadata", "filename Y2FuYXJ5LnBkZg==")],
            Vec::new(),
        )
        .await?;
    let upload = begun.headers.get("location").and_then(|at| at.to_str().ok()).context("no upload")?;
    let upload = upload.trim_start_matches("/uploads/").to_owned();
    let shelf = world.shelf(&engagement, &format!("{CANARY}-folder")).await?;
    let comment = ana.comment(&shelf.version, CANARY).await?;
    let all_steps: Vec<String> = run.steps.iter().map(|step| step.id.clone()).collect();
    let paper_template = admin.paper_template(CANARY).await?;
    let sending = manager.send_paper(&paper_template, &engagement.account, &ana.id).await?;
    world.settle().await?;
    let mut ids = BTreeMap::from([
        ("account_id", vec![engagement.account.clone()]),
        ("account_ids", vec![engagement.account.clone()]),
        ("reviewer_id", vec![ana.id.clone()]),
        ("record_id", vec![engagement.record.clone()]),
        ("record_ids", vec![engagement.record.clone()]),
        ("object_id", vec![engagement.record.clone()]),
        ("run_id", vec![engagement.run.clone()]),
        ("step_id", all_steps.clone()),
        ("step_ids", all_steps),
        ("portal_id", vec![engagement.portal.clone()]),
        ("person_id", vec![ana.id.clone()]),
        ("person_ids", vec![ana.id.clone()]),
        ("actor_id", vec![ana.id.clone()]),
        // Links are known to the mail that carries them alone; their RPC is closed to everybody but the system.
        ("link_id", vec![ana.id.clone()]),
        ("colleague_id", vec![ana.id.clone()]),
        ("message_id", vec![message.id]),
        ("item_id", items.into_iter().map(|item| item.id).collect()),
        ("envelope_id", vec![envelope.id]),
        ("signer_id", envelope.signers.iter().map(|signer| signer.id.clone()).collect()),
        ("document_ids", vec![original.document_id.clone(), shelf.document.clone()]),
        ("document_id", vec![original.document_id, shelf.document]),
        ("drop_link_id", vec![shelf.drop_link.0]),
        ("comment_id", vec![comment.clone()]),
        ("reply_to", vec![comment]),
        ("mention_ids", vec![ana.id.clone()]),
        ("request_template_id", vec![admin.request_template(CANARY).await?]),
        ("paper_template_id", vec![paper_template]),
        ("sending_id", vec![sending]),
        ("folder_id", shelf.folders.iter().cloned().chain([shelf.of_record]).collect()),
        ("parent_id", shelf.folders[..1].to_vec()),
        (
            "attachment_ids",
            vec![envelope.signers.first().map(|signer| signer.id.clone()).unwrap_or_default()],
        ),
        ("version_id", vec![original.id, shelf.version]),
        ("slot_id", slots.into_iter().map(|slot| slot.id).collect()),
        ("session_id", sessions.into_iter().map(|session| session.id).collect()),
        ("dkim_key_id", vec![key.id]),
        ("upload_id", vec![upload]),
        ("mail_id", mails.into_iter().map(|mail| mail.id).take(1).collect()),
    ]);
    ids.extend(money::of_account(world, &engagement.account, &format!("{CANARY}-money")).await?);
    Ok(Belongings {
        ids,
        canaries: vec![CANARY.to_owned(), "ana@acme.example".to_owned(), "Ana Souza".to_owned()],
    })
}

/// i01, i02, i03, i06, i07, i08, i10, i30 over every RPC: another firm's staff and client, another account's client, and nobody.
pub(super) async fn i01_i02_i30_no_rpc_tells_a_stranger_anything() -> Outcome {
    let world = World::demo().await?;
    let belongings = belongings(&world).await?;
    let strangers = [
        ("another firm's administrator", world.person("contoso", "carla@contoso.example").await?),
        ("another firm's client", world.person("contoso", "ian@initech.example").await?),
        ("another account's client", world.person("northwind", "gina@globex.example").await?),
        ("another portal's vendor", world.person("northwind", "vera@fabrikam.example").await?),
    ];
    let before = fingerprint(&world).await?;
    let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
    let table = AccessTable::read(DESCRIPTOR_SET)?;
    let mut told = Vec::new();
    let mut calls = 0;
    for rule in table.rules() {
        let input = input_of(&pool, &rule.path)?;
        for (who, stranger) in &strangers {
            calls += walk_one(rule, &input, who, stranger, &belongings, &mut told).await?;
        }
    }
    ensure!(calls > 300, "only {calls} calls were made");
    ensure!(told.is_empty(), "{}", told.join("\n"));
    world.settle().await?;
    let after = fingerprint(&world).await?;
    ensure!(before == after, "the walk changed what belongs to Acme: {before:?} became {after:?}");
    Ok(())
}

async fn walk_one(
    rule: &Rule,
    input: &MessageDescriptor,
    who: &str,
    stranger: &Persona,
    belongings: &Belongings,
    told: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let service = service_of(&rule.path);
    let mut calls = 0;
    for field in &rule.resource_fields {
        let Some(ids) = belongings.ids.get(field.as_str()) else {
            bail!("{}: nothing to try {field} with", rule.path)
        };
        for id in ids {
            let real = ask(stranger.channel(service), rule, input, field, id).await?;
            let absent = ask(
                stranger.channel(service),
                rule,
                input,
                field,
                &OsEntropy.uuid(SystemClock.now()).to_string(),
            )
            .await?;
            calls += 2;
            if without_ids(&real, id) != without_ids(&absent, id) && !is_own(rule, field) {
                told.push(format!(
                    "{}: {field} tells {who} that it exists: {real:?} against {absent:?}",
                    rule.path
                ));
            }
            report_canaries(rule, who, &real, belongings, told);
        }
    }
    let plain = raw::call(stranger.channel(service), &rule.path, &raw::empty(input), rule.streaming).await;
    report_canaries(rule, who, &plain, belongings, told);
    Ok(calls + 1)
}

/// Fields that name something all members of one firm share, such as the portal that a record is made in: knowing it tells nothing.
fn is_own(_rule: &Rule, field: &str) -> bool {
    field == "portal_id"
}

fn report_canaries(
    rule: &Rule,
    who: &str,
    outcome: &Called,
    belongings: &Belongings,
    told: &mut Vec<String>,
) {
    let readable = outcome.readable();
    for canary in &belongings.canaries {
        if readable.contains(canary.as_str()) {
            told.push(format!("{}: {who} reads {canary}", rule.path));
        }
    }
}

/// Nobody, and whoever the rule does not name, is refused before anything is looked up.
pub(super) async fn nobody_gets_past_the_door_of_any_rpc() -> Outcome {
    let world = World::demo().await?;
    let client = world.person("northwind", "ana@acme.example").await?;
    let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
    let table = AccessTable::read(DESCRIPTOR_SET)?;
    let forged = Caller::new(Auth::Token("eyJhbGciOiJub25lIn0.e30.".into()));
    let mut open = Vec::new();
    for rule in table.rules() {
        let service = service_of(&rule.path);
        let message = raw::empty(&input_of(&pool, &rule.path)?);
        let anonymous =
            raw::call(world.peers().channel(service, forged.clone()), &rule.path, &message, rule.streaming)
                .await;
        if !matches!(anonymous, Called::Refused { code: tonic::Code::Unauthenticated, .. }) {
            open.push(format!("{} answers a forged token: {anonymous:?}", rule.path));
        }
        if !rule.callers.contains(&portico_core::ActorKind::Client) {
            let refused = raw::call(client.channel(service), &rule.path, &message, rule.streaming).await;
            if !matches!(
                refused,
                Called::Refused { code: tonic::Code::PermissionDenied | tonic::Code::NotFound, .. }
            ) {
                open.push(format!("{} answers a client: {refused:?}", rule.path));
            }
        }
    }
    ensure!(open.is_empty(), "{}", open.join("\n"));
    Ok(())
}

async fn ask(
    channel: CallerChannel,
    rule: &Rule,
    input: &MessageDescriptor,
    field: &str,
    id: &str,
) -> anyhow::Result<Called> {
    let mut message = raw::empty(input);
    fill(&mut message, input);
    let descriptor =
        input.get_field_by_name(field).with_context(|| format!("{} has no field {field}", rule.path))?;
    let value = if descriptor.is_list() {
        Value::List(vec![Value::String(id.to_owned())])
    } else {
        Value::String(id.to_owned())
    };
    message.set_field(&descriptor, value);
    Ok(raw::call(channel, &rule.path, &message, rule.streaming).await)
}

/// Puts something plausible into the other fields, so that a request gets as far as looking its resource up.
fn fill(message: &mut prost_reflect::DynamicMessage, input: &MessageDescriptor) {
    for field in input.fields() {
        let value = match (field.is_list(), field.kind(), field.name()) {
            (false, Kind::String, "state" | "to_state") => Value::String("signed".to_owned()),
            (false, Kind::String, "answers_json" | "definition_json") => Value::String("{}".to_owned()),
            (false, Kind::String, "action") => Value::String("view".to_owned()),
            (false, Kind::String, "kind") => Value::String("engagement".to_owned()),
            (false, Kind::String, "role") => Value::String("client".to_owned()),
            (false, Kind::String, name)
                if name.ends_with("_id") || name.contains("token") || name == "etag" =>
            {
                continue;
            }
            // A key that stood for another id before would be refused for that alone.
            (false, Kind::String, "idempotency_key") => {
                Value::String(OsEntropy.uuid(SystemClock.now()).to_string())
            }
            (false, Kind::String, _) => Value::String("a plausible text".to_owned()),
            (false, Kind::Bool, _) => Value::Bool(true),
            (false, Kind::Int32, "page") => Value::I32(1),
            (false, Kind::Enum(_), _) => Value::EnumNumber(1),
            _ => continue,
        };
        message.set_field(&field, value);
    }
}

/// The id that was asked for may be repeated in an answer about what one asked.
fn without_ids(outcome: &Called, id: &str) -> Called {
    match outcome {
        Called::Refused { code, message, details } => {
            Called::Refused { code: *code, message: message.replace(id, "…"), details: details.clone() }
        }
        Called::Answered(bytes) => Called::Answered(bytes.clone()),
    }
}

fn input_of(pool: &DescriptorPool, path: &str) -> anyhow::Result<MessageDescriptor> {
    let (service, method) =
        path.trim_start_matches('/').split_once('/').context("a path without a method")?;
    let service = pool.get_service_by_name(service).with_context(|| format!("no service {service}"))?;
    let method =
        service.methods().find(|one| one.name() == method).with_context(|| format!("no method {method}"))?;
    Ok(method.input())
}

fn service_of(path: &str) -> &str {
    path.trim_start_matches("/portico.").split('.').next().unwrap_or_default()
}

/// Counts and latest changes of what belongs to Acme: a stranger's call must not move them.
pub(super) async fn fingerprint(world: &World) -> anyhow::Result<Vec<(String, i64)>> {
    const TABLES: [&str; 17] = [
        "workflow.records",
        "workflow.runs",
        "documents.versions",
        "documents.items",
        "documents.documents",
        "documents.folders",
        "documents.drop_links",
        "documents.readings",
        "documents.sending_rows",
        "documents.grants",
        "messaging.messages",
        "tenancy.memberships",
        "billing.documents",
        "billing.lines",
        "billing.decisions",
        "billing.payments",
        "billing.ledger_entries",
    ];
    let mut counts = Vec::new();
    for table in TABLES {
        let sql = format!(
            "select count(*) from {table} t join tenancy.accounts a on (a.tenant_id, a.id) = (t.tenant_id, t.account_id) where a.name = 'Acme'"
        );
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(world.database.admin()).await?;
        counts.push((table.to_owned(), count));
    }
    let steps: i64 = sqlx::query_scalar("select count(*) from workflow.run_events")
        .fetch_one(world.database.admin())
        .await?;
    counts.push(("workflow.run_events".to_owned(), steps));
    Ok(counts)
}
