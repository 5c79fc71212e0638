//! Changes how the firm's mail leaves.

use portico_core::{Ctx, Problem};
use portico_proto::messaging::v1::{UpdateMailSettingsRequest, UpdateMailSettingsResponse};

use crate::{
    convert,
    domain::settings::{MailSettings, ServerWish, Wish},
    error::MessagingError,
    events::publish,
    mail::{Office, PASSWORD_PURPOSE, Tokens},
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: UpdateMailSettingsRequest,
) -> Result<UpdateMailSettingsResponse, MessagingError> {
    let asked = request.settings.unwrap_or_default();
    // The firm's row has its key from the start.
    Tokens::of(service, &ctx).await?;
    let now = {
        let mut tx = service.store.begin(&ctx).await?;
        let now = store::settings::read(&mut tx).await?;
        tx.rollback().await?;
        now
    };
    if asked.etag != now.version.to_string() {
        return Err(MessagingError::Changed);
    }
    let wish = Wish {
        server: ServerWish {
            host: asked.server_host,
            port: asked.server_port,
            security: asked.server_security,
            user: asked.server_user,
            password: request.server_password,
        },
        from_name: asked.from_name,
        from_address: asked.from_address,
        inbound_address: asked.inbound_address,
        hold_seconds: asked.hold_seconds,
        hide_contents: asked.hide_contents,
    };
    let mut settings = wish.check(&now, service.config.local_servers).map_err(named)?;
    if let Some(server) = settings.server.as_mut().filter(|server| !server.user.is_empty())
        && !wish.server.password.is_empty()
    {
        let sealed =
            service.secrets.seal(ctx.tenant, PASSWORD_PURPOSE, wish.server.password.as_bytes()).await?;
        server.password = Some(sealed);
    }
    save(service, &ctx, &settings).await?;
    let office = Office::of(service, &ctx).await?;
    Ok(UpdateMailSettingsResponse { settings: Some(convert::mail_settings(service, &office)) })
}

async fn save(service: &Service, ctx: &Ctx, settings: &MailSettings) -> Result<(), MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    if !store::settings::save(&mut tx, settings, service.clock.now()).await? {
        return Err(MessagingError::Changed);
    }
    publish::mail_settings_changed(service, &mut tx, settings).await?;
    tx.commit().await?;
    Ok(())
}

fn named(problem: Problem) -> MessagingError {
    MessagingError::Invalid(problem)
}

#[cfg(test)]
mod tests {
    use portico_proto::messaging::v1::{MailSettings as Asked, SendTestMailRequest};

    use super::*;
    use crate::{
        rpc::send_test_mail,
        testing::{Fixture, sink},
    };

    fn own(port: u16) -> UpdateMailSettingsRequest {
        let settings = Asked {
            server_host: "127.0.0.1".to_owned(),
            server_port: port.into(),
            server_security: "none".to_owned(),
            server_user: "northwind".to_owned(),
            from_name: "Northwind Office".to_owned(),
            from_address: "hello@northwind.example".to_owned(),
            hold_seconds: 90,
            etag: "0".to_owned(),
            ..Asked::default()
        };
        UpdateMailSettingsRequest { settings: Some(settings), server_password: "hunter2".to_owned() }
    }

    #[tokio::test]
    async fn mails_leave_through_the_firms_own_server_in_its_own_words() {
        let (general, shared) = sink::start(Vec::new()).await;
        let (port, inbox) = sink::start(Vec::new()).await;
        let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{general}")).await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let saved = handle(&fixture.service, admin.clone(), own(port)).await.unwrap().settings.unwrap();
        assert!(saved.server_password_set && !format!("{saved:?}").contains("hunter2"));
        assert_eq!((saved.leaves_through.as_str(), saved.hold_seconds), ("own", 90));
        assert_eq!(fixture.audited().await, ["mail_settings.changed"]);
        let kept: Option<Vec<u8>> = sqlx::query_scalar("select server_password from messaging.mail_settings")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert!(!kept.unwrap().windows(7).any(|part| part == b"hunter2"), "it is sealed at rest");

        let tom = fixture.staff_person("Tom");
        fixture.queue(tom, "Hello", |_| {}).await;
        fixture.send_mails().await;
        assert!(shared.sources().is_empty());
        let sources = inbox.sources();
        assert!(
            sources[0].contains("From: \"Northwind Office\" <hello@northwind.example>"),
            "{}",
            sources[0]
        );
        assert!(sources[0].contains("@northwind.example>"));
        // NUL, northwind, NUL, hunter2, in Base64.
        assert!(inbox.commands().contains(&"AUTH PLAIN AG5vcnRod2luZABodW50ZXIy".to_owned()));
        let to = SendTestMailRequest { to: "adam@northwind.example".to_owned() };
        let answer = send_test_mail::handle(&fixture.service, admin.clone(), to.clone()).await.unwrap();
        assert_eq!((answer.accepted, answer.reason.as_str()), (true, "taken"));

        // Without a server of its own the firm is back at the installation's.
        let back = Asked { etag: saved.etag, ..Asked::default() };
        let back = UpdateMailSettingsRequest { settings: Some(back), server_password: String::new() };
        let saved = handle(&fixture.service, admin.clone(), back).await.unwrap().settings.unwrap();
        assert_eq!((saved.leaves_through.as_str(), saved.server_password_set), ("installation", false));
        send_test_mail::handle(&fixture.service, admin, to).await.unwrap();
        assert!(shared.sources()[0].contains("office@northwind.example"));
    }

    #[tokio::test]
    async fn whoever_was_late_is_told_and_mistakes_change_nothing() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        handle(&fixture.service, admin.clone(), own(587)).await.unwrap();
        let late = handle(&fixture.service, admin.clone(), own(465)).await;
        assert!(matches!(late, Err(MessagingError::Changed)), "{late:?}");
        let mut wrong = own(587);
        wrong.settings.as_mut().unwrap().etag = "1".to_owned();
        wrong.settings.as_mut().unwrap().from_address = "nobody".to_owned();
        let refused = handle(&fixture.service, admin, wrong).await.unwrap_err();
        assert!(
            matches!(refused, MessagingError::Invalid(problem) if problem.fields[0].field == "from_address")
        );
        assert_eq!(fixture.audited().await.len(), 1);
    }

    #[tokio::test]
    async fn i01_settings_are_one_firms_own() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        handle(&fixture.service, admin, own(587)).await.unwrap();
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let theirs = Office::of(&fixture.service, &stranger).await.unwrap().settings;
        assert_eq!(theirs, MailSettings::default());
        let ana = fixture.as_client(fixture.client_person("Ana"));
        let mut tx = fixture.service.store.begin(&ana).await.unwrap();
        assert_eq!(
            store::settings::read(&mut tx).await.unwrap(),
            MailSettings::default(),
            "the floor keeps clients out"
        );
        assert_eq!(store::settings::token_key(&mut tx).await.unwrap(), None);
    }
}
