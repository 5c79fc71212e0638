//! The way mails leave: a mail server, or nowhere in development.

use std::{net::IpAddr, path::Path, time::Duration};

use anyhow::Context as _;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
        response::Response,
    },
};
use url::Url;

use super::{
    destination,
    refused::{Reason, Refused, shorten},
};
use crate::{
    MessagingConfig,
    domain::settings::{Security, Server},
};

/// The longest that one step of the conversation with the mail server may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that are kept to the mail server.
const CONNECTIONS: u32 = 4;

/// The way mails leave.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// They stay, and can be read on the mailbox page.
    Mailbox,
    /// Through a mail server. Its pool of connections cannot be dropped once the runtime has ended, so it stays for as long as the
    /// process does.
    Smtp(&'static AsyncSmtpTransport<Tokio1Executor>),
}

impl Carrier {
    /// Reads the mail server's address, within a Tokio runtime. Nothing is connected yet.
    ///
    /// A name and password never travel in the clear to another machine: `smtp://` with credentials asks for TLS unless the server
    /// is this machine or the address says otherwise.
    pub(crate) fn new(config: &MessagingConfig) -> anyhow::Result<Self> {
        let Some(address) = &config.smtp else { return Ok(Self::Mailbox) };
        // The address holds a password, so no error may repeat it.
        let wrong = "smtp is not an address such as smtps://user:password@mail.example:465";
        let url = Url::parse(address).ok().context(wrong)?;
        anyhow::ensure!(matches!(url.scheme(), "smtp" | "smtps") && url.has_host(), wrong);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(address).ok().context(wrong)?;
        let parameters = || {
            let mut parameters = TlsParameters::builder(url.host_str().unwrap_or_default().to_owned());
            if let Some(path) = &config.smtp_certificate {
                parameters = parameters.add_root_certificate(certificate(path)?);
            }
            parameters.build().context("the mail server's name cannot be used for TLS")
        };
        builder = match protection(&url) {
            _ if config.smtp_certificate.is_some() && url.scheme() == "smtps" => {
                builder.tls(Tls::Wrapper(parameters()?))
            }
            _ if config.smtp_certificate.is_some() => builder.tls(Tls::Required(parameters()?)),
            Protection::AsWritten => builder,
            Protection::WhereOffered => builder.tls(Tls::Opportunistic(parameters()?)),
            Protection::Always => builder.tls(Tls::Required(parameters()?)),
        };
        if let Some(domain) = config.base_domain() {
            builder = builder.hello_name(ClientId::Domain(domain));
        }
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(Duration::from_secs(30));
        Ok(Self::Smtp(Box::leak(Box::new(builder.timeout(Some(STEP_TIMEOUT)).pool_config(pool).build()))))
    }

    /// Hands a mail over. The answer is the mail server's.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<String, Refused> {
        match self {
            Self::Mailbox => {
                Ok("No mail server is set up. The mail lies in the development mailbox and was not sent."
                    .to_owned())
            }
            Self::Smtp(transport) => {
                let answered = transport.send_raw(envelope, mail).await;
                answered.map(|response| words(&response)).map_err(|error| Refused::from(&error))
            }
        }
    }

    /// Whether mails stay here.
    pub(crate) const fn keeps_mails(&self) -> bool {
        matches!(self, Self::Mailbox)
    }
}

/// Hands a mail to a firm's own server, over a connection of its own. `password` is what the server's stands for once it is opened.
pub(crate) async fn send_by(
    config: &MessagingConfig,
    server: &Server,
    password: &str,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<String, Refused> {
    let address = destination::find(&server.host, server.port, config.local_servers).await?;
    let unusable = |error: &dyn std::fmt::Display| {
        Refused::later(Reason::Tls, shorten(&format!("The server's name cannot be used for TLS: {error}")))
    };
    let parameters = || {
        // The certificate must be that of the name, whichever address stands behind it.
        let mut parameters = TlsParameters::builder(server.host.trim_matches(['[', ']']).to_owned());
        if let Some(path) = &config.smtp_certificate {
            let certificate = certificate(path).map_err(|error| unusable(&format!("{error:#}")))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build().map_err(|error| unusable(&error))
    };
    let tls = match server.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::StartTls => Tls::Required(parameters()?),
        Security::None if address.is_loopback() => Tls::None,
        Security::None => {
            let text =
                format!("{} is not on this machine, and nothing is said to it without TLS.", server.host);
            return Err(Refused::later(Reason::NotAllowed, text));
        }
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(server.port)
        .tls(tls)
        .timeout(Some(STEP_TIMEOUT));
    if !server.user.is_empty() {
        builder = builder.credentials(Credentials::new(server.user.clone(), password.to_owned()));
    }
    if let Some(domain) = config.base_domain() {
        builder = builder.hello_name(ClientId::Domain(domain));
    }
    let transport = builder.build();
    let answered = transport.send_raw(envelope, mail).await;
    transport.shutdown().await;
    answered.map(|response| words(&response)).map_err(|error| Refused::from(&error))
}

/// A server's answer on one line.
fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    shorten(&format!("{} {}", response.code(), lines.join(" ")))
}

fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Certificate::from_pem(&pem)
        .ok()
        .with_context(|| format!("{} holds no certificate in PEM form", path.display()))
}

/// How the way to the mail server is protected.
#[derive(Debug, PartialEq, Eq)]
enum Protection {
    /// As the address says.
    AsWritten,
    /// By TLS if the server offers it.
    WhereOffered,
    /// By TLS, or nothing is said.
    Always,
}

