//! Payments at providers: how far they are, and what is disputed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use portico_core::{AccountId, Money, TenantId};
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

use crate::{
    domain::{
        provider::{Checkout, CheckoutState, Waiting},
        settlement::Pending,
    },
    error::BillingError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    invoice_id: Uuid,
    currency: String,
    amount: i64,
    reference: String,
    url: String,
    state: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Checkout {
    type Error = BillingError;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let unreadable = |error: portico_core::InvalidMoney| BillingError::Unreadable(error.to_string());
        Ok(Self {
            id: row.id,
            account_id: row.account_id.into(),
            invoice_id: row.invoice_id,
            money: Money::new(row.amount, &row.currency).map_err(unreadable)?,
            reference: row.reference,
            url: row.url,
            state: CheckoutState::of(&row.state).ok_or(BillingError::Unreadable(row.state))?,
            created_at: row.created_at,
        })
    }
}

/// Stores a checkout before its provider is asked.
pub(crate) async fn insert(tx: &mut Tx, provider: &str, checkout: &Checkout) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.checkouts (tenant_id, id, account_id, invoice_id, provider, currency, amount, state, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        tenant,
        checkout.id,
        checkout.account_id.0,
        checkout.invoice_id,
        provider,
        checkout.money.currency,
        checkout.money.amount,
        checkout.state.word(),
        checkout.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what the provider answered.
pub(crate) async fn answered(tx: &mut Tx, id: Uuid, reference: &str, url: &str) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update billing.checkouts set reference = $3, url = $4 where tenant_id = $1 and id = $2",
        tenant,
        id,
        reference,
        url
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A checkout, held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Checkout>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, invoice_id, currency, amount, reference, url, state, created_at
         from billing.checkouts where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Checkout::try_from).transpose()
}

/// The newest checkout of an invoice that is still open and was begun after a moment.
pub(crate) async fn open(
    tx: &mut Tx,
    invoice: Uuid,
    after: DateTime<Utc>,
) -> Result<Option<Checkout>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, invoice_id, currency, amount, reference, url, state, created_at from billing.checkouts
         where tenant_id = $1 and invoice_id = $2 and state = 'open' and created_at > $3 order by created_at desc limit 1",
        tenant,
        invoice,
        after
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Checkout::try_from).transpose()
}

/// Sets how far a checkout is.
pub(crate) async fn set_state(
    tx: &mut Tx,
    id: Uuid,
    state: CheckoutState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update billing.checkouts set state = $3, updated_at = $4 where tenant_id = $1 and id = $2",
        tenant,
        id,
        state.word(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The payment that a provider knows by this id.
pub(crate) async fn payment(
    tx: &mut Tx,
    provider: &str,
    reference: &str,
) -> Result<Option<(Uuid, AccountId)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select id, account_id from billing.payments where tenant_id = $1 and provider = $2 and reference = $3",
        tenant,
        provider,
        reference
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.account_id.into())))
}

/// A dispute as a provider tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) provider: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) payment: Uuid,
    pub(crate) account: AccountId,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
}

/// Keeps a dispute, once; one that is closed stays closed.
pub(crate) async fn dispute(tx: &mut Tx, id: Uuid, told: Told<'_>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.disputes as d (tenant_id, id, account_id, payment_id, provider, reference, opened_at, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (tenant_id, provider, reference) do update set closed_at = coalesce(d.closed_at, excluded.closed_at)",
        tenant,
        id,
        told.account.0,
        told.payment,
        told.provider,
        told.reference,
        told.opened_at,
        told.closed_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything of the firm at a provider that is not decided, however old it is.
pub(crate) async fn waiting(tx: &mut Tx, provider: &str) -> Result<Vec<Waiting>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select 0 as \"kind!\", reference as \"reference!\" from billing.checkouts
           where tenant_id = $1 and provider = $2 and state in ('open', 'processing') and reference <> ''
         union all
         select 1, reference from billing.provider_refunds
           where tenant_id = $1 and provider = $2 and state = 'pending' and reference is not null
         union all
         select 2, reference from billing.disputes where tenant_id = $1 and provider = $2 and closed_at is null",
        tenant,
        provider
    )
    .fetch_all(tx.conn())
    .await?;
    let waiting = rows.into_iter().map(|row| match row.kind {
        0 => Waiting::Checkout(row.reference),
        1 => Waiting::Refund(row.reference),
        _ => Waiting::Dispute(row.reference),
    });
    Ok(waiting.collect())
}

/// What is under way beside the ledger for each of these invoices. A checkout that waits longer than its provider lets it is none.
pub(crate) async fn pending(tx: &mut Tx, invoices: &[Uuid]) -> Result<HashMap<Uuid, Pending>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select i.id as \"id!\",
           exists (select from billing.checkouts c where c.tenant_id = $1 and c.invoice_id = i.id and c.state = 'processing') as \"processing!\",
           exists (select from billing.ledger_entries e join billing.disputes d on d.tenant_id = e.tenant_id and d.payment_id = e.payment_id
             where e.tenant_id = $1 and e.invoice_id = i.id and e.chart = 'receivable' and d.closed_at is null) as \"disputed!\"
         from unnest($2::uuid[]) as i (id)",
        tenant,
        invoices
    )
    .fetch_all(tx.conn())
    .await?;
    let pending =
        rows.into_iter().map(|row| (row.id, Pending { processing: row.processing, disputed: row.disputed }));
    Ok(pending.collect())
}

/// Firms whose clients ever began to pay at a provider: a payer may dispute a payment a year later.
pub(crate) async fn firms(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let mut plumbing = store.plumbing().await?;
    let firms = sqlx::query_scalar!("select distinct tenant_id from billing.checkouts order by tenant_id")
        .fetch_all(&mut *plumbing)
        .await?;
    Ok(firms.into_iter().map(Into::into).collect())
}
