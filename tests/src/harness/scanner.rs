//! Debian's clamd with a signature of the test's own: no list of viruses is fetched, and none of the machine's is used.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::case::skip;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A scanner that finds [`Scanner::VIRUS`].
pub(crate) struct Scanner {
    program: PathBuf,
    folder: TempDir,
    running: Option<Child>,
    port: Option<u16>,
}

impl Scanner {
    /// The bytes that its only signature names. They are in no list of anybody's.
    pub(crate) const VIRUS: &'static str = "PORTICO-OWN-TEST-SIGNATURE-5d1f";
    /// The most bytes of one file that it looks at; what is larger it reports as over its limit.
    pub(crate) const MOST: usize = 2 * 1024 * 1024;

    /// One that listens at a socket of this machine; skips where clamd is not installed.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::at(None)
    }

    /// One that listens at a port.
    pub(crate) fn start_on_tcp() -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::at(Some(port))
    }

    fn at(port: Option<u16>) -> anyhow::Result<Self> {
        let program = ["/usr/sbin/clamd", "/usr/bin/clamd", "/usr/local/sbin/clamd"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .ok_or_else(|| skip("clamd is missing: install Debian's clamav-daemon"))?;
        let folder = tempfile::tempdir()?;
        let signatures = folder.path().join("signatures");
        std::fs::create_dir(&signatures)?;
        let rule = format!("Portico.Test.Signature:0:*:{}\n", hex::encode(Self::VIRUS));
        std::fs::write(signatures.join("own.ndb"), rule)?;
        let listens = match port {
            Some(port) => format!("TCPSocket {port}\nTCPAddr 127.0.0.1\n"),
            None => format!("LocalSocket {}\n", folder.path().join("clamd.ctl").display()),
        };
        let most = Self::MOST;
        let settings = format!(
            "Foreground yes\n{listens}DatabaseDirectory {}\nTemporaryDirectory {}\nAlertExceedsMax yes\nAlertEncrypted yes\n\
             MaxFileSize {most}\nMaxScanSize {}\nStreamMaxLength {}\n",
            signatures.display(),
            folder.path().display(),
            most * 2,
            most * 4,
        );
        std::fs::write(folder.path().join("clamd.conf"), settings)?;
        let mut scanner = Self { program, folder, running: None, port };
        scanner.come()?;
        Ok(scanner)
    }

    /// Its address as the setting has it.
    pub(crate) fn address(&self) -> String {
        match self.port {
            Some(port) => format!("tcp:127.0.0.1:{port}"),
            None => format!("unix:{}", self.folder.path().join("clamd.ctl").display()),
        }
    }

    /// Starts it, or starts it again.
    pub(crate) fn come(&mut self) -> anyhow::Result<()> {
        let child = Command::new(&self.program)
            .arg("--config-file")
            .arg(self.folder.path().join("clamd.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting clamd")?;
        self.running = Some(child);
        let start = Instant::now();
        while !self.answers() {
            if start.elapsed() > PATIENCE {
                bail!("clamd does not answer");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        match self.port {
            Some(port) => std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(),
            None => std::os::unix::net::UnixStream::connect(self.folder.path().join("clamd.ctl")).is_ok(),
        }
    }

    /// Stops it as if its machine were gone.
    pub(crate) fn vanish(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.running.take() {
            child.kill()?;
            child.wait()?;
        }
        let _ = std::fs::remove_file(self.folder.path().join("clamd.ctl"));
        Ok(())
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.vanish();
    }
}
