//! Keys that wrap keys, and small secrets sealed with them.
//!
//! A [`Kms`] holds tenant keys and never hands them out; [`KeyringFile`] is the one of a small installation. [`Secrets`] keeps what
//! a service must be able to read again, such as the password of a mail server: sealed under a key of its own, which a tenant key wraps.

mod keyring;
mod kms;
mod secrets;

pub use keyring::KeyringFile;
pub use kms::{DataKey, KeyId, Kms, KmsError, WrappedKey};
pub use secrets::Secrets;
