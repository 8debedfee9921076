//! The leaky bucket of each token: so many points, so many flow back in a second.

use crate::limits::Limits;
use moka::sync::Cache;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// What a client is told about its bucket, in the shape of Shopify's `extensions.cost.throttleStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Throttle {
    /// What a full bucket holds.
    pub maximum_available: u64,
    /// What it holds now.
    pub currently_available: u64,
    /// What flows back in a second.
    pub restore_rate: u64,
}

/// Not enough points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Empty {
    /// Seconds until there are enough, rounded up.
    pub retry_after: u64,
    /// What the bucket holds.
    pub throttle: Throttle,
}

struct Bucket {
    points: f64,
    at: Instant,
}

/// The buckets of all tokens that were used lately.
pub(super) struct Buckets {
    by_token: Cache<Uuid, Arc<Mutex<Bucket>>>,
    size: u64,
    rate: u64,
}

impl Buckets {
    /// Buckets of the limits' size and rate.
    #[must_use]
    pub(super) fn new(limits: &Limits) -> Self {
        // A bucket that nobody touched for as long as it takes to fill is full: forgetting it changes nothing.
        let full_after = Duration::from_secs(limits.bucket / limits.restore_rate.max(1) + 60);
        let by_token = Cache::builder().max_capacity(1_000_000).time_to_idle(full_after).build();
        Self { by_token, size: limits.bucket, rate: limits.restore_rate }
    }

    /// Takes points out, or says when there will be enough.
    ///
    /// # Errors
    /// [`Empty`] when the bucket holds less; nothing is taken then.
    pub(super) fn take(&self, token: Uuid, points: u64) -> Result<Throttle, Empty> {
        self.take_at(Instant::now(), token, points)
    }

    fn take_at(&self, now: Instant, token: Uuid, points: u64) -> Result<Throttle, Empty> {
        let fresh = || Arc::new(Mutex::new(Bucket { points: whole(self.size), at: now }));
        let bucket = self.by_token.get_with(token, fresh);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let restored = now.saturating_duration_since(bucket.at).as_secs_f64() * whole(self.rate);
        bucket.points = (bucket.points + restored).min(whole(self.size));
        bucket.at = now;
        let missing = whole(points) - bucket.points;
        if missing > 0.0 {
            let wait = (missing / whole(self.rate.max(1))).ceil();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and whole")]
            return Err(Empty { retry_after: (wait as u64).max(1), throttle: self.throttle(&bucket) });
        }
        bucket.points -= whole(points);
        Ok(self.throttle(&bucket))
    }

    fn throttle(&self, bucket: &Bucket) -> Throttle {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative")]
        let currently_available = bucket.points.max(0.0) as u64;
        Throttle { maximum_available: self.size, currently_available, restore_rate: self.rate }
    }
}

#[expect(clippy::cast_precision_loss, reason = "points are small numbers")]
const fn whole(points: u64) -> f64 {
    points as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let buckets = Buckets::new(&Limits::default());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(buckets.take_at(start, one, 900).unwrap().currently_available, 100);
        assert_eq!(buckets.take_at(start, one, 350).unwrap_err().retry_after, 3);
        assert_eq!(buckets.take_at(start, other, 1_000).unwrap().currently_available, 0);
        assert_eq!(buckets.take_at(after(2_500), one, 350).unwrap().currently_available, 0);
        assert_eq!(buckets.take_at(after(60_000), one, 0).unwrap().currently_available, 1_000);
    }
}
