//! A mailbox that is not ours: pymap, with one user.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use super::case::skip;

/// The program that starts it, which the tests of messaging know as well.
const PROGRAM: &str = include_str!("../../../services/messaging/src/mailbox/testing.py");

/// A running server; it ends with this.
pub(crate) struct MailboxServer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    port: String,
}

impl MailboxServer {
    /// The user's name.
    pub(crate) const USER: &'static str = "in";
    /// The user's password.
    pub(crate) const PASSWORD: &'static str = "an app: p@ss";

    /// Starts it; skips where it cannot be had.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let Some(python) = std::env::var_os("PORTICO_PYMAP") else {
            return Err(skip(
                "pymap is missing; scripts/test fetches it and names its Python in PORTICO_PYMAP",
            ));
        };
        let mut child = Command::new(python)
            .args(["-c", PROGRAM, Self::USER, Self::PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the mailbox's server")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let mut server = Self { child, input, output, port: String::new() };
        server.port = server.line()?;
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> &str {
        &self.port
    }

    /// Puts a mail into INBOX.
    pub(crate) fn deliver(&mut self, raw: &str) -> anyhow::Result<()> {
        let asked = json!({ "folder": "INBOX", "append": BASE64_STANDARD.encode(raw) });
        writeln!(self.input.as_ref().context("it has ended")?, "{asked}")?;
        self.line().map(drop)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for MailboxServer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
