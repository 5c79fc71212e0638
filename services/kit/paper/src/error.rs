//! What can go wrong.

/// Why a paper was not written.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// A font that every paper needs is not there.
    #[error("the font {path} cannot be read; on Debian it comes with the package {package}")]
    FontMissing {
        /// Where it was looked for.
        path: String,
        /// What brings it.
        package: &'static str,
    },
    /// The paper breaks a rule of the format: a defect of this crate.
    #[error("the paper cannot be written: {0}")]
    Writing(String),
}
