//! A key in a file: PEM, or PKCS #12 (`.p12`, `.pfx`) with a password.

use std::path::Path;

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use der::Decode as _;
use p12_keystore::KeyStore;
use x509_cert::Certificate;
use zeroize::Zeroizing;

use super::{
    error::SealError,
    key::{SealAlgorithm, SealCertificate, SealKey},
};

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A key in this process's memory.
pub struct FileKey {
    pair: Pair,
    certificate: SealCertificate,
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKey").field("certificate", &self.certificate.subject).finish_non_exhaustive()
    }
}

impl FileKey {
    /// Reads a key with its certificates. `password` is for PKCS #12.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn read(path: &Path, password: Option<&str>, development: bool) -> Result<Self, SealError> {
        let wrong = |reason: String| SealError::Key { path: path.display().to_string(), reason };
        let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| wrong(error.to_string()))?);
        let read = if bytes.starts_with(b"-----") || bytes.windows(11).any(|window| window == b"-----BEGIN ")
        {
            from_pem(&bytes)
        } else {
            from_pkcs12(&bytes, password)
        };
        let (secret, chain) = read.map_err(wrong)?;
        Self::new(&secret, chain, development).map_err(wrong)
    }

    /// A key (PKCS #8, SEC 1 or PKCS #1, as DER) with its certificates, in any order.
    ///
    /// # Errors
    /// What does not fit, in words for whoever runs the installation.
    pub fn new(secret: &[u8], chain: Vec<Certificate>, development: bool) -> Result<Self, String> {
        let pair = pair(secret).ok_or_else(|| {
            "the private key is of a kind that is not supported; use ECDSA with P-256, or RSA with 2048 bits or more"
                .to_owned()
        })?;
        let (kind, public) = match &pair {
            Pair::Ec(pair) => (SealAlgorithm::EcdsaP256, pair.public_key().as_ref()),
            Pair::Rsa(pair) => (SealAlgorithm::Rsa, pair.public_key().as_ref()),
        };
        let belongs = |certificate: &Certificate| {
            let info = &certificate.tbs_certificate.subject_public_key_info;
            SealAlgorithm::of(certificate) == Some(kind) && info.subject_public_key.raw_bytes() == public
        };
        let own = chain.iter().position(belongs);
        let own = own.ok_or_else(|| "none of its certificates belongs to its private key".to_owned())?;
        let certificate = SealCertificate::new(in_order(chain, own), development)?;
        Ok(Self { pair, certificate })
    }
}

/// The certificate at `own`, then whoever issued it, and so on; the others are left out.
fn in_order(mut rest: Vec<Certificate>, own: usize) -> Vec<Certificate> {
    let mut chain = vec![rest.swap_remove(own)];
    while let Some(last) = chain.last()
        && let issuer = &last.tbs_certificate.issuer
        && *issuer != last.tbs_certificate.subject
        && let Some(next) = rest.iter().position(|each| each.tbs_certificate.subject == *issuer)
    {
        chain.push(rest.swap_remove(next));
    }
    chain
}

fn pair(secret: &[u8]) -> Option<Pair> {
    let ec = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, secret);
    if let Ok(pair) = ec {
        return Some(Pair::Ec(pair));
    }
    RsaKeyPair::from_pkcs8(secret).or_else(|_| RsaKeyPair::from_der(secret)).ok().map(Pair::Rsa)
}

type Read = Result<(Zeroizing<Vec<u8>>, Vec<Certificate>), String>;

fn from_pem(bytes: &[u8]) -> Read {
    let blocks = pem::parse_many(bytes).map_err(|error| error.to_string())?;
    let mut secret = None;
    let mut chain = Vec::new();
    for block in blocks {
        match block.tag() {
            "CERTIFICATE" => {
                chain.push(Certificate::from_der(block.contents()).map_err(|error| error.to_string())?);
            }
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
                secret = Some(Zeroizing::new(block.into_contents()));
            }
            "ENCRYPTED PRIVATE KEY" => {
                return Err(
                    "its private key is encrypted, which PEM files must not be here; use PKCS #12 for that"
                        .to_owned(),
                );
            }
            _ => {}
        }
    }
    let secret = secret.ok_or_else(|| "it holds no private key".to_owned())?;
    Ok((secret, chain))
}

fn from_pkcs12(bytes: &[u8], password: Option<&str>) -> Read {
    let store = KeyStore::from_pkcs12(bytes, password.unwrap_or_default());
    let store = store.map_err(|error| {
        format!("it is neither PEM nor a PKCS #12 file that opens with the password of the setting seal-password-file ({error})")
    })?;
    let (_, found) = store.private_key_chain().ok_or_else(|| "it holds no private key".to_owned())?;
    let chain: Result<Vec<_>, _> =
        found.chain().iter().map(|certificate| Certificate::from_der(certificate.as_der())).collect();
    Ok((Zeroizing::new(found.key().to_vec()), chain.map_err(|error| error.to_string())?))
}

#[async_trait]
impl SealKey for FileKey {
    fn certificate(&self) -> &SealCertificate {
        &self.certificate
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        let random = SystemRandom::new();
        let refused = |_| SealError::Refused("the key is damaged".to_owned());
        match &self.pair {
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
        }
    }
}
