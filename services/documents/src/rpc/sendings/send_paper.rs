//! Sends a template's paper to many accounts. What is to be done stands in rows, with an event for each, before anything is done.

use std::collections::HashMap;

use portico_core::{AccountId, PersonId, StepId};
use portico_db::StoreError;
use portico_proto::{
    documents::v1::{PaperRecipient, PaperSeat, SendPaperRequest, SendPaperResponse},
    time::moment,
};
use uuid::Uuid;

use super::{super::paper_templates::use_paper_template::offered, reach};
use crate::{
    convert,
    domain::{
        paper_template::PaperTemplate,
        sending::{NO_RUN, NOBODY, Row, Seat, Sending, Wanted},
    },
    error::DocumentsError,
    events::{publish::EventTag, sendings},
    peers,
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SendPaperRequest,
) -> Result<SendPaperResponse, DocumentsError> {
    let template: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let sender = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let hash = hash(&request);
    let mut tx = service.store.begin(&call.ctx).await?;
    let template = store::paper_templates::read(&mut tx, template).await?.ok_or(DocumentsError::NotFound)?;
    let before = store::sendings::by_key(&mut tx, &request.idempotency_key).await?;
    drop(tx);
    if let Some(before) = before {
        return repeated(before, hash);
    }
    offered(&template)?;
    if template.version != request.template_version {
        let text = "This template was changed meanwhile. Look it through again, then send it.";
        return Err(DocumentsError::invalid("template_version", text));
    }
    let now = service.clock.now();
    let wanted = wanted(&request)?.checked(&template.terms, &request.idempotency_key, now)?;
    let (rows, runs) = rows(service, &call, &template, &wanted).await?;
    let sending = Sending {
        id: service.entropy.uuid(now),
        template: template.id,
        title: wanted.title,
        terms: template.terms.clone(),
        fields: template.fields.clone(),
        due: wanted.due,
        created_by: sender,
        created_by_name: call.ctx.actor.name.clone(),
        created_at: now,
    };
    write(service, &call, (&template, &sending), (&rows, &runs), (&request.idempotency_key, hash)).await
}

/// What a key stands for. The order of the accounts is no part of it.
fn hash(request: &SendPaperRequest) -> [u8; 32] {
    let mut body = request.clone();
    body.recipients.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    convert::body_hash(&body)
}

fn repeated((id, known): (Uuid, Vec<u8>), hash: [u8; 32]) -> Result<SendPaperResponse, DocumentsError> {
    if known == hash {
        return Ok(SendPaperResponse { sending_id: id.to_string(), event: String::new() });
    }
    let text = "This form was sent before with something else in it. Open it anew to send this.";
    Err(DocumentsError::invalid("idempotency_key", text))
}

fn wanted(request: &SendPaperRequest) -> Result<Wanted, DocumentsError> {
    let recipients = request.recipients.iter().map(|PaperRecipient { account_id, seats }| {
        Ok((account_id.parse::<AccountId>()?, seated(seats, "recipients")?))
    });
    let unreadable = || DocumentsError::invalid("due", "Choose a day.");
    Ok(Wanted {
        title: request.title.clone(),
        due: request.due.as_ref().map(|due| moment(due).ok_or_else(unreadable)).transpose()?,
        recipients: recipients.collect::<Result<_, DocumentsError>>()?,
        firm: seated(&request.countersigners, "countersigners")?,
    })
}

/// Who sits where; a place without a person is one that is left out.
fn seated(seats: &[PaperSeat], field: &str) -> Result<HashMap<Uuid, PersonId>, DocumentsError> {
    let unknown = || DocumentsError::invalid(field, "Choose people from the list.");
    let named = seats.iter().filter(|seat| !seat.person_id.is_empty());
    let seat = |seat: &PaperSeat| {
        let role = seat.role_id.parse().map_err(|_| unknown())?;
        Ok((role, seat.person_id.parse().map_err(|_| unknown())?))
    };
    named.map(seat).collect()
}

/// A row for each account, and the runs of those that get a step.
async fn rows(
    service: &Service,
    call: &Call,
    template: &PaperTemplate,
    wanted: &Wanted,
) -> Result<(Vec<Row>, HashMap<StepId, Uuid>), DocumentsError> {
    let firm: Vec<PersonId> = wanted.firm.values().copied().collect();
    let staff = if firm.is_empty() { Vec::new() } else { peers::staff(service, &call.ctx).await? };
    let accounts: Vec<AccountId> = wanted.recipients.iter().map(|(account, _)| *account).collect();
    let (reached, names) = reach::look(service, call, &accounts, &firm).await?;
    if !firm.iter().all(|person| staff.contains(person) && names.contains_key(person)) {
        return Err(DocumentsError::invalid("countersigners", "Choose somebody of the firm."));
    }
    let now = service.clock.now();
    let (mut rows, mut runs) = (Vec::with_capacity(reached.len()), HashMap::new());
    for ((account, chosen), found) in wanted.recipients.iter().zip(reached) {
        let people = found.people(&names);
        let member = |person: &PersonId| people.iter().any(|(known, _)| known == person);
        let seats = template.terms.roles.iter().map(|role| {
            let person = match Sending::is_external(role) {
                true => chosen.get(&role.id).filter(|person| member(person)),
                false => wanted.firm.get(&role.id),
            };
            let person = *person?;
            Some(Seat { role: role.id, person, name: names.get(&person)?.clone() })
        });
        let seats: Option<Vec<Seat>> = seats.collect();
        let step_id = StepId::new(now, &*service.entropy);
        let (seats, failed) = match (seats, found.run.parse::<Uuid>()) {
            (None, _) => (Vec::new(), Some(NOBODY)),
            (_, Err(_)) => (Vec::new(), Some(NO_RUN)),
            (Some(seats), Ok(run)) => {
                runs.insert(step_id, run);
                (seats, None)
            }
        };
        let failed = failed.map(str::to_owned);
        rows.push(Row { account_id: *account, account_name: found.name, step_id, seats, failed });
    }
    Ok((rows, runs))
}

async fn write(
    service: &Service,
    call: &Call,
    (template, sending): (&PaperTemplate, &Sending),
    (rows, runs): (&[Row], &HashMap<StepId, Uuid>),
    (key, hash): (&str, [u8; 32]),
) -> Result<SendPaperResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut present =
        store::paper_templates::lock(&mut tx, template.id).await?.ok_or(DocumentsError::NotFound)?;
    // Of two at the same moment the second has waited here for the first.
    if let Some(before) = store::sendings::by_key(&mut tx, key).await? {
        return repeated(before, hash);
    }
    offered(&present)?;
    if present.version != template.version {
        return Err(StoreError::Conflict.into());
    }
    // One that failed in every account counts as well: its template is part of the record.
    present.uses = present.uses.saturating_add(i32::try_from(runs.len().max(1)).unwrap_or(i32::MAX));
    store::paper_templates::update(&mut tx, &present).await?;
    store::sendings::insert(&mut tx, sending, rows, (key, hash)).await?;
    for row in rows {
        if let Some(run) = runs.get(&row.step_id) {
            sendings::signing_asked(service, &mut tx, sending, row, *run).await?;
        }
    }
    let event: EventTag = sendings::sent(service, &mut tx, sending, rows).await?;
    tx.commit().await?;
    Ok(SendPaperResponse { sending_id: sending.id.to_string(), event })
}
