//! The firm's people and what they do.

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};

use crate::domain::membership::{ADMIN, StaffBinding};

/// The most members of staff in one answer.
const MOST: i64 = 1000;

/// Members of staff in the order in which they came; one of them where `person` names one.
pub(crate) async fn list(tx: &mut Tx, person: Option<PersonId>) -> Result<Vec<StaffBinding>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        r#"select s.person_id,
             array(select r.role from tenancy.staff_roles r
                   where r.tenant_id = s.tenant_id and r.person_id = s.person_id order by r.given_at, r.role) as "roles!",
             exists (select from tenancy.deactivated_people d
                     where d.tenant_id = s.tenant_id and d.person_id = s.person_id) as "deactivated!"
           from tenancy.staff s
           where s.tenant_id = $1 and ($2::uuid is null or s.person_id = $2)
           order by s.created_at, s.person_id limit $3"#,
        tenant,
        person.map(|id| id.0),
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StaffBinding {
            person_id: row.person_id.into(),
            roles: row.roles,
            deactivated: row.deactivated,
        })
        .collect())
}

/// Makes `roles` what a member of staff does; keeps since when they have those they had.
pub(crate) async fn set(
    tx: &mut Tx,
    person: PersonId,
    roles: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into tenancy.staff (tenant_id, person_id, created_at) values ($1, $2, $3) on conflict do nothing",
        tenant,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from tenancy.staff_roles where tenant_id = $1 and person_id = $2 and role <> all ($3)",
        tenant,
        person.0,
        roles
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into tenancy.staff_roles (tenant_id, person_id, role, given_at)
         select $1, $2, role, $4 from unnest($3::text[]) as role on conflict do nothing",
        tenant,
        person.0,
        roles,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Holds the rows of all administrators who are not deactivated until the transaction ends, so that two of them cannot take the role from each
/// other at the same moment, and answers who they are.
pub(crate) async fn lock_administrators(tx: &mut Tx) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select r.person_id from tenancy.staff_roles r
         where r.tenant_id = $1 and r.role = $2
           and not exists (select from tenancy.deactivated_people d
                           where d.tenant_id = r.tenant_id and d.person_id = r.person_id)
         order by r.person_id for update of r",
        tenant,
        ADMIN
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Which members of staff have a role and are not deactivated, in the order in which they were given it.
pub(crate) async fn people_in_role(tx: &mut Tx, role: &str) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select r.person_id from tenancy.staff_roles r
         where r.tenant_id = $1 and r.role = $2
           and not exists (select from tenancy.deactivated_people d
                           where d.tenant_id = r.tenant_id and d.person_id = r.person_id)
         order by r.given_at, r.person_id limit $3",
        tenant,
        role,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}
