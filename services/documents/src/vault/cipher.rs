//! AES-256-GCM as the STREAM construction takes it, computed by aws-lc.
//!
//! aws-lc comes compiled, so that sealing a large file is as quick in a build for development as in one for production. The bytes
//! are those of any other AES-256-GCM.

use aead_stream::aead::{
    AeadCore, AeadInOut, Error, Nonce, Tag, TagPosition,
    consts::{U12, U16},
    inout::InOutBuf,
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as Unique, UnboundKey};

use super::DataKey;

/// The cipher under one data key.
pub(super) struct Aes256Gcm {
    /// None where aws-lc does not take the key: then nothing is sealed or opened with it.
    key: Option<LessSafeKey>,
}

impl Aes256Gcm {
    pub(super) fn new(key: &DataKey) -> Self {
        Self { key: UnboundKey::new(&AES_256_GCM, key.expose()).ok().map(LessSafeKey::new) }
    }
}

impl AeadCore for Aes256Gcm {
    type NonceSize = U12;
    type TagSize = U16;
    const TAG_POSITION: TagPosition = TagPosition::Postfix;
}

impl AeadInOut for Aes256Gcm {
    fn encrypt_inout_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
    ) -> Result<Tag<Self>, Error> {
        let key = self.key.as_ref().ok_or(Error)?;
        let unique = Unique::assume_unique_for_key((*nonce).into());
        let tag = key
            .seal_in_place_separate_tag(unique, Aad::from(associated_data), buffer.into_out_with_copied_in())
            .map_err(|_| Error)?;
        Tag::<Self>::try_from(tag.as_ref()).map_err(|_| Error)
    }

    fn decrypt_inout_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
        tag: &Tag<Self>,
    ) -> Result<(), Error> {
        let key = self.key.as_ref().ok_or(Error)?;
        let unique = Unique::assume_unique_for_key((*nonce).into());
        let sealed = buffer.get_in().to_vec();
        key.open_separate_gather(unique, Aad::from(associated_data), &sealed, tag, buffer.into_out())
            .map_err(|_| Error)
    }
}

#[cfg(test)]
mod tests {
    use aead_stream::aead::KeyInit as _;

    use super::*;

    /// What aws-lc seals another implementation opens, and the other way round.
    #[test]
    fn the_bytes_are_those_of_any_other_aes_256_gcm() {
        let key = DataKey::fresh(&portico_core::SeededEntropy::new(1));
        let (ours, theirs) = (Aes256Gcm::new(&key), aes_gcm::Aes256Gcm::new(&(*key.expose()).into()));
        let nonce = [7; 12].into();
        for length in [0, 1, 16, 65_536] {
            let plain = vec![9_u8; length];
            let (mut one, mut other) = (plain.clone(), plain.clone());
            ours.encrypt_in_place(&nonce, b"where", &mut one).unwrap();
            theirs.encrypt_in_place(&nonce, b"where", &mut other).unwrap();
            assert_eq!(one, other);
            theirs.decrypt_in_place(&nonce, b"where", &mut one).unwrap();
            ours.decrypt_in_place(&nonce, b"where", &mut other).unwrap();
            assert_eq!((&one, &other), (&plain, &plain));
        }
    }

    #[test]
    fn another_place_or_a_changed_byte_does_not_open() {
        let cipher = Aes256Gcm::new(&DataKey::fresh(&portico_core::SeededEntropy::new(1)));
        let nonce = [7; 12].into();
        let mut sealed = b"what was agreed".to_vec();
        cipher.encrypt_in_place(&nonce, b"here", &mut sealed).unwrap();
        assert!(cipher.decrypt_in_place(&nonce, b"there", &mut sealed.clone()).is_err());
        sealed[3] ^= 1;
        assert!(cipher.decrypt_in_place(&nonce, b"here", &mut sealed).is_err());
    }
}
