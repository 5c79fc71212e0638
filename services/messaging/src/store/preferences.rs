//! What people want of mail. Every query names the person.

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};

use crate::domain::preferences::{Preferences, Times, Way, optional_kind};

/// What a person wants; the defaults where they have chosen nothing.
pub(crate) async fn of(tx: &mut Tx, person: PersonId) -> Result<Preferences, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select kind, way from messaging.mail_preferences where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .fetch_all(tx.conn())
    .await?;
    let times = sqlx::query!(
        "select quiet_from, quiet_until, digest_at from messaging.mail_times where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let minutes = |minutes: i16| u16::try_from(minutes).unwrap_or_default();
    let times = times.map_or_else(Times::default, |row| Times {
        quiet: row.quiet_from.map(minutes).zip(row.quiet_until.map(minutes)),
        digest_at: minutes(row.digest_at),
    });
    let ways =
        rows.into_iter().filter_map(|row| Some((optional_kind(&row.kind)?, Way::from_word(&row.way)?)));
    Ok(Preferences::new(ways, times))
}

/// Keeps how a person is mailed of one kind. Answers whether that is news.
pub(crate) async fn set_way(
    tx: &mut Tx,
    person: PersonId,
    kind: &'static str,
    way: Way,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let changed = sqlx::query!(
        "insert into messaging.mail_preferences (tenant_id, person_id, kind, way, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, person_id, kind) do update set way = excluded.way, updated_at = excluded.updated_at
           where messaging.mail_preferences.way <> excluded.way",
        tenant,
        person.0,
        kind,
        way.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Keeps when a person wants mail.
pub(crate) async fn set_times(
    tx: &mut Tx,
    person: PersonId,
    times: Times,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let column = |minutes: u16| i16::try_from(minutes).unwrap_or_default();
    sqlx::query!(
        "insert into messaging.mail_times (tenant_id, person_id, quiet_from, quiet_until, digest_at, updated_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, person_id) do update
           set quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, digest_at = excluded.digest_at,
               updated_at = excluded.updated_at",
        tenant,
        person.0,
        times.quiet.map(|quiet| column(quiet.0)),
        times.quiet.map(|quiet| column(quiet.1)),
        column(times.digest_at),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
