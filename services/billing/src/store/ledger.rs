//! The ledger: rows are added and never changed.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::{
    ledger::{Booking, Chart, Source},
    settlement::Settled,
};

/// What a booking is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) on: NaiveDate,
    /// The document's number or the payment's reference.
    pub(crate) label: &'a str,
    /// The same key is booked once.
    pub(crate) key: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Books; `false` where this key was booked before.
pub(crate) async fn book(tx: &mut Tx, about: About<'_>, booking: &Booking) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into billing.ledger_transactions (tenant_id, id, account_id, act, booked_on, label, key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, account_id, key) do nothing",
        tenant,
        about.id,
        about.account.0,
        booking.act.word(),
        about.on,
        about.label,
        about.key,
        about.now
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    // Every entry of a booking names its invoice and its source, so that either side alone tells the whole.
    let invoice = booking.entries.iter().find_map(|entry| match entry.chart {
        Chart::Receivable(invoice) => Some(invoice),
        _ => None,
    });
    let source = booking.entries.iter().find_map(|entry| match entry.chart {
        Chart::ClientCredit(source) => Some(source),
        _ => None,
    });
    let (payment, credit_note) = ids(source);
    for (position, entry) in (0_i32..).zip(&booking.entries) {
        let tax = match entry.chart {
            Chart::Revenue(key) | Chart::Tax(key) => Some(key),
            _ => None,
        };
        sqlx::query!(
            "insert into billing.ledger_entries (tenant_id, transaction_id, position, account_id, internal, chart, act, currency, amount,
               invoice_id, payment_id, credit_note_id, tax_category, tax_basis_points)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            tenant,
            about.id,
            position,
            about.account.0,
            !entry.chart.is_the_clients(),
            entry.chart.word(),
            booking.act.word(),
            booking.currency,
            entry.amount,
            invoice,
            payment,
            credit_note,
            tax.map(|key| key.category.code()),
            tax.map(|key| key.basis_points)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(true)
}

fn ids(source: Option<Source>) -> (Option<Uuid>, Option<Uuid>) {
    match source {
        Some(Source::Payment(id)) => (Some(id), None),
        Some(Source::CreditNote(id)) => (None, Some(id)),
        None => (None, None),
    }
}

/// What was booked for each of these invoices; nothing for one that was never booked.
pub(crate) async fn settled(tx: &mut Tx, invoices: &[Uuid]) -> Result<HashMap<Uuid, Settled>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select invoice_id as \"invoice_id!\",
           coalesce(sum(amount) filter (where act = 'invoice_issued'), 0)::bigint as \"total!\",
           coalesce(-sum(amount) filter (where act in ('allocated', 'taken_back') and payment_id is not null), 0)::bigint as \"paid!\",
           coalesce(-sum(amount) filter (where act in ('allocated', 'taken_back') and credit_note_id is not null), 0)::bigint as \"credited!\",
           coalesce(-sum(amount) filter (where act = 'written_off'), 0)::bigint as \"written_off!\"
         from billing.ledger_entries
         where tenant_id = $1 and chart = 'receivable' and invoice_id = any ($2) group by invoice_id",
        tenant,
        invoices
    )
    .fetch_all(tx.conn())
    .await?;
    let settled = rows.into_iter().map(|row| {
        let settled = Settled {
            total: row.total,
            paid: row.paid,
            credited: row.credited,
            written_off: row.written_off,
        };
        (row.invoice_id, settled)
    });
    Ok(settled.collect())
}

/// What a source has left.
pub(crate) async fn left(tx: &mut Tx, source: Source) -> Result<i64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (payment, credit_note) = ids(Some(source));
    let left = sqlx::query_scalar!(
        "select coalesce(-sum(amount), 0)::bigint as \"left!\" from billing.ledger_entries
         where tenant_id = $1 and chart = 'client_credit' and (payment_id = $2 or credit_note_id = $3)",
        tenant,
        payment,
        credit_note
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(left)
}

