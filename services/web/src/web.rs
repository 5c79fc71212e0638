//! What all pages share: the way to the services, the clock, and the portals' definitions, which never change once published.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use moka::future::Cache;
use portico_core::{Problem, SharedClock, SharedEntropy, TenantId};
use portico_definition::Definition;
use portico_paper::{FontFiles, Fonts, PaperError};
use portico_proto::{
    billing::v1::{GetStatusRequest, billing_client::BillingClient},
    tenancy::v1::{GetPortalRequest, ListPortalsRequest, Portal, tenancy_client::TenancyClient},
};
use portico_rpc::{Auth, Caller, CallerChannel, Peers, problem_from};

/// How long a list of portals may be out of date. What a definition says never is: a version does not change.
const PORTALS_FRESH: Duration = Duration::from_secs(2);

/// Settings of the pages.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// What follows a firm's slug in its host, such as `localhost`.
    pub base_host: String,
    /// `:8080` where the port is part of addresses; empty behind a balancer.
    pub port_suffix: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Whether mails are kept in the development mailbox. Its page exists on localhost only, see [`WebConfig::shows_mailbox`].
    pub mailbox: bool,
    /// The largest file that goes with a message, an answer or a record, in bytes, as documents takes it.
    pub largest_attachment: u64,
    /// The token that unlocks the first run, while there is one.
    pub setup_token: Option<String>,
}

impl WebConfig {
    /// Whether the mailbox has a page: it shows everybody's links, so never but on localhost, whatever else is missing.
    pub fn shows_mailbox(&self) -> bool {
        self.mailbox && (self.base_host == "localhost" || self.base_host.ends_with(".localhost"))
    }

    /// Where the mailbox's page is: on the bare host, not on a firm's. Empty where there is none.
    pub fn mailbox_href(&self) -> String {
        if !self.shows_mailbox() {
            return String::new();
        }
        format!("{}://{}{}/mailbox", self.scheme, self.base_host, self.port_suffix)
    }
}

/// A portal with its definition.
#[derive(Debug, Clone)]
pub struct PublishedPortal {
    /// Which portal and version it is.
    pub portal: Portal,
    /// What it says.
    pub definition: Arc<Definition>,
}

/// What all pages share.
#[derive(Clone)]
pub struct Web(Arc<Shared>);

struct Shared {
    config: WebConfig,
    peers: Peers,
    clock: SharedClock,
    entropy: SharedEntropy,
    portals: Cache<TenantId, Arc<Vec<PublishedPortal>>>,
    bills: Cache<TenantId, bool>,
    definitions: Cache<(TenantId, String, i32), Arc<Definition>>,
    fonts: OnceLock<Arc<Fonts>>,
}

impl Web {
    /// The pages' shared part.
    pub fn new(config: WebConfig, peers: Peers, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self(Arc::new(Shared {
            config,
            peers,
            clock,
            entropy,
            portals: Cache::builder().max_capacity(10_000).time_to_live(PORTALS_FRESH).build(),
            bills: Cache::builder().max_capacity(10_000).time_to_live(PORTALS_FRESH).build(),
            definitions: Cache::builder().max_capacity(1_000).build(),
            fonts: OnceLock::new(),
        }))
    }

    /// The settings.
    pub fn config(&self) -> &WebConfig {
        &self.0.config
    }

    /// The present.
    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// Randomness, for idempotency keys.
    pub fn entropy(&self) -> &SharedEntropy {
        &self.0.entropy
    }

    /// The fonts of papers, loaded when first needed. Where they are missing, each use looks again.
    ///
    /// # Errors
    /// [`PaperError::FontMissing`].
    pub fn fonts(&self) -> Result<Arc<Fonts>, PaperError> {
        if let Some(fonts) = self.0.fonts.get() {
            return Ok(Arc::clone(fonts));
        }
        let fonts = Arc::new(Fonts::load(&FontFiles::default())?);
        Ok(Arc::clone(self.0.fonts.get_or_init(|| fonts)))
    }

