//! Refunds at providers: how far each is. The row of one that is asked for here is there before the provider is asked.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, Money, PersonId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::{
    domain::provider::{GiveBack, RefundState},
    error::BillingError,
};

/// A refund that the firm asks its provider for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) payment: Uuid,
    pub(crate) money: Money,
    pub(crate) reason: String,
    pub(crate) requested_by: Option<PersonId>,
    /// Whether the provider has answered.
    pub(crate) answered: bool,
    pub(crate) state: RefundState,
}

/// The provider of a payment and its id of it.
pub(crate) async fn provider_of(tx: &mut Tx, payment: Uuid) -> Result<Option<(String, String)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select provider, reference from billing.payments where tenant_id = $1 and id = $2",
        tenant,
        payment
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.provider, row.reference)))
}

/// Keeps a refund before its provider is asked.
pub(crate) async fn insert(
    tx: &mut Tx,
    (provider, key): (&str, &str),
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.provider_refunds (tenant_id, id, account_id, payment_id, provider, currency, amount, reason, requested_by,
           idempotency_key, state, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        asked.id,
        asked.account.0,
        asked.payment,
        provider,
        asked.money.currency,
        asked.money.amount,
        asked.reason,
        asked.requested_by.map(|id| id.0),
        key,
        asked.state.word(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    payment_id: Uuid,
    currency: String,
    amount: i64,
    reason: String,
    requested_by: Option<Uuid>,
    answered: bool,
    state: String,
}

impl TryFrom<Row> for Asked {
    type Error = BillingError;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.id,
            account: row.account_id.into(),
            payment: row.payment_id,
            money: money(row.amount, &row.currency)?,
            reason: row.reason,
            requested_by: row.requested_by.map(PersonId),
            answered: row.answered,
            state: RefundState::of(&row.state).ok_or(BillingError::Unreadable(row.state))?,
        })
    }
}

fn money(amount: i64, currency: &str) -> Result<Money, BillingError> {
    Money::new(amount, currency).map_err(|error| BillingError::Unreadable(error.to_string()))
}

/// The refund of an account that was asked for with this key.
pub(crate) async fn find_by_key(
    tx: &mut Tx,
    account: AccountId,
    key: &str,
) -> Result<Option<Asked>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, payment_id, currency as \"currency!\", amount as \"amount!\", reason, requested_by,
           reference is not null as \"answered!\", state from billing.provider_refunds
         where tenant_id = $1 and account_id = $2 and idempotency_key = $3",
        tenant,
        account.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Asked::try_from).transpose()
}

/// The provider refused it for good, without ever having begun: no later word of it is waited for. Answers it, once.
pub(crate) async fn refused(
    tx: &mut Tx,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Asked>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "update billing.provider_refunds set state = 'failed', updated_at = $3
         where tenant_id = $1 and id = $2 and reference is null and state = 'pending'
         returning id, account_id, payment_id, currency as \"currency!\", amount as \"amount!\", reason, requested_by,
           reference is not null as \"answered!\", state",
        tenant,
        id,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Asked::try_from).transpose()
}

/// No word of what is pending of a payment is waited for any longer. Answers each. Should its provider be set up again and say that one
/// was made after all, that is news of a refund which nobody knows here, and booked as one.
pub(crate) async fn give_up(
    tx: &mut Tx,
    payment: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Asked>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "update billing.provider_refunds set state = 'failed', updated_at = $3,
           reference = case when idempotency_key is null then reference end
         where tenant_id = $1 and payment_id = $2 and state = 'pending'
         returning id, account_id, payment_id, currency as \"currency!\", amount as \"amount!\", reason, requested_by,
           reference is not null as \"answered!\", state",
        tenant,
        payment,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Asked::try_from).collect()
}

/// Everything that was asked for at a provider and never answered.
pub(crate) async fn unanswered(tx: &mut Tx, provider: &str) -> Result<Vec<GiveBack>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select r.id, p.reference, r.currency as \"currency!\", r.amount as \"amount!\" from billing.provider_refunds r
         join billing.payments p on p.tenant_id = r.tenant_id and p.id = r.payment_id
         where r.tenant_id = $1 and r.provider = $2 and r.state = 'pending' and r.reference is null order by r.id",
        tenant,
        provider
    )
    .fetch_all(tx.conn())
    .await?;
    let back = rows.into_iter().map(|row| {
        Ok(GiveBack { id: row.id, payment: row.reference, money: money(row.amount, &row.currency)? })
    });
    back.collect()
}

/// A refund as a provider tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenBack<'a> {
    /// What was asked for here.
    pub(crate) asked: Option<Uuid>,
    pub(crate) provider: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) payment: Uuid,
    pub(crate) account: AccountId,
    pub(crate) money: &'a Money,
    pub(crate) state: RefundState,
    pub(crate) now: DateTime<Utc>,
}

/// What is known of a refund once a provider has told of it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// How far it is.
    pub(crate) state: RefundState,
    /// Whether that is news.
    pub(crate) news: bool,
    /// Whether it was asked for here.
    pub(crate) ours: bool,
    pub(crate) id: Uuid,
    pub(crate) reason: String,
    pub(crate) requested_by: Option<PersonId>,
}

/// Keeps how far a refund is. The account is held, so that reports come one after the other. A refund that was asked for here is known by
/// our id of it until the provider's is; then by the provider's alone, so that a second one with our id is one of its own.
pub(crate) async fn told(tx: &mut Tx, id: Uuid, told: GivenBack<'_>) -> Result<Known, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let there = sqlx::query!(
        "select id, state, reason, requested_by, idempotency_key is not null as \"ours!\" from billing.provider_refunds
         where tenant_id = $1 and provider = $2
           and (reference = $3 or (id = $4 and payment_id = $5 and reference is null and state = 'pending'))
         order by reference nulls last limit 1",
        tenant,
        told.provider,
        told.reference,
        told.asked,
        told.payment
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(there) = there else {
        sqlx::query!(
            "insert into billing.provider_refunds (tenant_id, id, account_id, payment_id, provider, reference, currency, amount, state,
               updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            tenant,
            id,
            told.account.0,
            told.payment,
            told.provider,
            told.reference,
            told.money.currency,
            told.money.amount,
            told.state.word(),
            told.now
        )
        .execute(tx.conn())
        .await?;
        let (state, reason) = (told.state, String::new());
        return Ok(Known { state, news: true, ours: false, id, reason, requested_by: None });
    };
    let before = RefundState::of(&there.state).ok_or(BillingError::Unreadable(there.state))?;
    let state = before.after(told.state);
    sqlx::query!(
        "update billing.provider_refunds set reference = $3, state = $4, currency = $5, amount = $6, updated_at = $7
         where tenant_id = $1 and id = $2",
        tenant,
        there.id,
        told.reference,
        state.word(),
        told.money.currency,
        told.money.amount,
        told.now
    )
    .execute(tx.conn())
    .await?;
    Ok(Known {
        state,
        news: state != before,
        ours: there.ours,
        id: there.id,
        reason: there.reason,
        requested_by: there.requested_by.map(PersonId),
    })
}