/// What a source pays of invoices, the latest allocation first.
pub(crate) async fn allocated(tx: &mut Tx, source: Source) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (payment, credit_note) = ids(Some(source));
    let rows = sqlx::query!(
        "select invoice_id as \"invoice_id!\", -sum(amount)::bigint as \"amount!\" from billing.ledger_entries
         where tenant_id = $1 and chart = 'receivable' and act in ('allocated', 'taken_back')
           and (payment_id = $2 or credit_note_id = $3)
         group by invoice_id having sum(amount) < 0 order by max(transaction_id::text) desc",
        tenant,
        payment,
        credit_note
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.invoice_id, row.amount)).collect())
}

/// What a payment pays now: invoices with their numbers, the oldest first.
pub(crate) async fn paid_by(tx: &mut Tx, payment: Uuid) -> Result<Vec<(Uuid, String, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select d.id, d.number, -sum(e.amount)::bigint as \"amount!\" from billing.ledger_entries e
         join billing.documents d on d.tenant_id = e.tenant_id and d.id = e.invoice_id
         where e.tenant_id = $1 and e.payment_id = $2 and e.chart = 'receivable' and e.act in ('allocated', 'taken_back')
         group by d.id, d.number having sum(e.amount) < 0 order by d.id",
        tenant,
        payment
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.number, row.amount)).collect())
}

/// What was given back of a payment, and what of that did not arrive, the oldest first: the day, the act, and minor units.
pub(crate) async fn moved_of(
    tx: &mut Tx,
    payment: Uuid,
) -> Result<Vec<(NaiveDate, String, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select t.booked_on, t.act, e.amount from billing.ledger_entries e
         join billing.ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
         where e.tenant_id = $1 and e.payment_id = $2 and e.chart = 'client_credit' and e.act in ('refunded', 'refund_failed')
         order by t.id limit 500",
        tenant,
        payment
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.booked_on, row.act, row.amount)).collect())
}

/// What giving back took from invoices, in the order in which it did.
pub(crate) async fn taken_back_for(
    tx: &mut Tx,
    account: AccountId,
    refund: Uuid,
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select e.invoice_id as \"invoice_id!\", e.amount from billing.ledger_transactions t
         join billing.ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id and e.chart = 'receivable'
         where t.tenant_id = $1 and t.account_id = $2 and t.act = 'taken_back' and t.key like 'take_back:' || $3 || ':%' order by t.id",
        tenant,
        account.0,
        refund.to_string()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.invoice_id, row.amount)).collect())
}

/// Invoices of an account with something open in this currency, the oldest due day first.
pub(crate) async fn open_invoices(
    tx: &mut Tx,
    account: AccountId,
    currency: &str,
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select d.id, sum(e.amount)::bigint as \"open!\" from billing.documents d
         join billing.ledger_entries e on e.tenant_id = d.tenant_id and e.invoice_id = d.id and e.chart = 'receivable'
         where d.tenant_id = $1 and d.account_id = $2 and d.kind = 'invoice' and d.currency = $3
         group by d.id, d.until having sum(e.amount) > 0 order by d.until nulls last, d.id",
        tenant,
        account.0,
        currency
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.open)).collect())
}

/// Something that was set against an invoice.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) on: NaiveDate,
    pub(crate) act: String,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) credit_note_id: Option<Uuid>,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// What was set against an invoice, the oldest first.
pub(crate) async fn settlements(tx: &mut Tx, invoice: Uuid) -> Result<Vec<Settlement>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select t.booked_on, t.act, e.payment_id, e.credit_note_id, t.label, -e.amount as \"amount!\"
         from billing.ledger_entries e join billing.ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
         where e.tenant_id = $1 and e.invoice_id = $2 and e.chart = 'receivable' and e.act <> 'invoice_issued'
         order by t.id limit 500",
        tenant,
        invoice
    )
    .fetch_all(tx.conn())
    .await?;
    let settlement = rows.into_iter().map(|row| Settlement {
        on: row.booked_on,
        act: row.act,
        payment_id: row.payment_id,
        credit_note_id: row.credit_note_id,
        label: row.label,
        amount: row.amount,
    });
    Ok(settlement.collect())
}

