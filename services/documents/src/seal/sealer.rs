//! Sealing with the key that is set, read anew whenever its file changes.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use der::Encode as _;
use portico_core::{SharedClock, SharedEntropy};
use zeroize::Zeroizing;

use super::{
    cms, development,
    error::SealError,
    file::FileKey,
    key::{SealCertificate, SealKey},
    kms::{KmsConfig, KmsKey},
    pdf::{self, Caption},
    timestamp,
};

/// Where the seal's key lies, and who says when it was used.
#[derive(Debug, Clone, Default)]
pub struct SealConfig {
    /// PEM or PKCS #12 with the key and its certificates; none for a development seal, made on first use.
    pub key: Option<PathBuf>,
    /// A key in a key service, in the place of one in a file.
    pub kms: Option<KmsConfig>,
    /// A file with the password of a PKCS #12 file, and nothing else in it.
    pub password_file: Option<PathBuf>,
    /// The address of a timestamp authority (RFC 3161), `http://` only: its answers are signed. None for PAdES B-B.
    pub timestamp_url: Option<String>,
}

/// What is to be sealed.
#[derive(Debug)]
pub struct Draft {
    /// The document with everything entered.
    pub document: Vec<u8>,
    /// The certificate's pages, as a PDF of their own.
    pub certificate: Vec<u8>,
    /// The same for programs, as JSON.
    pub facts: Vec<u8>,
    /// Unique in the file; the envelope's id.
    pub field: String,
    /// The firm; empty for none.
    pub firm: String,
    /// When it is sealed.
    pub at: DateTime<Utc>,
}

/// How much a seal proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Who sealed, and that nothing changed.
    B,
    /// And when, by an authority.
    T,
}

impl Level {
    /// The word that stands in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
        }
    }
}

/// A sealed file.
#[derive(Debug)]
pub struct Sealed {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the seal proves.
    pub level: Level,
    /// Why it proves no more; empty where nothing more was asked for.
    pub note: String,
    /// Whose seal it is.
    pub certificate: SealCertificate,
}

/// A key, and when the file that it was read from had changed last.
type Known = (Option<SystemTime>, Arc<dyn SealKey>);

/// The seal of this installation.
pub struct Sealer {
    config: SealConfig,
    folder: PathBuf,
    clock: SharedClock,
    entropy: SharedEntropy,
    known: Mutex<Option<Known>>,
}

impl Sealer {
    /// A seal whose development key, where no other is set, lies in `folder`. Nothing is read or made before it is needed.
    pub fn new(config: SealConfig, folder: PathBuf, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self { config, folder, clock, entropy, known: Mutex::new(None) }
    }

    /// The key, read again where its file has changed.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub async fn key(self: &Arc<Self>) -> Result<Arc<dyn SealKey>, SealError> {
        let sealer = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || sealer.read()).await;
        read.map_err(|error| SealError::Refused(error.to_string()))?
    }

    fn read(&self) -> Result<Arc<dyn SealKey>, SealError> {
        let file = self.config.kms.as_ref().map(|kms| &kms.certificate).or(self.config.key.as_ref());
        let changed = file.and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, key)) = &*known
            && *at == changed
        {
            return Ok(Arc::clone(key));
        }
        let key: Arc<dyn SealKey> = match (&self.config.kms, &self.config.key) {
            (Some(kms), _) => Arc::new(KmsKey::new(kms, Arc::clone(&self.clock))?),
            (None, Some(path)) => {
                let password = self.password()?;
                Arc::new(FileKey::read(path, password.as_ref().map(|text| text.as_str()), false)?)
            }
            (None, None) => Arc::new(development::in_folder(&self.folder, self.clock.now())?),
        };
        *known = Some((changed, Arc::clone(&key)));
        Ok(key)
    }

    fn password(&self) -> Result<Option<Zeroizing<String>>, SealError> {
        let Some(path) = &self.config.password_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| SealError::Key {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        let text = Zeroizing::new(text);
        Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }

    /// The key, where it may be used now.
    ///
    /// # Errors
    /// [`SealError`]: what whoever runs the installation has to mend.
    pub async fn ready(self: &Arc<Self>) -> Result<Arc<dyn SealKey>, SealError> {
        let key = self.key().await?;
        key.certificate().check(self.clock.now())?;
        Ok(key)
    }

    /// Seals a file with a key from [`Sealer::ready`].
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn seal(&self, key: &dyn SealKey, draft: Draft) -> Result<Sealed, SealError> {
        let mut nonce = [0; 8];
        self.entropy.fill(&mut nonce);
        seal_with(key, self.config.timestamp_url.as_deref(), nonce, draft).await
    }
}

/// Seals a file, whatever the time of the certificate. `nonce` is for the timestamp authority.
///
/// # Errors
/// [`SealError`], but none for an authority that gives no timestamp: that is noted.
pub async fn seal_with(
    key: &dyn SealKey,
    authority: Option<&str>,
    nonce: [u8; 8],
    draft: Draft,
) -> Result<Sealed, SealError> {
    let certificate = key.certificate().clone();
    let room = room(&certificate, authority.is_some())?;
    let prepared = tokio::task::spawn_blocking(move || {
        let Draft { document, certificate, facts, field, firm, at } = draft;
        let caption = Caption { field: &field, firm: &firm, reason: "Sealed after everybody had signed", at };
        pdf::prepare(document, &certificate, &facts, &caption, room)
    });
    let prepared = prepared.await.map_err(|error| SealError::Refused(error.to_string()))??;
    let mut signed = cms::sign(key, prepared.digest()).await?;
    let (level, note) = match authority {
        None => (Level::B, String::new()),
        Some(url) => match timestamp::ask(url, signed.signature(), nonce).await {
            Ok(token) => {
                signed.stamp(&token)?;
                (Level::T, String::new())
            }
            Err(reason) => {
                tracing::warn!(reason, "a file is sealed without a timestamp");
                (Level::B, reason)
            }
        },
    };
    Ok(Sealed { bytes: prepared.finish(&signed.finish()?)?, level, note, certificate })
}

/// Room for the certificates, the signature with its attributes, and a timestamp.
fn room(certificate: &SealCertificate, stamped: bool) -> Result<usize, SealError> {
    let mut room = 4096;
    for each in certificate.chain() {
        room += usize::try_from(each.encoded_len().map_err(SealError::writing)?).unwrap_or_default();
    }
    Ok(if stamped { room + timestamp::LARGEST } else { room })
}
