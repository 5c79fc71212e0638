//! A seal for trying things out: an authority and a certificate of this installation's own making.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use chrono::{DateTime, Datelike as _, Days, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

use super::{error::SealError, file::FileKey};

/// What its subject says, for whoever opens the file elsewhere.
pub const NAME: &str = "Development seal (not for real use)";
/// How long it is valid, in days.
const LIFETIME: u64 = 3650;

/// The authority's certificate and the key with its own, as PEM.
#[derive(Debug)]
pub struct Made {
    /// What others would have to trust.
    pub authority: String,
    /// Private key, certificate and authority, as [`FileKey::read`] reads them.
    pub seal: Zeroizing<String>,
}

/// Makes an authority and a certificate that is valid from the day before `now`. The authority's own key is forgotten at
/// once, so that nothing else can ever be issued in its name.
///
/// # Errors
/// [`SealError::Refused`] where no key could be made.
pub fn make(now: DateTime<Utc>, days: u64) -> Result<Made, SealError> {
    let failed = |error: rcgen::Error| SealError::Refused(error.to_string());
    let from = now.checked_sub_days(Days::new(1)).unwrap_or(now);
    let until = from.checked_add_days(Days::new(days)).unwrap_or(now);
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    let day = |at: DateTime<Utc>| date_time_ymd(at.year(), part(at.month()), part(at.day()));
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.not_before = day(from);
        params.not_after = day(until);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut authority = params("Development authority (not for real use)");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate().map_err(failed)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(failed)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut own = params(NAME);
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    own.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = own.signed_by(&key, &issuer).map_err(failed)?;
    let authority = authority_certificate.pem();
    let secret = Zeroizing::new(key.serialize_pem());
    let seal = Zeroizing::new(format!("{}{}{authority}", *secret, certificate.pem()));
    Ok(Made { authority, seal })
}

/// The development seal in `folder`, made on first use. Beside it lies the authority's certificate, `authority.pem`, for
/// those who want to check seals with other programs.
///
/// # Errors
/// [`SealError::Key`] where the folder cannot be written or what lies there cannot be used.
pub(super) fn in_folder(folder: &Path, now: DateTime<Utc>) -> Result<FileKey, SealError> {
    let path = folder.join("development.pem");
    let wrong = |error: std::io::Error| SealError::Key {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    if !path.exists() {
        std::fs::create_dir_all(folder).map_err(wrong)?;
        let _lock = lock(&folder.join("lock")).map_err(wrong)?;
        if !path.exists() {
            let made = make(now, LIFETIME)?;
            write(&folder.join("authority.pem"), made.authority.as_bytes(), 0o644).map_err(wrong)?;
            write(&path, made.seal.as_bytes(), 0o600).map_err(wrong)?;
        }
    }
    FileKey::read(&path, None, true)
}

/// Holds other processes back until it is dropped.
fn lock(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Writes a file so that it is there whole or not at all.
fn write(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
