//! The settings of the service.

use std::{collections::HashMap, path::PathBuf};

use anyhow::Context as _;

use crate::providers::{Keys, Providers};

/// The settings of the billing service.
#[derive(Debug, Clone)]
pub struct BillingConfig {
    /// A JSON file with each firm's secrets at Stripe, by slug: `{"northwind": {"secret_key": "…", "webhook_secrets": ["…"]}}`. Without
    /// it no firm is paid online.
    pub stripe_keys: Option<PathBuf>,
    /// Where Stripe's API is.
    pub stripe_api: String,
    /// How a firm's address is made: `https://{slug}.example.com`, with `{slug}` left to fill in.
    pub origin: String,
    /// How many days back providers are asked each night for what a lost message left out; at least 1.
    pub reconcile_days: u16,
}

impl Default for BillingConfig {
    fn default() -> Self {
        Self {
            stripe_keys: None,
            stripe_api: "https://api.stripe.com".to_owned(),
            origin: "http://{slug}.localhost".to_owned(),
            reconcile_days: 3,
        }
    }
}

impl BillingConfig {
    /// The providers of the firms that have one.
    ///
    /// # Errors
    /// The file is not there or cannot be read; what it holds is never repeated.
    pub(crate) fn providers(&self) -> anyhow::Result<Providers> {
        let Some(path) = &self.stripe_keys else { return Ok(Providers::default()) };
        let text = std::fs::read(path)
            .with_context(|| format!("reading the keys of payments {}", path.display()))?;
        let keys: HashMap<String, Keys> = serde_json::from_slice(&text).map_err(|error| {
            anyhow::anyhow!("the keys of payments {} cannot be read, line {}", path.display(), error.line())
        })?;
        Ok(Providers::stripe(&self.stripe_api, keys))
    }
}
