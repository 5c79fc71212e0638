//! Sealing and opening single chunks: RustCrypto's STREAM construction over AES-256-GCM.

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use portico_core::{DocumentId, TenantId, VersionId};

use super::{DataKey, cipher::Aes256Gcm, format::Header};

/// A chunk that is not what was sealed at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsealable;

/// What every chunk is bound to: tenant, document and version, 16 bytes each.
pub(super) fn binding(tenant: TenantId, document: DocumentId, version: VersionId) -> [u8; 48] {
    let mut bound = [0; 48];
    bound[..16].copy_from_slice(tenant.0.as_bytes());
    bound[16..32].copy_from_slice(document.0.as_bytes());
    bound[32..].copy_from_slice(version.0.as_bytes());
    bound
}

/// The cipher of one blob. A chunk's position and whether it is the last are part of its nonce.
pub(super) struct Seal {
    stream: StreamBE32<Aes256Gcm>,
    binding: [u8; 48],
}

impl Seal {
    /// The cipher of the blob with this key, header and binding.
    pub(super) fn new(key: &DataKey, header: &Header, binding: [u8; 48]) -> Self {
        let stream = StreamBE32::from_aead(Aes256Gcm::new(key), &header.nonce_prefix.into());
        Self { stream, binding }
    }

    /// Turns plaintext into ciphertext and tag, in place.
    pub(super) fn seal(&self, position: u32, last: bool, buffer: &mut Vec<u8>) -> Result<(), Unsealable> {
        self.stream.encrypt_in_place(position, last, &self.binding, buffer).map_err(|_| Unsealable)
    }

    /// Turns ciphertext and tag into plaintext, in place; on an error the buffer holds nothing of use.
    pub(super) fn open(&self, position: u32, last: bool, buffer: &mut Vec<u8>) -> Result<(), Unsealable> {
        self.stream.decrypt_in_place(position, last, &self.binding, buffer).map_err(|_| Unsealable)
    }
}
