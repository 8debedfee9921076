//! Leaky buckets: so many points, so many flow back in a second. Each token has one for what it asks, each address one for
//! the sign-ins that fail.

use moka::sync::Cache;
use serde::Serialize;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

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

/// The buckets of all who took from one lately; the cache is bounded.
pub(super) struct Buckets<K> {
    by_owner: Cache<K, Arc<Mutex<Bucket>>>,
    size: u64,
    rate: u64,
}

impl<K: Hash + Eq + Send + Sync + 'static> Buckets<K> {
    /// Buckets of a size and a rate.
    #[must_use]
    pub(super) fn new(size: u64, rate: u64) -> Self {
        // A bucket that nobody touched for as long as it takes to fill is full: forgetting it changes nothing.
        let full_after = Duration::from_secs(size / rate.max(1) + 60);
        let by_owner = Cache::builder().max_capacity(1_000_000).time_to_idle(full_after).build();
        Self { by_owner, size, rate }
    }

    /// How long the owner must wait for a point, if it has none left. One that took nothing lately has all of them.
    pub(super) fn drained(&self, owner: &K) -> Option<u64> {
        let bucket = self.by_owner.get(owner)?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        self.restore(&mut bucket, Instant::now());
        self.wait(&bucket, 1)
    }

    fn restore(&self, bucket: &mut Bucket, now: Instant) {
        let restored = now.saturating_duration_since(bucket.at).as_secs_f64() * whole(self.rate);
        bucket.points = (bucket.points + restored).min(whole(self.size));
        bucket.at = now;
    }

    /// Seconds until there are so many points, rounded up; none where there are.
    fn wait(&self, bucket: &Bucket, points: u64) -> Option<u64> {
        let missing = whole(points) - bucket.points;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and whole")]
        (missing > 0.0).then(|| ((missing / whole(self.rate.max(1))).ceil() as u64).max(1))
    }

    /// Takes points out, or says when there will be enough.
    ///
    /// # Errors
    /// [`Empty`] when the bucket holds less; nothing is taken then.
    pub(super) fn take(&self, owner: K, points: u64) -> Result<Throttle, Empty> {
        self.take_at(Instant::now(), owner, points)
    }

    fn take_at(&self, now: Instant, owner: K, points: u64) -> Result<Throttle, Empty> {
        let fresh = || Arc::new(Mutex::new(Bucket { points: whole(self.size), at: now }));
        let bucket = self.by_owner.get_with(owner, fresh);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        self.restore(&mut bucket, now);
        if let Some(retry_after) = self.wait(&bucket, points) {
            return Err(Empty { retry_after, throttle: self.throttle(&bucket) });
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
        let buckets = Buckets::new(1_000, 100);
        let (one, other) = ("one", "other");
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(buckets.take_at(start, one, 900).unwrap().currently_available, 100);
        assert_eq!(buckets.take_at(start, one, 350).unwrap_err().retry_after, 3);
        assert_eq!(buckets.take_at(start, other, 1_000).unwrap().currently_available, 0);
        assert_eq!(buckets.take_at(after(2_500), one, 350).unwrap().currently_available, 0);
        assert_eq!(buckets.take_at(after(60_000), one, 0).unwrap().currently_available, 1_000);
    }
}
