//! People's places in accounts.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use super::accounts::reach;
use crate::domain::membership::Membership;

/// The most memberships in one answer.
const MOST: i64 = 1000;

struct Row {
    account_id: Uuid,
    person_id: Uuid,
    roles: Vec<String>,
    account_name: String,
    deactivated: bool,
}

impl From<Row> for Membership {
    fn from(row: Row) -> Self {
        Self {
            account_id: row.account_id.into(),
            person_id: row.person_id.into(),
            roles: row.roles,
            account_name: row.account_name,
            deactivated: row.deactivated,
        }
    }
}

/// Memberships within the caller's reach: of one account, of one person, or of one in the other; in the order in which
/// they were made.
pub(crate) async fn list(
    tx: &mut Tx,
    account: Option<AccountId>,
    person: Option<PersonId>,
) -> Result<Vec<Membership>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let reach = reach(tx);
    let rows = sqlx::query_as!(
        Row,
        r#"select m.account_id, m.person_id, a.name as account_name,
             array(select r.role from tenancy.membership_roles r
                   where r.tenant_id = m.tenant_id and r.account_id = m.account_id and r.person_id = m.person_id
                   order by r.given_at, r.role) as "roles!",
             exists (select from tenancy.deactivated_people d
                     where d.tenant_id = m.tenant_id and d.person_id = m.person_id) as "deactivated!"
           from tenancy.memberships m
           join tenancy.accounts a on a.tenant_id = m.tenant_id and a.id = m.account_id
           where m.tenant_id = $1 and ($2::uuid is null or m.account_id = $2) and ($3::uuid is null or m.person_id = $3)
             and ($4::uuid[] is null or m.account_id = any ($4))
           order by m.created_at, m.account_id, m.person_id limit $5"#,
        tenant,
        account.map(|id| id.0),
        person.map(|id| id.0),
        reach.as_deref(),
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Membership::from).collect())
}

/// Makes `roles` what a person does in an account; keeps since when they have those they had.
pub(crate) async fn set(
    tx: &mut Tx,
    account: AccountId,
    person: PersonId,
    roles: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into tenancy.memberships (tenant_id, account_id, person_id, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        tenant,
        account.0,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from tenancy.membership_roles
         where tenant_id = $1 and account_id = $2 and person_id = $3 and role <> all ($4)",
        tenant,
        account.0,
        person.0,
        roles
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into tenancy.membership_roles (tenant_id, account_id, person_id, role, given_at)
         select $1, $2, $3, role, $5 from unnest($4::text[]) as role on conflict do nothing",
        tenant,
        account.0,
        person.0,
        roles,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a membership; answers whether there was one.
pub(crate) async fn remove(tx: &mut Tx, account: AccountId, person: PersonId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let removed = sqlx::query!(
        "delete from tenancy.memberships where tenant_id = $1 and account_id = $2 and person_id = $3",
        tenant,
        account.0,
        person.0
    )
    .execute(tx.conn())
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Who has a role in an account and is not deactivated, in the order in which they were given it.
pub(crate) async fn people_in_role(
    tx: &mut Tx,
    account: AccountId,
    role: &str,
) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select r.person_id from tenancy.membership_roles r
         where r.tenant_id = $1 and r.account_id = $2 and r.role = $3
           and not exists (select from tenancy.deactivated_people d
                           where d.tenant_id = r.tenant_id and d.person_id = r.person_id)
         order by r.given_at, r.person_id limit $4",
        tenant,
        account.0,
        role,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}
