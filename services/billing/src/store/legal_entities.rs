//! Companies of the firm, and the numbers of their documents.

use chrono::{DateTime, Utc};
use portico_db::Tx;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    domain::{
        decimal::Rounding,
        document::Kind,
        party::{LegalEntity, Prefixes, Seller},
    },
    error::BillingError,
};

struct Row {
    id: Uuid,
    seller: Json<Seller>,
    currency: String,
    rounding: String,
    payment_days: i32,
    estimate_prefix: String,
    invoice_prefix: String,
    credit_note_prefix: String,
    version: i32,
}

impl TryFrom<Row> for LegalEntity {
    type Error = BillingError;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.id,
            seller: row.seller.0,
            currency: row.currency,
            rounding: Rounding::of(&row.rounding).ok_or(BillingError::Unreadable(row.rounding))?,
            payment_days: row.payment_days,
            prefixes: Prefixes {
                estimate: row.estimate_prefix,
                invoice: row.invoice_prefix,
                credit_note: row.credit_note_prefix,
            },
            version: row.version,
        })
    }
}

macro_rules! select {
    ($tail:literal, $($bound:expr),*) => {
        sqlx::query_as!(
            Row,
            "select id, seller as \"seller: Json<Seller>\", currency, rounding, payment_days, estimate_prefix, invoice_prefix,
               credit_note_prefix, version from billing.legal_entities " + $tail,
            $($bound),*
        )
    };
}

/// Every company of the firm, the oldest first.
pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<LegalEntity>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = select!("where tenant_id = $1 order by id limit 50", tenant).fetch_all(tx.conn()).await?;
    rows.into_iter().map(LegalEntity::try_from).collect()
}

/// One company.
pub(crate) async fn read(tx: &mut Tx, id: Uuid) -> Result<Option<LegalEntity>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = select!("where tenant_id = $1 and id = $2", tenant, id).fetch_optional(tx.conn()).await?;
    row.map(LegalEntity::try_from).transpose()
}

/// The company that was made with this key.
pub(crate) async fn find_by_key(tx: &mut Tx, key: &str) -> Result<Option<LegalEntity>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = select!("where tenant_id = $1 and idempotency_key = $2", tenant, key)
        .fetch_optional(tx.conn())
        .await?;
    row.map(LegalEntity::try_from).transpose()
}

/// Adds a company; `false` where one was made with the same key.
pub(crate) async fn insert(
    tx: &mut Tx,
    entity: &LegalEntity,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into billing.legal_entities
           (tenant_id, id, seller, currency, rounding, payment_days, estimate_prefix, invoice_prefix, credit_note_prefix,
            idempotency_key, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
         on conflict (tenant_id, idempotency_key) do nothing",
        tenant,
        entity.id,
        Json(&entity.seller) as _,
        entity.currency,
        entity.rounding.word(),
        entity.payment_days,
        entity.prefixes.estimate,
        entity.prefixes.invoice,
        entity.prefixes.credit_note,
        key,
        entity.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Changes a company whose version is still `entity.version`; answers whether it was.
pub(crate) async fn update(
    tx: &mut Tx,
    entity: &LegalEntity,
    now: DateTime<Utc>,
) -> Result<bool, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update billing.legal_entities set seller = $3, currency = $4, rounding = $5, payment_days = $6, estimate_prefix = $7,
           invoice_prefix = $8, credit_note_prefix = $9, version = version + 1, updated_at = $11
         where tenant_id = $1 and id = $2 and version = $10",
        tenant,
        entity.id,
        Json(&entity.seller) as _,
        entity.currency,
        entity.rounding.word(),
        entity.payment_days,
        entity.prefixes.estimate,
        entity.prefixes.invoice,
        entity.prefixes.credit_note,
        entity.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The next number of a series. It is given if and only if the transaction commits: others wait for its end.
pub(crate) async fn next_number(tx: &mut Tx, entity: Uuid, kind: Kind) -> Result<i64, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let number = sqlx::query_scalar!(
        "insert into billing.series as s (tenant_id, legal_entity_id, kind, last_number) values ($1, $2, $3, 1)
         on conflict (tenant_id, legal_entity_id, kind) do update set last_number = s.last_number + 1
         returning last_number",
        tenant,
        entity,
        kind.word()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(number)
}
