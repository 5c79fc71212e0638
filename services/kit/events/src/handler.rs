//! Who listens to what, and how an attempt to handle an event ends.

use std::{any::Any, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use portico_db::StoreError;

use crate::Received;

/// A handler that takes longer has failed; the attempt counts as one that may be repeated.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why an event was not handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// The same event may be handled later: something is away, or two changes met.
    #[error("{0}")]
    Retry(String),
    /// The event will never be handled as it is: it goes to the dead letters at once.
    #[error("{0}")]
    Reject(String),
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) | StoreError::Conflict => Self::Retry(error.to_string()),
            StoreError::Duplicate { .. }
            | StoreError::Dangling { .. }
            | StoreError::Refused(_)
            | StoreError::Defect(_) => Self::Reject(error.to_string()),
        }
    }
}

/// What a consumer does with an event.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one event: [`claim`](crate::claim), effect and the handler's own events in one transaction.
    ///
    /// # Errors
    /// [`HandleError`] decides whether it is tried again. A panic counts as [`HandleError::Reject`].
    async fn handle(&self, event: &Received) -> Result<(), HandleError>;
}

/// The topics that a consumer listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topics {
    /// Every topic of every service.
    All,
    /// These topics and no others.
    Listed(Vec<String>),
}

/// The event types that a consumer listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Types {
    /// Every type.
    All,
    /// These types, by full name, and no others.
    Listed(Vec<String>),
}

impl Topics {
    /// These topics and no others.
    pub fn listed<T: Into<String>>(topics: impl IntoIterator<Item = T>) -> Self {
        Self::Listed(topics.into_iter().map(Into::into).collect())
    }

    /// Whether some topic of `service` is among them.
    pub(crate) fn reach(&self, service: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(topics) => topics.iter().any(|topic| topic.split('.').nth(1) == Some(service)),
        }
    }
}

impl Types {
    /// The one type `M`.
    pub fn only<M: prost::Name>() -> Self {
        Self::Listed(vec![M::full_name()])
    }

    /// These types as well as `M`.
    #[must_use]
    pub fn and<M: prost::Name>(self) -> Self {
        match self {
            Self::All => Self::All,
            Self::Listed(mut types) => {
                types.push(M::full_name());
                Self::Listed(types)
            }
        }
    }
}

/// A consumer of events.
#[derive(Clone)]
pub struct Subscription {
    /// The consumer's name for ever, `<service>.<what it does>`: cursors, inbox and dead letters are kept under it.
    pub consumer: &'static str,
    /// The topics to listen to.
    pub topics: Topics,
    /// The event types among them.
    pub types: Types,
    /// What to do with an event.
    pub handler: Arc<dyn Handler>,
    /// Durable consumers have a cursor and start at the first event that is still kept: see [`Retention`](crate::Retention). What one
    /// that is added later needs from before that, it asks the owner for. The others start at the present and may miss events:
    /// they keep open pages fresh, in every process.
    pub durable: bool,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("consumer", &self.consumer)
            .field("topics", &self.topics)
            .field("types", &self.types)
            .field("durable", &self.durable)
            .finish_non_exhaustive()
    }
}

impl Subscription {
    /// Whether the consumer wants events of this topic and type.
    pub(crate) fn wants(&self, topic: &str, event_type: &str) -> bool {
        let topic_fits = match &self.topics {
            Topics::All => true,
            Topics::Listed(topics) => topics.iter().any(|listed| listed == topic),
        };
        topic_fits
            && match &self.types {
                Types::All => true,
                Types::Listed(types) => types.iter().any(|listed| listed == event_type),
            }
    }

    /// One attempt. Whatever the handler does, this answers.
    pub(crate) async fn attempt(&self, event: &Received) -> Result<(), HandleError> {
        let guarded = AssertUnwindSafe(self.handler.handle(event)).catch_unwind();
        match tokio::time::timeout(HANDLER_TIMEOUT, guarded).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => {
                Err(HandleError::Reject(format!("the handler panicked: {}", panic_text(&*panic))))
            }
            Err(_) => Err(HandleError::Retry(format!("not done within {} s", HANDLER_TIMEOUT.as_secs()))),
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}
