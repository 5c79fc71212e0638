//! What is said to a mailbox's server and what is heard of it, with limits on both size and time.
//!
//! Responses are cut into lines and literals here, so that nothing is kept that is larger than expected, whatever a server announces; what
//! they mean is read by a parser of IMAP that is not ours.

use std::time::Duration;

use imap_codec::{
    ResponseCodec,
    decode::{Decoder as _, ResponseDecodeError},
    imap_types::{
        IntoStatic as _,
        response::{CommandContinuationRequest, Response, Status, StatusBody, StatusKind},
    },
};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

use crate::mail::{Reason, Refused, shorten};

/// The longest that a server may take for the answer to one command.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most text of all the responses to one command, in bytes; literals are counted apart.
const MOST_TEXT: usize = 256 * 1024;
/// The most literals in the responses to one command.
const MOST_LITERALS: usize = 64;

/// A way to a server in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for S {}

/// A conversation with a server.
pub(super) struct Wire<S> {
    stream: BufReader<S>,
    commands: u32,
}

/// One response, with the literals in it, in order.
pub(super) struct Heard {
    pub(super) response: Response<'static>,
    pub(super) literals: Vec<Vec<u8>>,
}

/// How much may still come until a command is answered.
struct Allowance {
    text: usize,
    literals: usize,
    literal_bytes: usize,
}

impl Allowance {
    fn new(literal_bytes: usize) -> Self {
        Self { text: MOST_TEXT, literals: MOST_LITERALS, literal_bytes }
    }
}

impl<S: Stream> Wire<S> {
    /// A conversation that begins with the server's greeting, unless that was `greeted` before TLS began.
    pub(super) async fn begin(stream: S, greeted: bool) -> Result<Self, Refused> {
        let mut wire = Self { stream: BufReader::new(stream), commands: 0 };
        if !greeted {
            let greeting = within(wire.hear(&mut Allowance::new(0))).await?;
            match greeting.response {
                Response::Status(Status::Untagged(StatusBody { kind: StatusKind::Ok, .. })) => {}
                Response::Status(Status::Bye(bye)) => {
                    return Err(Refused::later(Reason::Later, shorten(bye.text.as_ref())));
                }
                _ => return Err(unreadable()),
            }
        }
        Ok(wire)
    }

    /// The stream below. What was heard and not yet read is forgotten: nothing that came before TLS is believed after it.
    pub(super) fn into_inner(self) -> S {
        self.stream.into_inner()
    }

    /// Says a command and answers what came until it was done: all of its responses, if the server agreed. Their literals may have
    /// `literal_bytes` in all. A refusal comes back with `reason`.
    pub(super) async fn ask(
        &mut self,
        command: &str,
        literal_bytes: usize,
        reason: Reason,
    ) -> Result<Vec<Heard>, Refused> {
        within(self.exchange(command, None, literal_bytes, reason)).await
    }

    /// Says a command and, once the server asks for it, one more line.
    pub(super) async fn ask_in_two(
        &mut self,
        command: &str,
        line: &str,
        reason: Reason,
    ) -> Result<Vec<Heard>, Refused> {
        within(self.exchange(command, Some(line), 0, reason)).await
    }

