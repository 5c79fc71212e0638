//! The settings of the service.

use std::{net::SocketAddr, path::PathBuf};

use chrono::TimeDelta;

use crate::domain::settings::MAX_HOLD;

/// What stands for the firm's slug in the pattern of addresses.
const SLUG: &str = "{slug}";

/// The settings of the messaging service.
#[derive(Debug, Clone, Default)]
pub struct MessagingConfig {
    /// The mail server: `smtps://user:password@host:465`, or `smtp://host:587` with `?tls=required` or `?tls=opportunistic`.
    /// None keeps all mails in the development mailbox, where they can be read and are never sent.
    pub smtp: Option<String>,
    /// A file with a certificate in PEM form that mail servers are trusted by beside the usual ones: that of a house's own authority,
    /// or the server's own. With one, mail leaves under TLS or not at all.
    pub smtp_certificate: Option<PathBuf>,
    /// Whether firms may name mail servers on this machine or in private networks as their own. Where several firms share an
    /// installation, nobody should be able to knock at its insides.
    pub local_servers: bool,
    /// How long a notice is held before it is mailed, unless the firm chooses otherwise: what was seen meanwhile is not mailed.
    pub hold: TimeDelta,
    /// The name server to ask; none for those of the machine.
    pub nameserver: Option<SocketAddr>,
    /// How a firm's address is made, such as `https://{slug}.portal.example`: `{slug}` is replaced by the firm's.
    pub origin: String,
}

impl MessagingConfig {
    /// Whether the settings can be worked with. The mail server's address is read when the service is built.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            (TimeDelta::zero()..=MAX_HOLD).contains(&self.hold),
            "mails may be held for 0 to {} seconds",
            MAX_HOLD.num_seconds()
        );
        let sample = url::Url::parse(&self.origin_of("northwind"));
        let whole = sample
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/");
        anyhow::ensure!(
            whole && !self.origin.ends_with('/'),
            "origin is {:?}; it must be an address without a path, such as https://{{slug}}.portal.example",
            self.origin
        );
        Ok(())
    }

    /// The address of a firm's portal, without a slash at the end.
    pub(crate) fn origin_of(&self, slug: &str) -> String {
        self.origin.replace(SLUG, slug)
    }

    /// The host that firms' hosts end in, as far as it is a name that mail servers know.
    pub(crate) fn base_domain(&self) -> Option<String> {
        let url = url::Url::parse(&self.origin_of("x")).ok()?;
        let host = url.host_str()?.to_owned();
        let domain = if self.origin.contains(SLUG) { host.split_once('.')?.1.to_owned() } else { host };
        domain.contains('.').then_some(domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(origin: &str) -> MessagingConfig {
        MessagingConfig { origin: origin.to_owned(), ..MessagingConfig::default() }
    }

    #[test]
    fn an_origin_is_an_address_without_a_path() {
        assert!(config("http://{slug}.localhost:8080").validate().is_ok());
        for wrong in [
            "",
            "{slug}.localhost",
            "https://{slug}.portal.example/",
            "https://x/{slug}",
            "ftp://{slug}.example",
        ] {
            let error = config(wrong).validate().unwrap_err();
            assert!(error.to_string().starts_with("origin is"), "{wrong}");
        }
        assert_eq!(
            config("https://{slug}.portal.example").origin_of("contoso"),
            "https://contoso.portal.example"
        );
    }

    #[test]
    fn mail_servers_are_greeted_with_a_name_only_where_there_is_one() {
        assert_eq!(config("https://{slug}.portal.example").base_domain().as_deref(), Some("portal.example"));
        assert_eq!(config("https://portal.example").base_domain().as_deref(), Some("portal.example"));
        assert_eq!(config("http://{slug}.localhost:8080").base_domain(), None);
    }
}
