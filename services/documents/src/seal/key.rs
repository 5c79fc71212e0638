//! What seals: a private key somewhere, and the certificate that says whose it is.

use async_trait::async_trait;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use chrono::{DateTime, Utc};
use der::{
    Decode as _, Encode as _,
    oid::{AssociatedOid as _, ObjectIdentifier},
};
use sha2::{Digest as _, Sha256};
use x509_cert::{
    Certificate,
    ext::pkix::{KeyUsage, KeyUsages},
    spki::AlgorithmIdentifierOwned,
};

use super::error::SealError;

const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// Hashes by their names in signatures.
pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub(super) const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub(super) const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const RSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// How a key signs. Both go over SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealAlgorithm {
    /// ECDSA over P-256; the signature is its DER form.
    EcdsaP256,
    /// RSA with PKCS #1 v1.5 padding, 2048 bits or more.
    Rsa,
}

impl SealAlgorithm {
    /// How the key of this certificate signs; nothing where we cannot use it.
    pub fn of(certificate: &Certificate) -> Option<Self> {
        let algorithm = &certificate.tbs_certificate.subject_public_key_info.algorithm;
        if algorithm.oid == RSA_KEY {
            return Some(Self::Rsa);
        }
        let curve = algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?;
        (algorithm.oid == EC_KEY && curve == P256).then_some(Self::EcdsaP256)
    }

    /// The identifier that stands in the signature.
    pub(super) fn identifier(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::EcdsaP256 => AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA256, parameters: None },
            Self::Rsa => {
                AlgorithmIdentifierOwned { oid: RSA_WITH_SHA256, parameters: Some(der::Any::null()) }
            }
        }
    }
}

/// Whether `signature` over `message` was made with the key of this certificate and with this hash. What timestamp
/// authorities use is understood beside what we sign with ourselves.
pub(super) fn verify(
    certificate: &Certificate,
    hash: ObjectIdentifier,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as().ok());
    let algorithm: &'static dyn VerificationAlgorithm = match (info.algorithm.oid, curve, hash) {
        (EC_KEY, Some(P256), SHA256) => &ECDSA_P256_SHA256_ASN1,
        (EC_KEY, Some(P384), SHA384) => &ECDSA_P384_SHA384_ASN1,
        (EC_KEY, Some(P521), SHA512) => &ECDSA_P521_SHA512_ASN1,
        (RSA_KEY, _, SHA256) => &RSA_PKCS1_2048_8192_SHA256,
        (RSA_KEY, _, SHA384) => &RSA_PKCS1_2048_8192_SHA384,
        (RSA_KEY, _, SHA512) => &RSA_PKCS1_2048_8192_SHA512,
        _ => return false,
    };
    UnparsedPublicKey::new(algorithm, info.subject_public_key.raw_bytes()).verify(message, signature).is_ok()
}

/// A certificate with those that vouch for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealCertificate {
    chain: Vec<Certificate>,
    /// SHA-256 of the seal's own certificate.
    pub fingerprint: [u8; 32],
    /// Whose it is, as X.509 writes names: `CN=Northwind Consulting,O=…`.
    pub subject: String,
    /// How its key signs.
    pub algorithm: SealAlgorithm,
    /// Since when it is valid.
    pub from: DateTime<Utc>,
    /// Until when it is valid.
    pub until: DateTime<Utc>,
    /// Whether this installation made it for itself, so that it proves nothing to others.
    pub development: bool,
}

impl SealCertificate {
    /// Reads a chain, the seal's own certificate first.
    ///
    /// # Errors
    /// What is wrong with it, in words for whoever runs the installation.
    pub fn new(chain: Vec<Certificate>, development: bool) -> Result<Self, String> {
        let own = chain.first().ok_or_else(|| "it holds no certificate".to_owned())?;
        let algorithm = SealAlgorithm::of(own).ok_or_else(|| {
            "its key is of a kind that is not supported; use ECDSA with P-256, or RSA".to_owned()
        })?;
        if !may_sign(own) {
            return Err("its certificate is not meant for signatures: its key usage allows neither digitalSignature nor \
                        nonRepudiation"
                .to_owned());
        }
        let bytes = own.to_der().map_err(|error| error.to_string())?;
        let validity = own.tbs_certificate.validity;
        Ok(Self {
            fingerprint: Sha256::digest(&bytes).into(),
            subject: own.tbs_certificate.subject.to_string(),
            algorithm,
            from: moment(validity.not_before),
            until: moment(validity.not_after),
            development,
            chain,
        })
    }

    /// The seal's own certificate.
    pub fn own(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// All of them, the seal's own first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The seal's own certificate as DER.
    ///
    /// # Errors
    /// [`SealError::Writing`] where it cannot be written as it was read.
    pub fn to_der(&self) -> Result<Vec<u8>, SealError> {
        let own = self.own().ok_or_else(|| SealError::Refused("the seal has no certificate".to_owned()))?;
        own.to_der().map_err(SealError::writing)
    }

    /// Refuses to seal outside the certificate's time.
    ///
    /// # Errors
    /// [`SealError::NotValidNow`].
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), SealError> {
        if (self.from..=self.until).contains(&now) {
            return Ok(());
        }
        Err(SealError::NotValidNow { subject: self.subject.clone(), from: self.from, until: self.until })
    }
}

/// Whether the certificate's key may sign documents, as far as it says.
fn may_sign(certificate: &Certificate) -> bool {
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    let usage = extensions
        .filter(|extension| extension.extn_id == KeyUsage::OID)
        .find_map(|extension| KeyUsage::from_der(extension.extn_value.as_bytes()).ok());
    usage.is_none_or(|usage| {
        usage.0.contains(KeyUsages::DigitalSignature) || usage.0.contains(KeyUsages::NonRepudiation)
    })
}

/// A moment of a certificate.
pub(super) fn moment(time: x509_cert::time::Time) -> DateTime<Utc> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A key that seals: in a file, or in a key service that never gives it away.
#[async_trait]
pub trait SealKey: std::fmt::Debug + Send + Sync {
    /// Whose seal it is.
    fn certificate(&self) -> &SealCertificate;

    /// Signs `message` with the algorithm of the certificate.
    ///
    /// # Errors
    /// [`SealError::Refused`] where the key cannot be used just now.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError>;
}