    async fn exchange(
        &mut self,
        command: &str,
        mut next: Option<&str>,
        literal_bytes: usize,
        reason: Reason,
    ) -> Result<Vec<Heard>, Refused> {
        self.commands += 1;
        let tag = format!("P{}", self.commands);
        self.say(&format!("{tag} {command}\r\n")).await?;
        let mut allowance = Allowance::new(literal_bytes);
        let mut all = Vec::new();
        loop {
            let heard = self.hear(&mut allowance).await?;
            match &heard.response {
                Response::Status(Status::Tagged(done)) if done.tag.as_ref() == tag => {
                    let answer = || shorten(done.body.text.as_ref());
                    return match done.body.kind {
                        StatusKind::Ok => {
                            all.push(heard);
                            Ok(all)
                        }
                        StatusKind::No => Err(Refused::later(reason, answer())),
                        StatusKind::Bad => Err(Refused::later(Reason::Refused, answer())),
                    };
                }
                Response::Status(Status::Tagged(_)) => return Err(unreadable()),
                Response::CommandContinuationRequest(
                    CommandContinuationRequest::Basic(_) | CommandContinuationRequest::Base64(_),
                ) => match next.take() {
                    Some(line) => self.say(&format!("{line}\r\n")).await?,
                    None => return Err(unreadable()),
                },
                Response::Status(Status::Bye(bye)) if !command.starts_with("LOGOUT") => {
                    return Err(Refused::later(Reason::Later, shorten(bye.text.as_ref())));
                }
                _ => all.push(heard),
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Refused> {
        self.stream.write_all(text.as_bytes()).await.map_err(|error| broken(&error))?;
        self.stream.flush().await.map_err(|error| broken(&error))
    }

    /// Hears one response. In its text a literal becomes an empty string, so that the parser never sees what is in one.
    async fn hear(&mut self, allowance: &mut Allowance) -> Result<Heard, Refused> {
        let mut text = Vec::new();
        let mut literals = Vec::new();
        loop {
            self.line(&mut text, allowance).await?;
            match ResponseCodec::default().decode(&text) {
                Ok(([], response)) => {
                    return Ok(Heard { response: response.into_static(), literals });
                }
                Err(ResponseDecodeError::LiteralFound { length }) => {
                    let length = usize::try_from(length).map_err(|_| too_large())?;
                    if length > allowance.literal_bytes || allowance.literals == 0 {
                        return Err(too_large());
                    }
                    allowance.literal_bytes -= length;
                    allowance.literals -= 1;
                    let mut literal = Vec::new();
                    // Grows with what comes, not with what was announced.
                    let most = u64::try_from(length).map_err(|_| too_large())?;
                    (&mut self.stream)
                        .take(most)
                        .read_to_end(&mut literal)
                        .await
                        .map_err(|error| broken(&error))?;
                    if literal.len() < length {
                        return Err(ended());
                    }
                    literals.push(literal);
                    let start = text.iter().rposition(|byte| *byte == b'{').ok_or_else(unreadable)?;
                    text.truncate(start);
                    text.extend_from_slice(b"\"\"");
                }
                Ok(_) | Err(ResponseDecodeError::Incomplete | ResponseDecodeError::Failed) => {
                    return Err(unreadable());
                }
            }
        }
    }

    /// Adds one line to `text`, with its end.
    async fn line(&mut self, text: &mut Vec<u8>, allowance: &mut Allowance) -> Result<(), Refused> {
        loop {
            let come = self.stream.fill_buf().await.map_err(|error| broken(&error))?;
            if come.is_empty() {
                return Err(ended());
            }
            let end = come.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(come.len(), |end| end + 1);
            if length > allowance.text {
                return Err(too_large());
            }
            allowance.text -= length;
            text.extend_from_slice(&come[..length]);
            self.stream.consume(length);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// A text as a string of IMAP. It holds neither line ends nor letters beyond ASCII, which nobody lets in here.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

async fn within<T>(work: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| {
        Err(Refused::later(Reason::Timeout, "The server did not answer within 60 seconds."))
    })
}

fn broken(error: &std::io::Error) -> Refused {
    Refused::later(Reason::Unreachable, shorten(&format!("The connection broke off: {error}")))
}

fn ended() -> Refused {
    Refused::later(Reason::Unreachable, "The server closed the connection.")
}

fn unreadable() -> Refused {
    Refused::later(Reason::Refused, "What the server answered is no IMAP.")
}

fn too_large() -> Refused {
    Refused::later(Reason::TooLarge, "The server sent more than is read, and was cut off.")
}
