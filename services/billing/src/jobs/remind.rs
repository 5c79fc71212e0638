//! Reminds people of invoices that are overdue. It marks nothing: whether one is overdue follows from the ledger and the day.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::Ctx;

use crate::{
    domain::document::Kind,
    error::BillingError,
    events::publish::{self, Notice},
    peers,
    service::Service,
    settling::in_currency,
    store::{self, reminders::Due},
    view,
};

/// The time between two looks.
const REST: Duration = Duration::from_secs(30);
/// Reminders in one look.
const BATCH: i64 = 50;
/// The days from one reminder to the next.
const BETWEEN: TimeDelta = TimeDelta::days(7);
/// After this many the rest is for people to say.
const MOST: i32 = 4;
/// When one that failed is tried again.
const LATER: TimeDelta = TimeDelta::hours(1);

/// Sends what is due.
pub(super) async fn run(service: &Service) -> Result<Duration, BillingError> {
    let due = store::reminders::due(&service.store, service.clock.now(), BATCH).await?;
    let full = i64::try_from(due.len()).is_ok_and(|count| count >= BATCH);
    for one in due {
        // One firm's trouble keeps nobody else waiting.
        if let Err(error) = remind(service, one).await {
            tracing::warn!(tenant = %one.tenant, invoice = %one.invoice, %error, "a reminder could not be sent");
            put_off(service, one).await?;
        }
    }
    Ok(if full { Duration::ZERO } else { REST })
}

async fn remind(service: &Service, due: Due) -> Result<(), BillingError> {
    let (ctx, now) = (Ctx::system(due.tenant, "billing.remind"), service.clock.now());
    let firm = peers::firm(service, &ctx).await?;
    let people = peers::members(service, &ctx, due.account).await?;
    let mut tx = service.store.begin(&ctx).await?;
    store::hold_account(&mut tx, due.account).await?;
    let Some(sent) = store::reminders::take(&mut tx, due.invoice, now).await? else { return Ok(()) };
    let invoice = store::documents::read(&mut tx, due.invoice).await?.ok_or(BillingError::NotFound)?;
    let open = view::settled(&mut tx, due.invoice).await?.open();
    let (Some(until), true) = (invoice.content.until, open > 0) else {
        store::reminders::stop(&mut tx, due.invoice).await?;
        tx.commit().await?;
        return Ok(());
    };
    let number = sent + 1;
    let notice = Notice {
        // The count begins anew where a payment was given back; the day tells the first reminder from that first one.
        key: format!("invoice-overdue:{}:{number}:{}", due.invoice, service.today(&firm)),
        people: &people,
        told: firm.words.overdue(invoice.number(), &in_currency(open, &invoice.content.currency)?, until),
        link: publish::page(Kind::Invoice, due.invoice, true),
        kind: "reminder",
        reply_to: invoice.created_by,
    };
    publish::tell(service, &mut tx, due.invoice, due.account, notice).await?;
    publish::reminded(service, &mut tx, &invoice, number, until).await?;
    if number >= MOST {
        store::reminders::stop(&mut tx, due.invoice).await?;
    } else {
        store::reminders::plan_next(&mut tx, due.invoice, number, now + BETWEEN).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn put_off(service: &Service, due: Due) -> Result<(), BillingError> {
    let mut tx = service.store.begin(&Ctx::system(due.tenant, "billing.remind")).await?;
    if let Some(sent) = store::reminders::take(&mut tx, due.invoice, service.clock.now()).await? {
        store::reminders::plan_next(&mut tx, due.invoice, sent, service.clock.now() + LATER).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use portico_proto::{billing::v1::RefundCreditRequest, events::v1::NoticeRequested};

    use super::*;
    use crate::testing::Fixture;

    async fn reminders(fixture: &Fixture) -> Vec<NoticeRequested> {
        let all = fixture.published::<NoticeRequested>().await;
        all.into_iter().filter(|notice| notice.kind == "reminder").collect()
    }

    #[tokio::test]
    async fn what_is_overdue_is_said_again_until_it_is_paid() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        fixture.work("billing.remind").await;
        fixture.database.clock.advance(TimeDelta::days(14));
        fixture.work("billing.remind").await;
        assert!(reminders(&fixture).await.is_empty(), "the due day itself is in time");
        fixture.database.clock.advance(TimeDelta::days(1));
        for _ in 0..2 {
            fixture.work("billing.remind").await;
        }
        let told = reminders(&fixture).await;
        assert_eq!((told.len(), told[0].link.as_str()), (1, format!("/invoices/{}", invoice.id).as_str()));
        assert_eq!(told[0].subject, "Reminder: invoice INV-00001 was due on 29 January 2027");
        assert_eq!(told[0].person_ids, [fixture.ana.to_string()]);
        fixture.database.clock.advance(BETWEEN);
        fixture.work("billing.remind").await;
        assert_eq!(reminders(&fixture).await.len(), 2);
        fixture.pay(142_800).await;
        assert_eq!(fixture.rows("reminders").await, 0);
        fixture.database.clock.advance(BETWEEN);
        fixture.work("billing.remind").await;
        assert_eq!(reminders(&fixture).await.len(), 2, "what is paid is not said again");
    }

    #[tokio::test]
    async fn what_is_owed_again_is_said_again() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        fixture.database.clock.advance(TimeDelta::days(15));
        fixture.work("billing.remind").await;
        let payment = fixture.pay(142_800).await;
        assert_eq!((fixture.rows("reminders").await, reminders(&fixture).await.len()), (0, 1));
        let request = RefundCreditRequest {
            payment_id: payment.payment_id,
            amount: 142_800,
            reason: "Returned by the bank".to_owned(),
            idempotency_key: "k".to_owned(),
            ..RefundCreditRequest::default()
        };
        fixture.billing(&fixture.admin()).refund_credit(request).await.unwrap();
        fixture.work("billing.remind").await;
        assert_eq!(reminders(&fixture).await.len(), 1, "not on the same day");
        fixture.database.clock.advance(TimeDelta::days(1));
        fixture.work("billing.remind").await;
        let told = reminders(&fixture).await;
        assert_eq!((told.len(), told[1].link.as_str()), (2, format!("/invoices/{}", invoice.id).as_str()));
        assert_ne!(told[0].dedupe_key, told[1].dedupe_key, "it would be taken for the one before");
    }

    #[tokio::test]
    async fn after_some_reminders_it_is_for_people_to_say() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        fixture.database.clock.advance(TimeDelta::days(15));
        for _ in 0..MOST + 3 {
            fixture.work("billing.remind").await;
            fixture.database.clock.advance(BETWEEN);
        }
        assert_eq!(reminders(&fixture).await.len(), usize::try_from(MOST).unwrap());
    }
}
