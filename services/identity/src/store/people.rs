//! People.

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::person::{Person, Profile, Side};

struct Row {
    id: Uuid,
    email: String,
    name: String,
    side: String,
    language: String,
    time_zone: String,
    active: bool,
    joined_at: Option<DateTime<Utc>>,
    has_password: bool,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            email: row.email,
            side: Side::from_word(&row.side),
            profile: Profile { name: row.name, language: row.language, time_zone: row.time_zone },
            active: row.active,
            joined_at: row.joined_at,
            has_password: row.has_password,
        }
    }
}

/// A person of the firm.
pub(crate) async fn read(tx: &mut Tx, id: PersonId) -> Result<Option<Person>, StoreError> {
    Ok(read_several(tx, &[id]).await?.pop())
}

/// Those of `ids` who are people of the firm.
pub(crate) async fn read_several(tx: &mut Tx, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id, p.email, p.name, p.side, p.language, p.time_zone, p.active, p.joined_at,
             exists (select from identity.credentials c where c.tenant_id = $1 and c.person_id = p.id) as "has_password!"
           from identity.people p where p.tenant_id = $1 and p.id = any ($2)"#,
        tenant,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// The person of the firm with this address, which is in lower case.
pub(crate) async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<Person>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select p.id, p.email, p.name, p.side, p.language, p.time_zone, p.active, p.joined_at,
             exists (select from identity.credentials c where c.tenant_id = $1 and c.person_id = p.id) as "has_password!"
           from identity.people p where p.tenant_id = $1 and p.email = $2"#,
        tenant,
        email
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Person::from))
}

/// People whose name or address holds `part`, by name, after the one with this key.
pub(crate) async fn list(
    tx: &mut Tx,
    side: Option<Side>,
    part: &str,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (after_name, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id, p.email, p.name, p.side, p.language, p.time_zone, p.active, p.joined_at,
             exists (select from identity.credentials c where c.tenant_id = $1 and c.person_id = p.id) as "has_password!"
           from identity.people p
           where p.tenant_id = $1 and ($2::text is null or p.side = $2)
             and ($3 = '' or strpos(lower(p.name), lower($3)) > 0 or strpos(p.email, lower($3)) > 0)
             and ($4::text is null or (lower(p.name), p.id) > ($4, $5::uuid))
           order by lower(p.name), p.id limit $6"#,
        tenant,
        side.map(Side::as_str),
        part,
        after_name,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// Adds a person; `false` where the address is somebody's.
pub(crate) async fn insert(tx: &mut Tx, person: &Person, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into identity.people
           (tenant_id, id, email, name, side, language, time_zone, active, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, true, $8, $8)
         on conflict (tenant_id, email) do nothing",
        tenant,
        person.id.0,
        person.email,
        person.profile.name,
        person.side.as_str(),
        person.profile.language,
        person.profile.time_zone,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Changes what a person says of themselves; answers whether they are there.
pub(crate) async fn update_profile(
    tx: &mut Tx,
    id: PersonId,
    profile: &Profile,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update identity.people set name = $3, language = $4, time_zone = $5, updated_at = $6
         where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        profile.name,
        profile.language,
        profile.time_zone,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Notes the first sign-in; answers whether it was the first.
pub(crate) async fn join(tx: &mut Tx, id: PersonId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update identity.people set joined_at = $3, updated_at = $3
         where tenant_id = $1 and id = $2 and joined_at is null",
        tenant,
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Holds an active person's row until the transaction ends, so that nobody signs in while being deactivated; answers
/// whether there is one.
pub(crate) async fn hold_active(tx: &mut Tx, id: PersonId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let held = sqlx::query_scalar!(
        "select id from identity.people where tenant_id = $1 and id = $2 and active for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(held.is_some())
}

/// Holds the rows of several people until the transaction ends, always in the same order so that two who do so wait for each other and
/// not for ever. Answers who of them is deactivated.
pub(crate) async fn hold_all(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    let held = sqlx::query!(
        "select id, active from identity.people where tenant_id = $1 and id = any ($2) order by id for update",
        tenant,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(held.into_iter().filter(|row| !row.active).map(|row| PersonId(row.id)).collect())
}

/// Deactivates a person; answers whether they were active.
pub(crate) async fn deactivate(tx: &mut Tx, id: PersonId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update identity.people set active = false, updated_at = $3 where tenant_id = $1 and id = $2 and active",
        tenant,
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Lets a deactivated person in again; answers whether they were deactivated.
pub(crate) async fn reactivate(tx: &mut Tx, id: PersonId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update identity.people set active = true, updated_at = $3
         where tenant_id = $1 and id = $2 and not active",
        tenant,
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}
