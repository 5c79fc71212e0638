//! The settings of the service.

use std::time::Duration;

/// The settings of the workflow service.
#[derive(Debug, Clone)]
pub struct WorkflowConfig {
    /// How long one process may take to fire a timer before another tries; at least ten seconds.
    pub timer_lease: Duration,
    /// Whether staff may connect calendars on this machine or in private networks, also without TLS. Where several firms share an
    /// installation, nobody should be able to knock at its insides.
    pub local_calendars: bool,
}

impl Default for WorkflowConfig {
    fn default() -> Self {
        Self { timer_lease: Duration::from_secs(60), local_calendars: false }
    }
}

impl WorkflowConfig {
    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.timer_lease >= Duration::from_secs(10),
            "timer_lease is {:?}; it must be at least ten seconds, or two processes fire the same timer at once",
            self.timer_lease
        );
        Ok(())
    }
}
