//! Payments, refunds, and what is left of each source.

use chrono::{DateTime, NaiveDate, Utc};
use portico_core::{AccountId, Money};
use portico_db::Tx;
use uuid::Uuid;

use super::reach;
use crate::{
    domain::{
        ledger::Source,
        payment::{BY_HAND, Credit, Payment, Refund},
    },
    error::BillingError,
};

fn money(amount: i64, currency: &str) -> Result<Money, BillingError> {
    Money::new(amount, currency).map_err(|error| BillingError::Unreadable(error.to_string()))
}

/// Adds a payment; `false` where the key or the provider's reference is known.
pub(crate) async fn insert(
    tx: &mut Tx,
    payment: &Payment,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into billing.payments (tenant_id, id, account_id, currency, amount, method, provider, reference, received_on, note,
           recorded_by, idempotency_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing",
        tenant,
        payment.id,
        payment.account_id.0,
        payment.money.currency,
        payment.money.amount,
        payment.method,
        payment.provider,
        payment.reference,
        payment.received_on,
        payment.note,
        payment.recorded_by.map(|id| id.0),
        key,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The payment of an account that was recorded with this key.
pub(crate) async fn find_by_key(
    tx: &mut Tx,
    account: AccountId,
    key: &str,
) -> Result<Option<Uuid>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select id from billing.payments where tenant_id = $1 and account_id = $2 and idempotency_key = $3",
        tenant,
        account.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Adds a refund; `false` where the key is known.
pub(crate) async fn insert_refund(
    tx: &mut Tx,
    refund: &Refund,
    key: &str,
    now: DateTime<Utc>,
) -> Result<bool, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let (payment, credit_note) = match refund.source {
        Source::Payment(id) => (Some(id), None),
        Source::CreditNote(id) => (None, Some(id)),
    };
    let inserted = sqlx::query!(
        "insert into billing.refunds (tenant_id, id, account_id, payment_id, credit_note_id, currency, amount, refunded_on, reason,
           reference, recorded_by, idempotency_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (tenant_id, account_id, idempotency_key) do nothing",
        tenant,
        refund.id,
        refund.account_id.0,
        payment,
        credit_note,
        refund.money.currency,
        refund.money.amount,
        refund.refunded_on,
        refund.reason,
        refund.reference,
        refund.recorded_by.map(|id| id.0),
        key,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The refund of an account's payment that was booked with this key.
pub(crate) async fn find_refund(
    tx: &mut Tx,
    account: AccountId,
    key: &str,
) -> Result<Option<Refund>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select id, payment_id as \"payment_id!\", currency, amount, refunded_on, reason, reference from billing.refunds
         where tenant_id = $1 and account_id = $2 and idempotency_key = $3 and payment_id is not null",
        tenant,
        account.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Refund {
        id: row.id,
        account_id: account,
        source: Source::Payment(row.payment_id),
        money: money(row.amount, &row.currency)?,
        refunded_on: row.refunded_on,
        reason: row.reason,
        reference: row.reference,
        recorded_by: None,
    }))
}

struct Row {
    id: Uuid,
    is_payment: bool,
    account_id: Uuid,
    label: String,
    currency: String,
    amount: i64,
    on: NaiveDate,
    method: String,
    provider: String,
    note: String,
    left: i64,
    refunded: i64,
    pending: i64,
}

impl TryFrom<Row> for (AccountId, Credit) {
    type Error = BillingError;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let source = if row.is_payment { Source::Payment(row.id) } else { Source::CreditNote(row.id) };
        let credit = Credit {
            source,
            label: row.label,
            money: money(row.amount, &row.currency)?,
            left: row.left,
            refunded: row.refunded,
            pending: row.pending,
            on: row.on,
            provider: Some(row.provider).filter(|provider| row.is_payment && provider != BY_HAND),
            method: row.method,
            note: row.note,
        };
        Ok((row.account_id.into(), credit))
    }
}

macro_rules! select {
    ($tail:literal, $($bound:expr),*) => {
        sqlx::query_as!(
            Row,
            "select c.id as \"id!\", c.is_payment as \"is_payment!\", c.account_id as \"account_id!\", c.label as \"label!\",
               c.currency as \"currency!\", c.amount as \"amount!\", c.day as \"on!\", c.method as \"method!\", c.provider as \"provider!\", c.note as \"note!\",
               l.left_over as \"left!\", l.refunded as \"refunded!\",
               (select coalesce(sum(r.amount), 0)::bigint from billing.provider_refunds r
                where r.tenant_id = c.tenant_id and r.payment_id = c.id and r.state = 'pending') as \"pending!\"
             from (
               select p.tenant_id, p.id, true as is_payment, p.account_id, p.reference as label, p.currency, p.amount,
                 p.received_on as day, p.method, p.provider, p.note from billing.payments p
               union all
               select d.tenant_id, d.id, false, d.account_id, d.number, d.currency, d.gross, d.issue_date, '', '', ''
               from billing.documents d where d.kind = 'credit_note' and not d.internal
             ) c cross join lateral (
               select coalesce(-sum(e.amount), 0)::bigint as left_over,
                 coalesce(sum(e.amount) filter (where e.act in ('refunded', 'refund_failed')), 0)::bigint as refunded
               from billing.ledger_entries e
               where e.tenant_id = c.tenant_id and e.chart = 'client_credit'
                 and ((c.is_payment and e.payment_id = c.id) or (not c.is_payment and e.credit_note_id = c.id))
             ) l " + $tail,
            $($bound),*
        )
    };
}

/// A payment or credit note with its account.
pub(crate) async fn credit(tx: &mut Tx, source: Source) -> Result<Option<(AccountId, Credit)>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let is_payment = matches!(source, Source::Payment(_));
    let row = select!(
        "where c.tenant_id = $1 and c.id = $2 and c.is_payment = $3",
        tenant,
        source.id(),
        is_payment
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// Payments and credit notes of an account, the newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    account: AccountId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Credit>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let reach = reach(tx);
    let rows = select!(
        "where c.tenant_id = $1 and c.account_id = $2 and ($3::uuid[] is null or c.account_id = any ($3))
           and ($4::uuid is null or c.id < $4)
         order by c.id desc limit $5",
        tenant,
        account.0,
        reach.as_deref(),
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| <(AccountId, Credit)>::try_from(row).map(|(_, credit)| credit)).collect()
}
