//! Answers that take the same time whoever they are about.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Longer than any of the answers takes that wait for it.
const LEAST: Duration = Duration::from_millis(250);

/// Does `work` and answers no sooner than a quarter of a second after it began, so that the time says nothing of whether there was
/// anything to do: whether an address is somebody's, whether a link was ever one.
pub(crate) async fn at_one_pace<T>(work: impl Future<Output = T>) -> T {
    let earliest = Instant::now() + LEAST;
    let answer = work.await;
    sleep_until(earliest).await;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn quick_work_is_answered_no_sooner_than_slow_work() {
        let began = Instant::now();
        assert_eq!(at_one_pace(async { 7 }).await, 7);
        assert!(began.elapsed() >= LEAST);
    }
}
