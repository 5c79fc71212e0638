//! The settings of the service.

use std::time::Duration;

/// The settings of the workflow service.
#[derive(Debug, Clone)]
pub struct WorkflowConfig {
    /// How long one process may take to fire a timer before another tries; at least ten seconds.
    pub timer_lease: Duration,
}

impl Default for WorkflowConfig {
    fn default() -> Self {
        Self { timer_lease: Duration::from_secs(60) }
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
