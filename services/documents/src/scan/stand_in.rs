//! Something that speaks clamd's protocol and finds one word, for tests of what follows from a verdict.

use std::path::{Path, PathBuf};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};

use super::ScannerAddress;

/// The word that counts as a virus.
pub(crate) const VIRUS: &[u8] = b"this-is-a-virus";
/// The word of a file that is over the scanner's limits.
pub(crate) const TOO_LARGE: &[u8] = b"this-is-too-large";

/// A scanner at a socket in a folder of its own, which comes and goes.
pub(crate) struct StandIn {
    folder: tempfile::TempDir,
    serving: Option<JoinHandle<()>>,
}

impl StandIn {
    /// One that is away.
    pub(crate) fn away() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), serving: None }
    }

    /// One that answers.
    pub(crate) fn start() -> Self {
        let mut stand_in = Self::away();
        stand_in.come();
        stand_in
    }

    pub(crate) fn address(&self) -> ScannerAddress {
        ScannerAddress::Unix(self.socket())
    }

    pub(crate) fn come(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        self.serving = Some(tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line));
            }
        }));
    }

    fn socket(&self) -> PathBuf {
        Path::join(self.folder.path(), "clamd.ctl")
    }
}

async fn serve(mut line: UnixStream) -> std::io::Result<()> {
    let mut command = [0; 10];
    line.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut file = Vec::new();
    loop {
        let length = line.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        let start = file.len();
        file.resize(start + length, 0);
        line.read_exact(&mut file[start..]).await?;
    }
    let has = |word: &[u8]| file.windows(word.len()).any(|window| window == word);
    let reply: &[u8] = if has(VIRUS) {
        b"stream: Test.Virus FOUND\0"
    } else if has(TOO_LARGE) {
        b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0"
    } else {
        b"stream: OK\0"
    };
    line.write_all(reply).await
}
