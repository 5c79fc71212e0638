//! What a process uses, as the kernel counts it.

use anyhow::Context as _;

/// Resident memory of a process, in MiB; `self` names this one.
///
/// # Errors
/// Where the process is gone.
pub(crate) fn resident_mib(process: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib / 1024)
}

/// User and system time of this process so far, in seconds; the database's is its own.
///
/// # Errors
/// Where the kernel's text cannot be read.
pub(crate) fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').context("no name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // The kernel counts in hundredths of a second on every Linux that Debian builds.
    Ok(ticks / 100.0)
}
