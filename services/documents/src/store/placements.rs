//! Places on the documents of envelopes.

use portico_core::EnvelopeId;
use portico_db::Tx;
use sqlx::types::Json;

use super::known;
use crate::{
    domain::{
        placement::{Placement, PlacementKind},
        signature::Envelope,
    },
    error::DocumentsError,
};

/// The places of an envelope, in the order of reading.
pub(crate) async fn of(tx: &mut Tx, envelope: EnvelopeId) -> Result<Vec<Placement>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select id, paper, page, x, y, width, height, kind, signer_id, required, label,
             choices as "choices: Json<Vec<String>>", value
           from documents.placements where tenant_id = $1 and envelope_id = $2 order by number"#,
        tenant,
        envelope.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Placement {
                id: row.id,
                paper: row.paper,
                page: u32::try_from(row.page).unwrap_or_default(),
                area: [row.x, row.y, row.width, row.height],
                kind: known(PlacementKind::of(&row.kind), &row.kind)?,
                signer: row.signer_id,
                required: row.required,
                label: row.label,
                choices: row.choices.0,
                value: row.value,
            })
        })
        .collect()
}

/// Puts those of `envelope` in the place of what was there before. Only while the envelope is locked.
pub(crate) async fn replace(tx: &mut Tx, envelope: &Envelope) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from documents.placements where tenant_id = $1 and envelope_id = $2",
        tenant,
        envelope.id.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update documents.envelopes set fields_version = $3 where tenant_id = $1 and id = $2",
        tenant,
        envelope.id.0,
        envelope.fields_version
    )
    .execute(tx.conn())
    .await?;
    insert(tx, envelope).await
}

/// Adds those of `envelope`.
pub(crate) async fn insert(tx: &mut Tx, envelope: &Envelope) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    for (number, place) in (1..).zip(&envelope.placements) {
        let [x, y, width, height] = place.area;
        sqlx::query!(
            "insert into documents.placements
               (tenant_id, id, account_id, envelope_id, number, paper, page, x, y, width, height, kind, signer_id, required,
                label, choices)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            tenant,
            place.id,
            envelope.account_id.0,
            envelope.id.0,
            number,
            place.paper,
            i32::try_from(place.page).unwrap_or(i32::MAX),
            x,
            y,
            width,
            height,
            place.kind.word(),
            place.signer,
            place.required,
            place.label,
            Json(&place.choices) as _
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Writes what a signer filled in.
pub(crate) async fn fill(tx: &mut Tx, filled: &[Placement]) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    for place in filled.iter().filter(|place| place.value.is_some()) {
        sqlx::query!(
            "update documents.placements set value = $3 where tenant_id = $1 and id = $2",
            tenant,
            place.id,
            place.value
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
