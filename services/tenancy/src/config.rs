//! The settings of the service.

use crate::domain::tenant::check_host;

/// The settings of the tenancy service.
#[derive(Debug, Clone)]
pub struct TenancyConfig {
    /// The host under which every firm has one of its own, without port: `localhost` gives `northwind.localhost`.
    pub base_host: String,
}

impl TenancyConfig {
    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            check_host(&self.base_host).is_some(),
            "base_host is {:?}; it must be a host name in lower case without port, such as portal.example.com",
            self.base_host
        );
        Ok(())
    }

    /// The host that a firm has from its slug.
    pub(crate) fn host_of(&self, slug: &str) -> String {
        format!("{slug}.{}", self.base_host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_host_is_a_host() {
        let config = |host: &str| TenancyConfig { base_host: host.to_owned() };
        assert!(config("localhost").validate().is_ok());
        for wrong in ["", "localhost:8080", "https://portal.example.com", "Portal.example.com", "a..b"] {
            let error = config(wrong).validate().unwrap_err();
            assert!(error.to_string().starts_with("base_host is"), "{wrong}");
        }
        assert_eq!(config("localhost").host_of("northwind"), "northwind.localhost");
    }
}
