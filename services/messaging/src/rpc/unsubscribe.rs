//! Switches one kind of mail off for one person, by the address under a mail.

use portico_core::Ctx;
use portico_proto::messaging::v1::{UnsubscribeRequest, UnsubscribeResponse};
use serde_json::json;

use crate::{
    domain::preferences::Way, error::MessagingError, events::publish, mail::Tokens, peers, service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UnsubscribeRequest,
) -> Result<UnsubscribeResponse, MessagingError> {
    let tokens = Tokens::of(service, &ctx).await?;
    let (person, kind) = tokens.read_unsubscribe(&request.token).ok_or(MessagingError::NotFound)?;
    if !peers::people(service, &ctx, &[person]).await?.contains_key(&person) {
        return Err(MessagingError::NotFound);
    }
    let way = if request.undo { Way::Now } else { Way::Never };
    let mut tx = service.store.begin(&ctx).await?;
    // Mail programs repeat themselves.
    if store::preferences::set_way(&mut tx, person, kind, way, service.clock.now()).await? {
        let details = json!({ "kind": kind, "way": way.as_str() });
        publish::mail_preferences_changed(service, &mut tx, "mail.unsubscribed", person, details).await?;
        tx.commit().await?;
    }
    Ok(UnsubscribeResponse { kind: kind.to_owned() })
}

#[cfg(test)]
mod tests {
    use portico_core::PersonId;
    use portico_proto::messaging::v1::InspectUnsubscribeRequest;

    use super::*;
    use crate::{rpc::inspect_unsubscribe, testing::Fixture};

    async fn way(fixture: &Fixture, person: PersonId, kind: &str) -> Way {
        let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
        store::preferences::of(&mut tx, person).await.unwrap().way(kind)
    }

    #[tokio::test]
    async fn the_address_under_a_mail_switches_its_kind_off_and_no_other() {
        let fixture = Fixture::new().await;
        let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
        fixture.queue(ana, "A task", |mail| mail.kind = "task".to_owned()).await;
        fixture.send_mails().await;
        let source = fixture.mails().await[0].parts.clone().unwrap().source.replace("\r\n ", "");
        let line =
            source.lines().find_map(|line| line.strip_prefix("List-Unsubscribe:")).unwrap().trim().to_owned();
        let address = line.trim_matches(['<', '>']);
        let token =
            address.strip_prefix("https://northwind.portal.example/mail/unsubscribe/").unwrap().to_owned();
        assert!(source.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));

        let asked = InspectUnsubscribeRequest { token: token.clone() };
        let inspect = async || {
            inspect_unsubscribe::handle(&fixture.service, fixture.system(), asked.clone()).await.unwrap()
        };
        assert_eq!((inspect().await.kind.as_str(), inspect().await.off), ("task", false));
        for _ in 0..2 {
            let off = UnsubscribeRequest { token: token.clone(), undo: false };
            handle(&fixture.service, fixture.system(), off).await.unwrap();
        }
        assert!(inspect().await.off);
        assert_eq!(way(&fixture, ana, "reminder").await, Way::Now);
        assert_eq!(way(&fixture, ben, "task").await, Way::Now);
        assert_eq!(fixture.audited().await, ["mail.unsubscribed"], "once, however often it is asked for");
        let on = UnsubscribeRequest { token: token.clone(), undo: true };
        handle(&fixture.service, fixture.system(), on).await.unwrap();
        assert!(!inspect().await.off);

        // i01: another firm's system knows nothing of it, and made-up codes are nobody's.
        let other = portico_testkit::system(fixture.database.tenant());
        let mut altered = token.clone().into_bytes();
        altered[3] = if altered[3] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for (ctx, token) in [(other, token.as_str()), (fixture.system(), &altered), (fixture.system(), "x")] {
            let off = UnsubscribeRequest { token: token.to_owned(), undo: false };
            let refused = handle(&fixture.service, ctx, off).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
        }
        assert_eq!(way(&fixture, ana, "task").await, Way::Now);
    }

    #[tokio::test]
    async fn what_must_be_mailed_has_no_way_out() {
        let fixture = Fixture::new().await;
        let ana = fixture.client_person("Ana");
        fixture.queue(ana, "New sign-in", |mail| mail.kind = "security".to_owned()).await;
        fixture.send_mails().await;
        let source = fixture.mails().await[0].parts.clone().unwrap().source;
        assert!(!source.contains("List-Unsubscribe") && !source.contains("/mail/unsubscribe/"));
    }
}
