//! Envelopes and their signers.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{DocumentId, EnvelopeId, PersonId, StepId, VersionId};
use portico_db::Tx;
use sqlx::types::Json;
use uuid::Uuid;

use super::known;
use crate::{
    domain::signature::{
        Envelope, EnvelopeState, Expected, Level, Paper, Part, PlacedField, Side, Signer, SignerStatus, Times,
    },
    error::DocumentsError,
};

/// The newest envelope of a step.
pub(crate) async fn find_by_step(tx: &mut Tx, step: StepId) -> Result<Option<Envelope>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let id = sqlx::query_scalar!(
        "select id from documents.envelopes where tenant_id = $1 and step_id = $2 order by attempt desc limit 1",
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => read(tx, id.into()).await,
        None => Ok(None),
    }
}

/// The envelope, which nobody else changes before this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: EnvelopeId) -> Result<Option<Envelope>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query_scalar!(
        "select id from documents.envelopes where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, id).await
}

/// An envelope within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: EnvelopeId) -> Result<Option<Envelope>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select account_id, run_id, step_id, attempt, record_id, title, level, state, reason,
             fields as "fields: Json<Vec<PlacedField>>", original_version_id, signed_version_id, created_at,
             sign_within_minutes, remind_every_minutes, invite_others, fields_version
           from documents.envelopes where tenant_id = $1 and id = $2"#,
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (signers, others) = (signers(tx, id).await?, papers(tx, id).await?);
    let placements = super::placements::of(tx, id).await?;
    Ok(Some(Envelope {
        id,
        account_id: row.account_id.into(),
        run_id: row.run_id.into(),
        step_id: row.step_id.into(),
        attempt: row.attempt,
        record_id: row.record_id.into(),
        title: row.title,
        level: known(Level::of(&row.level), &row.level)?,
        state: known(EnvelopeState::of(&row.state), &row.state)?,
        reason: row.reason,
        fields: row.fields.0,
        original: row.original_version_id.into(),
        signed: row.signed_version_id.map(Into::into),
        others,
        signers,
        created_at: row.created_at,
        times: Times {
            sign_within: row.sign_within_minutes.map(minutes),
            remind_every: row.remind_every_minutes.map(minutes),
        },
        invite_others: row.invite_others,
        placements,
        fields_version: row.fields_version,
    }))
}

fn minutes(count: i32) -> TimeDelta {
    TimeDelta::minutes(i64::from(count))
}

fn counted(period: Option<TimeDelta>) -> Option<i32> {
    period.and_then(|period| i32::try_from(period.num_minutes()).ok())
}

/// The documents after the first.
async fn papers(tx: &mut Tx, envelope: EnvelopeId) -> Result<Vec<Paper>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select number, title, fields as "fields: Json<Vec<PlacedField>>", original_version_id, signed_version_id
           from documents.envelope_papers where tenant_id = $1 and envelope_id = $2 order by number"#,
        tenant,
        envelope.0
    )
    .fetch_all(tx.conn())
    .await?;
    let papers = rows.into_iter().map(|row| Paper {
        number: row.number,
        title: row.title,
        fields: row.fields.0,
        original: row.original_version_id.into(),
        signed: row.signed_version_id.map(Into::into),
    });
    Ok(papers.collect())
}

