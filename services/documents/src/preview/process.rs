//! One child process under caps.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

use super::error::PreviewError;

/// What one child process may use.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Address space in bytes. Poppler and its libraries alone take about 100 MiB.
    pub memory: u64,
    /// Processor time, rounded up to whole seconds.
    pub processor: Duration,
    /// Wall clock; a process that sleeps is ended as well.
    pub wall_clock: Duration,
    /// Bytes it may answer, and bytes it may write to any file.
    pub output: u64,
    /// Files it may have open.
    pub files: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            memory: 768 * 1024 * 1024,
            processor: Duration::from_secs(10),
            wall_clock: Duration::from_secs(20),
            output: 32 * 1024 * 1024,
            files: 64,
        }
    }
}

/// What a child process answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its standard output, whole.
    pub(super) output: Vec<u8>,
    /// The beginning of what it complained about, in lower case. Never shown to anyone: it quotes the file.
    pub(super) complaint: String,
}

const COMPLAINT: u64 = 16 * 1024;

/// A program of a known place, run under `prlimit` (util-linux), which sets the caps and becomes the program.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    prlimit: PathBuf,
    program: PathBuf,
}

impl Tool {
    /// Finds a program of a Debian package in `folders`, the first that has it.
    pub(super) fn find(
        name: &'static str,
        package: &'static str,
        folders: &[PathBuf],
    ) -> Result<Self, PreviewError> {
        Ok(Self {
            prlimit: locate("prlimit", "util-linux", folders)?,
            program: locate(name, package, folders)?,
        })
    }

    /// Where the program lies.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs the program to its end. Arguments reach it as they are; no shell reads them. Dropping the future ends it.
    pub(super) async fn run(
        &self,
        folder: &Path,
        arguments: &[impl AsRef<OsStr>],
        caps: &Caps,
    ) -> Result<Answer, PreviewError> {
        let seconds = caps.processor.as_secs().max(1);
        let mut command = Command::new(&self.prlimit);
        command
            .arg(format!("--as={}", caps.memory))
            .arg(format!("--cpu={seconds}:{}", seconds + 1))
            .arg(format!("--fsize={}", caps.output))
            .arg(format!("--nofile={}", caps.files))
            .arg("--core=0")
            .arg("--")
            .arg(&self.program)
            .args(arguments)
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let (output, complaint) = (child.stdout.take(), child.stderr.take());
        let finished = tokio::time::timeout(caps.wall_clock, async {
            let (output, complaint) =
                tokio::join!(read_capped(output, caps.output), read_start(complaint, COMPLAINT));
            let output = output?;
            Ok::<_, PreviewError>((output, complaint?, child.wait().await?))
        })
        .await;
        let (output, complaint, status) = match finished {
            Ok(answer) => answer?,
            Err(_) => {
                child.kill().await?;
                return Err(PreviewError::TimedOut);
            }
        };
        let complaint = String::from_utf8_lossy(&complaint).to_ascii_lowercase();
        judge(status, &complaint, caps)?;
        Ok(Answer { output, complaint })
    }
}

/// Turns the way a process ended into what it means for the file.
fn judge(status: ExitStatus, complaint: &str, caps: &Caps) -> Result<(), PreviewError> {
    // Linux's numbers of the signals that matter here.
    const ABORTED: i32 = 6;
    const KILLED: i32 = 9;
    const PROCESSOR: i32 = 24;
    const FILE_SIZE: i32 = 25;
    if status.success() {
        return Ok(());
    }
    tracing::debug!(%status, caps = super::error::describe(caps.memory, caps.processor), "a preview tool failed");
    let out_of_memory = ["out of memory", "bad_alloc", "cannot allocate", "memory exhausted"]
        .iter()
        .any(|words| complaint.contains(words));
    Err(match status.signal() {
        Some(PROCESSOR | KILLED) => PreviewError::TimedOut,
        Some(FILE_SIZE | ABORTED) => PreviewError::TooLarge,
        _ if out_of_memory => PreviewError::TooLarge,
        _ if complaint.starts_with("bwrap:") => PreviewError::Unconfined,
        _ if complaint.contains("incorrect password") => PreviewError::Locked,
        _ => PreviewError::Broken,
    })
}

/// Reads to the end; more than `limit` bytes are too many.
async fn read_capped(source: Option<impl AsyncRead + Unpin>, limit: u64) -> Result<Vec<u8>, PreviewError> {
    let mut bytes = Vec::new();
    if let Some(source) = source {
        source.take(limit + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > limit { Err(PreviewError::TooLarge) } else { Ok(bytes) }
}

/// Keeps the first `limit` bytes and drops the rest, so that a talkative process does not wait for a reader.
async fn read_start(source: Option<impl AsyncRead + Unpin>, limit: u64) -> Result<Vec<u8>, PreviewError> {
    let mut bytes = Vec::new();
    if let Some(mut source) = source {
        (&mut source).take(limit).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut source, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

fn locate(tool: &'static str, package: &'static str, folders: &[PathBuf]) -> Result<PathBuf, PreviewError> {
    folders
        .iter()
        .map(|folder| folder.join(tool))
        .find(|path| path.is_file())
        .ok_or(PreviewError::ToolMissing { tool, package })
}

/// Arguments of mixed make.
pub(super) fn arguments<const N: usize>(words: [&dyn AsRef<OsStr>; N]) -> Vec<OsString> {
    words.into_iter().map(|word| word.as_ref().to_owned()).collect()
}
