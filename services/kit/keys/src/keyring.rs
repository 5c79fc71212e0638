//! The key service of a small installation: one file, readable by its owner only.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use async_trait::async_trait;
use portico_core::{SharedEntropy, TenantId};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::{Zeroize, Zeroizing};

use crate::kms::{DataKey, KeyId, Kms, KmsError, WrappedKey};

const FORMAT: u32 = 1;
const NONCE: usize = 12;

/// A tenant key, by its name.
type NamedKey = (KeyId, Zeroizing<[u8; 32]>);

/// A key as 64 hexadecimal digits, wiped from memory when dropped.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct HexKey(String);

impl Drop for HexKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantKeys {
    current: String,
    keys: BTreeMap<String, HexKey>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyring {
    format: u32,
    tenants: BTreeMap<TenantId, TenantKeys>,
}

/// Tenant keys in one JSON file of mode 0600, made on first use.
///
/// A change is written beside the file, flushed and renamed over it, under a lock that keeps two processes apart. The
/// file is the only copy of the keys: whoever loses it loses every document, so it belongs in the backup, apart from
/// the documents.
pub struct KeyringFile {
    path: PathBuf,
    entropy: SharedEntropy,
    cache: Arc<Mutex<Option<Keyring>>>,
}

impl KeyringFile {
    /// The keyring at `path`; nothing is read or made before it is needed.
    pub fn new(path: impl Into<PathBuf>, entropy: SharedEntropy) -> Self {
        Self { path: path.into(), entropy, cache: Arc::new(Mutex::new(None)) }
    }

    /// The named key, or the current one, read from memory or else from the file.
    async fn find(&self, tenant: TenantId, id: Option<&KeyId>) -> Result<Option<NamedKey>, KmsError> {
        let mut cache = self.cache.lock().await;
        if let Some(found) = cache.as_ref().and_then(|ring| ring.key(tenant, id)) {
            return found.map(Some);
        }
        let path = self.path.clone();
        let ring = in_background(move || read(&path)).await?;
        let found = ring.as_ref().and_then(|ring| ring.key(tenant, id)).transpose();
        *cache = ring;
        found
    }

    /// Adds a key for the tenant and makes it current; with `only_first`, leaves a tenant that has one alone.
    async fn add(&self, tenant: TenantId, only_first: bool) -> Result<KeyId, KmsError> {
        let mut cache = self.cache.lock().await;
        let mut secret = Zeroizing::new([0; 32]);
        self.entropy.fill(secret.as_mut_slice());
        let path = self.path.clone();
        let (ring, id) = in_background(move || {
            let _lock = lock(&path)?;
            let mut ring = read(&path)?.unwrap_or(Keyring { format: FORMAT, tenants: BTreeMap::new() });
            if only_first && let Some(keys) = ring.tenants.get(&tenant) {
                let id = KeyId(keys.current.clone());
                return Ok((ring, id));
            }
            let keys = ring
                .tenants
                .entry(tenant)
                .or_insert_with(|| TenantKeys { current: String::new(), keys: BTreeMap::new() });
            // Counted from the highest, so that a key that was destroyed never lends its name to another.
            let highest = keys.keys.keys().filter_map(|id| id.strip_prefix('k')?.parse::<u64>().ok()).max();
            let id = format!("k{}", highest.unwrap_or(0) + 1);
            keys.keys.insert(id.clone(), HexKey(hex::encode(secret.as_slice())));
            keys.current.clone_from(&id);
            write(&path, &ring)?;
            Ok((ring, KeyId(id)))
        })
        .await?;
        *cache = Some(ring);
        Ok(id)
    }

    async fn current(&self, tenant: TenantId) -> Result<NamedKey, KmsError> {
        if let Some(found) = self.find(tenant, None).await? {
            return Ok(found);
        }
        let id = self.add(tenant, true).await?;
        self.find(tenant, Some(&id)).await?.ok_or(KmsError::UnknownKey(id))
    }
}

#[async_trait]
impl Kms for KeyringFile {
    async fn wrap(&self, tenant: TenantId, key: &DataKey, aad: &[u8]) -> Result<WrappedKey, KmsError> {
        let (key_id, secret) = self.current(tenant).await?;
        let mut bytes = vec![0; NONCE];
        self.entropy.fill(&mut bytes);
        let bound = bind(tenant, &key_id, aad);
        let nonce: [u8; NONCE] = bytes.as_slice().try_into().map_err(|_| KmsError::Refused)?;
        let sealed = Aes256Gcm::new(&(*secret).into())
            .encrypt(&nonce.into(), Payload { msg: key.expose(), aad: &bound })
            .map_err(|_| KmsError::Refused)?;
        bytes.extend_from_slice(&sealed);
        Ok(WrappedKey { key_id, bytes })
    }

