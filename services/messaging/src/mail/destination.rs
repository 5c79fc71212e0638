//! Where a firm's own mail server is, and whether the installation goes there.
//!
//! The name is resolved here and the connection made to the address that was judged, so that a name cannot lead to one place when
//! it is checked and to another when it is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::refused::{Reason, Refused};

/// The address behind a server's name.
///
/// # Errors
/// The name is not known, or leads nowhere but into private networks while those are closed.
pub(super) async fn find(host: &str, port: u16, local_servers: bool) -> Result<IpAddr, Refused> {
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

/// Whether an address is one of the open Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || first >= 240
        // Shared by carriers (RFC 6598), for protocols (RFC 6890), and for measurements (RFC 2544).
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let segments = address.segments();
    match segments {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address, which is where they lead.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(joined(high, low)),
        [0x2002, high, low, ..] => is_public_v4(joined(high, low)),
        [0x2001, 0xdb8, ..] => false,
        // Global unicast is all that is handed out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public() {
        for public in ["8.8.8.8", "203.1.113.9", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "203.0.113.9",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[tokio::test]
    async fn private_places_are_refused_unless_the_installation_allows_them() {
        let refused = find("127.0.0.1", 25, false).await.unwrap_err();
        assert_eq!((refused.reason, refused.for_good), (Reason::NotAllowed, false));
        assert_eq!(find("[::1]", 25, true).await.unwrap(), IpAddr::V6(Ipv6Addr::LOCALHOST));
        let refused = find("no-such-host.invalid", 25, true).await.unwrap_err();
        assert_eq!(refused.reason, Reason::UnknownHost);
    }
}
