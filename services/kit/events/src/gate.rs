//! Reading one's own writes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use portico_core::{Ctx, EventId};
use portico_db::{Store, StoreError};
use tokio::{sync::watch, time::Instant};

use crate::inbox::count_consumers;

/// A page waits no longer than this for the effects of what came before.
const LONGEST: Duration = Duration::from_millis(500);
/// How often to look where another process may be the one that handles.
const LOOK: Duration = Duration::from_millis(25);

/// Lets a reader wait until its service has handled an event. The road of this process rings it; share one between them.
#[derive(Debug, Clone, Default)]
pub struct InboxGate(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

impl InboxGate {
    /// Waits until `consumers` of the store's service (any one consumer, where none is named) have handled `event`, for half a
    /// second at most. `false` means that they have not: show what there is.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not answer.
    pub async fn wait(
        &self,
        store: &Store,
        ctx: &Ctx,
        event: EventId,
        consumers: &[&str],
    ) -> Result<bool, StoreError> {
        let deadline = Instant::now() + LONGEST;
        let wanted = i64::try_from(consumers.len()).unwrap_or(i64::MAX).max(1);
        let mut rung = self.bell(store.service()).subscribe();
        loop {
            rung.mark_unchanged();
            let mut tx = store.begin(ctx).await?;
            let seen = count_consumers(&mut tx, event, consumers).await?;
            tx.rollback().await?;
            if seen >= wanted {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            // Either way the next look tells; the bell only makes it sooner.
            let _ = tokio::time::timeout_at(deadline.min(Instant::now() + LOOK), rung.changed()).await;
        }
    }

    /// A consumer has handled something.
    pub(crate) fn ring(&self, consumer: &str) {
        let service = consumer.split('.').next().unwrap_or(consumer);
        self.bell(service).send_replace(());
    }

    fn bell(&self, service: &str) -> watch::Sender<()> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(service.to_owned()).or_default().clone()
    }
}
