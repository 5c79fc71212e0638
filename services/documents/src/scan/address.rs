//! Where the scanner listens.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerAddress {
    /// A socket of this machine, such as Debian's `/run/clamav/clamd.ctl`.
    Unix(PathBuf),
    /// A host and its port, such as `scanner.example:3310`. What travels there is not encrypted: use a private network.
    Tcp(String),
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address of clamd; write unix:/run/clamav/clamd.ctl for a socket of this machine, or tcp:host:3310"
)]
pub struct InvalidScannerAddress(String);

impl FromStr for ScannerAddress {
    type Err = InvalidScannerAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidScannerAddress(text.to_owned());
        let address = text.trim();
        if let Some(path) =
            address.strip_prefix("unix:").or_else(|| address.starts_with('/').then_some(address))
        {
            return if path.starts_with('/') { Ok(Self::Unix(path.into())) } else { Err(invalid()) };
        }
        let place = address.strip_prefix("tcp:").unwrap_or(address);
        let (host, port) = place.rsplit_once(':').ok_or_else(invalid)?;
        let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
        if plain && port.parse::<u16>().is_ok_and(|port| port > 0) {
            Ok(Self::Tcp(place.to_owned()))
        } else {
            Err(invalid())
        }
    }
}

impl fmt::Display for ScannerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_hosts_are_told_apart_and_anything_else_is_refused() {
        let read = |text: &str| text.parse::<ScannerAddress>();
        let socket = ScannerAddress::Unix("/run/clamav/clamd.ctl".into());
        assert_eq!(read("unix:/run/clamav/clamd.ctl"), Ok(socket.clone()));
        assert_eq!(read(" /run/clamav/clamd.ctl "), Ok(socket.clone()));
        assert_eq!(socket.to_string().parse(), Ok(socket));
        assert_eq!(read("tcp:10.0.0.7:3310"), Ok(ScannerAddress::Tcp("10.0.0.7:3310".to_owned())));
        assert_eq!(read("[::1]:3310"), Ok(ScannerAddress::Tcp("[::1]:3310".to_owned())));
        for wrong in ["", "clamd", "host:", ":3310", "host:0", "host:70000", "unix:clamd.ctl", "http://a/b:1"]
        {
            assert!(read(wrong).unwrap_err().to_string().contains("unix:/run"), "{wrong}");
        }
    }
}