/// Something that changed what an account owes.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) on: NaiveDate,
    pub(crate) act: String,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// What an account owed in a currency before a day.
pub(crate) async fn owed_before(
    tx: &mut Tx,
    account: AccountId,
    currency: &str,
    day: NaiveDate,
) -> Result<i64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let owed = sqlx::query_scalar!(
        "select coalesce(sum(e.amount), 0)::bigint as \"owed!\" from billing.ledger_entries e
         join billing.ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
         where e.tenant_id = $1 and e.account_id = $2 and e.currency = $3 and t.booked_on < $4 and e.chart in ('receivable', 'client_credit')",
        tenant,
        account.0,
        currency,
        day
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(owed)
}

/// What changed what an account owes in a currency from one day to another, in the order of the days. What was only set against
/// something moved nothing.
pub(crate) async fn movements(
    tx: &mut Tx,
    account: AccountId,
    currency: &str,
    (from, to): (NaiveDate, NaiveDate),
    limit: i64,
) -> Result<Vec<Movement>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select t.booked_on, t.act, t.label, sum(e.amount)::bigint as \"amount!\" from billing.ledger_transactions t
         join billing.ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
         where t.tenant_id = $1 and t.account_id = $2 and e.currency = $3 and t.booked_on between $4 and $5
           and e.chart in ('receivable', 'client_credit')
         group by t.booked_on, t.id, t.act, t.label having sum(e.amount) <> 0 order by t.booked_on, t.id limit $6",
        tenant,
        account.0,
        currency,
        from,
        to,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let movement = rows.into_iter().map(|row| Movement {
        on: row.booked_on,
        act: row.act,
        label: row.label,
        amount: row.amount,
    });
    Ok(movement.collect())
}

/// The currency of an account's newest booking.
pub(crate) async fn newest_currency(tx: &mut Tx, account: AccountId) -> Result<Option<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select currency from billing.ledger_entries
         where tenant_id = $1 and account_id = $2 and chart in ('receivable', 'client_credit') order by transaction_id desc limit 1",
        tenant,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A balance of the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Balance {
    pub(crate) chart: String,
    pub(crate) currency: String,
    pub(crate) tax_category: String,
    pub(crate) tax_basis_points: i32,
    pub(crate) amount: i64,
}

/// The balances of the firm's ledger up to a day.
pub(crate) async fn balances(tx: &mut Tx, until: NaiveDate) -> Result<Vec<Balance>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select e.chart, e.currency, coalesce(e.tax_category, '') as \"tax_category!\", coalesce(e.tax_basis_points, 0) as \"rate!\",
           sum(e.amount)::bigint as \"amount!\"
         from billing.ledger_entries e join billing.ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
         where e.tenant_id = $1 and t.booked_on <= $2
         group by 2, 1, 3, 4 order by 2, 1, 3, 4",
        tenant,
        until
    )
    .fetch_all(tx.conn())
    .await?;
    let balance = rows.into_iter().map(|row| Balance {
        chart: row.chart,
        currency: row.currency,
        tax_category: row.tax_category,
        tax_basis_points: row.rate,
        amount: row.amount,
    });
    Ok(balance.collect())
}

/// Whether this key was booked for the account.
pub(crate) async fn is_booked(tx: &mut Tx, account: AccountId, key: &str) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select exists (select from billing.ledger_transactions where tenant_id = $1 and account_id = $2 and key = $3) as \"booked!\"",
        tenant,
        account.0,
        key
    )
    .fetch_one(tx.conn())
    .await?)
}
