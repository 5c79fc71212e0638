//! What other services are asked.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use axum::body::{Body, to_bytes};
use chrono_tz::Tz;
use portico_core::{
    AccountId, AccountScope, Actor, ActorKind, AuthStrength, Ctx, DocumentId, ErrorCode, PersonId, Problem,
    RecordId, parse_time_zone,
};
use portico_proto::{
    documents::v1::{BindDocumentRequest, documents_client::DocumentsClient},
    identity::v1::{
        BatchGetPeopleRequest, IssueMailTokenRequest, MintLinkRequest, MintLinkResponse, Person, Side,
        identity_client::IdentityClient,
    },
    tenancy::v1::{
        GetTenantRequest, ListMembershipsRequest, ListPeopleInRoleRequest, ListStaffRequest, Tenant,
        tenancy_client::TenancyClient,
    },
    workflow::v1::{
        BatchGetRecordsRequest, GetRecordRequest, ListReadersRequest, Record, workflow_client::WorkflowClient,
    },
};
use portico_rpc::{Auth, Caller, CallerChannel, problem_from};
use prost_types::{Struct, Value, value::Kind};
use serde::Deserialize;
use tonic::Status;
use uuid::Uuid;

use crate::{
    domain::thread::{Attachment, Thread},
    error::MessagingError,
    rpc::Asker,
    service::Service,
};

/// The name of the firm's administrators among the roles.
const ADMIN: &str = "admin";

/// The longest answer to an upload that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The most people that identity reads at once.
const PEOPLE_AT_ONCE: usize = 500;

fn system(service: &Service, ctx: &Ctx, peer: &str, work: &'static str) -> CallerChannel {
    service.peers.channel(peer, Caller::system_for(ctx, work))
}

/// Reads a record as the caller may see it; NOT_FOUND where they may not.
pub(crate) async fn record(
    service: &Service,
    caller: &Caller,
    id: RecordId,
) -> Result<Record, MessagingError> {
    read_record(service.peers.channel("workflow", caller), id).await
}

/// Reads those of several records that the caller may see, in one call.
pub(crate) async fn records(
    service: &Service,
    caller: &Caller,
    ids: impl IntoIterator<Item = RecordId>,
) -> Result<HashMap<RecordId, Record>, MessagingError> {
    let record_ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if record_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut client = WorkflowClient::new(service.peers.channel("workflow", caller));
    let answer = client.batch_get_records(BatchGetRecordsRequest { record_ids }).await.map_err(refusal)?;
    answer.into_inner().records.into_iter().map(|record| Ok((record.id.parse()?, record))).collect()
}

/// Reads a record whole.
pub(crate) async fn whole_record(
    service: &Service,
    ctx: &Ctx,
    id: RecordId,
) -> Result<Record, MessagingError> {
    read_record(system(service, ctx, "workflow", "messaging.audience"), id).await
}

async fn read_record(channel: CallerChannel, id: RecordId) -> Result<Record, MessagingError> {
    let answer =
        WorkflowClient::new(channel).get_record(GetRecordRequest { record_id: id.to_string() }).await;
    answer.map_err(refusal)?.into_inner().record.ok_or(MessagingError::NotFound)
}

/// The thread that belongs to a record, with the names that the record has now.
pub(crate) fn thread_of(service: &Service, record: &Record) -> Result<Thread, MessagingError> {
    let title = if record.title.is_empty() { &record.number } else { &record.title };
    Ok(Thread {
        id: portico_core::ThreadId::new(service.clock.now(), &*service.entropy),
        account_id: record.account_id.parse()?,
        record_id: record.id.parse()?,
        title: crate::domain::notification::one_line(title),
        account_name: record.account_name.clone(),
    })
}

/// The ids in a record's fields that may be people: texts, alone or in lists, that are ids with a name.
pub(crate) fn people_named(record: &Record) -> Vec<PersonId> {
    let mut found = Vec::new();
    collect(record.fields.as_ref(), &mut |text| {
        if record.labels.contains_key(text)
            && let Ok(id) = text.parse::<PersonId>()
            && !found.contains(&id)
        {
            found.push(id);
        }
    });
    found
}

