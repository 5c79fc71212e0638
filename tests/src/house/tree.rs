//! The files of the checkout.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Folders that no person writes: compiled code, state, packages and git's own.
const NOT_OURS: [&str; 4] = ["target", ".git", ".portico", "node_modules"];

/// The root of the checkout.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A file that people wrote, as text.
pub(super) struct TextFile {
    /// Its path from the root, with `/` between the parts.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
}

/// Every text file below `folder` of the checkout, sorted by path. Files that are not UTF-8 are left out, as are
/// symbolic links; a folder that is not there holds none.
pub(super) fn text_files(folder: &str) -> Result<Vec<TextFile>, String> {
    let root = root();
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found).map_err(|error| format!("cannot read {folder}: {error}"))?;
    found.sort();
    let mut files = Vec::new();
    for path in found {
        let bytes = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(TextFile { path, text });
        }
    }
    Ok(files)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}
