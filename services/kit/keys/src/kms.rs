//! Keys that wrap keys: what a key service must do for the vault.

use std::fmt;

use async_trait::async_trait;
use portico_core::{Entropy, TenantId};
use zeroize::Zeroizing;

/// The name of one key of one tenant, such as `k1`. It is stored beside what it wrapped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of one version: 256 bits, wiped from memory when dropped and never shown.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A fresh key.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// A key that was unwrapped; nothing unless it has exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The raw key, for the cipher only.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(hidden)")
    }
}

/// A data key as it may lie in a database: sealed, with the name of the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The tenant key that sealed it.
    pub key_id: KeyId,
    /// The sealed key; its form is the key service's own. At most 4 KiB.
    pub bytes: Vec<u8>,
}

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// The tenant has no key of this name: the key was destroyed, or the row belongs to another installation.
    #[error("the key {0} is not known for this tenant")]
    UnknownKey(KeyId),
    /// The sealed key was altered, or belongs to another tenant, document or version.
    #[error("the wrapped key does not belong here")]
    Refused,
    /// The keyring can be read by others than its owner.
    #[error(
        "the keyring {path} has mode {mode:o}; it must be readable by its owner only: run chmod 600 on it"
    )]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The keyring cannot be understood. It is never overwritten: whatever it held may be all there is.
    #[error("the keyring {path} cannot be understood ({reason}); restore it from a backup")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it; holds no key.
        reason: String,
    },
    /// The key service or its file is away.
    #[error("the key service cannot be reached")]
    Unavailable(#[source] std::io::Error),
}

/// A key service. Tenant keys never leave it; it wraps and unwraps data keys on request.
///
/// The associated data `aad` is bound into the wrapping: unwrapping with any other is refused.
#[async_trait]
pub trait Kms: Send + Sync + 'static {
    /// Wraps `key` under the tenant's current key; the tenant's first key is made on first use.
    ///
    /// # Errors
    /// [`KmsError::Unavailable`] and whatever is wrong with the service itself.
    async fn wrap(&self, tenant: TenantId, key: &DataKey, aad: &[u8]) -> Result<WrappedKey, KmsError>;

    /// Opens what [`Kms::wrap`] sealed, under any key the tenant ever had and has not destroyed.
    ///
    /// # Errors
    /// [`KmsError::UnknownKey`], or [`KmsError::Refused`] where tenant, key or `aad` differ.
    async fn unwrap(&self, tenant: TenantId, wrapped: &WrappedKey, aad: &[u8]) -> Result<DataKey, KmsError>;

    /// The key that wraps at present; made where the tenant has none yet.
    ///
    /// # Errors
    /// As for [`Kms::wrap`].
    async fn current_key(&self, tenant: TenantId) -> Result<KeyId, KmsError>;

    /// Makes a new current key. Older ones keep unwrapping.
    ///
    /// # Errors
    /// As for [`Kms::wrap`].
    async fn rotate(&self, tenant: TenantId) -> Result<KeyId, KmsError>;
}
