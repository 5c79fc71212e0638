//! Mails that come in.

mod bounces;
mod proof;
mod replies;

use mail_parser::{Address, HeaderName, Message, MessageParser};
use portico_core::Ctx;

pub(crate) use bounces::note_refusal;
#[cfg(test)]
pub(crate) use {
    bounces::tests::report,
    replies::tests::{ANA, ANSWER, Post},
};

use crate::{domain::settings::MailSettings, error::MessagingError, mail::Tokens, service::Service, store};

/// The largest mail that is taken in.
pub(crate) const MOST_BYTES: usize = 25 * 1024 * 1024;

/// A mail as it was handed over.
#[derive(Default)]
pub(crate) struct Arrival<'a> {
    pub(crate) raw: &'a [u8],
    /// The address that it came to; empty where the server does not say.
    pub(crate) recipient: String,
    /// The address that it came from on its way (MAIL FROM); `<>` for what nobody shall answer, empty where the server does not say.
    pub(crate) sender: String,
    /// The network address of the server that handed it over to the firm's; empty where it is not said.
    pub(crate) client: String,
    /// What that server called itself; empty where it is not said.
    pub(crate) helo: String,
}

impl<'a> Arrival<'a> {
    /// A mail that lay in a mailbox. Which server it came from is not known there, whatever its own headers say: only signatures prove
    /// who sent it.
    pub(crate) fn of_mailbox(raw: &'a [u8]) -> Self {
        Self { raw, ..Self::default() }
    }
}

/// Does what a mail is for. Answers in a word what that was.
pub(crate) async fn take(
    service: &Service,
    ctx: &Ctx,
    arrival: Arrival<'_>,
) -> Result<&'static str, MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let settings = store::settings::read(&mut tx).await?;
    tx.rollback().await?;
    let message = MessageParser::default().parse(arrival.raw).ok_or(MessagingError::NotForUs)?;
    let tokens = Tokens::of(service, ctx).await?;
    let mut addressed = vec![arrival.recipient.clone()];
    for name in [HeaderName::Other("Delivered-To".into()), HeaderName::Other("X-Original-To".into())] {
        let found = message.headers().iter().filter(|header| header.name == name);
        addressed.extend(found.filter_map(|header| header.value().as_text().map(str::to_owned)));
    }
    for list in [message.to(), message.cc()].into_iter().flatten() {
        addressed.extend(addresses(list));
    }
    let codes: Vec<String> = addressed.iter().filter_map(|address| code_in(&settings, address)).collect();
    for code in &codes {
        if let Some(mail) = tokens.read_bounce(code) {
            return bounces::take(service, ctx, mail, &message, arrival.raw).await;
        }
        if let Some(address) = tokens.read_reply(code) {
            let named = named_in(&message, |address| code_in(&settings, address).as_ref() == Some(code));
            return replies::take(service, ctx, address, &named, &message, &arrival).await;
        }
    }
    Err(MessagingError::NotForUs)
}

/// A header that names whom a mail is to, and how often the mail has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    header: &'static str,
    times: usize,
}

/// The headers among To and Cc in which an address stands that is `meant`. Where a mail came to says nothing: whoever hands it on writes
/// that as they like.
fn named_in(message: &Message<'_>, meant: impl Fn(&str) -> bool) -> Vec<Named> {
    let named = [("To", HeaderName::To), ("Cc", HeaderName::Cc)].into_iter().map(|(header, name)| {
        let all: Vec<_> = message.headers().iter().filter(|one| one.name == name).collect();
        let lists = all.iter().filter_map(|one| one.value().as_address());
        let meant = lists.flat_map(addresses).any(|address| meant(&address));
        meant.then_some(Named { header, times: all.len() })
    });
    named.flatten().collect()
}

fn addresses(list: &Address<'_>) -> Vec<String> {
    list.iter().filter_map(|one| one.address().map(str::to_owned)).collect()
}

/// What stands behind the plus sign of an address that is the firm's inbound one otherwise.
fn code_in(settings: &MailSettings, address: &str) -> Option<String> {
    let address = address.trim().trim_matches(['<', '>']).to_ascii_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let (own_local, own_domain) = settings.inbound_address.rsplit_once('@')?;
    let code = local.strip_prefix(own_local)?.strip_prefix('+')?;
    (domain == own_domain).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_behind_the_plus_of_the_firms_own_address() {
        let settings = MailSettings {
            inbound_address: "in@mail.northwind.example".to_owned(),
            ..MailSettings::default()
        };
        for (address, code) in [
            ("in+babc@mail.northwind.example", Some("babc")),
            (" <IN+bABC@Mail.Northwind.example> ", Some("babc")),
            ("in@mail.northwind.example", None),
            ("in+babc@northwind.example", None),
            ("inn+babc@mail.northwind.example", None),
            ("x", None),
        ] {
            assert_eq!(code_in(&settings, address).as_deref(), code, "{address}");
        }
        assert_eq!(code_in(&MailSettings::default(), "in+babc@mail.northwind.example"), None);
    }
}