/// Writes what came of one of the documents after the first.
pub(crate) async fn paper_signed(
    tx: &mut Tx,
    envelope: EnvelopeId,
    number: i32,
    signed: VersionId,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.envelope_papers set signed_version_id = $4
         where tenant_id = $1 and envelope_id = $2 and number = $3",
        tenant,
        envelope.0,
        number,
        signed.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn signers(tx: &mut Tx, envelope: EnvelopeId) -> Result<Vec<Signer>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select id, place, turn, part, named, delegated_by, role, role_title, side, state, expected_id, expected_name, person_id, person_name, email, identified, typed_name, drawn,
           consent_text, sent_at, expires_at, opened_at, consented_at, signed_at, address, user_agent
         from documents.signers where tenant_id = $1 and envelope_id = $2 order by place",
        tenant,
        envelope.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Signer {
                id: row.id,
                place: row.place,
                turn: row.turn,
                part: known(Part::of(&row.part), &row.part)?,
                named: row.named,
                delegated_by: row.delegated_by,
                role: row.role,
                role_title: row.role_title,
                side: known(Side::of(&row.side), &row.side)?,
                status: known(SignerStatus::of(&row.state), &row.state)?,
                expected: row.expected_id.map(|id| Expected { person: id.into(), name: row.expected_name }),
                person: row.person_id.map(Into::into),
                person_name: row.person_name,
                email: row.email,
                identified: row.identified,
                typed_name: row.typed_name,
                drawn: row.drawn,
                consent_text: row.consent_text,
                sent_at: row.sent_at,
                expires_at: row.expires_at,
                opened_at: row.opened_at,
                consented_at: row.consented_at,
                signed_at: row.signed_at,
                address: row.address,
                user_agent: row.user_agent,
            })
        })
        .collect()
}

