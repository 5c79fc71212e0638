//! AWS Signature Version 4, as far as a request without anything in its address needs it.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// Who signs a request, for which service, and when.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) at: DateTime<Utc>,
}

/// A moment as requests carry it.
pub(super) fn date(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn keyed(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

/// The header `Authorization` of a request for `/`. The names of the headers are in small letters and in their order.
pub(super) fn authorization(
    scope: &Scope<'_>,
    (method, query): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let body = hex::encode(Sha256::digest(body));
    let request = format!("{method}\n/\n{query}\n{lines}\n{names}\n{body}");
    let (day, Scope { region, service, .. }) = (scope.at.format("%Y%m%d").to_string(), scope);
    let area = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{area}\n{}",
        date(scope.at),
        hex::encode(Sha256::digest(request.as_bytes()))
    );
    let mut key = keyed(format!("AWS4{}", scope.secret).as_bytes(), day.as_bytes());
    for part in [scope.region, scope.service, "aws4_request"] {
        key = keyed(key.as_ref(), part.as_bytes());
    }
    let signature = hex::encode(keyed(key.as_ref(), text.as_bytes()));
    format!("AWS4-HMAC-SHA256 Credential={}/{area}, SignedHeaders={names}, Signature={signature}", scope.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification works out step by step.
    #[test]
    fn the_published_example_has_its_published_signature() {
        let scope = Scope {
            id: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "iam",
            at: DateTime::parse_from_rfc3339("2015-08-30T12:36:00Z").unwrap().to_utc(),
        };
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        let signed = authorization(&scope, ("GET", "Action=ListUsers&Version=2010-05-08"), &headers, b"");
        assert_eq!(
            signed,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
