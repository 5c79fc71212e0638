//! What the fields of a record name: people, other records, files. They are looked up, and their names kept.

use std::collections::BTreeMap;

use portico_core::{AccountId, Ctx, ErrorCode, FieldViolation, Problem, RecordId};
use portico_db::{StoreError, Tx};
use portico_definition::{PerAccount, Record as Kind, UniqueWithin};
use portico_proto::identity::v1::Side;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    domain::fields,
    error::WorkflowError,
    peers,
    service::Service,
    store::{self, records::Record},
};

/// Names for everything the fields name. People of the firm must be its own, people of clients must belong to the account, files
/// must be the caller's own fresh uploads, or stand in the record already.
///
/// # Errors
/// INVALID_ARGUMENT with every field at fault.
pub(super) async fn labels(
    service: &Service,
    ctx: &Ctx,
    kind: &Kind,
    account: AccountId,
    record: RecordId,
    fields: &Map<String, Value>,
    known: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, WorkflowError> {
    let named = fields::named(kind, fields);
    let mut labels = BTreeMap::new();
    let mut faults: Vec<FieldViolation> = Vec::new();
    let mut everybody = named.staff.clone();
    everybody.extend(&named.external);
    if !everybody.is_empty() {
        let people = peers::people(service, ctx, &everybody).await?;
        let members = if named.external.is_empty() {
            Vec::new()
        } else {
            peers::members(service, ctx, account).await?
        };
        let belongs = |id| members.iter().any(|(member, _)| *member == id);
        for (list, side) in [(&named.staff, Side::Staff), (&named.external, Side::External)] {
            for id in list {
                let found = people.get(id).filter(|person| person.side() == side);
                match found.filter(|_| side == Side::Staff || belongs(*id)) {
                    Some(person) => drop(labels.insert(id.to_string(), person.name.clone())),
                    None => faults.push(fault(kind, fields, &id.to_string(), "Choose people from the list.")),
                }
            }
        }
    }
    for (_, document) in &named.files {
        let text = document.to_string();
        let name = match known.get(&text) {
            Some(name) => Some(name.clone()),
            None => match peers::bind_document(service, ctx, *document, account, (record, None), false).await
            {
                Ok(name) => Some(name),
                Err(WorkflowError::NotFound) => None,
                Err(WorkflowError::Peer(problem)) if problem.code != ErrorCode::Unavailable => None,
                Err(error) => return Err(error),
            },
        };
        match name {
            Some(name) => drop(labels.insert(text, name)),
            None => faults.push(fault(
                kind,
                fields,
                &text,
                "This file is not there any more. Please upload it again.",
            )),
        }
    }
    refuse(faults)?;
    Ok(labels)
}

/// Names of the records that the fields refer to; they must be of the declared kind and of the same account.
pub(super) async fn references(
    tx: &mut Tx,
    kind: &Kind,
    record: &Record,
) -> Result<BTreeMap<String, String>, WorkflowError> {
    let mut labels = BTreeMap::new();
    let mut faults = Vec::new();
    for (_, to, id) in fields::named(kind, &record.fields).records {
        let found = store::records::read(tx, RecordId(id)).await?.filter(|other| {
            other.kind == to && other.portal == record.portal && other.account == record.account
        });
        match found {
            Some(other) => drop(labels.insert(id.to_string(), other.number.unwrap_or(other.title))),
            None => faults.push(fault(kind, &record.fields, &id.to_string(), "Choose one from the list.")),
        }
    }
    refuse(faults)?;
    Ok(labels)
}

/// Files the people whom the record names and the values that stand only once.
pub(super) async fn index(tx: &mut Tx, kind: &Kind, record: &Record) -> Result<(), WorkflowError> {
    let staff = fields::named(kind, &record.fields).staff;
    let tenant = tx.ctx().tenant.0;
    let scope = |within| match within {
        UniqueWithin::Account => record.account.0,
        UniqueWithin::Tenant => tenant,
    };
    let mut values: Vec<(String, Uuid, String)> = fields::unique_values(kind, &record.fields)
        .into_iter()
        .map(|(field, within, value)| (field, scope(within), value))
        .collect();
    for (field, scope, value) in &values {
        if value.chars().count() > fields::LONGEST_UNIQUE {
            let text = format!("Write at most {} characters.", fields::LONGEST_UNIQUE);
            return Err(WorkflowError::invalid(&format!("fields.{field}"), text));
        }
        if store::records::value_taken(tx, record, field, *scope, value).await? {
            let title = kind
                .fields
                .get(field)
                .and_then(|field| field.title.clone())
                .unwrap_or_else(|| fields::words(field));
            return Err(taken(
                &format!("fields.{field}"),
                &format!("There is already one with this “{title}”."),
            ));
        }
    }
    if kind.per_account == PerAccount::One {
        // A field's name is never empty, so this is nobody else's.
        values.push((String::new(), record.account.0, String::new()));
    }
    match store::records::index(tx, record, &staff, &values).await {
        Err(StoreError::Duplicate { constraint }) if constraint == "record_values_once" => {
            Err(taken("fields", "There is already one like this."))
        }
        other => Ok(other?),
    }
}

fn taken(field: &str, text: &str) -> WorkflowError {
    let problem = Problem::new(ErrorCode::AlreadyExists, "already_exists", text).with_field(field, text);
    WorkflowError::Invalid(problem)
}

/// The field that holds a value, as a fault.
fn fault(kind: &Kind, fields: &Map<String, Value>, id: &str, text: &str) -> FieldViolation {
    let holds = |name: &&String| fields.get(*name).is_some_and(|value| value.to_string().contains(id));
    let name = kind.fields.keys().find(holds).map(String::as_str).unwrap_or_default();
    FieldViolation { field: format!("fields.{name}"), description: text.to_owned() }
}

fn refuse(faults: Vec<FieldViolation>) -> Result<(), WorkflowError> {
    let Some(first) = faults.first() else { return Ok(()) };
    let mut problem = Problem::new(ErrorCode::InvalidArgument, "invalid_argument", first.description.clone());
    problem.fields = faults;
    Err(WorkflowError::Invalid(problem))
}