fn collect(fields: Option<&Struct>, take: &mut impl FnMut(&str)) {
    fn walk(value: &Value, take: &mut dyn FnMut(&str)) {
        match &value.kind {
            Some(Kind::StringValue(text)) => take(text),
            Some(Kind::ListValue(list)) => list.values.iter().for_each(|value| walk(value, take)),
            _ => {}
        }
    }
    for value in fields.into_iter().flat_map(|fields| fields.fields.values()) {
        walk(value, take);
    }
}

/// The active people among `ids`, by id.
pub(crate) async fn people(
    service: &Service,
    ctx: &Ctx,
    ids: &[PersonId],
) -> Result<BTreeMap<PersonId, Person>, MessagingError> {
    let mut found = BTreeMap::new();
    let mut client = IdentityClient::new(system(service, ctx, "identity", "messaging.people"));
    for ids in ids.chunks(PEOPLE_AT_ONCE) {
        let person_ids = ids.iter().map(ToString::to_string).collect();
        let answer = client.batch_get_people(BatchGetPeopleRequest { person_ids }).await.map_err(refusal)?;
        for person in answer.into_inner().people {
            if person.active {
                found.insert(person.id.parse()?, person);
            }
        }
    }
    Ok(found)
}

/// Whether a person is of the firm's side.
pub(crate) fn is_staff(person: &Person) -> bool {
    person.side() == Side::Staff
}

/// The firm.
pub(crate) async fn tenant(service: &Service, ctx: &Ctx) -> Result<Tenant, MessagingError> {
    let mut client = TenancyClient::new(system(service, ctx, "tenancy", "messaging.firm"));
    let answer = client.get_tenant(GetTenantRequest {}).await;
    answer.map_err(refusal)?.into_inner().tenant.ok_or(MessagingError::NotFound)
}

/// The time zone that a person lives by.
pub(crate) fn zone_of(person: &Person, firm: &Tenant) -> Tz {
    let zones = [&person.time_zone, &firm.time_zone];
    zones.into_iter().find_map(|zone| parse_time_zone(zone).ok()).unwrap_or(Tz::UTC)
}

/// Whom a record is open to: people of its account, and the firm's.
pub(crate) async fn readers(
    service: &Service,
    ctx: &Ctx,
    record: RecordId,
) -> Result<(Vec<PersonId>, Vec<PersonId>), MessagingError> {
    let mut client = WorkflowClient::new(system(service, ctx, "workflow", "messaging.audience"));
    let request = ListReadersRequest { record_id: record.to_string() };
    let answer = client.list_readers(request).await.map_err(refusal)?.into_inner();
    let ids = |ids: Vec<String>| ids.iter().map(|id| Ok(id.parse()?)).collect::<Result<_, MessagingError>>();
    Ok((ids(answer.member_ids)?, ids(answer.staff_ids)?))
}

