//! A calendar server that is not ours: Radicale, with one user.

use std::{
    fmt::Write as _,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tempfile::TempDir;

use super::case::skip;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Radicale with its own folder.
pub(crate) struct CalendarServer {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl CalendarServer {
    /// The user's name.
    pub(crate) const USER: &'static str = "paul";
    /// The user's password, until it is changed.
    pub(crate) const PASSWORD: &'static str = "an app: p@ss";

    /// Starts it; skips where it cannot be had.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let python = std::env::var("PORTICO_RADICALE").unwrap_or_else(|_| "python3".to_owned());
        let probe = Command::new(&python).args(["-c", "import radicale"]).stderr(Stdio::null()).status();
        if !probe.is_ok_and(|status| status.success()) {
            return Err(skip(
                "Python's package radicale is missing; scripts/test fetches it and names its Python in PORTICO_RADICALE",
            ));
        }
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {}\nhtpasswd_encryption = plain\n\
             delay = 0\n[rights]\ntype = owner_only\n[storage]\nfilesystem_folder = {}\n",
            at("users").display(),
            at("collections").display()
        );
        std::fs::write(at("settings"), settings)?;
        let child = Command::new(&python)
            .args(["-m", "radicale", "-C"])
            .arg(at("settings"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the calendar server")?;
        let mut server = Self { child, port, folder };
        server.take_password(Self::PASSWORD)?;
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                server.child.try_wait()?.is_none() && start.elapsed() < PATIENCE,
                "the calendar server does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Takes this password from now on, and no other.
    pub(crate) fn take_password(&self, password: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.path().join("users"), format!("{}:{password}\n", Self::USER))?)
    }

    /// Makes a calendar.
    pub(crate) async fn make(&self, calendar: &str) -> anyhow::Result<()> {
        self.send("MKCALENDAR", &format!("{calendar}/"), String::new()).await
    }

    /// Writes an entry, or writes it anew: each of `parts` is what stands in one VEVENT beside its name.
    pub(crate) async fn write(&self, calendar: &str, name: &str, parts: &[&str]) -> anyhow::Result<()> {
        let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Portico//Tests//EN\r\n".to_owned();
        for part in parts {
            let lines = part.replace('\n', "\r\n");
            write!(
                text,
                "BEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Canarybird {name}\r\n{lines}\r\nEND:VEVENT\r\n"
            )?;
        }
        text.push_str("END:VCALENDAR\r\n");
        self.send("PUT", &format!("{calendar}/{name}.ics"), text).await
    }

    /// Removes an entry.
    pub(crate) async fn remove(&self, calendar: &str, name: &str) -> anyhow::Result<()> {
        self.send("DELETE", &format!("{calendar}/{name}.ics"), String::new()).await
    }

    async fn send(&self, method: &str, path: &str, body: String) -> anyhow::Result<()> {
        let pair = format!("{}:{}", Self::USER, Self::PASSWORD);
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes())?)
            .uri(format!("{}{}/{path}", self.address(), Self::USER))
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)))
            .header(header::CONTENT_TYPE, "text/calendar; charset=utf-8")
            .body(Full::new(Bytes::from(body)))?;
        let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await?;
        ensure!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        Ok(())
    }
}

impl Drop for CalendarServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
