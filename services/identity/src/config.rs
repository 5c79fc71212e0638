//! The settings of the service.

use std::time::Duration;

use portico_rpc::ActorSigner;

/// The settings of the identity service.
pub struct IdentityConfig {
    /// Signs actor tokens. No other service holds one.
    pub signer: ActorSigner,
    /// What a password hash costs.
    pub hashing: PasswordHashing,
    /// How long a session lives without use.
    pub session_idle: Duration,
    /// How long a session lives however much it is used.
    pub session_absolute: Duration,
    /// How long an invitation works.
    pub invitation_lifetime: Duration,
    /// How long a sign-in link works.
    pub sign_in_link_lifetime: Duration,
    /// How long an actor token lives; at most five minutes.
    pub token_lifetime: Duration,
}

/// The cost of argon2id, and how much of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordHashing {
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// How many hashes are computed at once; further ones wait.
    pub at_once: usize,
}

impl Default for PasswordHashing {
    /// The first choice of OWASP's cheat sheet for argon2id.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 4 }
    }
}

impl IdentityConfig {
    /// The usual settings.
    pub fn new(signer: ActorSigner) -> Self {
        const HOUR: u64 = 60 * 60;
        Self {
            signer,
            hashing: PasswordHashing::default(),
            session_idle: Duration::from_secs(12 * HOUR),
            session_absolute: Duration::from_secs(14 * 24 * HOUR),
            invitation_lifetime: Duration::from_secs(14 * 24 * HOUR),
            sign_in_link_lifetime: Duration::from_secs(15 * 60),
            token_lifetime: Duration::from_secs(5 * 60),
        }
    }

    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn validate(&self) -> anyhow::Result<()> {
        let lifetimes = [
            ("session_idle", self.session_idle),
            ("session_absolute", self.session_absolute),
            ("invitation_lifetime", self.invitation_lifetime),
            ("sign_in_link_lifetime", self.sign_in_link_lifetime),
            ("token_lifetime", self.token_lifetime),
        ];
        for (name, lifetime) in lifetimes {
            let fine =
                lifetime >= Duration::from_secs(1) && lifetime <= Duration::from_secs(400 * 24 * 60 * 60);
            anyhow::ensure!(fine, "{name} is {lifetime:?}; it must lie between a second and 400 days");
        }
        let most = portico_rpc::MAX_TOKEN_LIFETIME.to_std()?;
        anyhow::ensure!(
            self.token_lifetime <= most,
            "token_lifetime is {:?}; at most {most:?}",
            self.token_lifetime
        );
        anyhow::ensure!(self.hashing.at_once > 0, "hashing.at_once is 0; at least one hash must be possible");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portico_core::{OsEntropy, SystemClock};
    use portico_rpc::SigningKey;

    use super::*;

    fn usual() -> IdentityConfig {
        let key = SigningKey::generate_actor().unwrap();
        IdentityConfig::new(ActorSigner::new(key, Arc::new(SystemClock), Arc::new(OsEntropy)))
    }

    #[test]
    fn a_setting_that_does_not_hold_is_named() {
        assert!(usual().validate().is_ok());
        let hashing = PasswordHashing { at_once: 0, ..PasswordHashing::default() };
        let wrong = [
            (IdentityConfig { token_lifetime: Duration::from_secs(301), ..usual() }, "token_lifetime"),
            (IdentityConfig { session_idle: Duration::ZERO, ..usual() }, "session_idle"),
            (IdentityConfig { hashing, ..usual() }, "hashing.at_once"),
        ];
        for (config, setting) in wrong {
            assert!(config.validate().unwrap_err().to_string().starts_with(setting), "{setting}");
        }
    }
}
