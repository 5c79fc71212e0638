//! All services in one process: ready on a migrated database, and resident memory when idle.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::{
    harness::{Visitor, World},
    say, usage,
};

/// Stops the measured process however the measurement ends.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        // Fails only where it has ended by itself, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program itself, as an operator would, and waits.
///
/// # Errors
/// Where it does not start.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let mut world = World::demo().await?;
    world.stop().await;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let program = std::env::current_exe()?.with_file_name("portico");
    let started = Instant::now();
    let child = Command::new(&program)
        .args(["run", "--services", "all"])
        .env("DATABASE_URL", world.database.url())
        .env("PORTICO_ROLE_PASSWORD", world.database.role_password())
        .env("PORTICO_HOME", world.home())
        .env("PORTICO_PORT", port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} does not start", program.display()))?;
    let mut child = Stopped(child);
    let mut probe = Visitor::new(([127, 0, 0, 1], port).into(), &format!("localhost:{port}"));
    loop {
        if probe.get("/readyz").await.is_ok_and(|answer| answer.status.is_success()) {
            break;
        }
        if let Some(status) = child.0.try_wait()? {
            bail!("the program ended while starting: {status}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    say(&format!(
        "start: {:.2} s until ready, all services on a migrated database (goal 2 s)",
        started.elapsed().as_secs_f64()
    ));
    tokio::time::sleep(Duration::from_secs(15)).await;
    let process = child.0.id().to_string();
    say(&format!("idle: {} MiB resident after 15 s (goal 100 MB)", usage::resident_mib(&process)?));
    Ok(())
}
