//! Two programs that are not ours, and what they say about a seal.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::harness::skip;

const JUDGE: &str = include_str!("judge.py");

/// What pdfsig says.
#[derive(Debug)]
pub(super) struct Pdfsig {
    /// Its whole answer.
    pub(super) said: String,
}

impl Pdfsig {
    /// Whether the last signature fits what it covers.
    pub(super) fn is_valid(&self) -> bool {
        self.last().contains("Signature Validation: Signature is Valid.")
    }

    /// Whether the last signature covers the whole file.
    pub(super) fn covers_everything(&self) -> bool {
        self.last().contains("Total document signed")
    }

    /// What it says about the last signature.
    pub(super) fn last(&self) -> &str {
        self.said.rsplit("Signature #").next().unwrap_or_default()
    }
}

/// What pyHanko says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PyHanko {
    pub(super) seals: usize,
    pub(super) valid: bool,
    pub(super) intact: bool,
    pub(super) trusted: bool,
    pub(super) coverage: String,
    pub(super) changes: Option<String>,
    pub(super) locked: Option<bool>,
    pub(super) timestamp: bool,
    pub(super) subject: String,
    pub(super) summary: String,
    /// Why it trusts no more, in a word of ETSI's, and since when.
    pub(super) problem: Option<String>,
    pub(super) ended: Option<String>,
    pub(super) error: String,
}

/// Both programs; a case that has one of them not is skipped.
pub(super) struct Judges {
    python: PathBuf,
    folder: tempfile::TempDir,
}

impl Judges {
    pub(super) fn new() -> anyhow::Result<Self> {
        if Command::new("pdfsig").arg("-v").output().is_err() {
            return Err(skip("pdfsig is not installed (Debian package poppler-utils)"));
        }
        let python = std::env::var_os("PORTICO_PYHANKO").map(PathBuf::from).ok_or_else(|| {
            skip("pyHanko is not there: scripts/test fetches it and names it in PORTICO_PYHANKO")
        })?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("judge.py"), JUDGE)?;
        Ok(Self { python, folder })
    }

    /// A file for programs to read.
    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    pub(super) fn pdfsig(&self, pdf: &[u8]) -> anyhow::Result<Pdfsig> {
        let path = self.file("judged.pdf", pdf)?;
        let output = Command::new("pdfsig")
            .arg(path)
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.folder.path())
            .output()?;
        Ok(Pdfsig { said: String::from_utf8_lossy(&output.stdout).into_owned() })
    }

    /// The same for somebody who trusts `root`, a certificate as PEM.
    pub(super) fn pdfsig_trusting(&self, pdf: &[u8], root: &str) -> anyhow::Result<Pdfsig> {
        let known = tempfile::tempdir_in(self.folder.path())?;
        let (store, root) =
            (format!("sql:{}", known.path().display()), self.file("root.pem", root.as_bytes())?);
        let root = root.display().to_string();
        for arguments in [
            vec!["-N", "-d", &store, "--empty-password"],
            vec!["-A", "-d", &store, "-n", "root", "-t", "CT,C,C", "-i", &root],
        ] {
            let output = Command::new("certutil").args(&arguments).output();
            let output =
                output.map_err(|_| skip("certutil is not installed (Debian package libnss3-tools)"))?;
            ensure!(output.status.success(), "certutil: {}", String::from_utf8_lossy(&output.stderr));
        }
        let output = Command::new("pdfsig")
            .arg("-nssdir")
            .arg(known.path())
            .arg(self.file("judged.pdf", pdf)?)
            .env("LC_ALL", "C.UTF-8")
            .output()?;
        Ok(Pdfsig { said: String::from_utf8_lossy(&output.stdout).into_owned() })
    }

    /// `roots` are certificates as PEM.
    pub(super) fn pyhanko(&self, pdf: &[u8], roots: &[&str]) -> anyhow::Result<PyHanko> {
        let path = self.file("judged.pdf", pdf)?;
        let mut command = Command::new(&self.python);
        command.arg(self.folder.path().join("judge.py")).arg(&path);
        for (index, root) in roots.iter().enumerate() {
            command.arg(self.file(&format!("root-{index}.pem"), root.as_bytes())?);
        }
        let output = command.output().context("running pyHanko")?;
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said)
            .with_context(|| format!("pyHanko said {said}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Both call the file valid, whole and locked.
    pub(super) fn agree(&self, what: &str, pdf: &[u8], roots: &[&str]) -> anyhow::Result<PyHanko> {
        let first = self.pdfsig(pdf)?;
        ensure!(first.is_valid() && first.covers_everything(), "{what}: pdfsig says {}", first.said);
        let second = self.pyhanko(pdf, roots)?;
        ensure!(
            second.valid && second.trusted && second.coverage == "ENTIRE_FILE" && second.locked == Some(true),
            "{what}: pyHanko says {second:?}"
        );
        Ok(second)
    }

    /// Runs openssl in the folder.
    pub(super) fn openssl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let output = output.map_err(|_| skip("openssl is not installed"))?;
        ensure!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
