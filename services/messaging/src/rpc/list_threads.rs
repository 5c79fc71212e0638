//! Lists threads, newest message first.

use portico_core::AccountId;
use portico_proto::messaging::v1::{ListThreadsRequest, ListThreadsResponse};
use portico_service::page;

use super::Asker;
use crate::{convert, error::MessagingError, peers, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    asker: Asker,
    request: ListThreadsRequest,
) -> Result<ListThreadsResponse, MessagingError> {
    let size = page::size(request.page_size, 50, 200);
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    if account.is_some_and(|account| !asker.ctx.actor.accounts.includes(account)) {
        return Err(MessagingError::NotFound);
    }
    let mut tx = service.store.begin(&asker.ctx).await?;
    let listed = store::threads::list(&mut tx, account, size).await?;
    tx.rollback().await?;
    // A thread is seen by whoever may see its record, and only workflow knows who that is. The list has no more rows than one call answers.
    let mut records =
        peers::records(service, &asker.caller, listed.iter().map(|listed| listed.thread.record_id)).await?;
    let mut threads = Vec::with_capacity(records.len());
    for mut listed in listed {
        let Some(record) = records.remove(&listed.thread.record_id) else { continue };
        let named = peers::thread_of(service, &record)?;
        (listed.thread.title, listed.thread.account_name) = (named.title, named.account_name);
        threads.push(convert::thread(listed));
    }
    Ok(ListThreadsResponse { threads })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_newest_comes_first_and_internal_notes_move_nothing_for_clients() {
        let fixture = Fixture::new().await;
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        let (relaunch, audit) =
            (fixture.record(fixture.acme(), "Relaunch"), fixture.record(fixture.acme(), "Audit"));
        for (record, text, internal) in
            [(relaunch, "First", false), (audit, "Second", false), (relaunch, "canarynote", true)]
        {
            fixture.database.clock.advance(TimeDelta::minutes(1));
            fixture.post(tom, record, text, internal).await;
        }
        fixture.handle_posted().await;
        let list = async |asker: Asker, request: ListThreadsRequest| {
            let threads = handle(&fixture.service, asker, request).await.unwrap().threads;
            threads
                .into_iter()
                .map(|thread| (thread.title, thread.last_text, thread.unread))
                .collect::<Vec<_>>()
        };
        let row = |title: &str, text: &str, unread| (title.to_owned(), text.to_owned(), unread);
        let all = ListThreadsRequest::default();
        let by_staff = list(fixture.asker_staff(tom), all.clone()).await;
        assert_eq!(by_staff, [row("Relaunch", "canarynote", 0), row("Audit", "Second", 0)]);
        let by_client = list(fixture.asker_client(ana), all).await;
        assert_eq!(by_client, [row("Audit", "Second", 1), row("Relaunch", "First", 1)]);
        let one = ListThreadsRequest { page_size: 1, ..ListThreadsRequest::default() };
        assert_eq!(list(fixture.asker_client(ana), one).await, [row("Audit", "Second", 1)]);
    }

    #[tokio::test]
    async fn i03_lists_leave_out_what_is_not_ones_own() {
        let fixture = Fixture::new().await;
        let tom = fixture.staff_person("Tom");
        let (ours, theirs) =
            (fixture.record(fixture.acme(), "Ours"), fixture.record(fixture.globex(), "Theirs"));
        fixture.post(tom, ours, "Hello", false).await;
        fixture.post(tom, theirs, "Hello", false).await;
        let titles = async |asker: Asker, account: &str| {
            let request =
                ListThreadsRequest { account_id: account.to_owned(), ..ListThreadsRequest::default() };
            let threads = handle(&fixture.service, asker, request).await?.threads;
            Ok::<_, MessagingError>(threads.into_iter().map(|thread| thread.title).collect::<Vec<_>>())
        };
        let acme = fixture.acme().to_string();
        assert_eq!(titles(fixture.asker_of(fixture.acme()), "").await.unwrap(), ["Ours"]);
        assert_eq!(titles(fixture.asker_staff(tom), &acme).await.unwrap(), ["Ours"]);
        assert!(titles(fixture.asker_of_stranger(), "").await.unwrap().is_empty());
        assert!(matches!(
            titles(fixture.asker_of(fixture.globex()), &acme).await,
            Err(MessagingError::NotFound)
        ));
        assert!(matches!(titles(fixture.asker_staff(tom), "x").await, Err(MessagingError::NotFound)));
        // A member of staff whom a rule keeps from the record does not see its thread either.
        fixture.hide_from(ours, tom);
        assert_eq!(titles(fixture.asker_staff(tom), "").await.unwrap(), ["Theirs"]);
    }

    #[tokio::test]
    async fn a_long_list_is_one_call_to_workflow() {
        let fixture = Fixture::new().await;
        let tom = fixture.staff_person("Tom");
        for number in 0..12 {
            let record = fixture.record(fixture.acme(), &format!("Matter {number}"));
            fixture.post(tom, record, "Hello", false).await;
        }
        let before = fixture.calls_to_workflow();
        let asker = fixture.asker_staff(tom);
        let threads = handle(&fixture.service, asker, ListThreadsRequest::default()).await.unwrap().threads;
        assert_eq!((threads.len(), fixture.calls_to_workflow() - before), (12, 1));
    }
}
