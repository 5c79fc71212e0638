//! Ed25519 keys and the files they lie in.

use std::{
    fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jsonwebtoken::{DecodingKey, EncodingKey};
use portico_core::{SharedClock, SharedEntropy};
use zeroize::Zeroizing;

use super::{ACTOR_ISSUER, ActorSigner, ServiceSigner, Verifier};

/// What stands before the 32 raw bytes in the SubjectPublicKeyInfo of every Ed25519 key (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file could not be read or written.
    #[error("the key file {path} cannot be {act}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried: `read` or `written`.
        act: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file is there and holds something else.
    #[error("{0} does not hold an Ed25519 key in PEM form (PKCS#8 for a private key)")]
    Malformed(PathBuf),
    /// A private key that everybody on the machine can read.
    #[error("{0} can be read by everybody on this machine; take the right away with: chmod o-rwx")]
    Exposed(PathBuf),
    /// A public key that is not that of the private key beside it: others would refuse what is signed.
    #[error("{0} is not the public half of the private key beside it; remove it, and it is written anew")]
    Mismatch(PathBuf),
    /// One key in two roles would let a process pass its own work off as a person's.
    #[error("the keys of {0} and {1} are the same; every process needs a key of its own")]
    Shared(String, String),
    /// A name that cannot be part of a file's name.
    #[error("a process is named in lower-case letters, digits and hyphens, not {0:?}")]
    Name(String),
    /// The library could not make a key.
    #[error("a key could not be made")]
    Generate,
}

/// The public half of a key, with the name of whoever signs with it.
#[derive(Clone)]
pub struct PublicKey {
    pub(super) issuer: String,
    pub(super) kid: String,
    pub(super) decoding: DecodingKey,
    raw: [u8; 32],
}

impl PublicKey {
    fn new(issuer: &str, raw: [u8; 32]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &raw);
        let kid = hex::encode(&digest.as_ref()[..8]);
        Self { issuer: issuer.to_owned(), kid, decoding: DecodingKey::from_ed_der(&raw), raw }
    }

    fn from_pem(issuer: &str, pem: &str) -> Option<Self> {
        let der = from_pem("PUBLIC KEY", pem)?;
        let raw = der.strip_prefix(&SPKI_PREFIX)?;
        Some(Self::new(issuer, raw.try_into().ok()?))
    }

    /// The key in PEM form (SubjectPublicKeyInfo).
    pub fn to_pem(&self) -> String {
        to_pem("PUBLIC KEY", &[SPKI_PREFIX.as_slice(), self.raw.as_slice()].concat())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("issuer", &self.issuer)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A private key, with the name of whoever signs with it. Its bytes are never shown.
#[derive(Clone)]
pub struct SigningKey {
    pub(super) public: PublicKey,
    pub(super) encoding: EncodingKey,
}

impl SigningKey {
    /// A fresh key that signs people and machines. Only identity holds it.
    ///
    /// # Errors
    /// [`KeyError::Generate`] where the system gives no randomness.
    pub fn generate_actor() -> Result<Self, KeyError> {
        Self::generate(ACTOR_ISSUER)
    }

    /// A fresh key that signs the own work of the process `name`.
    ///
    /// # Errors
    /// [`KeyError::Name`] for a name that is none, [`KeyError::Generate`] where the system gives no randomness.
    pub fn generate_service(name: &str) -> Result<Self, KeyError> {
        check_name(name)?;
        Self::generate(name)
    }

    fn generate(issuer: &str) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?;
        Self::from_pkcs8(issuer, pkcs8.as_ref()).ok_or(KeyError::Generate)
    }

    fn from_pkcs8(issuer: &str, pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let raw = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { public: PublicKey::new(issuer, raw), encoding: EncodingKey::from_ed_der(pkcs8) })
    }

    fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(to_pem("PRIVATE KEY", self.encoding.as_bytes()))
    }

    /// The half that others verify with.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The keys of one process, as they lie in a folder.
