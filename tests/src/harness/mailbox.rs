//! The development mailbox, as a person would search it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use portico_core::TenantId;
use portico_proto::messaging::v1::{
    GetMailRequest, ListMailsRequest, Mail, messaging_client::MessagingClient,
};
use portico_rpc::{Auth, CallerChannel, Peers};

/// How long a mail may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// All mails of one firm.
pub(crate) struct Mailbox {
    peers: Peers,
    tenant: TenantId,
}

impl Mailbox {
    pub(crate) fn new(peers: Peers, tenant: TenantId) -> Self {
        Self { peers, tenant }
    }

    fn client(&self) -> MessagingClient<CallerChannel> {
        MessagingClient::new(self.peers.channel("messaging", Auth::system(self.tenant, "tests.mailbox")))
    }

    /// All mails, newest first, with their parts.
    pub(crate) async fn all(&self) -> anyhow::Result<Vec<Mail>> {
        let asked = ListMailsRequest { page_size: 200, ..ListMailsRequest::default() };
        let listed = self.client().list_mails(asked).await?.into_inner().mails;
        let mut mails = Vec::with_capacity(listed.len());
        for mail in listed {
            let whole = self.client().get_mail(GetMailRequest { mail_id: mail.id }).await?.into_inner().mail;
            mails.push(whole.context("a listed mail is not there")?);
        }
        Ok(mails)
    }

    /// Mails to `address`, newest first.
    pub(crate) async fn to(&self, address: &str) -> anyhow::Result<Vec<Mail>> {
        let mut mails = self.all().await?;
        mails.retain(|mail| mail.to == address);
        Ok(mails)
    }

    /// Waits for the newest mail of `kind` to `address` beyond the first `seen` of that kind.
    pub(crate) async fn wait_for(&self, address: &str, kind: &str, seen: usize) -> anyhow::Result<Mail> {
        let start = Instant::now();
        loop {
            let mut mails = self.to(address).await?;
            mails.retain(|mail| mail.kind == kind && !mail.text.is_empty());
            if mails.len() > seen {
                return Ok(mails.swap_remove(0));
            }
            if start.elapsed() > PATIENCE {
                bail!("no mail of kind {kind} came for {address}; there are {:?}", self.subjects().await?);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Mails of `kind` to `address` so far.
    pub(crate) async fn count(&self, address: &str, kind: &str) -> anyhow::Result<usize> {
        Ok(self.to(address).await?.iter().filter(|mail| mail.kind == kind).count())
    }

    async fn subjects(&self) -> anyhow::Result<Vec<String>> {
        Ok(self
            .all()
            .await?
            .into_iter()
            .map(|mail| format!("{} → {}: {}", mail.kind, mail.to, mail.subject))
            .collect())
    }
}

/// The path of the first link into the portal in a mail's plain part.
pub(crate) fn link_path(mail: &Mail) -> anyhow::Result<String> {
    let at = mail.text.find("/link/").context("the mail has no link")?;
    let path: String =
        mail.text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
    Ok(path)
}

/// The path by which a mail's reader switches its kind off, as its head names it.
pub(crate) fn way_out(mail: &Mail) -> anyhow::Result<String> {
    let source = mail.source.replace("\r\n ", "");
    let line =
        source.lines().find_map(|line| line.strip_prefix("List-Unsubscribe:")).context("no way out")?;
    let address = line.trim().trim_matches(['<', '>']);
    let at = address.find("/mail/unsubscribe/").context("the way out leads elsewhere")?;
    Ok(address[at..].to_owned())
}