    /// The way to `service` in the name of `caller`.
    pub fn channel(&self, service: &str, caller: impl Into<Caller>) -> CallerChannel {
        self.0.peers.channel(service, caller)
    }

    /// The services, for what several of them do together, such as making a firm.
    pub fn peers(&self) -> &Peers {
        &self.0.peers
    }

    /// The firm's portals at their newest version, by title.
    ///
    /// # Errors
    /// What tenancy answers, as a refusal for people.
    pub async fn portals(&self, tenant: TenantId) -> Result<Arc<Vec<PublishedPortal>>, Problem> {
        if let Some(portals) = self.0.portals.get(&tenant).await {
            return Ok(portals);
        }
        let mut client = TenancyClient::new(self.channel("tenancy", Auth::system(tenant, "web.portals")));
        let listed =
            client.list_portals(ListPortalsRequest {}).await.map_err(|status| problem_from(&status))?;
        let mut portals = Vec::new();
        for portal in listed.into_inner().portals {
            let definition = self.definition(tenant, &portal.id, portal.version).await?;
            portals.push(PublishedPortal { portal, definition });
        }
        let portals = Arc::new(portals);
        self.0.portals.insert(tenant, Arc::clone(&portals)).await;
        Ok(portals)
    }

    /// Whether the firm bills here. Where billing does not answer, its pages are not offered.
    pub async fn bills(&self, tenant: TenantId) -> bool {
        if let Some(bills) = self.0.bills.get(&tenant).await {
            return bills;
        }
        let mut client = BillingClient::new(self.channel("billing", Auth::system(tenant, "web.billing")));
        let Ok(status) = client.get_status(GetStatusRequest {}).await else { return false };
        let bills = status.into_inner().enabled;
        self.0.bills.insert(tenant, bills).await;
        bills
    }

    /// One version of a portal's definition.
    ///
    /// # Errors
    /// NOT_FOUND where there is none; what tenancy answers otherwise.
    pub async fn definition(
        &self,
        tenant: TenantId,
        portal: &str,
        version: i32,
    ) -> Result<Arc<Definition>, Problem> {
        let key = (tenant, portal.to_owned(), version);
        if let Some(definition) = self.0.definitions.get(&key).await {
            return Ok(definition);
        }
        let mut client = TenancyClient::new(self.channel("tenancy", Auth::system(tenant, "web.portals")));
        let request = GetPortalRequest { portal_id: portal.to_owned(), name: String::new(), version };
        let found = client.get_portal(request).await.map_err(|status| problem_from(&status))?.into_inner();
        let definition: Definition =
            serde_json::from_str(&found.definition_json).map_err(Problem::internal)?;
        let definition = Arc::new(definition);
        self.0.definitions.insert(key, Arc::clone(&definition)).await;
        Ok(definition)
    }

    /// Forgets which portals a firm has, after one was published.
    pub async fn forget_portals(&self, tenant: TenantId) {
        self.0.portals.invalidate(&tenant).await;
    }

    /// The address of a firm's portal, without a slash at the end.
    pub fn origin(&self, slug: &str) -> String {
        let config = self.config();
        format!("{}://{slug}.{}{}", config.scheme, config.base_host, config.port_suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_the_mailbox_from_outside() {
        let config = |mailbox, base_host: &str| WebConfig {
            base_host: base_host.to_owned(),
            port_suffix: String::new(),
            scheme: "https".to_owned(),
            mailbox,
            largest_attachment: 0,
            setup_token: None,
        };
        assert!(config(true, "localhost").shows_mailbox() && config(true, "demo.localhost").shows_mailbox());
        for host in ["portal.example", "localhost.example", "notlocalhost"] {
            assert!(!config(true, host).shows_mailbox(), "{host}");
        }
        assert!(!config(false, "localhost").shows_mailbox());
        assert_eq!(config(true, "localhost").mailbox_href(), "https://localhost/mailbox");
        assert_eq!(config(true, "portal.example").mailbox_href(), "");
    }
}
