//! One broadcast a firm, and the latest events for those who come back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use portico_core::TenantId;
use tokio::sync::broadcast;

use crate::domain::live::Told;

/// Events that a listener may be behind before it has to start afresh.
const BUFFER: usize = 256;
/// The latest events of a firm that a listener who comes back can catch up on.
const MEMORY: usize = 1_024;

/// Whom to tell what happens, by firm. A firm that nothing happens in takes no room.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<HashMap<TenantId, Firm>>);

#[derive(Debug)]
struct Firm {
    sender: broadcast::Sender<Arc<Told>>,
    latest: VecDeque<Arc<Told>>,
}

/// What a listener begins with.
#[derive(Debug)]
pub(crate) struct Listening {
    /// What is told from now on, to everybody of the firm: whoever listens filters.
    pub(crate) receiver: broadcast::Receiver<Arc<Told>>,
    /// What was missed; none where nobody can say any more, so that all has to be read afresh.
    pub(crate) missed: Option<Vec<Arc<Told>>>,
}

impl Default for Firm {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BUFFER), latest: VecDeque::new() }
    }
}

impl Hub {
    /// Tells an event to everybody of the firm who listens.
    pub(crate) fn tell(&self, tenant: TenantId, told: Told) {
        let told = Arc::new(told);
        let mut firms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let firm = firms.entry(tenant).or_default();
        if firm.latest.len() == MEMORY {
            firm.latest.pop_front();
        }
        firm.latest.push_back(Arc::clone(&told));
        // Nobody listening is no error.
        let _ = firm.sender.send(told);
    }

    /// Listens to a firm's events: those after the one with the id `after`, or from the present where it is empty.
    pub(crate) fn listen(&self, tenant: TenantId, after: &str) -> Listening {
        let mut firms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let firm = firms.entry(tenant).or_default();
        let missed = if after.is_empty() {
            Some(Vec::new())
        } else {
            let place = firm.latest.iter().rposition(|told| told.id == after);
            place.map(|place| firm.latest.iter().skip(place + 1).cloned().collect())
        };
        Listening { receiver: firm.sender.subscribe(), missed }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{Entropy as _, SeededEntropy};

    use super::*;
    use crate::domain::live::Audience;

    fn told(number: usize) -> Told {
        Told {
            id: number.to_string(),
            name: "step_changed",
            object_id: String::new(),
            account: None,
            audience: Audience::Staff,
        }
    }

    #[test]
    fn whoever_comes_back_catches_up_or_starts_afresh() {
        let entropy = SeededEntropy::new(1);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (here, there) = (TenantId(entropy.uuid(now)), TenantId(entropy.uuid(now)));
        let hub = Hub::default();
        (0..MEMORY + 10).for_each(|number| hub.tell(here, told(number)));
        let missed = |tenant, after: &str| {
            hub.listen(tenant, after)
                .missed
                .map(|all| all.iter().map(|told| told.id.clone()).collect::<Vec<_>>())
        };
        assert_eq!(missed(here, ""), Some(vec![]));
        assert_eq!(missed(here, "1031"), Some(vec!["1032".to_owned(), "1033".to_owned()]));
        assert_eq!(missed(here, "10").unwrap().len(), MEMORY - 1);
        for unknown in ["9", "1034", "x"] {
            assert_eq!(missed(here, unknown), None, "{unknown}");
        }
        assert_eq!(missed(there, "1031"), None, "another firm's id says nothing here");
    }
}