/// Whether a person has a place in an account.
pub(crate) async fn is_member(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
    person: PersonId,
) -> Result<bool, MessagingError> {
    let mut client = TenancyClient::new(system(service, ctx, "tenancy", "messaging.mail"));
    let request = ListMembershipsRequest { account_id: account.to_string(), person_id: person.to_string() };
    match client.list_memberships(request).await.map_err(refusal) {
        Ok(answer) => Ok(!answer.into_inner().memberships.is_empty()),
        Err(MessagingError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The firm's administrators.
pub(crate) async fn administrators(service: &Service, ctx: &Ctx) -> Result<Vec<PersonId>, MessagingError> {
    let mut client = TenancyClient::new(system(service, ctx, "tenancy", "messaging.audience"));
    let bindings = client.list_staff(ListStaffRequest {}).await.map_err(refusal)?.into_inner().bindings;
    bindings
        .iter()
        .filter(|binding| !binding.deactivated && binding.roles.iter().any(|role| role == ADMIN))
        .map(|binding| Ok(binding.person_id.parse()?))
        .collect()
}

/// Who has a role, within an account for external roles.
pub(crate) async fn people_in_role(
    service: &Service,
    ctx: &Ctx,
    role: &str,
    account: &str,
) -> Result<Vec<PersonId>, MessagingError> {
    let mut client = TenancyClient::new(system(service, ctx, "tenancy", "messaging.notices"));
    let request = ListPeopleInRoleRequest { role: role.to_owned(), account_id: account.to_owned() };
    let answer = client.list_people_in_role(request).await.map_err(refusal)?.into_inner();
    answer.person_ids.iter().map(|id| Ok(id.parse()?)).collect()
}

/// The secret of a link, made for the mail that carries it; empty where the link is of no use any more.
pub(crate) async fn mint_link(
    service: &Service,
    ctx: &Ctx,
    link: Uuid,
) -> Result<MintLinkResponse, MessagingError> {
    let mut client = IdentityClient::new(system(service, ctx, "identity", "messaging.mail"));
    let answer = client.mint_link(MintLinkRequest { link_id: link.to_string() }).await;
    Ok(answer.map_err(refusal)?.into_inner())
}

/// Acts as a person who was recognised by a mail of theirs, within what they reach now.
pub(crate) async fn as_person(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
) -> Result<Asker, MessagingError> {
    let mut client = IdentityClient::new(system(service, ctx, "identity", "messaging.replies"));
    let asked = IssueMailTokenRequest { person_id: person.to_string() };
    let issued = client.issue_mail_token(asked).await.map_err(refusal)?.into_inner();
    let named = issued.person.ok_or(MessagingError::NotFound)?;
    let accounts: Vec<AccountId> =
        issued.account_ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let mut account_roles = BTreeMap::new();
    for held in issued.account_roles {
        account_roles.insert(held.account_id.parse()?, held.roles);
    }
    let actor = Actor {
        kind: if is_staff(&named) { ActorKind::Staff } else { ActorKind::Client },
        person: Some(person),
        name: named.name,
        accounts: if issued.all_accounts { AccountScope::All } else { AccountScope::Listed(accounts) },
        roles: issued.roles,
        account_roles,
        session: None,
        strength: AuthStrength::Single,
        impersonator: None,
    };
    let caller = Caller::new(Auth::Token(issued.actor_token.into())).with_trace(&ctx.trace);
    Ok(Asker { ctx: Ctx { actor, ..ctx.clone() }, caller })
}

/// Hands a file in by the way that the files of all messages go: measured, recognised and scanned. Answers its id.
pub(crate) async fn upload(
    service: &Service,
    caller: &Caller,
    record: RecordId,
    name: &str,
    bytes: &[u8],
) -> Result<String, MessagingError> {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    let broken = |error: &dyn std::fmt::Display| MessagingError::Peer(Problem::internal(error));
    let request = http::Request::post(format!("/attachments?record_id={record}"))
        .header("x-file-name", encoded)
        .header(http::header::CONTENT_LENGTH, bytes.len())
        .body(tonic::body::Body::new(Body::from(bytes.to_vec())))
        .map_err(|error| broken(&error))?;
    let channel = service.peers.channel("documents", caller).without_deadline();
    let answer = channel.send(request).await.map_err(refusal)?;
    let body = to_bytes(Body::new(answer.into_body()), LONGEST_ANSWER).await;
    let body = body.map_err(|error| broken(&error))?;
    let uploaded: Uploaded = serde_json::from_slice(&body).map_err(|error| broken(&error))?;
    Ok(uploaded.document_id)
}

/// What an upload answers, as far as it matters here.
#[derive(Deserialize)]
struct Uploaded {
    document_id: String,
}

/// Binds a file that `person` has uploaded to a thread.
pub(crate) async fn bind_attachment(
    service: &Service,
    ctx: &Ctx,
    document: DocumentId,
    person: PersonId,
    thread: &Thread,
    internal: bool,
) -> Result<Attachment, MessagingError> {
    let mut client = DocumentsClient::new(system(service, ctx, "documents", "messaging.attachments"));
    let request = BindDocumentRequest {
        document_id: document.to_string(),
        person_id: person.to_string(),
        kind: "attachment".to_owned(),
        account_id: thread.account_id.to_string(),
        record_id: thread.record_id.to_string(),
        internal,
        step_id: String::new(),
    };
    let answer = client.bind_document(request).await.map_err(refusal)?.into_inner();
    let version = answer.document.and_then(|document| document.latest).ok_or(MessagingError::NotFound)?;
    Ok(Attachment {
        document_id: document,
        version_id: version.id.parse()?,
        file_name: version.file_name,
        size: version.size,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> MessagingError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => MessagingError::NotFound,
        _ => MessagingError::Peer(problem),
    }
}
