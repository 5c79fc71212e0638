//! Password hashes: argon2id, on threads of their own, a few at once.

use argon2::{
    Argon2, Params,
    password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use portico_core::Entropy;
use tokio::sync::Semaphore;

use crate::{PasswordHashing, error::IdentityError};

/// The bytes of a salt (RFC 9106, section 4).
const SALT_BYTES: usize = 16;

/// Hashes and compares passwords.
pub(crate) struct Hasher {
    params: Params,
    places: Semaphore,
    /// What a password is compared with where there is none, so that a stranger's sign-in takes as long as any other.
    stand_in: String,
}

impl Hasher {
    pub(crate) fn new(hashing: PasswordHashing, entropy: &dyn Entropy) -> anyhow::Result<Self> {
        let params = Params::new(hashing.memory_kib, hashing.passes, hashing.lanes, None)
            .map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
        let stand_in = hash(&params, &entropy.secret(), salt(entropy))
            .map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
        Ok(Self { params, places: Semaphore::new(hashing.at_once), stand_in })
    }

    /// The hash of a password as a PHC string, with a salt of its own.
    pub(crate) async fn hash(
        &self,
        password: String,
        entropy: &dyn Entropy,
    ) -> Result<String, IdentityError> {
        let (params, salt) = (self.params.clone(), salt(entropy));
        self.work(move || hash(&params, &password, salt)).await
    }

    /// Whether `password` is the one behind `phc`. Where there is no hash the answer is no, after the same work.
    pub(crate) async fn matches(&self, password: String, phc: Option<String>) -> Result<bool, IdentityError> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.stand_in.clone());
        let matches = self.work(move || {
            let parsed = PasswordHash::new(&phc)?;
            match Argon2::default().verify_password(password.as_bytes(), &parsed) {
                Ok(()) => Ok(true),
                Err(HashError::PasswordInvalid) => Ok(false),
                Err(error) => Err(error),
            }
        });
        Ok(matches.await? && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _place = self.places.acquire().await.map_err(|_| IdentityError::Closing)?;
        let outcome = tokio::task::spawn_blocking(work).await;
        let outcome = outcome.map_err(|error| IdentityError::Hashing(error.to_string()))?;
        outcome.map_err(|error| IdentityError::Hashing(error.to_string()))
    }

    /// From now on no password is hashed or compared: whoever tries to learns that the service is closing.
    #[cfg(test)]
    pub(crate) fn close(&self) {
        self.places.close();
    }
}

fn salt(entropy: &dyn Entropy) -> [u8; SALT_BYTES] {
    let mut salt = [0_u8; SALT_BYTES];
    entropy.fill(&mut salt);
    salt
}

fn hash(params: &Params, password: &str, salt: [u8; SALT_BYTES]) -> Result<String, HashError> {
    Ok(Argon2::from(params).hash_password_with_salt(password.as_bytes(), &salt)?.to_string())
}

#[cfg(test)]
mod tests {
    use portico_core::OsEntropy;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let hashing = PasswordHashing { memory_kib: 64, passes: 1, lanes: 1, at_once: 1 };
        let hasher = Hasher::new(hashing, &OsEntropy).unwrap();
        let phc = hasher.hash("seven green kettles".to_owned(), &OsEntropy).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert_ne!(phc, hasher.hash("seven green kettles".to_owned(), &OsEntropy).await.unwrap());
        let matches = async |password: &str, phc: Option<&String>| {
            hasher.matches(password.to_owned(), phc.cloned()).await.unwrap()
        };
        assert!(matches("seven green kettles", Some(&phc)).await);
        assert!(!matches("seven green kettle", Some(&phc)).await);
        assert!(!matches("seven green kettles", None).await);
    }

    #[test]
    fn a_cost_that_argon2_does_not_know_is_refused_at_the_start() {
        let hashing = PasswordHashing { memory_kib: 1, passes: 1, lanes: 4, at_once: 1 };
        assert!(Hasher::new(hashing, &OsEntropy).is_err());
    }
}
