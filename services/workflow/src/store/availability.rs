//! The hours that staff keep, and how many meetings they have had.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::availability::{Hours, Stretch};

/// The hours that somebody keeps, with their version.
pub(crate) async fn read(tx: &mut Tx, person: PersonId) -> Result<Option<(Hours, i32)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        r#"select body as "body: Json<Hours>", version from workflow.availability where tenant_id = $1 and person_id = $2"#,
        tenant,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.body.0, row.version)))
}

/// The hours of those of these people who keep any.
pub(crate) async fn of(tx: &mut Tx, people: &[PersonId]) -> Result<BTreeMap<PersonId, Hours>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select person_id, body as "body: Json<Hours>" from workflow.availability
           where tenant_id = $1 and person_id = any ($2)"#,
        tenant,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (PersonId(row.person_id), row.body.0)).collect())
}

/// Keeps hours over the version that was read, 0 for the first. Nothing where others were kept in between.
pub(crate) async fn keep(
    tx: &mut Tx,
    person: PersonId,
    hours: &Hours,
    over: i32,
    now: DateTime<Utc>,
) -> Result<Option<i32>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let body = Json(hours);
    if over == 0 {
        return Ok(sqlx::query_scalar!(
            "insert into workflow.availability (tenant_id, person_id, body, version, updated_at) values ($1, $2, $3, 1, $4)
             on conflict do nothing returning version",
            tenant,
            person.0,
            body as _,
            now
        )
        .fetch_optional(tx.conn())
        .await?);
    }
    Ok(sqlx::query_scalar!(
        "update workflow.availability set body = $3, version = version + 1, updated_at = $4
         where tenant_id = $1 and person_id = $2 and version = $5 returning version",
        tenant,
        person.0,
        body as _,
        now,
        over
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// What is taken of these people from now on, here except by one step's own meeting and in calendars that they keep elsewhere.
pub(crate) async fn busy(
    tx: &mut Tx,
    people: &[PersonId],
    except: Uuid,
    now: DateTime<Utc>,
) -> Result<BTreeMap<PersonId, Vec<Stretch>>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select host_id as "person!", starts_at as "starts_at!", ends_at as "ends_at!" from workflow.bookings
           where tenant_id = $1 and host_id = any ($2) and ends_at > $3 and step_id <> $4
           union all
           select person_id, starts_at, ends_at from workflow.busy_times
           where tenant_id = $1 and person_id = any ($2) and ends_at > $3 and counts_until > $5"#,
        tenant,
        &ids,
        now - chrono::TimeDelta::days(1),
        except,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    let mut busy: BTreeMap<PersonId, Vec<Stretch>> = BTreeMap::new();
    for row in rows {
        busy.entry(PersonId(row.person)).or_default().push((row.starts_at, row.ends_at));
    }
    Ok(busy)
}

/// How many meetings each of these people has had since a moment, or will have.
pub(crate) async fn had(
    tx: &mut Tx,
    people: &[PersonId],
    since: DateTime<Utc>,
) -> Result<Vec<(PersonId, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select p.id as "id!", count(b.host_id) as "had!" from unnest($2::uuid[]) as p (id)
           left join workflow.bookings b on b.tenant_id = $1 and b.host_id = p.id and b.ends_at > $3
           group by p.id"#,
        tenant,
        &ids,
        since
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (PersonId(row.id), row.had)).collect())
}
