//! Counts what is unread.

use portico_core::Ctx;
use portico_proto::messaging::v1::{CountUnreadRequest, CountUnreadResponse};

use crate::{error::MessagingError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: CountUnreadRequest,
) -> Result<CountUnreadResponse, MessagingError> {
    let mut tx = service.store.begin(&ctx).await?;
    let (messages, notifications) = store::notifications::count_unread(&mut tx).await?;
    Ok(CountUnreadResponse { messages, notifications })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn notes_for_staff_count_for_staff_alone() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Relaunch");
        let (ana, tom, eva) =
            (fixture.client_person("Ana"), fixture.staff_person("Tom"), fixture.staff_person("Eva"));
        fixture.name_in(record, &[tom, eva]);
        fixture.post(tom, record, "Hello", false).await;
        fixture.handle_posted().await;
        fixture.post(tom, record, "Note", true).await;
        fixture.handle_posted().await;
        let count = async |ctx: Ctx| {
            let counted = handle(&fixture.service, ctx, CountUnreadRequest {}).await.unwrap();
            (counted.messages, counted.notifications)
        };
        assert_eq!(count(fixture.as_client(ana)).await, (1, 1));
        assert_eq!(count(fixture.as_staff(eva)).await, (2, 1), "a colleague's message is no news, a note is");
        assert_eq!(count(fixture.as_staff(tom)).await, (0, 0));
        assert_eq!(count(fixture.as_staff(fixture.staff_person("New"))).await, (0, 0));
    }

    #[tokio::test]
    async fn the_count_comes_off_two_indexes() {
        let fixture = Fixture::new().await;
        let mut tx =
            fixture.service.store.begin(&fixture.as_staff(fixture.staff_person("Tom"))).await.unwrap();
        sqlx::query("set local enable_seqscan = off").execute(tx.conn()).await.unwrap();
        let plan: Vec<String> = sqlx::query_scalar(
            "explain select
               (select coalesce(sum(unread), 0) from messaging.participants
                where tenant_id = portico.tenant() and person_id = portico.person() and unread > 0),
               (select count(*) from messaging.notifications
                where tenant_id = portico.tenant() and person_id = portico.person() and read_at is null)",
        )
        .fetch_all(tx.conn())
        .await
        .unwrap();
        let plan = plan.join("\n");
        for index in ["participants_unread", "notifications_unread"] {
            assert!(plan.contains(index), "{plan}");
        }
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
