//! Signs, in one act, exactly what was read. The last signature makes the signed file.

mod completion;
mod values;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use portico_core::{EnvelopeId, ErrorCode, PersonId, Problem, TenantId, VersionId};
use portico_db::Tx;
use portico_proto::documents::v1::{SignEnvelopeRequest, SignEnvelopeResponse};
use portico_service::Fields;
use serde_json::json;

use self::completion::Composed;
use super::get_envelope::{acting, standing, view};
use crate::{
    access,
    domain::{
        document::Version,
        envelope::decide_sign,
        envelope_chain::{Chain, EventKind},
        placement::Placement,
        signature::{
            Envelope, EnvelopeState, Part, Side, Signer, SignerStatus, Standing, identified, not_now,
        },
    },
    error::DocumentsError,
    events::{
        envelope_notices,
        publish::{self, EventTag, Next},
    },
    http::discard,
    peers,
    service::{Call, Service, SharedService},
    signing::DrawnSignature,
    store,
};

/// The longest User-Agent that is kept, in characters.
const LONGEST_AGENT: usize = 300;
/// The longest sentence that somebody agrees to, in characters.
const LONGEST_CONSENT: usize = 2000;

/// How often an act is tried anew because something else happened to the envelope in between.
const ATTEMPTS: usize = 4;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SignEnvelopeRequest,
) -> Result<SignEnvelopeResponse, DocumentsError> {
    for _ in 0..ATTEMPTS {
        if let Some(answer) = attempt(service, &call, &request).await? {
            return Ok(answer);
        }
    }
    let text = "Others are busy with this document right now. Please try again in a moment.".to_owned();
    Err(DocumentsError::Envelope { reason: "envelope_busy", text })
}

/// Signs; nothing where something else happened to the envelope in the meantime, which the certificate has to tell of.
async fn attempt(
    service: &SharedService,
    call: &Call,
    request: &SignEnvelopeRequest,
) -> Result<Option<SignEnvelopeResponse>, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    let mut originals = Vec::new();
    for paper in envelope.papers() {
        let version = store::versions::read(&mut tx, paper.original).await?;
        originals.push(version.ok_or(DocumentsError::NotFound)?);
    }
    drop(tx);
    let seen = standing(service, call, &envelope).await?;
    if repeats(&envelope, person, request, &originals) {
        let envelope = Some(view(service, call, &envelope, &seen.of(call)).await?);
        return Ok(Some(SignEnvelopeResponse { envelope, event: String::new() }));
    }
    let seen = acting(service, call, &envelope).await?;
    // Nobody signs what they could not open.
    for original in &originals {
        access::must_open(service, &call.ctx, original).await?;
    }
    let standing = seen.of(call);
    let own = own_turn(service, call, &envelope, &standing).await?.clone();
    // From the first look on the places stay as they are: what is signed is what was shown.
    if !envelope.placements.is_empty() && own.opened_at.is_none() {
        let text = "Open the document first: fields were placed on it.";
        return Err(DocumentsError::Invalid(Problem::new(ErrorCode::FailedPrecondition, "not_opened", text)));
    }

    let now = service.clock.now();
    let known = peers::person(service, &call.ctx, person).await?;
    let email = known.map(|known| known.email).unwrap_or_default();
    let place = own.id;
    let signer = signed(own, call, person, email, request, &originals, now)?;
    let filled = values::filled(service, &envelope, place, request)?;
    let mut after = envelope.clone();
    advance(&mut after, (&signer, &filled), &mut chain, now);
    // Asked first, so that a seal that cannot be used costs nobody any work.
    let key = match after.state {
        EnvelopeState::Completed => Some(service.sealer.ready().await.map_err(completion::unavailable)?),
        _ => None,
    };
    // The document is made each time, so that a name that cannot be printed is refused to the one who can mend it.
    let entered = completion::enter(service, call, &after, &originals, now).await;
    let documents = entered.map_err(|error| values::about(error, &filled))?;
    let mut stored = Vec::new();
    if let Some(key) = key {
        let (made, with) = ((originals.as_slice(), documents), (&*key, now));
        let sealed = completion::seal(service, call, &after, made, &chain, with).await?;
        for (paper, sealed) in after.papers().iter().zip(sealed) {
            match completion::store(service, call, person, &after, (&paper.title, sealed)).await {
                Ok(composed) => stored.push(composed),
                Err(error) => {
                    discard_all(service, call.ctx.tenant, &versions_of(&stored)).await;
                    return Err(error);
                }
            }
        }
    }
    let outcome = {
        let (service, call, request) = (Arc::clone(service), call.clone(), request.clone());
        let written = versions_of(&stored);
        let work = async move {
            let act = Act { after, signer, filled, chain, request, originals, composed: stored };
            let written_here = commit(&service, &call, act).await;
            // Bytes of a file that no row tells of go, unless the commit itself was lost from sight.
            if matches!(written_here, Ok(Written::Repeated(_) | Written::Overtaken) | Err(_))
                && !matches!(written_here, Err(DocumentsError::Store(portico_db::StoreError::Unavailable(_))))
            {
                discard_all(&service, call.ctx.tenant, &written).await;
            }
            written_here
        };
        // Whoever hangs up now has signed all the same.
        tokio::spawn(work)
            .await
            .map_err(|error| DocumentsError::Unreadable(format!("signing broke off: {error}")))??
    };
    let (envelope, event) = match outcome {
        Written::Done(envelope, event) => (envelope, event),
        Written::Repeated(envelope) => (envelope, String::new()),
        Written::Overtaken => return Ok(None),
    };
    let envelope = Some(view(service, call, &envelope, &standing).await?);
    Ok(Some(SignEnvelopeResponse { envelope, event }))
}

