//! Settings of the edge.

use std::net::{IpAddr, SocketAddr};

/// Why the edge refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum InvalidGateway {
    /// Sessions would travel in clear text.
    #[error(
        "refusing to serve {0} without TLS: only localhost may do without; put a TLS balancer in front and say so with \
         PORTICO_SCHEME=https"
    )]
    NoTls(String),
}

/// Settings of the edge.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where to listen.
    pub bind: SocketAddr,
    /// What follows a firm's slug in its host.
    pub base_host: String,
    /// `http` or `https`, as people see it.
    pub scheme: String,
    /// Proxies whose X-Forwarded-For is believed. From anybody else the header has no effect.
    pub trusted_proxies: Vec<IpAddr>,
    /// Requests that one address may make a minute; bursts of a quarter of it.
    pub requests_per_minute: u32,
}

impl GatewayConfig {
    /// Checks what would be unsafe.
    ///
    /// # Errors
    /// [`InvalidGateway::NoTls`] where another host than localhost would be served in clear text.
    pub fn validate(&self) -> Result<(), InvalidGateway> {
        let local = self.base_host == "localhost" || self.base_host.ends_with(".localhost");
        if self.scheme == "https" || local {
            Ok(())
        } else {
            Err(InvalidGateway::NoTls(self.base_host.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_for_localhost_only() {
        let mut config = GatewayConfig {
            bind: ([127, 0, 0, 1], 0).into(),
            base_host: "localhost".to_owned(),
            scheme: "http".to_owned(),
            trusted_proxies: Vec::new(),
            requests_per_minute: 600,
        };
        assert!(config.validate().is_ok());
        config.base_host = "portal.example".to_owned();
        assert!(config.validate().is_err());
        config.scheme = "https".to_owned();
        assert!(config.validate().is_ok());
    }
}
