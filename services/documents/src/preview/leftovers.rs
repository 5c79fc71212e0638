//! Files that lay ready in the clear when their process was killed.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use super::{PreviewConfig, PreviewError};

/// What the name of a folder with a file laid ready begins with.
pub(super) const PREFIX: &str = "portico-page-";
/// Longer than any file lies ready while its process lives: a page takes seconds, and so does each one before it.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Removes folders that a living process would long have removed itself. Answers how many.
///
/// # Errors
/// [`PreviewError::Io`] where the folder cannot be listed.
pub(crate) async fn sweep(config: &PreviewConfig) -> Result<usize, PreviewError> {
    let scratch = config.scratch.clone();
    let swept = tokio::task::spawn_blocking(move || sweep_folder(&scratch, ABANDONED)).await;
    Ok(swept.map_err(std::io::Error::other)??)
}

fn sweep_folder(scratch: &Path, age: Duration) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(scratch)?.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let idle = entry
            .metadata()
            .and_then(|facts| facts.modified())
            .map(|changed| SystemTime::now().duration_since(changed).unwrap_or_default());
        // One that is another user's, or was removed in this moment, is not ours to worry about.
        if idle.is_ok_and(|idle| idle >= age) && std::fs::remove_dir_all(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_folders_of_ours_go() {
        let scratch = tempfile::tempdir().unwrap();
        let make = |name: &str, old: bool| {
            let folder = scratch.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("source.pdf"), b"in the clear").unwrap();
            if old {
                let then = SystemTime::now() - ABANDONED - Duration::from_secs(1);
                std::fs::File::open(&folder).unwrap().set_modified(then).unwrap();
            }
            folder
        };
        let killed = make("portico-page-killed", true);
        let (busy, foreign) = (make("portico-page-busy", false), make("page-of-another", true));
        assert_eq!(sweep_folder(scratch.path(), ABANDONED).unwrap(), 1);
        assert!(!killed.exists() && busy.exists() && foreign.exists());
    }
}
