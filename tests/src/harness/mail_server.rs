//! A mail server that is not ours, and what Python's own reader makes of each mail.

use std::{
    collections::BTreeMap,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use super::case::skip;

const SERVER: &str = include_str!("mail_server.py");
/// How long a mail may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail as Python's `email` reads it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ReceivedMail {
    /// Whether it came under TLS.
    pub(crate) tls: bool,
    /// Whether the sender had given name and password.
    pub(crate) authenticated: bool,
    /// Where the envelope says that it comes from.
    pub(crate) from: String,
    /// The recipients of the envelope.
    pub(crate) to: Vec<String>,
    /// The headers by name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// What is malformed about it.
    pub(crate) defects: Vec<String>,
    /// The content of each part by its type.
    pub(crate) parts: BTreeMap<String, String>,
    /// The type of the whole.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The mail as it travelled.
    pub(crate) source: String,
}

/// aiosmtpd with a certificate of its own, a name and a password.
pub(crate) struct MailServer {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl MailServer {
    /// Starts it; skips where Python or its package cannot be had.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let python = std::env::var("PORTICO_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let probe = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !probe.is_ok_and(|status| status.success()) {
            return Err(skip(
                "Python's package aiosmtpd is missing; scripts/test fetches it and names its Python in PORTICO_TEST_PYTHON",
            ));
        }
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ])
            .arg("-keyout")
            .arg(at("key.pem"))
            .arg("-out")
            .arg(at("certificate.pem"))
            .stderr(Stdio::null())
            .status()
            .map_err(|_| skip("openssl is missing: install Debian's openssl"))?;
        ensure!(made.success(), "openssl ended with {made}");
        let script = at("mail_server.py");
        std::fs::write(&script, SERVER)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(&python)
            .arg(script)
            .arg(port.to_string())
            .arg(folder.path())
            .args([at("certificate.pem"), at("key.pem")])
            // It tells of every line that breaks, which is what some tests do to it.
            .stderr(Stdio::null())
            .spawn()
            .context("starting the mail server")?;
        let mut server = Self { child, port, folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                server.child.try_wait()?.is_none() && start.elapsed() < PATIENCE,
                "the mail server does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Its address with name and password, for a setting.
    pub(crate) fn address(&self) -> String {
        format!("smtp://portal:a%20secret%3A%20p%40ss@localhost:{}", self.port)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that it is trusted by.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Answers the next mails to `address` with these verdicts, one each.
    pub(crate) fn refuse(&self, address: &str, verdicts: &[&str]) -> anyhow::Result<()> {
        let path = self.folder.path().join("replies");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: String = verdicts.iter().map(|verdict| format!("{address} {verdict}\n")).collect();
        Ok(std::fs::write(path, before + &lines)?)
    }

    /// Every mail that was taken, oldest first.
    pub(crate) fn mails(&self) -> anyhow::Result<Vec<ReceivedMail>> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.folder.path())?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Ok(serde_json::from_slice(&std::fs::read(path)?)?)).collect()
    }

    /// Waits for a mail to `address` beyond the first `seen`.
    pub(crate) async fn wait_for(&self, address: &str, seen: usize) -> anyhow::Result<ReceivedMail> {
        let start = Instant::now();
        loop {
            let mails = self.mails()?;
            if let Some(mail) = mails.iter().filter(|mail| mail.to == [address]).nth(seen) {
                return Ok(mail.clone());
            }
            if start.elapsed() > PATIENCE {
                bail!(
                    "no mail came for {address}; there are {:?}",
                    mails.iter().map(|mail| &mail.to).collect::<Vec<_>>()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
