//! Going over all firms, one after the other, again and again.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::TenantId;
use tokio::sync::Mutex;

use crate::{error::DocumentsError, service::Service, vault::VaultError};

/// The firms that a job has still to visit in this round, and when the next round begins. A process that starts begins a round.
pub(super) struct Rounds {
    every: TimeDelta,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<TenantId>,
    next: Option<DateTime<Utc>>,
}

impl Rounds {
    /// Rounds that begin this long after one another, or later where a round takes longer.
    pub(super) fn new(every: TimeDelta) -> Self {
        Self { every, state: Mutex::default() }
    }

    /// The firm to visit now; nothing where the round is over. A firm is visited once a round, also where the visit fails, so
    /// that one firm's trouble keeps nobody else waiting.
    pub(super) async fn next(&self, service: &Service) -> Result<Option<TenantId>, DocumentsError> {
        let mut state = self.state.lock().await;
        let now = service.clock.now();
        if state.waiting.is_empty() && state.next.is_none_or(|next| next <= now) {
            // Every firm that has a file has a folder in the vault.
            state.waiting = service.blobs.tenants().await.map_err(VaultError::from)?.into();
            state.next = Some(now + self.every);
        }
        Ok(state.waiting.pop_front())
    }

    /// Has the firm visited once more in this round: there was more than one visit's work.
    pub(super) async fn again(&self, tenant: TenantId) {
        self.state.lock().await.waiting.push_back(tenant);
    }
}
