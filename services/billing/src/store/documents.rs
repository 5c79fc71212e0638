//! Estimates' versions, invoices and credit notes.

use chrono::{DateTime, NaiveDate, Utc};
use portico_core::AccountId;
use portico_db::Tx;
use sqlx::types::Json;
use uuid::Uuid;

use super::{lines, reach};
use crate::{
    domain::{
        decimal::Rounding,
        document::{Content, IssuedDocument, Kind, Reference},
        lines::Totals,
        party::{Buyer, Seller},
        stored::{Issued, Stored},
    },
    error::BillingError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    kind: String,
    legal_entity_id: Uuid,
    estimate_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
    estimate_version: i32,
    title: String,
    currency: String,
    rounding: String,
    until: Option<NaiveDate>,
    service_from: Option<NaiveDate>,
    service_to: Option<NaiveDate>,
    notes: String,
    terms: String,
    net: i64,
    tax: i64,
    gross: i64,
    number: String,
    issue_date: Option<NaiveDate>,
    seller: Option<Json<Seller>>,
    buyer: Option<Json<Buyer>>,
    corrects: Option<Json<Reference>>,
    hash: String,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    version: i32,
}

impl TryFrom<Row> for Stored {
    type Error = BillingError;

    /// The document without its lines.
    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let issued = match (row.issue_date, row.seller, row.buyer) {
            (Some(issue_date), Some(seller), Some(buyer)) => Some(Issued {
                number: row.number,
                issue_date,
                seller: seller.0,
                buyer: buyer.0,
                corrects: row.corrects.map(|reference| reference.0),
                hash: row.hash,
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            account_id: row.account_id.into(),
            kind: Kind::of(&row.kind).ok_or(BillingError::Unreadable(row.kind))?,
            legal_entity_id: row.legal_entity_id,
            estimate_id: row.estimate_id,
            invoice_id: row.invoice_id,
            estimate_version: row.estimate_version,
            content: Content {
                title: row.title,
                currency: row.currency,
                rounding: Rounding::of(&row.rounding).ok_or(BillingError::Unreadable(row.rounding))?,
                until: row.until,
                service_from: row.service_from,
                service_to: row.service_to,
                notes: row.notes,
                terms: row.terms,
                lines: Vec::new(),
            },
            totals: Totals {
                lines: Vec::new(),
                taxes: Vec::new(),
                net: row.net,
                tax: row.tax,
                gross: row.gross,
            },
            issued,
            created_by: row.created_by.map(Into::into),
            created_at: row.created_at,
            version: row.version,
        })
    }
}

macro_rules! select {
    ($tail:literal, $($bound:expr),*) => {
        sqlx::query_as!(
            Row,
            "select d.id, d.account_id, d.kind, d.legal_entity_id, d.estimate_id, d.invoice_id, d.estimate_version, d.title, d.currency,
               d.rounding, d.until, d.service_from, d.service_to, d.notes, d.terms, d.net, d.tax, d.gross, d.number, d.issue_date,
               d.seller as \"seller: Json<Seller>\", d.buyer as \"buyer: Json<Buyer>\", d.corrects as \"corrects: Json<Reference>\",
               d.hash, d.created_by, d.created_at, d.version
             from billing.documents d " + $tail,
            $($bound),*
        )
    };
}

/// A document with its lines.
pub(crate) async fn read(tx: &mut Tx, id: Uuid) -> Result<Option<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = select!("where d.tenant_id = $1 and d.id = $2", tenant, id).fetch_optional(tx.conn()).await?;
    whole(tx, row).await
}

/// A document with its lines, held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = select!("where d.tenant_id = $1 and d.id = $2 for update", tenant, id)
        .fetch_optional(tx.conn())
        .await?;
    whole(tx, row).await
}

/// The document of an account that was made with this key.
pub(crate) async fn find_by_key(
    tx: &mut Tx,
    account: AccountId,
    key: &str,
) -> Result<Option<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row = select!(
        "where d.tenant_id = $1 and d.account_id = $2 and d.idempotency_key = $3",
        tenant,
        account.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    whole(tx, row).await
}

/// The invoice that was made from an estimate.
pub(crate) async fn converted(tx: &mut Tx, estimate: Uuid) -> Result<Option<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let row =
        select!("where d.tenant_id = $1 and d.estimate_id = $2 and d.kind = 'invoice'", tenant, estimate)
            .fetch_optional(tx.conn())
            .await?;
    whole(tx, row).await
}

async fn whole(tx: &mut Tx, row: Option<Row>) -> Result<Option<Stored>, BillingError> {
    let Some(row) = row else { return Ok(None) };
    let mut stored = Stored::try_from(row)?;
    let (lines, amounts) = lines::read(tx, stored.id).await?;
    stored.content.lines = lines;
    if stored.issued.is_some() {
        stored.totals.lines = amounts;
        stored.totals.taxes = lines::totals(tx, &[stored.id]).await?.remove(&stored.id).unwrap_or_default();
    } else {
        let unreadable = |error| BillingError::Unreadable(format!("the lines of {}: {error}", stored.id));
        stored.totals = stored.content.totals().map_err(unreadable)?;
    }
    Ok(Some(stored))
}

