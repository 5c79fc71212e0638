//! The protocol of clamd: one connection a file, its bytes in counted pieces, one reply.

use std::{io, pin::pin, time::Duration};

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use super::{ScannerAddress, Verdict, reply};
use crate::vault::{Plaintext, VaultError};

/// How long a connection may take, and one piece of a file.
const PIECE: Duration = Duration::from_secs(30);
/// How long the verdict may take once everything was sent. Clamd's own limit is two minutes (`MaxScanTime`).
const VERDICT: Duration = Duration::from_secs(300);
/// The longest reply that is read, in bytes.
const LONGEST_REPLY: u64 = 4096;
/// The largest piece that is sent at once, in bytes.
const AT_ONCE: usize = 256 * 1024;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    /// Nobody answers at the address, or the connection was lost. It may be there again in a moment.
    #[error("clamd is away")]
    Away(#[source] io::Error),
    /// It answered, and this is no verdict.
    #[error("clamd did not judge the file: {0}")]
    NoVerdict(String),
    /// The file's own bytes could not be read.
    #[error(transparent)]
    Source(#[from] VaultError),
}

impl From<io::Error> for ScanError {
    fn from(error: io::Error) -> Self {
        Self::Away(error)
    }
}

/// A scanner.
#[derive(Debug, Clone)]
pub(crate) struct Clamd {
    address: ScannerAddress,
}

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

impl Clamd {
    pub(crate) const fn new(address: ScannerAddress) -> Self {
        Self { address }
    }

    /// Streams a file to the scanner and reads its verdict, in constant memory.
    pub(crate) async fn scan(&self, bytes: Plaintext) -> Result<Verdict, ScanError> {
        let line = within(PIECE, self.connect()).await?;
        let (answers, mut line) = tokio::io::split(line);
        // The reply is read while bytes are sent: over a limit, clamd answers and hangs up in the middle of a file.
        let mut reading = pin!(read_reply(answers));
        let early = tokio::select! {
            biased;
            read = &mut reading => Some(read),
            sent = send(&mut line, bytes) => match sent {
                Err(error @ ScanError::Source(_)) => return Err(error),
                // What it may have said before it hung up is still to be read.
                Ok(()) | Err(_) => None,
            },
        };
        let (ended, reply) = match early {
            Some(read) => read,
            None => match timeout(VERDICT, reading).await {
                Ok(read) => read,
                Err(_) => (Err(io::ErrorKind::TimedOut.into()), Vec::new()),
            },
        };
        if !reply.is_empty() {
            return reply::read(&reply).map_err(ScanError::NoVerdict);
        }
        Err(ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()).into())
    }

    async fn connect(&self) -> io::Result<Box<dyn Line>> {
        Ok(match &self.address {
            ScannerAddress::Unix(path) => Box::new(UnixStream::connect(path).await?),
            ScannerAddress::Tcp(place) => {
                let line = TcpStream::connect(place).await?;
                line.set_nodelay(true)?;
                Box::new(line)
            }
        })
    }
}

/// What came until the scanner hung up, and how that ended.
async fn read_reply(answers: impl AsyncRead + Unpin) -> (io::Result<()>, Vec<u8>) {
    let mut reply = Vec::new();
    let ended = answers.take(LONGEST_REPLY).read_to_end(&mut reply).await;
    (ended.map(drop), reply)
}

/// Sends a file as `INSTREAM` wants it: pieces after their length, and a length of zero at the end.
async fn send(line: &mut (impl AsyncWrite + Unpin), mut bytes: Plaintext) -> Result<(), ScanError> {
    within(PIECE, line.write_all(b"zINSTREAM\0")).await?;
    while let Some(piece) = bytes.next().await {
        let piece = piece?;
        for part in piece.chunks(AT_ONCE) {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            within(PIECE, line.write_all(&length.to_be_bytes())).await?;
            within(PIECE, line.write_all(part)).await?;
        }
    }
    within(PIECE, line.write_all(&0_u32.to_be_bytes())).await?;
    within(PIECE, line.flush()).await?;
    Ok(())
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use tokio::net::TcpListener;

    use super::*;

    fn file(pieces: &'static [&'static [u8]]) -> Plaintext {
        stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece)))).boxed()
    }

    /// Something that answers `reply` once it has read `after` bytes, and hands out what it read.
    async fn stand_in(reply: &'static [u8], after: usize) -> (Clamd, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let served = tokio::spawn(async move {
            let (mut line, _) = listener.accept().await.unwrap();
            let mut read = vec![0; after];
            line.read_exact(&mut read).await.unwrap();
            line.write_all(reply).await.unwrap();
            read
        });
        (Clamd::new(ScannerAddress::Tcp(place)), served)
    }

    #[tokio::test]
    async fn a_file_travels_in_counted_pieces_and_the_reply_is_read() {
        let whole = b"zINSTREAM\0\0\0\0\x05hello\0\0\0\x01!\0\0\0\0";
        let (clamd, served) = stand_in(b"stream: OK\0", whole.len()).await;
        assert_eq!(clamd.scan(file(&[b"hello", b"!"])).await.unwrap(), Verdict::Clean);
        assert_eq!(served.await.unwrap(), whole);
    }

    #[tokio::test]
    async fn a_verdict_in_the_middle_of_a_file_counts_and_silence_is_none() {
        let (clamd, _served) = stand_in(b"INSTREAM size limit exceeded. ERROR\0", 12).await;
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[7; 4096]))).take(100_000).boxed();
        let verdict = clamd.scan(endless).await.unwrap();
        assert_eq!(verdict, Verdict::Unscanned(crate::content::Unscanned::OverLimit));
        let (clamd, _served) = stand_in(b"", 12).await;
        assert!(matches!(clamd.scan(file(&[b"hello"])).await, Err(ScanError::Away(_))));
        let (clamd, _served) = stand_in(b"stream: Can't allocate memory ERROR\0", 12).await;
        assert!(matches!(clamd.scan(file(&[b"hello"])).await, Err(ScanError::NoVerdict(_))));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_no_verdict_and_neither_is_an_absent_scanner() {
        let (clamd, _served) = stand_in(b"stream: OK\0", 12).await;
        let broken = stream::iter([Ok(Bytes::from_static(b"he")), Err(VaultError::Damaged)]).boxed();
        assert!(matches!(clamd.scan(broken).await, Err(ScanError::Source(VaultError::Damaged))));
        let nobody = Clamd::new(ScannerAddress::Unix("/nowhere/clamd.ctl".into()));
        assert!(matches!(nobody.scan(file(&[b"hello"])).await, Err(ScanError::Away(_))));
    }
}