fn versions_of(composed: &[Composed]) -> Vec<VersionId> {
    composed.iter().map(|each| each.version.id).collect()
}

async fn discard_all(service: &Service, tenant: TenantId, versions: &[VersionId]) {
    for version in versions {
        discard(service, tenant, *version).await;
    }
}

enum Written {
    Done(Envelope, EventTag),
    Repeated(Envelope),
    /// Something else happened to the envelope; nothing was written.
    Overtaken,
}

/// A signature on its way into the database.
struct Act {
    after: Envelope,
    signer: Signer,
    /// The signer's places with what goes in.
    filled: Vec<Placement>,
    chain: Chain,
    request: SignEnvelopeRequest,
    originals: Vec<Version>,
    /// The finished files, where this was the last signature.
    composed: Vec<Composed>,
}

/// Whether exactly these documents were read.
fn read_all(request: &SignEnvelopeRequest, originals: &[Version]) -> bool {
    let read = std::iter::once(&request.sha256).chain(&request.other_sha256);
    read.eq(originals.iter().map(|original| original.file.sha256_text()).collect::<Vec<_>>().iter())
}

/// A double click: this person has signed exactly this.
fn repeats(
    envelope: &Envelope,
    person: PersonId,
    request: &SignEnvelopeRequest,
    originals: &[Version],
) -> bool {
    let same = |signer: &Signer| {
        signer.status == SignerStatus::Signed
            && signer.typed_name == request.typed_name.trim()
            && values::repeats(envelope, signer, request)
            && read_all(request, originals)
    };
    envelope.signed_by(Some(person)).is_some_and(same)
}

/// The signer as whom the caller signs now, or why they cannot.
pub(super) async fn own_turn<'a>(
    service: &Service,
    call: &Call,
    envelope: &'a Envelope,
    standing: &Standing<'_>,
) -> Result<&'a Signer, DocumentsError> {
    let now = service.clock.now();
    if let Some(own) = envelope.turn_of(standing) {
        return match own.expires_at {
            Some(until) if own.has_expired(now) => {
                let zone = peers::firm(service, &call.ctx).await?.firm.zone;
                let day = until.with_timezone(&zone).format("%-d %B %Y");
                let text =
                    format!("The time to sign this document ended on {day}. Ask the firm for more time.");
                Err(DocumentsError::Envelope { reason: "envelope_expired", text })
            }
            _ => Ok(own),
        };
    }
    let theirs = |signer: &&Signer| standing.roles.contains(&signer.role);
    let own = envelope.signed_by(standing.ctx.actor.person).or_else(|| envelope.signers.iter().find(theirs));
    let own = own.or_else(|| envelope.signers.first().filter(|_| envelope.state != EnvelopeState::Open));
    let Some(own) = own else { return Err(DocumentsError::Forbidden) };
    Err(too_late(envelope, own, standing.ctx.actor.person))
}

