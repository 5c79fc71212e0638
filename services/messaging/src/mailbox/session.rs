//! A mailbox that is open: signed in, with a folder chosen.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use imap_codec::imap_types::{
    fetch::MessageDataItem,
    response::{Capability, Code, Data, Response, Status},
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};
use zeroize::Zeroizing;

use super::wire::{Heard, Stream, Wire, quoted};
use crate::{
    MessagingConfig,
    domain::settings::{Security, Server},
    inbound::MOST_BYTES,
    mail::{Reason, Refused, find_server, shorten},
};

/// The longest that connecting and TLS may take, each.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open mailbox.
pub(super) struct Session {
    wire: Wire<Box<dyn Stream>>,
    /// Whether the server can move mails (RFC 6851).
    moves: bool,
}

/// A folder as it was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folder {
    /// Ids count within it alone.
    pub(super) validity: u32,
    /// The id that the next mail will have, at least.
    pub(super) next: u32,
}

impl Session {
    /// Connects and signs in. The way is protected by TLS unless the server is on this machine.
    pub(super) async fn open(
        config: &MessagingConfig,
        server: &Server,
        password: &str,
    ) -> Result<Self, Refused> {
        let address = find_server(&server.host, server.port, config.local_servers).await?;
        if server.security == Security::None && !(config.local_servers && address.is_loopback()) {
            let text =
                format!("{} is not on this machine, and nothing is said to it without TLS.", server.host);
            return Err(Refused::later(Reason::NotAllowed, text));
        }
        let address = SocketAddr::new(address, server.port);
        let stream = within(TcpStream::connect(address)).await?.map_err(|error| {
            Refused::later(Reason::Unreachable, shorten(&format!("The server could not be reached: {error}")))
        })?;
        let mut wire: Wire<Box<dyn Stream>> = match server.security {
            Security::None => Wire::begin(Box::new(stream) as Box<dyn Stream>, false).await?,
            Security::Tls => Wire::begin(encrypt(config, server, stream).await?, false).await?,
            Security::StartTls => {
                let mut wire = Wire::begin(stream, false).await?;
                wire.ask("STARTTLS", 0, Reason::Tls).await.map_err(|refused| match refused.reason {
                    Reason::Refused => Refused { reason: Reason::Tls, ..refused },
                    _ => refused,
                })?;
                Wire::begin(encrypt(config, server, wire.into_inner()).await?, true).await?
            }
        };
        sign_in(&mut wire, &server.user, password).await?;
        let heard = wire.ask("CAPABILITY", 0, Reason::Refused).await?;
        let moves = heard.iter().any(|heard| {
            matches!(&heard.response, Response::Data(Data::Capability(all)) if all.as_ref().contains(&Capability::Move))
        });
        Ok(Self { wire, moves })
    }

    /// Chooses a folder.
    pub(super) async fn choose(&mut self, folder: &str) -> Result<Folder, Refused> {
        let command = format!("SELECT {}", quoted(folder));
        let heard = self.wire.ask(&command, 0, Reason::Folder).await?;
        let (mut validity, mut next) = (0, 0);
        for code in heard.iter().filter_map(code) {
            match code {
                Code::UidValidity(number) => validity = number.get(),
                Code::UidNext(number) => next = number.get(),
                _ => {}
            }
        }
        if validity == 0 || next == 0 {
            return Err(Refused::later(Reason::Refused, "The server does not number its mails (RFC 3501)."));
        }
        Ok(Folder { validity, next })
    }

    /// The ids of the mails from `first` to `last`, in order.
    pub(super) async fn search(&mut self, first: u32, last: u32) -> Result<Vec<u32>, Refused> {
        let command = format!("UID SEARCH UID {first}:{last} UNDELETED");
        let heard = self.wire.ask(&command, 0, Reason::Refused).await?;
        let mut found: Vec<u32> = heard
            .iter()
            .filter_map(|heard| match &heard.response {
                Response::Data(Data::Search(ids, ..)) => Some(ids.iter().map(|id| id.get())),
                _ => None,
            })
            .flatten()
            .filter(|id| (first..=last).contains(id))
            .collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// How large a mail is, in bytes; none where it is gone.
    pub(super) async fn size(&mut self, uid: u32) -> Result<Option<usize>, Refused> {
        let command = format!("UID FETCH {uid} (UID RFC822.SIZE)");
        let heard = self.wire.ask(&command, 0, Reason::Refused).await?;
        Ok(heard.iter().filter_map(|heard| of_mail(heard, uid)).find_map(|items| {
            items.iter().find_map(|item| match item {
                MessageDataItem::Rfc822Size(size) => usize::try_from(*size).ok(),
                _ => None,
            })
        }))
    }

    /// A mail as it is, which is not marked by it; none where it is gone.
    pub(super) async fn fetch(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Refused> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[])");
        let heard = self.wire.ask(&command, MOST_BYTES, Reason::Refused).await?;
        Ok(heard.into_iter().find_map(|heard| {
            let items = of_mail(&heard, uid)?;
            let whole = items.iter().find_map(|item| match item {
                MessageDataItem::BodyExt { section: None, data, .. } => data.clone().into_option(),
                _ => None,
            })?;
            // A mail comes as a literal; a server may write a short one as a string.
            Some(heard.literals.into_iter().next().unwrap_or_else(|| whole.into_owned()))
        }))
    }

