//! Whether a process lives and can take work.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde::Serialize;

/// The health of a process: named checks that its parts report, and whether it wants work at all.
///
/// Clones share the same state. A check that has not reported yet counts as failing.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    accepting: bool,
    checks: BTreeMap<&'static str, Result<(), String>>,
}

/// The state of a process at one moment, as `/readyz` answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthReport {
    /// Whether the process takes work: it has started, is not stopping, and every check passes.
    pub ready: bool,
    /// Each check by name.
    pub checks: Vec<CheckReport>,
}

/// One named check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The part that reports, such as `documents.database`.
    pub name: &'static str,
    /// What is wrong; none where all is well. It is for operators and holds no data of a firm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// The reporting end of one check.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    health: Health,
}

impl Health {
    /// A process that has just started and does not take work yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, failing until it reports. A name that is there already gives the same check.
    pub fn check(&self, name: &'static str) -> Check {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.checks.entry(name).or_insert_with(|| Err("has not reported yet".to_owned()));
        Check { name, health: self.clone() }
    }

    /// Takes work from now on, or stops taking it (at shutdown, so that a balancer looks elsewhere).
    pub fn accept(&self, accepting: bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).accepting = accepting;
    }

    /// The state of the process now.
    pub fn report(&self) -> HealthReport {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let checks: Vec<_> = state
            .checks
            .iter()
            .map(|(name, outcome)| CheckReport { name, trouble: outcome.as_ref().err().cloned() })
            .collect();
        HealthReport { ready: state.accepting && checks.iter().all(|check| check.trouble.is_none()), checks }
    }
}

impl Check {
    /// All is well.
    pub fn pass(&self) {
        self.set(Ok(()));
    }

    /// Something is wrong; `trouble` says what, for operators.
    pub fn fail(&self, trouble: impl Into<String>) {
        self.set(Err(trouble.into()));
    }

    fn set(&self, outcome: Result<(), String>) {
        self.health.0.write().unwrap_or_else(PoisonError::into_inner).checks.insert(self.name, outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_started_and_every_check_passes() {
        let health = Health::new();
        let database = health.check("documents.database");
        health.accept(true);
        assert!(!health.report().ready, "a silent check is not a passing one");

        database.pass();
        assert!(health.report().ready);

        database.fail("connection refused");
        let report = health.report();
        assert!(!report.ready);
        assert_eq!(report.checks[0].trouble.as_deref(), Some("connection refused"));

        database.pass();
        health.accept(false);
        assert!(!health.report().ready, "a stopping process takes no work");
    }

    #[test]
    fn the_report_reads_as_json() {
        let health = Health::new();
        health.accept(true);
        health.check("mail").fail("no mailbox");
        let json = serde_json::to_string(&health.report()).unwrap();
        assert_eq!(json, r#"{"ready":false,"checks":[{"name":"mail","trouble":"no mailbox"}]}"#);
    }
}
