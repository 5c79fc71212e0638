//! Who a token says is calling, once it is proven.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use portico_core::{Actor, ActorKind, SharedClock, TenantId};

use super::{
    AUDIENCE, KeyError, MAX_LISTED_ACCOUNTS, MAX_TOKEN_LIFETIME, PublicKey, cache::Cache, claims::Claims,
};

/// The longest text that is looked at; 200 accounts and their company fit well within.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// How long a proof is remembered, where the token lives that long.
const REMEMBERED: TimeDelta = TimeDelta::seconds(60);
/// How far the issuer's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(30);

/// Why a token is refused. For the log; callers learn only that they are not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of ours: malformed, another algorithm, an unknown key, another audience or a broken signature.
    #[error("the token is not valid: {0}")]
    Invalid(String),
    /// Its time is over.
    #[error("the token expired")]
    Expired,
    /// It is well signed, but with a key that may not sign this kind of actor.
    #[error("a token of kind {kind} is signed with the key of {issuer}")]
    WrongKey {
        /// The kind it claims.
        kind: &'static str,
        /// Whose key signed it.
        issuer: String,
    },
    /// It is well signed and contradicts itself.
    #[error("the token's claims do not hold together: {0}")]
    Inconsistent(&'static str),
}

/// A proven caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The firm; none only for the system's work before a firm is known.
    pub tenant: Option<TenantId>,
    /// Who acts. For the system's work on somebody's behalf, `person` is that somebody.
    pub actor: Actor,
    /// Whose key signed: identity's actor key, or the name of a process.
    pub issuer: String,
    /// When the token's life ends.
    pub expires: DateTime<Utc>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signs {
    Actors,
    System,
}

struct TrustedKey {
    signs: Signs,
    issuer: String,
    decoding: DecodingKey,
}

/// Proves tokens and remembers the proof for up to a minute, never past the token's own life.
pub struct Verifier {
    keys: HashMap<String, TrustedKey>,
    validation: Validation,
    clock: SharedClock,
    proven: Cache<[u8; 32], Arc<Verified>>,
}

impl Verifier {
    /// Trusts `actor_keys` for clients, staff and machines, and `service_keys` for the system.
    ///
    /// # Errors
    /// [`KeyError::Shared`] where one key is given twice under different names or roles.
    pub fn new(
        actor_keys: impl IntoIterator<Item = PublicKey>,
        service_keys: impl IntoIterator<Item = PublicKey>,
        clock: SharedClock,
    ) -> Result<Self, KeyError> {
        let mut keys: HashMap<String, TrustedKey> = HashMap::new();
        let actors = actor_keys.into_iter().map(|key| (Signs::Actors, key));
        let services = service_keys.into_iter().map(|key| (Signs::System, key));
        for (signs, key) in actors.chain(services) {
            if let Some(other) = keys.get(&key.kid)
                && (other.signs != signs || other.issuer != key.issuer)
            {
                return Err(KeyError::Shared(other.issuer.clone(), key.issuer));
            }
            keys.insert(key.kid, TrustedKey { signs, issuer: key.issuer, decoding: key.decoding });
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["aud", "iss"]);
        // Times are checked against the Clock below; the library would ask the machine's.
        validation.validate_exp = false;
        Ok(Self { keys, validation, clock, proven: Cache::new(4096) })
    }

    /// The caller that `token` proves.
    ///
    /// # Errors
    /// [`TokenError`], with the reason for the log.
    pub fn verify(&self, token: &str) -> Result<Arc<Verified>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid("too long".to_owned()));
        }
        let now = self.clock.now();
        let digest = sha256(token);
        if let Some(verified) = self.proven.get(&digest, now) {
            return Ok(verified);
        }
        let verified = Arc::new(self.prove(token, now)?);
        self.proven.put(digest, Arc::clone(&verified), verified.expires.min(now + REMEMBERED));
        Ok(verified)
    }

    fn prove(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, TokenError> {
        let invalid = |error: jsonwebtoken::errors::Error| TokenError::Invalid(error.to_string());
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        let key = header
            .kid
            .and_then(|kid| self.keys.get(&kid))
            .ok_or_else(|| TokenError::Invalid("the key is not known".to_owned()))?;
        let mut claims =
            jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.validation).map_err(invalid)?.claims;

        let signs = if claims.kind == ActorKind::System { Signs::System } else { Signs::Actors };
        if signs != key.signs {
            return Err(TokenError::WrongKey { kind: claims.kind.as_str(), issuer: key.issuer.clone() });
        }
        if claims.iss != key.issuer {
            return Err(TokenError::Inconsistent("the issuer is not the key's"));
        }
        let expires = lifetime(&claims, now)?;
        check_consistent(&claims)?;
        let account_roles = claims
            .roles_by_account()
            .ok_or(TokenError::Inconsistent("roles of accounts that it does not list"))?;
        let accounts = claims.reach().ok_or(TokenError::Inconsistent("not exactly one reach"))?;
        Ok(Verified {
            tenant: claims.tenant,
            actor: Actor {
                kind: claims.kind,
                person: claims.person.or(claims.on_behalf_of),
                name: claims.name,
                accounts,
                roles: claims.roles,
                account_roles,
                session: claims.session,
                strength: claims.strength,
                impersonator: claims.impersonator,
            },
            issuer: claims.iss,
            expires,
        })
    }
}

fn lifetime(claims: &Claims, now: DateTime<Utc>) -> Result<DateTime<Utc>, TokenError> {
    let moment =
        |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Inconsistent("a time out of range"));
    let (issued, expires) = (moment(claims.iat)?, moment(claims.exp)?);
    if now >= expires {
        return Err(TokenError::Expired);
    }
    if expires - issued > MAX_TOKEN_LIFETIME {
        return Err(TokenError::Inconsistent("a life of more than five minutes"));
    }
    if issued > now + SKEW {
        return Err(TokenError::Inconsistent("issued in the future"));
    }
    Ok(expires)
}

fn check_consistent(claims: &Claims) -> Result<(), TokenError> {
    if claims.accounts.as_ref().is_some_and(|accounts| accounts.len() > MAX_LISTED_ACCOUNTS) {
        return Err(TokenError::Inconsistent("too many accounts"));
    }
    if claims.kind == ActorKind::System {
        return match claims.person {
            Some(_) => Err(TokenError::Inconsistent("the system is not a person")),
            None => Ok(()),
        };
    }
    if claims.tenant.is_none() {
        return Err(TokenError::Inconsistent("no firm"));
    }
    if claims.on_behalf_of.is_some() {
        return Err(TokenError::Inconsistent("only the system acts on behalf of others"));
    }
    if claims.person.is_none() && claims.kind != ActorKind::Machine {
        return Err(TokenError::Inconsistent("no person"));
    }
    Ok(())
}

fn sha256(text: &str) -> [u8; 32] {
    let mut digest = [0_u8; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref());
    digest
}

#[cfg(test)]
mod tests;