/// The versions of an estimate that the caller may see, the newest first, without lines.
pub(crate) async fn versions(tx: &mut Tx, estimate: Uuid) -> Result<Vec<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = select!(
        "where d.tenant_id = $1 and d.estimate_id = $2 and d.kind = 'estimate' order by d.estimate_version desc",
        tenant,
        estimate
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The credit notes of an invoice with their sums, the oldest first, without lines.
pub(crate) async fn credit_notes(tx: &mut Tx, invoice: Uuid) -> Result<Vec<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = select!("where d.tenant_id = $1 and d.invoice_id = $2 order by d.id", tenant, invoice)
        .fetch_all(tx.conn())
        .await?;
    let mut notes: Vec<Stored> = rows.into_iter().map(Stored::try_from).collect::<Result<_, _>>()?;
    let ids: Vec<Uuid> = notes.iter().map(|note| note.id).collect();
    let mut totals = lines::totals(tx, &ids).await?;
    for note in &mut notes {
        note.totals.taxes = totals.remove(&note.id).unwrap_or_default();
    }
    Ok(notes)
}

/// What a list holds.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) account: Option<AccountId>,
    pub(crate) legal_entity: Option<Uuid>,
    pub(crate) kind: Kind,
    /// `draft`, `sent`, `open`, `overdue`, `settled`, or empty for all.
    pub(crate) state: String,
    /// The day that it is where the firm is.
    pub(crate) today: NaiveDate,
}

/// Documents, the newest first, without lines; of an estimate the newest version that the caller may see.
pub(crate) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Stored>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let reach = reach(tx);
    let rows = select!(
        "left join lateral (
           select coalesce(sum(e.amount), 0) as open from billing.ledger_entries e
           where e.tenant_id = d.tenant_id and e.invoice_id = d.id and e.chart = 'receivable'
         ) o on d.kind = 'invoice'
         where d.tenant_id = $1 and d.kind = $2 and ($3::uuid is null or d.account_id = $3)
           and ($4::uuid[] is null or d.account_id = any ($4)) and ($5::uuid is null or d.id < $5) and ($9::uuid is null or d.legal_entity_id = $9)
           and case $6
             when 'draft' then d.internal
             when 'sent' then not d.internal
             when 'open' then not d.internal and o.open > 0
             when 'overdue' then not d.internal and o.open > 0 and d.until < $7
             when 'settled' then not d.internal and o.open <= 0
             else true end
           and (d.kind <> 'estimate' or not exists (
             select from billing.documents n where n.tenant_id = d.tenant_id and n.estimate_id = d.estimate_id
               and n.kind = 'estimate' and n.estimate_version > d.estimate_version))
         order by d.id desc limit $8",
        tenant,
        filter.kind.word(),
        filter.account.map(|id| id.0),
        reach.as_deref(),
        after,
        filter.state,
        filter.today,
        limit,
        filter.legal_entity
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Adds a draft; `false` where one was made for the account with the same key, or from the same estimate.
pub(crate) async fn insert(tx: &mut Tx, draft: &Stored, key: Option<&str>) -> Result<bool, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let content = &draft.content;
    let inserted = sqlx::query!(
        "insert into billing.documents
           (tenant_id, id, account_id, internal, kind, legal_entity_id, estimate_id, invoice_id, estimate_version, title, currency,
            rounding, until, service_from, service_to, notes, terms, net, tax, gross, idempotency_key, created_by, version,
            created_at, updated_at)
         values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $23)
         on conflict do nothing",
        tenant,
        draft.id,
        draft.account_id.0,
        draft.kind.word(),
        draft.legal_entity_id,
        draft.estimate_id,
        draft.invoice_id,
        draft.estimate_version,
        content.title,
        content.currency,
        content.rounding.word(),
        content.until,
        content.service_from,
        content.service_to,
        content.notes,
        content.terms,
        draft.totals.net,
        draft.totals.tax,
        draft.totals.gross,
        key,
        draft.created_by.map(|id| id.0),
        draft.version,
        draft.created_at
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    lines::replace(tx, draft.id, draft.account_id, &content.lines, &draft.totals).await?;
    Ok(true)
}

/// Replaces what a draft says.
pub(crate) async fn update(tx: &mut Tx, draft: &Stored, now: DateTime<Utc>) -> Result<(), BillingError> {
    let tenant = tx.ctx().tenant.0;
    let content = &draft.content;
    sqlx::query!(
        "update billing.documents set title = $3, currency = $4, until = $5, service_from = $6, service_to = $7, notes = $8, terms = $9,
           net = $10, tax = $11, gross = $12, version = $13, updated_at = $14
         where tenant_id = $1 and id = $2",
        tenant,
        draft.id,
        content.title,
        content.currency,
        content.until,
        content.service_from,
        content.service_to,
        content.notes,
        content.terms,
        draft.totals.net,
        draft.totals.tax,
        draft.totals.gross,
        draft.version,
        now
    )
    .execute(tx.conn())
    .await?;
    lines::replace(tx, draft.id, draft.account_id, &content.lines, &draft.totals).await
}

/// Removes a draft with its lines.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), BillingError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from billing.lines where tenant_id = $1 and document_id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from billing.documents where tenant_id = $1 and id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Issues a draft: from here on the database refuses every change.
pub(crate) async fn issue(
    tx: &mut Tx,
    document: &IssuedDocument,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), BillingError> {
    let tenant = tx.ctx().tenant.0;
    lines::publish(tx, document.id, document.account_id, &document.totals).await?;
    sqlx::query!(
        "update billing.documents set internal = false, number = $3, issue_date = $4, seller = $5, buyer = $6, corrects = $7,
           hash = $8, issued_at = $9, until = $10, updated_at = $9
         where tenant_id = $1 and id = $2",
        tenant,
        document.id,
        document.number,
        document.issue_date,
        Json(&document.seller) as _,
        Json(&document.buyer) as _,
        document.corrects.as_ref().map(Json) as _,
        hash,
        now,
        document.content.until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
