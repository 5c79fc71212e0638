//! The settings of the service.

use std::path::{Path, PathBuf};

use crate::{
    preview::PreviewConfig, scan::ScannerAddress, seal::SealConfig, signing::FontConfig, vault::S3Config,
};

/// The settings of the documents service.
#[derive(Debug, Clone)]
pub struct DocumentsConfig {
    /// The largest file of any place, in bytes; what is asked for may have a lower limit of its own.
    pub largest_file: u64,
    /// The largest file of a message or a record's field, in bytes.
    pub largest_attachment: u64,
    /// The largest template, in bytes.
    pub largest_template: u64,
    /// PDFs up to this many bytes are checked in this process; larger ones by a child process with caps.
    pub checked_here: u64,
    /// How many days what was put into the trash stays there before it is removed for good; 1 to 3650.
    pub trash_days: u32,
    /// Memory for pages that were drawn already, in bytes.
    pub page_cache: u64,
    /// What draws pages, and what it may use.
    pub preview: PreviewConfig,
    /// The bucket in which stored bytes lie; none for a folder of the process's home.
    pub files: Option<S3Config>,
    /// The virus scanner; none leaves files unscanned, and the firm's policy decides whether those may be opened.
    pub scanner: Option<ScannerAddress>,
    /// Where the fonts of signed documents lie.
    pub fonts: FontConfig,
    /// The seal of signed documents.
    pub seal: SealConfig,
    /// The largest file that is looked at for whether its seal holds, in bytes.
    pub largest_verified: u64,
    /// How a firm's address is made, such as `https://{slug}.portal.example`: `{slug}` is replaced by the firm's. Certificates
    /// name it as the place where they can be checked; empty for not naming any.
    pub origin: String,
}

const MIB: u64 = 1024 * 1024;

impl Default for DocumentsConfig {
    fn default() -> Self {
        let memory = Path::new("/dev/shm");
        let scratch = if memory.is_dir() { PathBuf::from(memory) } else { std::env::temp_dir() };
        Self {
            largest_file: 5 * 1024 * MIB,
            largest_attachment: 100 * MIB,
            largest_template: 25 * MIB,
            checked_here: 16 * MIB,
            trash_days: 30,
            page_cache: 64 * MIB,
            preview: PreviewConfig { scratch, ..PreviewConfig::default() },
            files: None,
            scanner: None,
            fonts: FontConfig::default(),
            seal: SealConfig::default(),
            largest_verified: 40 * MIB,
            origin: String::new(),
        }
    }
}

impl DocumentsConfig {
    /// The largest file that a message or a record's field takes, in bytes.
    pub fn attachment_limit(&self) -> u64 {
        self.largest_attachment.min(self.largest_file)
    }

    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.largest_file > 0, "largest_file is 0; it must be at least one byte");
        anyhow::ensure!(
            (1..=3650).contains(&self.trash_days),
            "trash_days is {}; it must be 1 to 3650",
            self.trash_days
        );
        anyhow::ensure!(
            i64::try_from(self.largest_file).is_ok(),
            "largest_file is {}; it must fit a signed 64-bit number",
            self.largest_file
        );
        anyhow::ensure!(
            (1..=64 * MIB).contains(&self.largest_template),
            "largest_template is {}; it must be between 1 and {} bytes",
            self.largest_template,
            64 * MIB
        );
        anyhow::ensure!(
            (1..=64 * MIB).contains(&self.largest_verified),
            "largest_verified is {}; it must be between 1 and {} bytes",
            self.largest_verified,
            64 * MIB
        );
        if let Some(url) = &self.seal.timestamp_url {
            anyhow::ensure!(
                url.parse::<http::Uri>()
                    .is_ok_and(|url| url.scheme_str() == Some("http") && url.host().is_some()),
                "timestamp_url is {url:?}; it must be an address such as http://timestamp.example/tsa. Only http:// is \
                 supported: the answers are signed by the authority"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_must_make_sense() {
        assert!(DocumentsConfig::default().validate().is_ok());
        let nothing = DocumentsConfig { largest_file: 0, ..DocumentsConfig::default() };
        assert!(nothing.validate().unwrap_err().to_string().starts_with("largest_file"));
        let huge = DocumentsConfig { largest_template: 65 * MIB, ..DocumentsConfig::default() };
        assert!(huge.validate().unwrap_err().to_string().starts_with("largest_template"));
    }
}
