//! A test sink: it speaks enough SMTP for a client to hand mails over, keeps what it is given, and refuses what it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// How one mail is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It is taken.
    Accept,
    /// The recipient is refused with this line.
    RefuseRecipient(String),
    /// The mail itself is refused with this line, after it was sent.
    RefuseData(String),
}

impl Reply {
    pub(crate) fn refuse_recipient(code: u16, text: &str) -> Self {
        Self::RefuseRecipient(format!("{code} {text}"))
    }

    pub(crate) fn refuse_data(code: u16, text: &str) -> Self {
        Self::RefuseData(format!("{code} {text}"))
    }
}

/// What the sink was given.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inbox(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    sources: Vec<String>,
    commands: Vec<String>,
}

impl Inbox {
    /// The mails that were taken, with all headers.
    pub(crate) fn sources(&self) -> Vec<String> {
        self.0.lock().unwrap().sources.clone()
    }

    /// Everything that was said outside the mails.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.0.lock().unwrap().commands.clone()
    }
}

/// Starts a sink on a free port of this machine. It answers mails with `replies` in their order, then takes all.
pub(crate) async fn start(replies: Vec<Reply>) -> (u16, Inbox) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (inbox, replies) = (Inbox::default(), Arc::new(Mutex::new(VecDeque::from(replies))));
    let kept = inbox.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, kept.clone(), Arc::clone(&replies)));
        }
    });
    (port, inbox)
}

/// A port of this machine at which nobody answers.
pub(crate) async fn nobody_at() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

async fn converse(
    stream: TcpStream,
    inbox: Inbox,
    replies: Arc<Mutex<VecDeque<Reply>>>,
) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut refusal_of_data = None;
    writer.write_all(b"220 sink.example ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        inbox.0.lock().unwrap().commands.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink.example\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8".to_owned(),
            "AUTH" => "235 2.7.0 welcome".to_owned(),
            "RCPT" => match replies.lock().unwrap().pop_front().unwrap_or(Reply::Accept) {
                Reply::Accept => "250 ok".to_owned(),
                Reply::RefuseRecipient(line) => line,
                Reply::RefuseData(line) => {
                    refusal_of_data = Some(line);
                    "250 ok".to_owned()
                }
            },
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut source = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    source.push_str(line.strip_prefix('.').unwrap_or(&line));
                    source.push_str("\r\n");
                }
                match refusal_of_data.take() {
                    Some(line) => line,
                    None => {
                        inbox.0.lock().unwrap().sources.push(source);
                        "250 2.0.0 taken".to_owned()
                    }
                }
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
