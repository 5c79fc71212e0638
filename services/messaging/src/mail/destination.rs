//! Where a firm's own mail server or mailbox is, and whether the installation goes there.
//!
//! The name is resolved here and the connection made to the address that was judged, so that a name cannot lead to one place when
//! it is checked and to another when it is used.

use std::net::IpAddr;

use portico_core::is_public;

use super::refused::{Reason, Refused};

/// The address behind a server's name.
///
/// # Errors
/// The name is not known, or leads nowhere but into private networks while those are closed.
pub(crate) async fn find(host: &str, port: u16, local_servers: bool) -> Result<IpAddr, Refused> {
    let name = host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((name, port))
        .await
        .map_err(|_| Refused::later(Reason::UnknownHost, format!("There is no server called {host}.")))?;
    let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if addresses.is_empty() {
        return Err(Refused::later(Reason::UnknownHost, format!("There is no server called {host}.")));
    }
    let open = addresses.into_iter().find(|address| local_servers || is_public(*address));
    open.ok_or_else(|| {
        let text =
            format!("{host} is on this machine or in a private network, where mail of firms does not go.");
        Refused::later(Reason::NotAllowed, text)
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[tokio::test]
    async fn private_places_are_refused_unless_the_installation_allows_them() {
        let refused = find("127.0.0.1", 25, false).await.unwrap_err();
        assert_eq!((refused.reason, refused.for_good), (Reason::NotAllowed, false));
        assert_eq!(find("[::1]", 25, true).await.unwrap(), IpAddr::V6(Ipv6Addr::LOCALHOST));
        let refused = find("no-such-host.invalid", 25, true).await.unwrap_err();
        assert_eq!(refused.reason, Reason::UnknownHost);
    }
}
