//! Connects a mailbox, or changes the one there is.

use portico_core::Ctx;
use portico_proto::messaging::v1::{UpdateMailboxRequest, UpdateMailboxResponse};

use crate::{
    convert,
    domain::{mailbox::MailboxWish, settings::ServerWish},
    error::MessagingError,
    events::publish,
    mailbox::PASSWORD_PURPOSE,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateMailboxRequest,
) -> Result<UpdateMailboxResponse, MessagingError> {
    let asked = request.mailbox.unwrap_or_default();
    let now = {
        let mut tx = service.store.begin(&ctx).await?;
        let now = store::mailboxes::read(&mut tx).await?;
        tx.rollback().await?;
        now.map(|(mailbox, _)| mailbox)
    };
    let version = now.as_ref().map_or(0, |now| now.version);
    if asked.etag != version.to_string() {
        return Err(MessagingError::Changed);
    }
    let wish = MailboxWish {
        server: ServerWish {
            host: asked.server_host,
            port: asked.server_port,
            security: asked.server_security,
            user: asked.server_user,
            password: request.server_password,
        },
        folder: asked.folder,
        done_folder: asked.done_folder,
    };
    let mut mailbox =
        wish.check(now.as_ref(), service.config.local_servers).map_err(MessagingError::Invalid)?;
    if !wish.server.password.is_empty() {
        let password = wish.server.password.as_bytes();
        mailbox.server.password = Some(service.secrets.seal(ctx.tenant, PASSWORD_PURPOSE, password).await?);
    }
    let elsewhere = now.as_ref().is_none_or(|now| now.is_elsewhere(&mailbox));
    let mut tx = service.store.begin(&ctx).await?;
    if !store::mailboxes::save(&mut tx, &mailbox, elsewhere, service.clock.now()).await? {
        return Err(MessagingError::Changed);
    }
    publish::mailbox_handled(service, &mut tx, "mailbox.connected", Some(&mailbox)).await?;
    let saved = store::mailboxes::read(&mut tx).await?;
    tx.commit().await?;
    service.mailbox_due.notify_one();
    let mailbox = saved.map(|(mailbox, standing)| convert::mailbox(mailbox, standing));
    Ok(UpdateMailboxResponse { mailbox })
}

#[cfg(test)]
mod tests {
    use portico_proto::messaging::v1::{
        DisconnectMailboxRequest, GetMailboxRequest, LookIntoMailboxRequest, Mailbox as Asked,
    };

    use super::*;
    use crate::{
        rpc::{disconnect_mailbox, get_mailbox, look_into_mailbox},
        testing::Fixture,
    };

    fn ask(host: &str, etag: &str) -> UpdateMailboxRequest {
        let mailbox = Asked {
            server_host: host.to_owned(),
            server_port: 993,
            server_security: "tls".to_owned(),
            server_user: "in".to_owned(),
            etag: etag.to_owned(),
            ..Asked::default()
        };
        UpdateMailboxRequest { mailbox: Some(mailbox), server_password: "hunter2".to_owned() }
    }

    async fn connected(fixture: &Fixture, ctx: &Ctx) -> Option<Asked> {
        let asked = GetMailboxRequest {};
        get_mailbox::handle(&fixture.service, ctx.clone(), asked).await.unwrap().mailbox
    }

    #[tokio::test]
    async fn a_mailbox_is_connected_changed_and_forgotten() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        assert_eq!(connected(&fixture, &admin).await, None);
        let saved = handle(&fixture.service, admin.clone(), ask("imap.example.com", "0")).await.unwrap();
        let saved = saved.mailbox.unwrap();
        assert_eq!((saved.folder.as_str(), saved.etag.as_str()), ("INBOX", "1"));
        assert_eq!(connected(&fixture, &admin).await, Some(saved));
        let kept: Vec<u8> = sqlx::query_scalar("select server_password from messaging.mailboxes")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert!(!kept.windows(7).any(|part| part == b"hunter2"), "it is sealed at rest");
        let late = handle(&fixture.service, admin.clone(), ask("imap.example.org", "0")).await;
        assert!(matches!(late, Err(MessagingError::Changed)), "{late:?}");
        let mut bare = ask("imap.example.org", "1");
        bare.server_password.clear();
        let refused = handle(&fixture.service, admin.clone(), bare).await.unwrap_err();
        assert!(
            matches!(&refused, MessagingError::Invalid(problem) if problem.fields[0].field == "server_password"),
            "a password goes to no other server: {refused:?}"
        );
        for _ in 0..2 {
            let asked = DisconnectMailboxRequest {};
            disconnect_mailbox::handle(&fixture.service, admin.clone(), asked).await.unwrap();
        }
        assert_eq!(connected(&fixture, &admin).await, None);
        assert_eq!(fixture.audited().await, ["mailbox.connected", "mailbox.disconnected"]);
        let audit = format!("{:?}", fixture.outbox::<portico_proto::events::v1::AuditEntry>().await);
        assert!(!audit.contains("hunter2"));
    }

    #[tokio::test]
    async fn i01_a_mailbox_is_one_firms_own() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        handle(&fixture.service, admin.clone(), ask("imap.example.com", "0")).await.unwrap();
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let ana = fixture.as_client(fixture.client_person("Ana"));
        for ctx in [stranger, ana] {
            assert_eq!(connected(&fixture, &ctx).await, None);
            let asked = DisconnectMailboxRequest {};
            disconnect_mailbox::handle(&fixture.service, ctx.clone(), asked).await.unwrap();
            let called = look_into_mailbox::handle(&fixture.service, ctx, LookIntoMailboxRequest {}).await;
            assert!(matches!(called, Err(MessagingError::NotFound)), "{called:?}");
        }
        assert!(connected(&fixture, &admin).await.is_some(), "it is still there");
    }
}
