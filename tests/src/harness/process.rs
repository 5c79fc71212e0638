//! The real program as a process of its own, to be killed.

use std::{
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use portico::Settings;
use tempfile::NamedTempFile;

use super::case::skip;

/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// `portico run --services all`.
pub(crate) struct Process {
    child: Child,
    settings: Settings,
    log: NamedTempFile,
}

impl Process {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let log = NamedTempFile::new()?;
        let child = launch(settings, log.reopen()?)?;
        let mut process = Self { child, settings: settings.clone(), log };
        process.wait_until_ready().await?;
        Ok(process)
    }

    /// Kills it, whatever it has in hand.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again after it was killed.
    pub(crate) async fn revive(&mut self) -> anyhow::Result<()> {
        self.child = launch(&self.settings, File::options().append(true).open(self.log.path())?)?;
        self.wait_until_ready().await
    }

    /// Lets it write files of at most `bytes` bytes from now on; no limit where none is given.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) -> anyhow::Result<()> {
        let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let status = Command::new("prlimit")
            .arg(format!("--pid={}", self.child.id()))
            .arg(format!("--fsize={limit}:"))
            .status()
            .context("running prlimit")?;
        anyhow::ensure!(status.success(), "prlimit ended with {status}");
        Ok(())
    }

    /// Everything it has logged, over all its lives.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.log.path())?)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while !is_ready(self.settings.bind).await {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}: {}", self.log()?);
            }
            if start.elapsed() > PATIENCE {
                bail!("it is not ready after {PATIENCE:?}: {}", self.log()?);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn launch(settings: &Settings, log: File) -> anyhow::Result<Child> {
    // Where room on the disk ends, writing must fail; the signal that comes with it would end the program, which no full disk does.
    let mut command = Command::new("bash");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(program()?)
        .args(["run", "--services", "all", "--empty"])
        .env("DATABASE_URL", &settings.database_url)
        .env("PORTICO_ROLE_PASSWORD", settings.role_password.as_deref().unwrap_or_default())
        .env("PORTICO_HOME", &settings.home)
        .env("PORTICO_PORT", settings.bind.port().to_string())
        .env("PORTICO_MAIL_HOLD", settings.mail_hold.to_string())
        .env("PORTICO_STRIPE_API", &settings.stripe_api)
        .env_remove("PORTICO_SMTP")
        .env_remove("PORTICO_STRIPE_KEYS")
        .env_remove("PORTICO_CLAMD")
        .env_remove("PORTICO_FILES")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    if let Some(smtp) = &settings.smtp {
        command.env("PORTICO_SMTP", smtp);
    }
    if let Some(certificate) = &settings.smtp_certificate {
        command.env("PORTICO_SMTP_CERTIFICATE", certificate);
    }
    if let Some(scanner) = &settings.scanner {
        command.env("PORTICO_CLAMD", scanner.to_string());
    }
    if let Some(keys) = &settings.stripe_keys {
        command.env("PORTICO_STRIPE_KEYS", keys);
    }
    command.spawn().context("starting portico")
}

/// The program that was built beside the tests, or the one that `PORTICO_BIN` names.
fn program() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os("PORTICO_BIN") {
        Some(path) => PathBuf::from(path),
        None => {
            let tests = std::env::current_exe()?;
            tests.ancestors().nth(2).context("the tests lie in no folder")?.join("portico")
        }
    };
    if !path.exists() {
        return Err(skip(format!("{} is missing: build it with cargo build -p portico", path.display())));
    }
    Ok(path)
}

/// Whether `/readyz` answers 200.
pub(crate) async fn is_ready(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    };
    tokio::time::timeout(Duration::from_secs(2), ask).await.ok().flatten().is_some()
}
