//! A reader of DKIM signatures that is not ours.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::json;

use super::case::skip;

const READER: &str = include_str!("dkim.py");

/// What dkimpy makes of a mail's first signature.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Signature {
    /// Whether it holds.
    pub(crate) valid: bool,
    /// Whose it is.
    pub(crate) domain: String,
    /// The name of its key.
    pub(crate) selector: String,
    /// What it covers, in lower case.
    pub(crate) headers: Vec<String>,
}

/// Checks a mail by dkimpy, whose name servers know these records alone. Skips where Python or its package cannot be had.
pub(crate) fn check_signature(mail: &str, records: &BTreeMap<String, String>) -> anyhow::Result<Signature> {
    let python = std::env::var("PORTICO_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&python).args(["-c", "import dkim, nacl"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return Err(skip(
            "Python's packages dkimpy and PyNaCl are missing; scripts/test fetches them and names their Python in PORTICO_TEST_PYTHON",
        ));
    }
    let mut child = Command::new(&python)
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting dkimpy")?;
    let asked = serde_json::to_vec(&json!({ "mail": mail, "records": records }))?;
    child.stdin.take().context("dkimpy takes no input")?.write_all(&asked)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "dkimpy ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