/// Why this person does not sign in this place now.
fn too_late(envelope: &Envelope, own: &Signer, person: Option<PersonId>) -> DocumentsError {
    let turn = decide_sign(&envelope.rules(), &own.role, envelope.created_at);
    let (reason, mut text) = not_now(envelope.state, &turn);
    if reason == "already_signed" && own.person != person {
        text = format!("{} has signed here already, so you need not.", own.shown_name());
    }
    DocumentsError::Envelope { reason, text }
}

/// The sentence that somebody agreed to, on one line.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_CONSENT).collect()
}

/// The signer with what they signed.
fn signed(
    own: Signer,
    call: &Call,
    person: PersonId,
    email: String,
    request: &SignEnvelopeRequest,
    originals: &[Version],
    now: DateTime<Utc>,
) -> Result<Signer, DocumentsError> {
    let mut fields = Fields::default();
    let typed_name = fields.line("typed_name", &request.typed_name, 120);
    if !read_all(request, originals) {
        fields.refuse("sha256", "This is not the document that is to be signed. Open it again and read it.");
    }
    if !request.consent {
        fields.refuse("consent", "Agree to sign electronically, or decline.");
    }
    if !request.intent {
        fields.refuse("intent", "Confirm that you mean to sign.");
    }
    let drawn = Some(request.drawn.clone()).filter(|png| !png.is_empty());
    if let Some(Err(error)) = drawn.as_deref().map(DrawnSignature::from_png) {
        fields.refuse("drawn", error.to_string());
    }
    fields.check().map_err(DocumentsError::Invalid)?;
    let agent = request.user_agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    Ok(Signer {
        status: SignerStatus::Signed,
        person: Some(person),
        person_name: call.ctx.actor.name.clone(),
        email,
        identified: identified(&call.ctx),
        typed_name,
        drawn,
        consent_text: sentence(&request.consent_text),
        consented_at: Some(now),
        signed_at: Some(now),
        address: call.ctx.address.clone().unwrap_or_default(),
        user_agent: agent,
        ..own
    })
}

/// The envelope after this signature: the next signer's turn, or complete. What happened is added to the chain.
fn advance(
    envelope: &mut Envelope,
    (signed, filled): (&Signer, &[Placement]),
    chain: &mut Chain,
    now: DateTime<Utc>,
) {
    chain.push(now, EventKind::Consented, &signed.certified(), signed.person);
    values::enter(envelope, signed, filled, chain, now);
    let done = if signed.part == Part::Approver { EventKind::Approved } else { EventKind::Signed };
    chain.push(now, done, &signed.certified(), signed.person);
    for signer in &mut envelope.signers {
        if signer.id == signed.id {
            *signer = signed.clone();
        }
    }
    let next = envelope.turn_over(now);
    for signer in envelope.signers.iter().filter(|signer| next.contains(&signer.place)) {
        chain.push(now, EventKind::Sent, &signer.certified(), None);
    }
}

