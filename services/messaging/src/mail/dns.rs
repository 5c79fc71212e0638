//! The way to name servers.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use mail_auth::{
    MessageAuthenticator,
    hickory_resolver::{
        config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
        net::{DnsError, NetError},
        proto::{
            op::ResponseCode,
            rr::{Name, RData},
        },
        system_conf::read_system_conf,
    },
};

use crate::domain::mail_check::Lookup;

/// How long a name server may take, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

/// Asks name servers. Nothing is kept: whoever has just published a record wants to see it.
#[derive(Clone)]
pub(crate) struct Dns(MessageAuthenticator);

impl Dns {
    /// With this name server, or those of the machine.
    ///
    /// # Errors
    /// The resolver cannot be built.
    pub(crate) fn new(nameserver: Option<SocketAddr>) -> anyhow::Result<Self> {
        let (config, mut options) = match nameserver {
            Some(address) => (only(address), ResolverOpts::default()),
            // A machine without name servers cannot check domains, and does everything else.
            None => read_system_conf().unwrap_or_else(|error| {
                tracing::warn!(%error, "this machine names no name servers; domains of senders cannot be checked");
                (ResolverConfig::from_parts(None, Vec::new(), Vec::new()), ResolverOpts::default())
            }),
        };
        options.cache_size = 0;
        options.timeout = PATIENCE;
        options.attempts = ATTEMPTS;
        let resolver = MessageAuthenticator::new(config, options).context("the resolver cannot be built")?;
        Ok(Self(resolver))
    }

    /// Checks mails that come in by what name servers say.
    pub(crate) fn authenticator(&self) -> &MessageAuthenticator {
        &self.0
    }

    /// The texts (TXT) that stand at a name, each put together from its pieces.
    pub(crate) async fn texts(&self, name: &str) -> Lookup {
        let Some(name) = absolute(name) else { return Lookup::Nothing };
        match self.0.resolver().txt_lookup(name).await {
            Ok(found) => listed(found.answers().iter().filter_map(|record| match &record.data {
                RData::TXT(text) => {
                    let bytes: Vec<u8> =
                        text.txt_data.iter().flat_map(|piece| piece.iter().copied()).collect();
                    Some(String::from_utf8_lossy(&bytes).into_owned())
                }
                _ => None,
            })),
            Err(error) => missed(&error),
        }
    }

    /// The hosts that take mail for a domain (MX), the preferred one first.
    pub(crate) async fn mail_hosts(&self, domain: &str) -> Lookup {
        let Some(name) = absolute(domain) else { return Lookup::Nothing };
        match self.0.resolver().mx_lookup(name).await {
            Ok(found) => {
                let mut hosts: Vec<(u16, String)> = found
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii())),
                        _ => None,
                    })
                    .collect();
                hosts.sort();
                listed(hosts.into_iter().map(|(_, host)| host.trim_end_matches('.').to_owned()))
            }
            Err(error) => missed(&error),
        }
    }
}

fn only(address: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let server = NameServerConfig::new(address.ip(), true, connections.into());
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}

/// A name that no search list is put behind.
fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn listed(texts: impl Iterator<Item = String>) -> Lookup {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { Lookup::Nothing } else { Lookup::Found(texts) }
}

fn missed(error: &NetError) -> Lookup {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(nothing))
            if matches!(nothing.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
        {
            Lookup::Nothing
        }
        _ => Lookup::Away,
    }
}
