//! Small secrets at rest: a password, a private key, the key of a token.

use std::sync::Arc;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use portico_core::{SharedEntropy, TenantId};
use zeroize::Zeroizing;

use crate::{DataKey, KeyId, Kms, KmsError, WrappedKey};

/// The first byte of everything sealed here.
const FORMAT: u8 = 1;
const NONCE: usize = 12;
/// Bound in front of the purpose, so that nothing sealed elsewhere can stand in for a secret.
const DOMAIN: &[u8] = b"portico.secret.v1\0";

/// Seals what a service must be able to read again.
///
/// Each secret has a fresh key of its own (AES-256-GCM), wrapped by the tenant's key. Tenant and purpose are bound into both: a
/// secret that was moved to another firm, or to another use, does not open.
#[derive(Clone)]
pub struct Secrets {
    kms: Arc<dyn Kms>,
    entropy: SharedEntropy,
}

impl Secrets {
    /// Secrets whose keys are wrapped by `kms`.
    pub fn new(kms: Arc<dyn Kms>, entropy: SharedEntropy) -> Self {
        Self { kms, entropy }
    }

    /// Seals `secret` for one purpose, such as `messaging.smtp_password`. The result is what a row may hold.
    ///
    /// # Errors
    /// Whatever is wrong with the key service.
    pub async fn seal(&self, tenant: TenantId, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, KmsError> {
        let bound = bind(purpose);
        let key = DataKey::fresh(self.entropy.as_ref());
        let wrapped = self.kms.wrap(tenant, &key, &bound).await?;
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce);
        let sealed = cipher(&key)
            .encrypt(&nonce.into(), Payload { msg: secret, aad: &bound })
            .map_err(|_| KmsError::Refused)?;
        let id = wrapped.key_id.0.as_bytes();
        let (id_length, key_length) = (u8::try_from(id.len()), u16::try_from(wrapped.bytes.len()));
        let (Ok(id_length), Ok(key_length)) = (id_length, key_length) else { return Err(KmsError::Refused) };
        let mut whole = Vec::with_capacity(4 + id.len() + wrapped.bytes.len() + NONCE + sealed.len());
        whole.extend_from_slice(&[FORMAT, id_length]);
        whole.extend_from_slice(id);
        whole.extend_from_slice(&key_length.to_be_bytes());
        whole.extend_from_slice(&wrapped.bytes);
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    /// Opens what [`Secrets::seal`] sealed for the same tenant and purpose. It is wiped from memory when dropped.
    ///
    /// # Errors
    /// [`KmsError::Refused`] where it was altered or belongs elsewhere, [`KmsError::UnknownKey`] where its key is gone.
    pub async fn open(
        &self,
        tenant: TenantId,
        purpose: &str,
        whole: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KmsError> {
        let bound = bind(purpose);
        let Sealed { key_id, key, nonce, sealed } = Sealed::read(whole).ok_or(KmsError::Refused)?;
        let wrapped = WrappedKey { key_id: KeyId(key_id.to_owned()), bytes: key.to_vec() };
        let key = self.kms.unwrap(tenant, &wrapped, &bound).await?;
        cipher(&key)
            .decrypt(&nonce.into(), Payload { msg: sealed, aad: &bound })
            .map(Zeroizing::new)
            .map_err(|_| KmsError::Refused)
    }
}

/// The parts of a sealed secret.
struct Sealed<'a> {
    key_id: &'a str,
    key: &'a [u8],
    nonce: [u8; NONCE],
    sealed: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(whole: &'a [u8]) -> Option<Self> {
        let ([format, id_length], rest) = whole.split_first_chunk::<2>()?;
        let (id, rest) = rest.split_at_checked(usize::from(*id_length))?;
        let (key_length, rest) = rest.split_first_chunk::<2>()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*key_length)))?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let key_id = std::str::from_utf8(id).ok()?;
        (*format == FORMAT).then_some(Self { key_id, key, nonce: *nonce, sealed })
    }
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(&(*key.expose()).into())
}

fn bind(purpose: &str) -> Vec<u8> {
    [DOMAIN, purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use portico_core::SeededEntropy;
    use tempfile::TempDir;

    use super::*;
    use crate::KeyringFile;

    const PURPOSE: &str = "messaging.smtp_password";

    fn house() -> (TempDir, Secrets, TenantId, TenantId) {
        let folder = TempDir::new().unwrap();
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(11));
        let ring = KeyringFile::new(folder.path().join("keyring.json"), Arc::clone(&entropy));
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let tenants = (TenantId::new(now, &*entropy), TenantId::new(now, &*entropy));
        (folder, Secrets::new(Arc::new(ring), entropy), tenants.0, tenants.1)
    }

    #[tokio::test]
    async fn a_secret_opens_for_its_tenant_and_purpose_alone() {
        let (_folder, secrets, ours, theirs) = house();
        let sealed = secrets.seal(ours, PURPOSE, b"p@ss:word").await.unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"p@ss:w"));
        assert_eq!(secrets.open(ours, PURPOSE, &sealed).await.unwrap().as_slice(), b"p@ss:word");
        assert_ne!(secrets.seal(ours, PURPOSE, b"p@ss:word").await.unwrap(), sealed, "each has its own key");
        assert!(matches!(secrets.open(ours, "messaging.dkim", &sealed).await, Err(KmsError::Refused)));
        secrets.seal(theirs, PURPOSE, b"").await.unwrap();
        assert!(matches!(secrets.open(theirs, PURPOSE, &sealed).await, Err(KmsError::Refused)));
    }

    #[tokio::test]
    async fn whatever_was_altered_or_cut_is_refused() {
        let (_folder, secrets, tenant, _) = house();
        let sealed = secrets.seal(tenant, PURPOSE, b"secret").await.unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(secrets.open(tenant, PURPOSE, &altered).await.is_err(), "byte {at}");
            assert!(secrets.open(tenant, PURPOSE, &sealed[..at]).await.is_err(), "cut at {at}");
        }
    }

    #[tokio::test]
    async fn what_an_older_key_wrapped_still_opens() {
        let (folder, secrets, tenant, _) = house();
        let sealed = secrets.seal(tenant, PURPOSE, b"secret").await.unwrap();
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(12));
        let ring = Arc::new(KeyringFile::new(folder.path().join("keyring.json"), Arc::clone(&entropy)));
        ring.rotate(tenant).await.unwrap();
        let later = Secrets::new(ring, entropy);
        assert_eq!(later.open(tenant, PURPOSE, &sealed).await.unwrap().as_slice(), b"secret");
        let newer = later.seal(tenant, PURPOSE, b"again").await.unwrap();
        assert_eq!(secrets.open(tenant, PURPOSE, &newer).await.unwrap().as_slice(), b"again");
    }
}
