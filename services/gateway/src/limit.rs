//! How much one address may ask for. In memory: each process counts for itself.

use std::{net::IpAddr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use portico_core::SharedClock;
use std::sync::Mutex;

/// A token bucket an address.
#[derive(Clone)]
pub(crate) struct Limit {
    per_second: f64,
    burst: f64,
    clock: SharedClock,
    buckets: Cache<IpAddr, Arc<Mutex<Bucket>>>,
}

struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl Limit {
    pub(crate) fn new(per_minute: u32, clock: SharedClock) -> Self {
        let per_minute = f64::from(per_minute.max(1));
        Self {
            per_second: per_minute / 60.0,
            burst: (per_minute / 4.0).max(20.0),
            clock,
            buckets: Cache::builder().max_capacity(100_000).time_to_idle(Duration::from_secs(600)).build(),
        }
    }

    /// Takes one request of `address`; otherwise how long to wait for the next.
    pub(crate) fn take(&self, address: IpAddr) -> Result<(), Duration> {
        let now = self.clock.now();
        let bucket =
            self.buckets.get_with(address, || Arc::new(Mutex::new(Bucket { tokens: self.burst, at: now })));
        let mut bucket = bucket.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let elapsed = now.signed_duration_since(bucket.at).to_std().unwrap_or_default().as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * self.per_second).min(self.burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(((1.0 - bucket.tokens) / self.per_second).max(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::MockClock;

    #[test]
    fn a_burst_passes_and_a_flood_waits() {
        let clock = MockClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let limit = Limit::new(240, Arc::new(clock.clone()));
        let address = IpAddr::from([192, 0, 2, 1]);
        let passed = (0..100).filter(|_| limit.take(address).is_ok()).count();
        assert_eq!(passed, 60);
        assert!(limit.take(IpAddr::from([192, 0, 2, 2])).is_ok());
        clock.advance(chrono::TimeDelta::seconds(1));
        assert_eq!((0..100).filter(|_| limit.take(address).is_ok()).count(), 4);
    }
}