    async fn unwrap(&self, tenant: TenantId, wrapped: &WrappedKey, aad: &[u8]) -> Result<DataKey, KmsError> {
        let (key_id, secret) = self
            .find(tenant, Some(&wrapped.key_id))
            .await?
            .ok_or_else(|| KmsError::UnknownKey(wrapped.key_id.clone()))?;
        let (nonce, sealed) = wrapped.bytes.split_first_chunk::<NONCE>().ok_or(KmsError::Refused)?;
        let bound = bind(tenant, &key_id, aad);
        let plain = Aes256Gcm::new(&(*secret).into())
            .decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &bound })
            .map_err(|_| KmsError::Refused)?;
        let plain = Zeroizing::new(plain);
        DataKey::from_slice(&plain).ok_or(KmsError::Refused)
    }

    async fn current_key(&self, tenant: TenantId) -> Result<KeyId, KmsError> {
        Ok(self.current(tenant).await?.0)
    }

    async fn rotate(&self, tenant: TenantId) -> Result<KeyId, KmsError> {
        self.add(tenant, false).await
    }
}

impl Keyring {
    fn key(&self, tenant: TenantId, id: Option<&KeyId>) -> Option<Result<NamedKey, KmsError>> {
        let keys = self.tenants.get(&tenant)?;
        let id = id.map_or(keys.current.as_str(), |id| id.0.as_str());
        let mut secret = Zeroizing::new([0; 32]);
        let decoded = hex::decode_to_slice(&keys.keys.get(id)?.0, secret.as_mut_slice());
        let id = KeyId(id.to_owned());
        Some(decoded.map(|()| (id.clone(), secret)).map_err(|_| KmsError::UnknownKey(id)))
    }
}

/// What a wrapping is bound to: the tenant, the wrapping key's name, and the caller's own data.
fn bind(tenant: TenantId, id: &KeyId, aad: &[u8]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(17 + id.0.len() + aad.len());
    bound.extend_from_slice(tenant.0.as_bytes());
    bound.push(u8::try_from(id.0.len()).unwrap_or(u8::MAX));
    bound.extend_from_slice(id.0.as_bytes());
    bound.extend_from_slice(aad);
    bound
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KmsError> + Send + 'static,
) -> Result<T, KmsError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| KmsError::Unavailable(std::io::Error::other(error)))?
}

/// Reads the file; nothing where it does not exist yet.
fn read(path: &Path) -> Result<Option<Keyring>, KmsError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(KmsError::Unavailable(error)),
    };
    let mode = file.metadata().map_err(KmsError::Unavailable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KmsError::Exposed { path: path.display().to_string(), mode });
    }
    let malformed = |reason: String| KmsError::Malformed { path: path.display().to_string(), reason };
    let text = Zeroizing::new(std::io::read_to_string(file).map_err(KmsError::Unavailable)?);
    // The parser's own words could repeat a key; its place in the file cannot.
    let ring: Keyring = serde_json::from_str(&text)
        .map_err(|error| malformed(format!("line {}, column {}", error.line(), error.column())))?;
    if ring.format != FORMAT {
        return Err(malformed(format!("format {}, where {FORMAT} is known", ring.format)));
    }
    Ok(Some(ring))
}

/// Holds other processes back until it is dropped.
fn lock(path: &Path) -> Result<File, KmsError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(KmsError::Unavailable)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(PathBuf::from(name))
        .map_err(KmsError::Unavailable)?;
    file.lock().map_err(KmsError::Unavailable)?;
    Ok(file)
}

fn write(path: &Path, ring: &Keyring) -> Result<(), KmsError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = serde_json::to_vec_pretty(ring).map_err(|error| KmsError::Unavailable(error.into()))?;
    let text = Zeroizing::new(text);
    let save = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".keyring-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    save().map_err(KmsError::Unavailable)
}
