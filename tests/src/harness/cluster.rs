//! A Postgres of the test's own, to stop and start.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};

use super::case::skip;

/// A private server in a temporary folder; gone at the end of the test.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: String,
    port: u16,
}

impl Cluster {
    /// Makes one and starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let folder = run(as_owner("mktemp").args(["-d", "-t", "portico-faults.XXXXXXXX"]))?.trim().to_owned();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { programs, folder, port };
        let data = cluster.data();
        run(as_owner(cluster.programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .args(["-D", &data]))?;
        cluster.resume()?;
        Ok(cluster)
    }

    /// The superuser's address.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Goes away without a word, as when the machine under it is gone.
    pub(crate) fn vanish(&self) -> anyhow::Result<()> {
        run(as_owner(self.programs.join("pg_ctl")).args([
            "stop",
            "-s",
            "-w",
            "-m",
            "immediate",
            "-D",
            &self.data(),
        ]))
        .map(drop)
    }

    /// Comes back at the same address.
    pub(crate) fn resume(&self) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=. -c max_connections=200 -c fsync=off",
            self.port
        );
        let log = format!("{}/log", self.folder);
        run(as_owner(self.programs.join("pg_ctl")).args([
            "start",
            "-s",
            "-w",
            "-t",
            "60",
            "-D",
            &self.data(),
            "-l",
            &log,
            "-o",
            &options,
        ]))
        .map(drop)
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Either may have happened already.
        let _ = self.vanish();
        let _ = run(as_owner("rm").args(["-rf", &self.folder]));
    }
}

fn programs() -> anyhow::Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .map_err(|_| skip("/usr/lib/postgresql is missing: install Debian's postgresql"))?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    found.sort();
    Ok(found.pop().ok_or_else(|| skip("no server programs of Postgres were found"))?.1)
}

/// A command as the owner of clusters: Postgres refuses to run as root.
fn as_owner(program: impl AsRef<Path>) -> Command {
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program.as_ref());
        command
    } else {
        Command::new(program.as_ref())
    };
    // A folder that the owner may enter, and none of the caller's that it may not.
    command.current_dir("/").env_remove("TMPDIR").stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    // The server inherits the pipes of the one who starts it: only files can be waited for.
    let (said, complained) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    let status = command
        .stdout(said.reopen()?)
        .stderr(complained.reopen()?)
        .status()
        .with_context(|| format!("running {command:?}"))?;
    let text = std::fs::read_to_string(said.path())?;
    if !status.success() {
        bail!("{command:?} ended with {status}: {text} {}", std::fs::read_to_string(complained.path())?);
    }
    ensure!(text.len() < 10_000, "{command:?} said too much");
    Ok(text)
}
