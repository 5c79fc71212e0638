//! What the commands do.

pub(crate) mod files;
pub(crate) mod seal;
pub(crate) mod tenant;
pub(crate) mod welcome;

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use portico_core::{Entropy as _, OsEntropy};

/// The token that unlocks the first run: made once, readable by its owner alone.
pub(crate) fn setup_token(home: &Path) -> anyhow::Result<String> {
    let path = home.join("setup-token");
    match fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => return Ok(token.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    fs::create_dir_all(home).with_context(|| format!("cannot create {}", home.display()))?;
    let token = OsEntropy.secret()[..32].to_owned();
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(file, "{token}")?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let first = setup_token(home.path()).unwrap();
        assert_eq!(first.len(), 32);
        assert_eq!(setup_token(home.path()).unwrap(), first);
        let mode = fs::metadata(home.path().join("setup-token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