async fn commit(service: &Service, call: &Call, act: Act) -> Result<Written, DocumentsError> {
    let Act { mut after, signer, filled, chain, request, originals, composed } = act;
    let mut tx = service.store.begin(&call.ctx).await?;
    let present = store::envelopes::lock(&mut tx, after.id).await?.ok_or(DocumentsError::NotFound)?;
    if let Some(person) = signer.person
        && repeats(&present, person, &request, &originals)
    {
        return Ok(Written::Repeated(present));
    }
    // What was composed holds only while nothing else has happened.
    if !present.ready().any(|ready| ready.id == signer.id) {
        let own = present.signers.iter().find(|each| each.id == signer.id).unwrap_or(&signer);
        return Err(too_late(&present, own, signer.person));
    }
    if store::envelope_events::chain(&mut tx, after.id).await?.written() != chain.written() {
        return Ok(Written::Overtaken);
    }
    let read = originals.iter().map(|original| original.file.sha256_text()).collect::<Vec<_>>().join(" ");
    store::envelopes::update_signer(&mut tx, &signer, &read).await?;
    store::placements::fill(&mut tx, &filled).await?;
    store::envelope_events::append(&mut tx, after.id, after.account_id, &chain).await?;
    store::nudges::remove(&mut tx, signer.id).await?;
    store::signing_drafts::remove(&mut tx, signer.id).await?;
    let details = json!({
        "place": signer.place, "role": signer.role, "sha256": read,
        "drawn": signer.drawn.is_some(), "fields": filled.len(),
    });
    let event = match composed.as_slice() {
        [] => turn_over(service, &mut tx, &after, signer.signed_at.unwrap_or_default(), details).await?,
        [first, others @ ..] => {
            after.signed = Some(first.version.id);
            for (paper, composed) in after.others.iter_mut().zip(others) {
                paper.signed = Some(composed.version.id);
            }
            complete(service, &mut tx, &after, (first, others), details).await?
        }
    };
    tx.commit().await?;
    Ok(Written::Done(after, event))
}

/// The next signer's turn.
async fn turn_over(
    service: &Service,
    tx: &mut Tx,
    after: &Envelope,
    now: DateTime<Utc>,
    details: serde_json::Value,
) -> Result<EventTag, DocumentsError> {
    publish::envelope_changed(service, tx, "envelope.signed", after, details).await?;
    let Some(next) = after.ready().next() else {
        return Err(DocumentsError::Unreadable("an open envelope has no next signer".to_owned()));
    };
    let fresh: Vec<_> = after.ready().filter(|signer| signer.sent_at == Some(now)).collect();
    for signer in &fresh {
        store::envelopes::update_signer(tx, signer, "").await?;
        store::nudges::begin(tx, after, signer).await?;
    }
    // Workflow asks the first of those who act side by side; the others are asked here.
    for signer in fresh.into_iter().filter(|signer| signer.id != next.id) {
        envelope_notices::ask_signer(service, tx, after, signer).await?;
    }
    let waiting_on = if next.side == Side::External { "assignee" } else { "reviewer" };
    let done = after.acting().filter(|signer| signer.status == SignerStatus::Signed).count();
    let progress = format!("{done} of {}", after.acting().count());
    Ok(publish::step_progressed(service, tx, after.into(), waiting_on, &progress, next_to_act(next)).await?)
}

/// Whom workflow waits for: the person who was named for the place, or whoever has its role.
pub(super) fn next_to_act(next: &Signer) -> Next<'_> {
    match &next.expected {
        Some(expected) if next.named => Next::Person(expected.person),
        _ => Next::Role(&next.role),
    }
}

/// Everybody has signed.
async fn complete(
    service: &Service,
    tx: &mut Tx,
    after: &Envelope,
    (first, others): (&Composed, &[Composed]),
    details: serde_json::Value,
) -> Result<EventTag, DocumentsError> {
    let Composed { version, certificate, level, note, .. } = first;
    let all = || std::iter::once(first).chain(others);
    for each in all() {
        store::documents::insert(tx, &each.document).await?;
        store::versions::insert(tx, &each.version).await?;
    }
    let now = service.clock.now();
    store::envelopes::end(tx, after.id, EnvelopeState::Completed, "", Some(version.id), now).await?;
    for (paper, each) in after.others.iter().zip(others) {
        store::envelopes::paper_signed(tx, after.id, paper.number, each.version.id).await?;
    }
    store::seals::record(tx, after.id, certificate, (*level, note), now).await?;
    publish::envelope_changed(service, tx, "envelope.signed", after, details).await?;
    let details = json!({
        "signed_sha256": version.file.sha256_text(), "version": version.id, "level": level.word(), "note": note,
        "seal": hex::encode(certificate.fingerprint), "files": others.len() + 1,
    });
    publish::envelope_changed(service, tx, "envelope.completed", after, details).await?;
    for each in all() {
        publish::file_added(service, tx, &each.document, &each.version).await?;
    }
    envelope_notices::tell_envelope_completed(service, tx, after, version).await?;
    Ok(publish::step_fulfilled(service, tx, after.into(), "Signed by everybody").await?)
}

#[cfg(test)]
mod tests;
