//! Who has just looked at what.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, VersionId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{domain::sighting::Way, error::DocumentsError};

/// Notes that the context's person looks at a version at `now`; `true` where this has not been audited since `since`. Of two
/// that look in the same moment, the second waits for the first and is the same sighting.
pub(crate) async fn note(
    tx: &mut Tx,
    account: AccountId,
    version: VersionId,
    way: Way,
    now: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let (tenant, actor) = (tx.ctx().tenant.0, &tx.ctx().actor);
    // Whoever is nobody in particular cannot be told from the next: each look counts.
    let Some(person) = actor.person else { return Ok(true) };
    let impersonator = actor.impersonator.as_ref().map_or(Uuid::nil(), |real| real.person.0);
    let noted = sqlx::query!(
        "insert into documents.sightings
           (tenant_id, account_id, version_id, person_id, impersonator_id, way, audited_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, account_id, version_id, person_id, impersonator_id, way)
           do update set audited_at = excluded.audited_at where sightings.audited_at <= $8",
        tenant,
        account.0,
        version.0,
        person.0,
        impersonator,
        way.word(),
        now,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Forgets at most `limit` sightings from before `before`; answers how many.
pub(crate) async fn forget(tx: &mut Tx, before: DateTime<Utc>, limit: i64) -> Result<u64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let forgotten = sqlx::query!(
        "delete from documents.sightings s using (
           select account_id, version_id, person_id, impersonator_id, way from documents.sightings
           where tenant_id = $1 and audited_at < $2 order by audited_at limit $3 for update skip locked) old
         where s.tenant_id = $1 and s.account_id = old.account_id and s.version_id = old.version_id
           and s.person_id = old.person_id and s.impersonator_id = old.impersonator_id and s.way = old.way",
        tenant,
        before,
        limit
    )
    .execute(tx.conn())
    .await?;
    Ok(forgotten.rows_affected())
}
