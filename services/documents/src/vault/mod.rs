//! Where file bytes rest: always encrypted, each version under a key of its own.
//!
//! A version's bytes are sealed in chunks under a **data key** that exists for this version only. The data key is
//! wrapped by a **tenant key** that a [`Kms`] holds and never hands out, so rotating a tenant's key re-wraps 32 bytes
//! a version and touches no file. The tenant, the document and the version are bound into every chunk: a file that
//! was swapped, cut, reordered or moved to another tenant is refused before one byte of the bad chunk goes out.
//!
//! What a caller keeps beside its own row is [`Stored`]; everything else is in the blob itself.

mod blobs;
mod cipher;
mod disk;
mod format;
mod gather;
mod part;
mod parts_on_disk;
pub(crate) mod s3;
mod seal;
mod store;

pub use blobs::{BlobError, BlobKey, BlobReader, BlobStore, BlobWriter, PartStore, Rest};
pub use disk::DiskBlobs;
pub use format::{CHUNK, HEADER, LARGEST};
pub use part::{Hashed, Part, PartWriter};
pub use portico_keys::{DataKey, KeyId, KeyringFile, Kms, KmsError, WrappedKey};
pub use s3::{InvalidS3Address, S3Address, S3Blobs, S3Config, S3Keys};
pub use store::{ByteRange, Plaintext, Received, Stored, Vault, VaultError};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
