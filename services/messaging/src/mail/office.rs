//! A firm as its mails know it, and the one way in which all of them leave.

use portico_core::{Ctx, MailId};
use portico_proto::tenancy::v1::Tenant;
use zeroize::Zeroizing;

use super::{
    Envelope, Tokens,
    carrier::send_by,
    compose::Ready,
    refused::{Reason, Refused},
    sign::sign,
};
use crate::{
    domain::{
        mail::{Parts, message_id},
        settings::{MailSettings, Server},
    },
    error::MessagingError,
    peers,
    service::Service,
    store,
};

/// What the sealed password of a firm's own server is for.
pub(crate) const PASSWORD_PURPOSE: &str = "messaging.smtp_password";

/// A firm and how its mail leaves.
pub(crate) struct Office {
    pub(crate) firm: Tenant,
    pub(crate) settings: MailSettings,
    /// The address of the firm's portal, without a slash at the end.
    pub(crate) origin: String,
    /// The firm's codes.
    pub(crate) tokens: Tokens,
}

/// A mail that was taken.
pub(crate) struct Taken {
    /// The mail server's words.
    pub(crate) answer: String,
    /// What was sent, where it stays in the development mailbox.
    pub(crate) kept: Option<Parts>,
}

impl Office {
    /// The firm as it is now.
    pub(crate) async fn of(service: &Service, ctx: &Ctx) -> Result<Self, MessagingError> {
        let firm = peers::tenant(service, ctx).await?;
        let mut tx = service.store.begin(ctx).await?;
        let settings = store::settings::read(&mut tx).await?;
        tx.rollback().await?;
        let origin = service.config.origin_of(&firm.slug);
        let tokens = Tokens::of(service, ctx).await?;
        Ok(Self { firm, settings, origin, tokens })
    }

    /// The name and address that mails come from.
    pub(crate) fn sender(&self) -> (&str, &str) {
        self.settings.sender(&self.firm.name, &self.firm.sender_address)
    }

    /// The envelope of a mail to `to`, a name and an address.
    pub(crate) fn envelope(&self, service: &Service, id: MailId, to: (String, String)) -> Envelope {
        let (name, address) = self.sender();
        let return_path = self.inbound(&self.tokens.bounce(id));
        Envelope {
            message_id: message_id(id, address),
            from: (name.to_owned(), address.to_owned()),
            to,
            reply_to: None,
            at: service.clock.now(),
            return_path,
            unsubscribe: None,
        }
    }

    /// The firm's inbound address with a code behind its plus sign; none where it has none.
    pub(crate) fn inbound(&self, code: &str) -> Option<String> {
        let (local, domain) = self.settings.inbound_address.rsplit_once('@')?;
        Some(format!("{local}+{code}@{domain}"))
    }

    /// Signs a mail and hands it over: to the firm's own server, to the installation's, or to the development mailbox.
    pub(crate) async fn send(
        &self,
        service: &Service,
        ctx: &Ctx,
        mut ready: Ready,
    ) -> Result<Taken, Refused> {
        ready.source = sign(service, ctx, &ready.domain, ready.source).await.map_err(|error| {
            tracing::error!(%error, domain = ready.domain, "a mail could not be signed and waits");
            Refused::later(
                Reason::Later,
                "The key that signs mails cannot be opened. It will be tried again.",
            )
        })?;
        let Some(server) = &self.settings.server else {
            let answer = service.carrier.send(&ready.route, &ready.source).await?;
            return Ok(Taken { answer, kept: service.carrier.keeps_mails().then(|| ready.parts()) });
        };
        let password = password(service, ctx, server).await.map_err(|error| {
            tracing::error!(%error, "the password of a firm's mail server cannot be opened");
            Refused::later(
                Reason::Credentials,
                "The password of the mail server cannot be opened. Enter it again.",
            )
        })?;
        let answer = send_by(&service.config, server, &password, &ready.route, &ready.source).await?;
        Ok(Taken { answer, kept: None })
    }
}

async fn password(
    service: &Service,
    ctx: &Ctx,
    server: &Server,
) -> Result<Zeroizing<String>, MessagingError> {
    let Some(sealed) = &server.password else { return Ok(Zeroizing::default()) };
    let opened = service.secrets.open(ctx.tenant, PASSWORD_PURPOSE, sealed).await?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&opened).into_owned()))
}
