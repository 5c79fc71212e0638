//! A mailbox's server that is not ours, and one that says what a test wants.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader as AsyncReader},
    net::TcpListener,
};

/// pymap with one user and the folder INBOX.
pub(crate) struct MailboxServer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl MailboxServer {
    /// The user's name.
    pub(crate) const USER: &'static str = "in";
    /// The user's password.
    pub(crate) const PASSWORD: &'static str = "a \"secret\": p@ss\\";

    /// Starts it; with a certificate and its key, where files are given, it offers STARTTLS. Nothing, with a word about it, where it is
    /// missing, which a run in CI does not allow.
    pub(crate) fn start(tls: &[&str]) -> Option<Self> {
        let Some(python) = std::env::var_os("PORTICO_PYMAP") else {
            let missing = "pymap is missing; scripts/test fetches it and names its Python in PORTICO_PYMAP";
            assert!(!std::env::var("CI").is_ok_and(|value| value == "true"), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        };
        let mut child = Command::new(python)
            .args(["-c", include_str!("testing.py"), Self::USER, Self::PASSWORD])
            .args(tls)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Some(Self { child, input, output, port: line.trim().parse().unwrap() })
    }

    /// Puts a mail into a folder, as it is.
    pub(crate) fn deliver(&mut self, raw: &str) {
        self.ask(&json!({ "folder": "INBOX", "append": BASE64_STANDARD.encode(raw) }));
    }

    /// The mails of a folder in order: flags and subject of each; nothing where there is no such folder.
    pub(crate) fn folder(&mut self, folder: &str) -> Option<Vec<(String, String)>> {
        let Value::Array(mails) = self.ask(&json!({ "folder": folder })) else { return None };
        let text = |mail: &Value, at: usize| mail[at].as_str().unwrap().to_owned();
        Some(mails.iter().map(|mail| (text(mail, 0), text(mail, 1))).collect())
    }

    fn ask(&mut self, asked: &Value) -> Value {
        writeln!(self.input.as_ref().unwrap(), "{asked}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailboxServer {
    fn drop(&mut self) {
        // It ends, and its own server with it, once nothing more can be asked.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// A server that greets and then answers each command by the word that it begins with: `{tag}` stands for the command's tag. An answer
/// that ends in `…` goes on without an end.
pub(crate) async fn scripted(answers: Vec<(&'static str, String)>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (counted, answers) = (Arc::clone(&counted), answers.clone());
            tokio::spawn(async move {
                let mut stream = AsyncReader::new(stream);
                stream.write_all(b"* OK hello\r\n").await?;
                let mut line = String::new();
                while stream.read_line(&mut line).await? > 0 {
                    let (tag, command) = line.trim_end().split_once(' ').unwrap_or_default();
                    let found = answers.iter().find(|(word, _)| command.starts_with(word));
                    let answer =
                        found.map_or("{tag} OK done\r\n", |found| found.1.as_str()).replace("{tag}", tag);
                    line.clear();
                    let Some(endless) = answer.strip_suffix('…') else {
                        stream.write_all(answer.as_bytes()).await?;
                        continue;
                    };
                    stream.write_all(endless.as_bytes()).await?;
                    let flood = [b'x'; 8192];
                    loop {
                        stream.write_all(&flood).await?;
                        counted.fetch_add(flood.len(), Ordering::Relaxed);
                    }
                }
                std::io::Result::Ok(())
            });
        }
    });
    (port, sent)
}
