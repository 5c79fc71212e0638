//! The certificates that a firm's files were sealed with, and what an envelope's seal proves.

use chrono::{DateTime, Utc};
use portico_core::EnvelopeId;
use portico_db::Tx;

use crate::{
    error::DocumentsError,
    seal::{Level, SealCertificate},
};

/// Whether a file of this firm was sealed with the certificate that has this fingerprint.
pub(crate) async fn is_known(tx: &mut Tx, fingerprint: &[u8; 32]) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let known = sqlx::query_scalar!(
        r#"select exists (select from documents.seal_certificates where tenant_id = $1 and fingerprint = $2) as "known!""#,
        tenant,
        fingerprint.as_slice()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(known)
}

/// Writes down how an envelope's file was sealed.
pub(crate) async fn record(
    tx: &mut Tx,
    envelope: EnvelopeId,
    certificate: &SealCertificate,
    (level, note): (Level, &str),
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let der = certificate.to_der().map_err(DocumentsError::Seal)?;
    sqlx::query!(
        "insert into documents.seal_certificates (tenant_id, fingerprint, certificate, subject, development, first_used_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, fingerprint) do nothing",
        tenant,
        certificate.fingerprint.as_slice(),
        der,
        certificate.subject,
        certificate.development,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update documents.envelopes set seal_level = $3, seal_note = $4, seal_fingerprint = $5 where tenant_id = $1 and id = $2",
        tenant,
        envelope.0,
        level.word(),
        note,
        certificate.fingerprint.as_slice()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
