//! Waiting, with an end: a test that waits for what never comes fails, and says what it was.

use std::time::Duration;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What comes, if it comes.
#[track_caller]
pub(crate) fn within<T>(what: &str, wait: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let come = tokio::time::timeout(PATIENCE, wait).await;
        come.unwrap_or_else(|_| panic!("{place}: waited {PATIENCE:?} in vain for {what}"))
    }
}

/// Asks until it is so.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    within(what, async move {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    })
}