///
/// `actors.key.pem` signs people and is there only where identity runs; `service-<name>.key.pem` signs the process'
/// own work. Beside each lies `….pub.pem`; every `actors*.pub.pem` and `service-*.pub.pem` is trusted, so that a key
/// can be replaced while tokens of the old one are still about.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    actors: Option<SigningKey>,
    service: SigningKey,
    actor_keys: Vec<PublicKey>,
    service_keys: Vec<PublicKey>,
}

impl KeyFiles {
    /// The keys in `dir` for the process `service`; both private keys are made where they are missing, readable by
    /// their owner alone. Processes that start at the same moment end up with the same keys.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load_or_create(dir: &Path, service: &str) -> Result<Self, KeyError> {
        check_name(service)?;
        fs::create_dir_all(dir).map_err(|source| KeyError::File {
            path: dir.into(),
            act: "written",
            source,
        })?;
        for (stem, issuer) in [("actors".to_owned(), ACTOR_ISSUER), (service_stem(service), service)] {
            let private = dir.join(format!("{stem}.key.pem"));
            if !exists(&private)? {
                write_new(&private, SigningKey::generate(issuer)?.to_pem().as_bytes())?;
            }
            let public = dir.join(format!("{stem}.pub.pem"));
            if !exists(&public)? {
                write_new(&public, read_private(&private, issuer)?.public.to_pem().as_bytes())?;
            }
        }
        Self::load(dir, service)
    }

    /// The keys in `dir` for the process `service`, as they are. The actor key may be missing, the others not.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load(dir: &Path, service: &str) -> Result<Self, KeyError> {
        check_name(service)?;
        let actors_path = dir.join("actors.key.pem");
        let actors =
            if exists(&actors_path)? { Some(read_private(&actors_path, ACTOR_ISSUER)?) } else { None };
        let own = read_private(&dir.join(format!("{}.key.pem", service_stem(service))), service)?;

        let mut actor_keys = Vec::new();
        let mut service_keys = Vec::new();
        let listing = |source| KeyError::File { path: dir.into(), act: "read", source };
        for entry in fs::read_dir(dir).map_err(listing)? {
            let name = entry.map_err(listing)?.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".pub.pem")) else { continue };
            let path = dir.join(&name);
            if let Some(issuer) = stem.strip_prefix("service-") {
                service_keys.push(read_public(&path, issuer)?);
            } else if stem.starts_with("actors") {
                actor_keys.push(read_public(&path, ACTOR_ISSUER)?);
            }
        }
        let known = |keys: &[PublicKey], key: &SigningKey| keys.iter().any(|one| one.kid == key.public.kid);
        if !known(&service_keys, &own) {
            return Err(KeyError::Mismatch(dir.join(format!("{}.pub.pem", service_stem(service)))));
        }
        if actors.as_ref().is_some_and(|key| !known(&actor_keys, key)) {
            return Err(KeyError::Mismatch(dir.join("actors.pub.pem")));
        }
        Ok(Self { actors, service: own, actor_keys, service_keys })
    }

    /// Signs people and machines; none where this process does not hold the actor key.
    pub fn actor_signer(&self, clock: SharedClock, entropy: SharedEntropy) -> Option<ActorSigner> {
        self.actors.clone().map(|key| ActorSigner::new(key, clock, entropy))
    }

    /// Signs this process' own work.
    pub fn service_signer(&self, clock: SharedClock, entropy: SharedEntropy) -> ServiceSigner {
        ServiceSigner::new(self.service.clone(), clock, entropy)
    }

    /// Verifies what any of the trusted keys has signed.
    ///
    /// # Errors
    /// [`KeyError::Shared`] where one key lies there under two names.
    pub fn verifier(&self, clock: SharedClock) -> Result<Verifier, KeyError> {
        Verifier::new(self.actor_keys.clone(), self.service_keys.clone(), clock)
    }
}

fn service_stem(name: &str) -> String {
    format!("service-{name}")
}

