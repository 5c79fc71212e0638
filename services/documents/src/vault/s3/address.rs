//! Which bucket holds the files, and with which keys.

use std::{fmt, path::PathBuf, str::FromStr};

use url::{Host, Url};

/// A bucket, as `s3://bucket/prefix?region=eu-central-1`.
///
/// With `endpoint=https://…` it is that server's, and named in the path; `style=virtual` names it in the host. Without an endpoint it
/// is Amazon's in that region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Address {
    pub(super) bucket: String,
    /// What every key begins with: empty, or with a slash at its end.
    pub(super) prefix: String,
    pub(super) region: String,
    /// The server; none for Amazon's.
    pub(super) endpoint: Option<Url>,
    /// Whether the bucket is named in the host rather than in the path; none for what suits the server.
    pub(super) in_host: Option<bool>,
}

/// The keys that requests are signed with.
#[derive(Clone, PartialEq, Eq)]
pub enum S3Keys {
    /// These, for as long as the process runs.
    Given {
        /// The access key's id.
        id: String,
        /// Its secret.
        secret: String,
        /// The token of a session, where the key belongs to one.
        token: Option<String>,
    },
    /// Those of a JSON file, which is read anew every minute:
    /// `{"access_key_id": "…", "secret_access_key": "…", "session_token": "…"}`, the last one only where there is one.
    File(PathBuf),
}

/// An object store of S3's kind as the place of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// The bucket.
    pub address: S3Address,
    /// The keys.
    pub keys: S3Keys,
    /// A PEM file with the certificate of the server's own authority, where it is none of the usual ones.
    pub certificate: Option<PathBuf>,
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address:?} is no place for files: {wrong}. Write s3://bucket/prefix?region=eu-central-1 for a bucket at Amazon, and add \
     &endpoint=https://minio.example:9000 for one of another server"
)]
pub struct InvalidS3Address {
    address: String,
    wrong: &'static str,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { id, .. } => write!(f, "Given({id})"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

impl FromStr for S3Address {
    type Err = InvalidS3Address;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.trim();
        parse(address).map_err(|wrong| InvalidS3Address { address: address.to_owned(), wrong })
    }
}

fn parse(address: &str) -> Result<S3Address, &'static str> {
    let url = Url::parse(address).map_err(|_| "it is no address")?;
    if url.scheme() != "s3" {
        return Err("it does not begin with s3://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("keys do not belong into the address, which stands in logs and lists of processes");
    }
    if url.port().is_some() || url.fragment().is_some() {
        return Err("the server, with its port, is the endpoint");
    }
    let bucket = url.host_str().unwrap_or_default().to_owned();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) {
        return Err("a bucket has 3 to 63 small letters, digits, dots and hyphens");
    }
    let path = url.path().trim_matches('/');
    let simple = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    if !path.is_empty() && !path.split('/').all(simple) {
        return Err(
            "a prefix has letters, digits, dots, hyphens and underscores between its slashes, and no part begins with a dot",
        );
    }
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let (mut region, mut endpoint, mut in_host) = (None, None, None);
    for (name, value) in url.query_pairs() {
        let twice = match name.as_ref() {
            "region" => region.replace(value.into_owned()).is_some(),
            "endpoint" => endpoint.replace(server(&value)?).is_some(),
            "style" => in_host.replace(named_in_host(&value)?).is_some(),
            _ => return Err("it may say region, endpoint and style, and nothing else"),
        };
        if twice {
            return Err("it says something twice");
        }
    }
    let region = match region {
        Some(region)
            if region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') =>
        {
            return Err("a region has letters, digits and hyphens");
        }
        Some(region) => region,
        // Servers of one's own sign with this one unless they were told otherwise.
        None if endpoint.is_some() => "us-east-1".to_owned(),
        None => return Err("the region is missing"),
    };
    Ok(S3Address { bucket, prefix, region, endpoint, in_host })
}

fn server(value: &str) -> Result<Url, &'static str> {
    let wrong =
        "an endpoint is the address of a server, such as https://minio.example:9000, with nothing behind it";
    let url = Url::parse(value).map_err(|_| wrong)?;
    let bare =
        url.username().is_empty() && url.query().is_none() && url.fragment().is_none() && url.path() == "/";
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare {
        return Err(wrong);
    }
    if url.scheme() == "http" && !is_this_machine(&url) {
        return Err(
            "an endpoint begins with https://, since others on the way could use what is signed; http:// is for a server on this \
             machine alone",
        );
    }
    Ok(url)
}

/// Whether what is sent there never leaves the machine.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn named_in_host(value: &str) -> Result<bool, &'static str> {
    match value {
        "virtual" => Ok(true),
        "path" => Ok(false),
        _ => Err("the style is path or virtual"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_at_amazon_and_one_of_another_server() {
        let amazon: S3Address = "s3://files-of-northwind/portal/a?region=eu-central-1".parse().unwrap();
        assert_eq!((amazon.bucket.as_str(), amazon.prefix.as_str()), ("files-of-northwind", "portal/a/"));
        assert_eq!((amazon.region.as_str(), amazon.endpoint, amazon.in_host), ("eu-central-1", None, None));
        let own: S3Address = "s3://files?endpoint=http://127.0.0.1:9000&style=virtual".parse().unwrap();
        assert_eq!((own.prefix.as_str(), own.region.as_str(), own.in_host), ("", "us-east-1", Some(true)));
        assert_eq!(own.endpoint.unwrap().port(), Some(9000));
        for here in ["http://localhost:9000", "http://[::1]:9000", "http://127.1.2.3", "https://10.0.0.7"] {
            assert!(format!("s3://files?endpoint={here}").parse::<S3Address>().is_ok(), "{here}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_keys_are_never_taken_from_an_address() {
        for (address, word) in [
            ("/var/files", "no address"),
            ("https://files", "s3://"),
            ("s3://id:secret@files?region=x", "keys"),
            ("s3://files", "region is missing"),
            ("s3://Fi?region=x", "bucket"),
            ("s3://files/.parts?region=x", "prefix"),
            ("s3://files?region=x&region=y", "twice"),
            ("s3://files?region=x&acl=public", "nothing else"),
            ("s3://files?endpoint=ftp://x", "endpoint"),
            ("s3://files?endpoint=https://x/y", "endpoint"),
            ("s3://files?endpoint=http://minio.example:9000", "https://,"),
            ("s3://files?endpoint=http://10.0.0.7:9000", "https://,"),
            ("s3://files?endpoint=http://localhost.example", "https://,"),
            ("s3://files?region=x&style=host", "style"),
            ("s3://files:9000?region=x", "endpoint"),
        ] {
            let error = address.parse::<S3Address>().unwrap_err().to_string();
            assert!(error.contains(word), "{address}: {error}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let keys = S3Keys::Given { id: "AKIA".into(), secret: "hush".into(), token: Some("hush".into()) };
        assert!(!format!("{keys:?}").contains("hush"));
    }
}
