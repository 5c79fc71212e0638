//! Why there is no preview.

use std::time::Duration;

/// Why there is no preview; the texts of the first five are for the person who looks at the file.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The file is cut or damaged.
    #[error("This file is broken and cannot be shown.")]
    Broken,
    /// The file asks for a password.
    #[error("This PDF is locked with a password and cannot be shown.")]
    Locked,
    /// The file, one of its pages or what it unfolds to is beyond the caps.
    #[error("This file is too large or too complicated to be shown here. You can still download it.")]
    TooLarge,
    /// The page took longer than the caps allow.
    #[error("This page takes too long to draw. You can still download the file.")]
    TimedOut,
    /// The file is of a type that is not shown.
    #[error("This type of file cannot be shown here. You can still download it.")]
    Unsupported,
    /// There is no such page.
    #[error("This document has {pages} pages.")]
    NoSuchPage {
        /// How many there are.
        pages: u32,
    },
    /// A program that draws pages is not installed.
    #[error("{tool} is not installed: install the Debian package {package}")]
    ToolMissing {
        /// The program.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// LibreOffice cannot be kept from this machine's files and network here.
    #[error(
        "this machine lets nobody confine a program (bwrap needs user namespaces), so office files are not drawn"
    )]
    Unconfined,
    /// The sender of the bytes, or the disk, failed.
    #[error("the preview could not be made")]
    Io(#[from] std::io::Error),
}

impl PreviewError {
    /// Whether the same file can be expected to fail in the same way again, so that the answer may be kept.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Broken | Self::Locked | Self::TooLarge | Self::Unsupported | Self::NoSuchPage { .. }
        )
    }
}

/// What the caps were, for the log.
pub(super) fn describe(memory: u64, time: Duration) -> String {
    format!("{} MiB, {} s", memory / (1024 * 1024), time.as_secs())
}