fn protection(url: &Url) -> Protection {
    let says_how = url.scheme() == "smtps" || url.query_pairs().any(|(key, _)| key == "tls");
    if says_how || is_this_machine(url) {
        Protection::AsWritten
    } else if url.password().is_some() {
        Protection::Always
    } else {
        Protection::WhereOffered
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sink;

    fn carrier(smtp: &str) -> anyhow::Result<Carrier> {
        Carrier::new(&MessagingConfig {
            smtp: Some(smtp.to_owned()),
            origin: "https://{slug}.portal.example".to_owned(),
            ..MessagingConfig::default()
        })
    }

    #[tokio::test]
    async fn a_wrong_address_is_refused_without_being_repeated() {
        for wrong in
            ["", "mail.example:587", "http://user:hunter2@mail.example", "smtp://", "smtps://user:hunter2@"]
        {
            let error = format!("{:#}", carrier(wrong).unwrap_err());
            assert!(error.starts_with("smtp is not an address"), "{wrong}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(!carrier("smtps://user:hunter2@mail.example").unwrap().keeps_mails());
    }

    #[test]
    fn passwords_do_not_travel_in_the_clear() {
        let of = |address: &str| protection(&Url::parse(address).unwrap());
        assert_eq!(of("smtp://user:hunter2@mail.example:587"), Protection::Always);
        assert_eq!(of("smtp://mail.example:25"), Protection::WhereOffered);
        for as_written in [
            "smtps://user:hunter2@mail.example",
            "smtp://user:hunter2@mail.example?tls=opportunistic",
            "smtp://user:hunter2@localhost:1025",
            "smtp://127.0.0.1:1025",
            "smtp://[::1]:1025",
        ] {
            assert_eq!(of(as_written), Protection::AsWritten, "{as_written}");
        }
    }

    const MAIL: &[u8] = b"From: office@northwind.example\r\nTo: ana@acme.example\r\n\r\nHello\r\n";

    fn envelope() -> Envelope {
        let (from, to) = ("office@northwind.example".parse().unwrap(), "ana@acme.example".parse().unwrap());
        Envelope::new(Some(from), vec![to]).unwrap()
    }

    #[tokio::test]
    async fn names_and_passwords_may_hold_any_character() {
        let (port, inbox) = sink::start(Vec::new()).await;
        let address = format!("smtp://office%40northwind.example:p%40ss%3Aw%C3%B6rd%2F1%25@127.0.0.1:{port}");
        let answer = carrier(&address).unwrap().send(&envelope(), MAIL).await.unwrap();
        assert!(answer.starts_with("250 "), "{answer}");
        // NUL, office@northwind.example, NUL, p@ss:wörd/1%, in Base64.
        let expected = "AUTH PLAIN AG9mZmljZUBub3J0aHdpbmQuZXhhbXBsZQBwQHNzOnfDtnJkLzEl";
        assert!(inbox.commands().contains(&expected.to_owned()), "{:?}", inbox.commands());
    }

    #[tokio::test]
    async fn where_tls_is_asked_for_and_not_offered_nothing_is_said() {
        let (port, inbox) = sink::start(Vec::new()).await;
        let address = format!("smtp://user:hunter2@127.0.0.1:{port}?tls=required");
        let refused = carrier(&address).unwrap().send(&envelope(), MAIL).await.unwrap_err();
        assert!(!refused.for_good && !refused.answer.contains("hunter2"), "{refused:?}");
        let said = inbox.commands();
        assert!(!said.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{said:?}");
        assert!(inbox.sources().is_empty());
    }

    #[tokio::test]
    async fn a_server_that_is_away_can_be_tried_again() {
        let port = sink::nobody_at().await;
        let refused =
            carrier(&format!("smtp://127.0.0.1:{port}")).unwrap().send(&envelope(), MAIL).await.unwrap_err();
        assert!(!refused.for_good, "{refused:?}");
        assert!(refused.answer.starts_with("The mail server could not be reached"), "{refused:?}");
    }

    fn own(port: u16, security: Security) -> Server {
        let (host, user) = ("127.0.0.1".to_owned(), "office".to_owned());
        Server { host, port, security, user, password: None }
    }

    fn config(local_servers: bool) -> MessagingConfig {
        let origin = "https://{slug}.portal.example".to_owned();
        MessagingConfig { origin, local_servers, ..MessagingConfig::default() }
    }

    #[tokio::test]
    async fn a_firms_own_server_is_signed_in_to_and_only_where_the_installation_goes() {
        let (port, inbox) = sink::start(Vec::new()).await;
        let server = own(port, Security::None);
        let answer = send_by(&config(true), &server, "hunter2", &envelope(), MAIL).await.unwrap();
        assert!(answer.starts_with("250 "), "{answer}");
        // NUL, office, NUL, hunter2, in Base64.
        assert!(inbox.commands().contains(&"AUTH PLAIN AG9mZmljZQBodW50ZXIy".to_owned()));
        assert!(inbox.commands().contains(&"EHLO portal.example".to_owned()));
        let before = inbox.commands().len();
        let refused = send_by(&config(false), &server, "hunter2", &envelope(), MAIL).await.unwrap_err();
        assert_eq!(refused.reason, Reason::NotAllowed);
        assert_eq!(inbox.commands().len(), before, "nobody knocked");
        let asked = own(port, Security::StartTls);
        let refused = send_by(&config(true), &asked, "hunter2", &envelope(), MAIL).await.unwrap_err();
        assert_eq!(refused.reason, Reason::Tls, "{refused:?}");
        assert!(
            !inbox.commands()[before..].iter().any(|line| line.starts_with("AUTH")),
            "no password in the clear"
        );
    }
}
