//! The signature of a webhook: HMAC-SHA256 over the moment and the body as it arrived.

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};

/// A message may be this much older or newer than now.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Whether one of `secrets` has signed `body`, not long ago. Signatures are compared in constant time.
///
/// # Errors
/// What is wrong, for the log.
pub(super) fn verify(
    header: &str,
    body: &[u8],
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<(), &'static str> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let moment = parts().find(|(name, _)| *name == "t").map(|(_, value)| value).ok_or("no moment")?;
    let at =
        moment.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or("no moment")?;
    if (now - at).abs() > TOLERANCE {
        return Err("too old or from the future");
    }
    let signatures: Vec<Vec<u8>> =
        parts().filter(|(name, _)| *name == "v1").filter_map(|(_, value)| hex::decode(value).ok()).collect();
    let message = [moment.as_bytes(), b".", body].concat();
    let signed = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        signatures.iter().any(|signature| hmac::verify(&key, &message, signature).is_ok())
    });
    if signed { Ok(()) } else { Err("not signed by a secret of ours") }
}

/// The header that `secret` gives a body at a moment.
#[cfg(test)]
pub(crate) fn sign(body: &[u8], secret: &str, at: DateTime<Utc>) -> String {
    let moment = at.timestamp().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[moment.as_bytes(), b".", body].concat());
    format!("t={moment},v1={}", hex::encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_signature_of_the_very_body_by_a_secret_of_ours_counts() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let secrets = ["whsec_new".to_owned(), "whsec_old".to_owned()];
        let check = |header: &str, body: &[u8], now| verify(header, body, &secrets, now);
        for secret in &secrets {
            let header = sign(b"{}", secret, now);
            assert_eq!(check(&header, b"{}", now), Ok(()));
            assert_eq!(check(&header, b"{ }", now), Err("not signed by a secret of ours"));
            assert_eq!(check(&header, b"{}", now + TimeDelta::minutes(5)), Ok(()));
            assert!(check(&header, b"{}", now + TimeDelta::minutes(6)).is_err());
            assert!(check(&header, b"{}", now - TimeDelta::minutes(6)).is_err());
            assert_eq!(check(&format!("v0=00,{header},v1=abcd"), b"{}", now), Ok(()));
            let later = header.replace("t=1800000000", "t=1800000001");
            assert!(check(&later, b"{}", now).is_err(), "the moment is signed as well");
        }
        assert!(check(&sign(b"{}", "whsec_foreign", now), b"{}", now).is_err());
        for wrong in ["", "t=,v1=", "v1=00", "t=1800000000", "t=x,v1=00", "t=99999999999999999999,v1=00"] {
            assert!(check(wrong, b"{}", now).is_err(), "{wrong}");
        }
    }
}