    /// Marks a mail as read or, where a folder is named, moves it there. Nothing is ever deleted.
    pub(super) async fn put_away(&mut self, uid: u32, folder: &str) -> Result<(), Refused> {
        if folder.is_empty() {
            let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
            self.wire.ask(&command, 0, Reason::Refused).await?;
            return Ok(());
        }
        if !self.moves {
            let text = "The server cannot move mails (RFC 6851).";
            return Err(Refused::later(Reason::NoMove, text));
        }
        let folder = quoted(folder);
        let command = format!("UID MOVE {uid} {folder}");
        match self.wire.ask(&command, 0, Reason::Folder).await {
            Err(refused) if refused.reason == Reason::Folder => {
                self.wire.ask(&format!("CREATE {folder}"), 0, Reason::Folder).await?;
                self.wire.ask(&command, 0, Reason::Folder).await?;
                Ok(())
            }
            moved => moved.map(drop),
        }
    }

    /// Says goodbye, which a server may also leave unanswered.
    pub(super) async fn close(mut self) {
        let _ =
            tokio::time::timeout(Duration::from_secs(5), self.wire.ask("LOGOUT", 0, Reason::Refused)).await;
    }
}

/// What a response says of this mail.
fn of_mail(heard: &Heard, uid: u32) -> Option<&[MessageDataItem<'static>]> {
    let Response::Data(Data::Fetch { items, .. }) = &heard.response else { return None };
    let items = items.as_ref();
    let same = |item: &MessageDataItem<'_>| matches!(item, MessageDataItem::Uid(id) if id.get() == uid);
    items.iter().any(same).then_some(items)
}

fn code(heard: &Heard) -> Option<&Code<'static>> {
    match &heard.response {
        Response::Status(Status::Untagged(body)) => body.code.as_ref(),
        Response::Status(Status::Tagged(tagged)) => tagged.body.code.as_ref(),
        _ => None,
    }
}

/// Strings of IMAP have no letters beyond ASCII; names and passwords that do go another way (RFC 4616).
async fn sign_in(wire: &mut Wire<Box<dyn Stream>>, user: &str, password: &str) -> Result<(), Refused> {
    if user.is_ascii() && password.is_ascii() {
        let command = Zeroizing::new(format!("LOGIN {} {}", quoted(user), quoted(password)));
        wire.ask(&command, 0, Reason::Credentials).await?;
    } else {
        let pair = Zeroizing::new(format!("\0{user}\0{password}"));
        let line = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        wire.ask_in_two("AUTHENTICATE PLAIN", &line, Reason::Credentials).await?;
    }
    Ok(())
}

/// Begins TLS. The certificate must be that of the name, whichever address stands behind it.
async fn encrypt(
    config: &MessagingConfig,
    server: &Server,
    stream: TcpStream,
) -> Result<Box<dyn Stream>, Refused> {
    let unusable =
        |error: &dyn std::fmt::Display| Refused::later(Reason::Tls, shorten(&format!("No TLS: {error}")));
    let host = server.host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(|error| unusable(&error))?;
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = &config.smtp_certificate {
        roots.add(certificate(path).map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = within(TlsConnector::from(Arc::new(tls)).connect(name, stream)).await?;
    Ok(Box::new(stream.map_err(|error| unusable(&error))?))
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, std::io::Error> {
    let pem = std::fs::read(path)?;
    CertificateDer::from_pem_slice(&pem)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string()))
}

async fn within<T>(work: impl Future<Output = T>) -> Result<T, Refused> {
    tokio::time::timeout(PATIENCE, work)
        .await
        .map_err(|_| Refused::later(Reason::Timeout, "The server did not answer within 20 seconds."))
}
