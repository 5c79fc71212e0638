//! Lists audit entries, newest first.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{ListAuditRequest, ListAuditResponse};
use portico_service::page;

use crate::{convert, domain::audit::AuditFilter, error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListAuditRequest,
) -> Result<ListAuditResponse, TenancyError> {
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(TenancyError::Invalid)?;
    let filter = AuditFilter {
        account: if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) },
        actor: if request.actor_id.is_empty() { None } else { Some(request.actor_id.parse()?) },
        action_prefix: Some(request.action_prefix).filter(|prefix| !prefix.is_empty()),
        object_id: Some(request.object_id).filter(|id| !id.is_empty()),
        from: convert::moment("from", request.from.as_ref())?,
        until: convert::moment("until", request.until.as_ref())?,
    };
    let mut tx = service.store.begin(&ctx).await?;
    if let Some(account) = filter.account {
        store::accounts::read(&mut tx, account).await?.ok_or(TenancyError::NotFound)?;
    }
    let mut entries = store::audit::list(&mut tx, &filter, after, size + 1).await?;
    let next_page_token = page::cut(&mut entries, size, |last| (last.at, last.id));
    let lines = entries.into_iter().map(|entry| convert::audit_line(entry.for_reader(&ctx)));
    Ok(ListAuditResponse { lines: lines.collect(), next_page_token })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use portico_core::{AccountId, Clock as _, PersonId};
    use portico_proto::time::timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{domain::audit::AuditEntry, testing::Fixture};

    /// An entry by `actor`, `minutes` after the start.
    async fn add(
        fixture: &Fixture,
        minutes: i64,
        action: &str,
        account: Option<AccountId>,
        actor: Option<PersonId>,
        internal: bool,
    ) -> DateTime<Utc> {
        let at = fixture.database.clock.now() + TimeDelta::minutes(minutes);
        let entry = AuditEntry {
            id: fixture.database.entropy.uuid(at),
            account_id: account,
            account_name: String::new(),
            internal,
            at,
            actor_kind: "staff".to_owned(),
            actor_id: actor,
            actor_name: "Ana".to_owned(),
            address: "192.0.2.7".to_owned(),
            action: action.to_owned(),
            object_kind: action.split('.').next().unwrap_or_default().to_owned(),
            object_id: Uuid::nil().to_string(),
            object_label: "Plan".to_owned(),
            version: String::new(),
            details: json!({}),
        };
        let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
        store::audit::insert(&mut tx, &entry).await.unwrap();
        tx.commit().await.unwrap();
        at
    }

    async fn actions(fixture: &Fixture, ctx: Ctx, request: ListAuditRequest) -> Vec<String> {
        let answer = handle(&fixture.service, ctx, request).await.unwrap();
        answer.lines.into_iter().map(|line| line.action).collect()
    }

    #[tokio::test]
    async fn filters_and_pages() {
        let fixture = Fixture::new().await;
        let acme = fixture.account("Acme").await;
        let person = PersonId(fixture.tenant.0);
        add(&fixture, 1, "document.shared", Some(acme), Some(person), false).await;
        let second = add(&fixture, 2, "document.downloaded", Some(acme), None, false).await;
        add(&fixture, 3, "staff.roles_set", None, None, false).await;
        let ask = async |request| actions(&fixture, fixture.staff(), request).await;
        let all = || ListAuditRequest::default();
        assert_eq!(ask(all()).await, ["staff.roles_set", "document.downloaded", "document.shared"]);
        assert_eq!(ask(ListAuditRequest { action_prefix: "document.".to_owned(), ..all() }).await.len(), 2);
        assert_eq!(ask(ListAuditRequest { account_id: acme.to_string(), ..all() }).await.len(), 2);
        assert_eq!(
            ask(ListAuditRequest { actor_id: person.to_string(), ..all() }).await,
            ["document.shared"]
        );
        assert_eq!(ask(ListAuditRequest { object_id: "x".to_owned(), ..all() }).await.len(), 0);
        assert_eq!(
            ask(ListAuditRequest { until: Some(timestamp(second)), ..all() }).await,
            ["document.shared"]
        );
        assert_eq!(ask(ListAuditRequest { from: Some(timestamp(second)), ..all() }).await.len(), 2);

        let page = async |page_token| {
            handle(&fixture.service, fixture.staff(), ListAuditRequest { page_size: 2, page_token, ..all() })
                .await
        };
        let first = page(String::new()).await.unwrap();
        assert_eq!(first.lines[1].account_name, "Acme");
        let rest = page(first.next_page_token).await.unwrap();
        assert_eq!((rest.lines.len(), rest.lines[0].action.as_str()), (1, "document.shared"));
        assert!(rest.next_page_token.is_empty());
        assert!(matches!(page("x".to_owned()).await, Err(TenancyError::Invalid(_))));
    }

    #[tokio::test]
    async fn i02_i03_others_read_what_concerns_their_accounts() {
        let fixture = Fixture::new().await;
        let (acme, globex) = (fixture.account("Acme").await, fixture.account("Globex").await);
        let client = fixture.client(&[acme]);
        add(&fixture, 1, "record.moved", Some(acme), None, false).await;
        add(&fixture, 2, "document.downloaded", Some(acme), client.actor.person, false).await;
        add(&fixture, 3, "note.written", Some(acme), None, true).await;
        add(&fixture, 4, "document.shared", Some(globex), None, false).await;
        add(&fixture, 5, "tenant.updated", None, None, false).await;
        let answer = handle(&fixture.service, client.clone(), ListAuditRequest::default()).await.unwrap();
        let seen: Vec<_> =
            answer.lines.iter().map(|line| (line.action.as_str(), line.address.as_str())).collect();
        assert_eq!(seen, [("document.downloaded", "192.0.2.7"), ("record.moved", "")]);
        let foreign = ListAuditRequest { account_id: globex.to_string(), ..Default::default() };
        assert!(matches!(handle(&fixture.service, client, foreign).await, Err(TenancyError::NotFound)));
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(actions(&fixture, stranger, ListAuditRequest::default()).await.is_empty());
        assert_eq!(actions(&fixture, fixture.staff(), ListAuditRequest::default()).await.len(), 5);
    }

    #[tokio::test]
    async fn i02_of_files_and_messages_people_read_what_became_of_those_they_had_a_hand_in() {
        let fixture = Fixture::new().await;
        let acme = fixture.account("Acme").await;
        let (ana, bea) = (fixture.client(&[acme]), fixture.client(&[acme]));
        let guest = portico_testkit::client(fixture.tenant, &[acme], &[]);
        for (minute, action, actor) in [
            (1, "document.uploaded", ana.actor.person),
            (2, "document.viewed", bea.actor.person),
            (3, "document.downloaded", None),
            (4, "envelope.signed", guest.actor.person),
            (5, "message.posted", None),
            (6, "run.cancelled", None),
        ] {
            add(&fixture, minute, action, Some(acme), actor, false).await;
        }
        let seen = async |ctx: &Ctx| actions(&fixture, ctx.clone(), ListAuditRequest::default()).await;
        let whole = ["run.cancelled", "document.downloaded", "document.viewed", "document.uploaded"];
        assert_eq!(seen(&ana).await, whole);
        assert_eq!(seen(&bea).await, ["run.cancelled", "document.viewed"], "a look is no hand in it");
        assert_eq!(seen(&guest).await, ["envelope.signed"], "without a role one reads one's own acts");
    }

    #[tokio::test]
    async fn i02_of_folders_and_what_is_in_them_people_of_an_account_read_only_their_own_acts() {
        let fixture = Fixture::new().await;
        let acme = fixture.account("Acme").await;
        let (ana, bea) = (fixture.client(&[acme]), fixture.client(&[acme]));
        let at = fixture.database.clock.now();
        for (action, object_kind, actor, details) in [
            ("document.filed", "document", None, json!({ "folder": Uuid::nil() })),
            ("document.uploaded", "document", None, json!({ "kind": "library" })),
            ("folder.shared", "folder", None, json!({ "grants": { "everyone": "view" } })),
            ("document.viewed", "document", ana.actor.person, json!({ "folder": Uuid::nil() })),
            ("document.downloaded", "document", None, json!({})),
        ] {
            let entry = AuditEntry {
                id: fixture.database.entropy.uuid(at),
                account_id: Some(acme),
                account_name: String::new(),
                internal: false,
                at,
                actor_kind: "client".to_owned(),
                actor_id: actor,
                actor_name: "Ana".to_owned(),
                address: String::new(),
                action: action.to_owned(),
                object_kind: object_kind.to_owned(),
                object_id: Uuid::nil().to_string(),
                object_label: "Redundancies".to_owned(),
                version: String::new(),
                details,
            };
            let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
            store::audit::insert(&mut tx, &entry).await.unwrap();
            tx.commit().await.unwrap();
        }
        let seen = async |ctx: &Ctx| {
            let mut seen = actions(&fixture, ctx.clone(), ListAuditRequest::default()).await;
            seen.sort();
            seen
        };
        assert!(seen(&bea).await.is_empty());
        assert_eq!(seen(&ana).await, ["document.viewed"]);
        assert_eq!(seen(&fixture.staff()).await.len(), 5);
    }
}
