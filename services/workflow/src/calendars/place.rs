//! Where a calendar is, and whether the installation goes there.

use std::net::{IpAddr, SocketAddr};

use portico_core::is_public;
use url::{Host, Url};

use super::Trouble;

/// The longest address.
const LONGEST: usize = 1_000;

/// An address as somebody writes it: https where they leave that out, and nothing in it but a place. Without TLS only where calendars may
/// be in networks of one's own.
pub(crate) fn address(given: &str, local: bool) -> Option<Url> {
    let given = given.trim();
    let whole = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let mut url = Url::parse(&whole).ok().filter(|_| whole.len() <= LONGEST)?;
    let safe = url.scheme() == "https" || (local && url.scheme() == "http");
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    url.set_fragment(None);
    (safe && plain && url.has_host()).then_some(url)
}

/// The address behind a server's name. The connection is made to the very address that was judged, so that a name cannot lead to one
/// place when it is checked and to another when it is used.
///
/// Of a name in a closed network no more is told than of one that nobody has: else the names that only the installation's own network
/// knows could be found out by trying.
pub(super) async fn find(at: &Url, local: bool) -> Result<SocketAddr, Trouble> {
    let port = at.port_or_known_default().ok_or(Trouble::Away)?;
    let mut closed = Trouble::ClosedNetwork;
    let found: Vec<SocketAddr> = match at.host().ok_or(Trouble::Away)? {
        Host::Ipv4(address) => vec![(IpAddr::V4(address), port).into()],
        Host::Ipv6(address) => vec![(IpAddr::V6(address), port).into()],
        Host::Domain(name) => {
            closed = Trouble::Away;
            tokio::net::lookup_host((name, port)).await.map_err(|_| Trouble::Away)?.collect()
        }
    };
    if found.is_empty() {
        return Err(Trouble::Away);
    }
    let open = found.into_iter().find(|address| local || is_public(address.ip()));
    open.ok_or(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_place_and_nothing_else() {
        assert_eq!(address(" dav.example/ana ", false).unwrap().as_str(), "https://dav.example/ana");
        assert_eq!(
            address("https://dav.example:8443/#x", false).unwrap().as_str(),
            "https://dav.example:8443/"
        );
        assert!(address("http://localhost:5232/", true).is_some());
        for wrong in [
            "",
            "http://dav.example/",
            "ftp://dav.example/",
            "file:///etc/passwd",
            "https://ana:secret@dav.example/",
            "https://dav.example/?next=x",
            "https://",
            "two words",
        ] {
            assert_eq!(address(wrong, false), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn private_places_are_refused_unless_the_installation_allows_them() {
        for place in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest/",
            "https://10.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            let url = address(place, false).unwrap();
            assert_eq!(find(&url, false).await, Err(Trouble::ClosedNetwork), "{place}");
            assert!(find(&url, true).await.is_ok(), "{place}");
        }
        let nowhere = address("https://no-such-host.invalid/", false).unwrap();
        assert_eq!(find(&nowhere, true).await, Err(Trouble::Away));
        assert_eq!(find(&nowhere, false).await, Err(Trouble::Away));
        let name = address("https://localhost/", false).unwrap();
        assert_eq!(find(&name, false).await, Err(Trouble::Away), "which names there are is not told");
        assert!(find(&name, true).await.is_ok());
    }
}
