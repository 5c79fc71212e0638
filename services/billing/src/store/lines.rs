//! Lines of documents and their sums.

use std::collections::BTreeMap;

use portico_core::AccountId;
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::{
        decimal::Decimal,
        lines::{Line, TaxTotal, Totals},
        tax::{Tax, TaxCategory, TaxKey},
    },
    error::BillingError,
};

fn key(category: &str, basis_points: i32) -> Result<TaxKey, BillingError> {
    let category = TaxCategory::of(category).ok_or_else(|| BillingError::Unreadable(category.to_owned()))?;
    Ok(TaxKey { category, basis_points })
}

/// The lines of a document and each one's amount, in their order.
pub(super) async fn read(tx: &mut Tx, document: Uuid) -> Result<(Vec<Line>, Vec<i64>), BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select description, quantity, unit, unit_price, tax_category, tax_basis_points, exemption_reason, net
         from billing.lines where tenant_id = $1 and document_id = $2 order by position",
        tenant,
        document
    )
    .fetch_all(tx.conn())
    .await?;
    let mut lines = Vec::with_capacity(rows.len());
    let mut amounts = Vec::with_capacity(rows.len());
    for row in rows {
        amounts.push(row.net);
        lines.push(Line {
            description: row.description,
            quantity: Decimal::from_millionths(row.quantity),
            unit: row.unit,
            unit_price: Decimal::from_millionths(row.unit_price),
            tax: Tax {
                key: key(&row.tax_category, row.tax_basis_points)?,
                exemption_reason: row.exemption_reason,
            },
        });
    }
    Ok((lines, amounts))
}

/// Replaces the lines of a draft.
pub(super) async fn replace(
    tx: &mut Tx,
    document: Uuid,
    account: AccountId,
    lines: &[Line],
    totals: &Totals,
) -> Result<(), BillingError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from billing.lines where tenant_id = $1 and document_id = $2", tenant, document)
        .execute(tx.conn())
        .await?;
    let text = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).to_owned()).collect::<Vec<String>>();
    let number = |of: fn(&Line) -> i64| lines.iter().map(of).collect::<Vec<i64>>();
    let rates: Vec<i32> = lines.iter().map(|line| line.tax.key.basis_points).collect();
    sqlx::query!(
        "insert into billing.lines (tenant_id, document_id, position, account_id, internal, description, quantity, unit, unit_price,
           tax_category, tax_basis_points, exemption_reason, net)
         select $1::uuid, $2::uuid, (l.place - 1)::integer, $3::uuid, true, l.description, l.quantity, l.unit, l.unit_price, l.category, l.rate, l.reason, l.net
         from unnest($4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::integer[], $10::text[], $11::bigint[])
           with ordinality as l (description, quantity, unit, unit_price, category, rate, reason, net, place)",
        tenant,
        document,
        account.0,
        &text(|line| &line.description),
        &number(|line| line.quantity.millionths()),
        &text(|line| &line.unit),
        &number(|line| line.unit_price.millionths()),
        &text(|line| line.tax.key.category.code()),
        &rates,
        &text(|line| &line.tax.exemption_reason),
        &totals.lines
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Shows the lines of a draft to the client, and writes its sums. The document itself is issued after this.
pub(super) async fn publish(
    tx: &mut Tx,
    document: Uuid,
    account: AccountId,
    totals: &Totals,
) -> Result<(), BillingError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update billing.lines set internal = false where tenant_id = $1 and document_id = $2",
        tenant,
        document
    )
    .execute(tx.conn())
    .await?;
    for (position, total) in (0_i32..).zip(&totals.taxes) {
        sqlx::query!(
            "insert into billing.tax_totals
               (tenant_id, document_id, position, account_id, tax_category, tax_basis_points, exemption_reason, base, tax)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            document,
            position,
            account.0,
            total.key.category.code(),
            total.key.basis_points,
            total.exemption_reason,
            total.base,
            total.tax
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The sums of issued documents, by document.
pub(super) async fn totals(
    tx: &mut Tx,
    documents: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<TaxTotal>>, BillingError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select document_id, tax_category, tax_basis_points, exemption_reason, base, tax
         from billing.tax_totals where tenant_id = $1 and document_id = any ($2) order by document_id, position",
        tenant,
        documents
    )
    .fetch_all(tx.conn())
    .await?;
    let mut totals: BTreeMap<Uuid, Vec<TaxTotal>> = BTreeMap::new();
    for row in rows {
        totals.entry(row.document_id).or_default().push(TaxTotal {
            key: key(&row.tax_category, row.tax_basis_points)?,
            exemption_reason: row.exemption_reason,
            base: row.base,
            tax: row.tax,
        });
    }
    Ok(totals)
}