/// Adds an envelope with its signers; `false` where this attempt of the step has one.
pub(crate) async fn insert(tx: &mut Tx, envelope: &Envelope) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into documents.envelopes
           (tenant_id, id, account_id, run_id, step_id, attempt, record_id, title, state, fields, original_version_id,
            created_at, level, sign_within_minutes, remind_every_minutes, invite_others)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (tenant_id, step_id, attempt) do nothing",
        tenant,
        envelope.id.0,
        envelope.account_id.0,
        envelope.run_id.0,
        envelope.step_id.0,
        envelope.attempt,
        envelope.record_id.0,
        envelope.title,
        envelope.state.word(),
        Json(&envelope.fields) as _,
        envelope.original.0,
        envelope.created_at,
        envelope.level.word(),
        counted(envelope.times.sign_within),
        counted(envelope.times.remind_every),
        envelope.invite_others
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for paper in &envelope.others {
        sqlx::query!(
            "insert into documents.envelope_papers
               (tenant_id, account_id, envelope_id, number, title, fields, original_version_id)
             values ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            envelope.account_id.0,
            envelope.id.0,
            paper.number,
            paper.title,
            Json(&paper.fields) as _,
            paper.original.0
        )
        .execute(tx.conn())
        .await?;
    }
    for signer in &envelope.signers {
        sqlx::query!(
            "insert into documents.signers
               (tenant_id, id, account_id, envelope_id, place, role, role_title, side, state, expected_id, expected_name, sent_at, turn, part,
                expires_at, named)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            tenant,
            signer.id,
            envelope.account_id.0,
            envelope.id.0,
            signer.place,
            signer.role,
            signer.role_title,
            signer.side.word(),
            signer.status.word(),
            signer.expected.as_ref().map(|expected| expected.person.0),
            signer.expected.as_ref().map_or("", |expected| expected.name.as_str()),
            signer.sent_at,
            signer.turn,
            signer.part.word(),
            signer.expires_at,
            signer.named
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(true)
}

/// Writes what a signer did, and whose turn it is.
pub(crate) async fn update_signer(tx: &mut Tx, signer: &Signer, sha256: &str) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.signers
         set state = $3, person_id = $4, person_name = $5, email = $6, identified = $7, typed_name = $8, drawn = $9,
           consented_at = $10, signed_at = $11, sha256_read = $12, address = $13, user_agent = $14, consent_text = $15,
           sent_at = $16, opened_at = $17, expires_at = $18
         where tenant_id = $1 and id = $2",
        tenant,
        signer.id,
        signer.status.word(),
        signer.person.map(|id| id.0),
        signer.person_name,
        signer.email,
        signer.identified,
        signer.typed_name,
        signer.drawn,
        signer.consented_at,
        signer.signed_at,
        sha256,
        signer.address,
        signer.user_agent,
        signer.consent_text,
        signer.sent_at,
        signer.opened_at,
        signer.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes when the pages were first shown to whoever could sign in this place.
pub(crate) async fn note_opened(tx: &mut Tx, signer: Uuid, at: DateTime<Utc>) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.signers set opened_at = $3 where tenant_id = $1 and id = $2 and opened_at is null",
        tenant,
        signer,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes until when somebody may sign.
pub(crate) async fn set_expiry(
    tx: &mut Tx,
    signer: Uuid,
    until: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.signers set expires_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        signer,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes who is to sign in a place, and who gave it to them; nobody in particular where `expected` is nothing.
pub(crate) async fn expect(
    tx: &mut Tx,
    signer: Uuid,
    expected: Option<&Expected>,
    delegated_by: &str,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.signers set expected_id = $3, expected_name = $4, delegated_by = $5, named = false
         where tenant_id = $1 and id = $2",
        tenant,
        signer,
        expected.map(|expected| expected.person.0),
        expected.map_or("", |expected| expected.name.as_str()),
        delegated_by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that a named person signs in a place, and nobody else.
pub(crate) async fn name(tx: &mut Tx, signer: &Signer) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.signers
         set expected_id = $3, expected_name = $4, delegated_by = $5, named = true, sent_at = $6, opened_at = null, expires_at = $7
         where tenant_id = $1 and id = $2",
        tenant,
        signer.id,
        signer.expected.as_ref().map(|expected| expected.person.0),
        signer.expected.as_ref().map_or("", |expected| expected.name.as_str()),
        signer.delegated_by,
        signer.sent_at,
        signer.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what another paper in the place of the first changes: title, level, times, and what is read.
pub(crate) async fn take_paper(tx: &mut Tx, envelope: &Envelope) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.envelopes
         set title = $3, level = $4, fields = $5, original_version_id = $6, sign_within_minutes = $7
         where tenant_id = $1 and id = $2",
        tenant,
        envelope.id.0,
        envelope.title,
        envelope.level.word(),
        Json(&envelope.fields) as _,
        envelope.original.0,
        counted(envelope.times.sign_within)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the person was named to sign an envelope that this document is a paper of, or where a version is asked about, that
/// version. Other attempts of the same step are not theirs.
pub(crate) async fn names_for_document(
    tx: &mut Tx,
    document: DocumentId,
    version: Option<VersionId>,
    person: PersonId,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let named = sqlx::query_scalar!(
        r#"select exists (
             select from documents.signers s
             join documents.envelopes e on e.tenant_id = s.tenant_id and e.id = s.envelope_id
             join documents.versions v on v.tenant_id = s.tenant_id and v.document_id = $2
             where s.tenant_id = $1 and s.named and s.expected_id = $3 and ($4::uuid is null or v.id = $4)
               and (v.id in (e.original_version_id, e.signed_version_id) or exists (
                 select from documents.envelope_papers p
                 where p.tenant_id = e.tenant_id and p.envelope_id = e.id
                   and v.id in (p.original_version_id, p.signed_version_id)))
           ) as "named!""#,
        tenant,
        document.0,
        person.0,
        version.map(|id: VersionId| -> Uuid { id.0 })
    );
    Ok(named.fetch_one(tx.conn()).await?)
}

/// The open envelopes of a step from before `attempt`.
pub(crate) async fn open_before(
    tx: &mut Tx,
    step: StepId,
    attempt: i32,
) -> Result<Vec<EnvelopeId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select id from documents.envelopes
         where tenant_id = $1 and step_id = $2 and attempt < $3 and state = 'open' order by attempt",
        tenant,
        step.0,
        attempt
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(EnvelopeId).collect())
}

/// Ends an envelope.
pub(crate) async fn end(
    tx: &mut Tx,
    id: EnvelopeId,
    state: EnvelopeState,
    reason: &str,
    signed: Option<VersionId>,
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.envelopes set state = $3, reason = $4, signed_version_id = $5, ended_at = $6
         where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        state.word(),
        reason,
        signed.map(|id: VersionId| -> Uuid { id.0 }),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