fn check_name(name: &str) -> Result<(), KeyError> {
    let fine = !name.is_empty()
        && name != ACTOR_ISSUER
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fine { Ok(()) } else { Err(KeyError::Name(name.to_owned())) }
}

fn exists(path: &Path) -> Result<bool, KeyError> {
    path.try_exists().map_err(|source| KeyError::File { path: path.into(), act: "read", source })
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|source| KeyError::File {
        path: path.into(),
        act: "read",
        source,
    })
}

fn read_private(path: &Path, issuer: &str) -> Result<SigningKey, KeyError> {
    let pem = read(path)?;
    refuse_exposed(path)?;
    from_pem("PRIVATE KEY", &pem)
        .and_then(|pkcs8| SigningKey::from_pkcs8(issuer, &pkcs8))
        .ok_or_else(|| KeyError::Malformed(path.into()))
}

fn read_public(path: &Path, issuer: &str) -> Result<PublicKey, KeyError> {
    let pem = read(path)?;
    PublicKey::from_pem(issuer, &pem).ok_or_else(|| KeyError::Malformed(path.into()))
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata =
        fs::metadata(path).map_err(|source| KeyError::File { path: path.into(), act: "read", source })?;
    // The group may read: that is how an orchestrator mounts secrets.
    if metadata.permissions().mode() & 0o007 == 0 { Ok(()) } else { Err(KeyError::Exposed(path.into())) }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path) -> Result<(), KeyError> {
    Ok(())
}

/// Writes a whole file or none, readable by its owner alone; whoever came first wins.
fn write_new(path: &Path, content: &[u8]) -> Result<(), KeyError> {
    let attempt = || -> io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => fs::File::open(folder)?.sync_all(),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error.error),
        }
    };
    attempt().map_err(|source| KeyError::File { path: path.into(), act: "written", source })
}

fn to_pem(label: &str, der: &[u8]) -> String {
    // An Ed25519 key of either kind fits in one line of 64 characters.
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn from_pem(label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    BASE64.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_belong_to_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let first = KeyFiles::load_or_create(dir.path(), "portico").unwrap();
        let again = KeyFiles::load_or_create(dir.path(), "portico").unwrap();
        assert_eq!(first.service.public.kid, again.service.public.kid);
        assert_eq!(first.actors.unwrap().public.kid, again.actors.unwrap().public.kid);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = dir.path().join("service-portico.key.pem");
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let leftovers = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(leftovers, 4, "no half-written file stays behind");
    }

    #[test]
    fn processes_that_start_together_agree() {
        let dir = tempfile::tempdir().unwrap();
        let kids: Vec<String> = std::thread::scope(|scope| {
            let start = || KeyFiles::load_or_create(dir.path(), "portico").unwrap().service.public.kid;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
    }

    #[cfg(unix)]
    #[test]
    fn an_exposed_or_broken_key_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        KeyFiles::load_or_create(dir.path(), "portico").unwrap();
        let path = dir.path().join("service-portico.key.pem");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(matches!(KeyFiles::load(dir.path(), "portico"), Err(KeyError::Exposed(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(KeyFiles::load(dir.path(), "portico"), Err(KeyError::Malformed(_))));
        fs::write(&path, SigningKey::generate_service("portico").unwrap().to_pem()).unwrap();
        assert!(matches!(KeyFiles::load(dir.path(), "portico"), Err(KeyError::Mismatch(_))));
        assert!(matches!(KeyFiles::load(dir.path(), "../portico"), Err(KeyError::Name(_))));
        assert!(matches!(KeyFiles::load(dir.path(), "absent"), Err(KeyError::File { .. })));
    }

    #[test]
    fn a_private_key_is_never_shown() {
        let key = SigningKey::generate_service("documents").unwrap();
        let secret = BASE64.encode(key.encoding.as_bytes());
        assert!(key.to_pem().contains(&secret));
        assert!(!format!("{key:?}").contains(&secret[20..]));
    }
}
