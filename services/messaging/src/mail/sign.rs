//! DKIM: makes keys, and signs what leaves (RFC 6376, RFC 8463).

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256, SigningKey},
        headers::HeaderWriter as _,
    },
    dkim::{Canonicalization, DkimSigner},
};
use portico_core::Ctx;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::{
    domain::dkim::{Algorithm, DkimKey, purpose},
    error::MessagingError,
    service::Service,
    store,
};

/// What a signature covers. Those that are listed twice can neither be changed nor added (RFC 6376, 8.15).
const HEADERS: [&str; 16] = [
    "From",
    "From",
    "To",
    "To",
    "Subject",
    "Subject",
    "Date",
    "Date",
    "Message-ID",
    "Reply-To",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// The two halves of a fresh key: the private one as PKCS #8, the public one as records have it.
pub(crate) struct Fresh {
    pub(crate) private: Zeroizing<Vec<u8>>,
    pub(crate) public: String,
}

/// Makes a key. RSA takes a good part of a second, so this belongs on a thread of its own.
///
/// # Errors
/// The machine's cryptography does not answer.
pub(crate) fn generate(algorithm: Algorithm) -> Result<Fresh, MessagingError> {
    let broken = |_| MessagingError::Signing("a key could not be made".to_owned());
    match algorithm {
        Algorithm::Rsa => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(broken)?;
            let private: Pkcs8V1Der<'static> = pair.as_der().map_err(broken)?;
            let public: PublicKeyX509Der<'static> = pair.public_key().as_der().map_err(broken)?;
            Ok(Fresh {
                private: Zeroizing::new(private.as_ref().to_vec()),
                public: STANDARD.encode(public.as_ref()),
            })
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(broken)?;
            let private = pair.to_pkcs8v1().map_err(broken)?;
            let public = STANDARD.encode(pair.public_key().as_ref());
            Ok(Fresh { private: Zeroizing::new(private.as_ref().to_vec()), public })
        }
    }
}

/// The mail with a signature in front, where the firm has a key that signs for the domain; as it is otherwise.
pub(super) async fn sign(
    service: &Service,
    ctx: &Ctx,
    domain: &str,
    mail: Vec<u8>,
) -> Result<Vec<u8>, MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let key = store::dkim_keys::active(&mut tx, domain).await?;
    tx.rollback().await?;
    let Some(key) = key else { return Ok(mail) };
    let sealed = key.private_key.as_deref().unwrap_or_default();
    let private = service.secrets.open(ctx.tenant, &purpose(key.id), sealed).await?;
    let header = signature(&key, &private, &mail)?;
    Ok([header.as_bytes(), &mail].concat())
}

/// The header of a mail's signature, with its line end.
fn signature(key: &DkimKey, private: &[u8], mail: &[u8]) -> Result<String, MessagingError> {
    let broken = |error: mail_auth::Error| MessagingError::Signing(error.to_string());
    match key.algorithm {
        Algorithm::Rsa => {
            let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(private));
            header(RsaKey::<Sha256>::from_key_der(der).map_err(broken)?, key, mail)
        }
        Algorithm::Ed25519 => {
            header(Ed25519Key::from_pkcs8_maybe_unchecked_der(private).map_err(broken)?, key, mail)
        }
    }
}

fn header(signer: impl SigningKey, key: &DkimKey, mail: &[u8]) -> Result<String, MessagingError> {
    let signature = DkimSigner::from_key(signer)
        .domain(&key.domain)
        .selector(&key.selector)
        .headers(HEADERS)
        .header_canonicalization(Canonicalization::Relaxed)
        .body_canonicalization(Canonicalization::Relaxed)
        .sign(mail)
        .map_err(|error| MessagingError::Signing(error.to_string()))?;
    Ok(signature.to_header())
}
