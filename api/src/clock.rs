//! Time and ids come from here and are passed in; clippy refuses every other source.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::{NoContext, Timestamp, Uuid};

/// The clock: the system's, or one that tests move.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(at))))
    }

    /// The instant, cut to microseconds as both back ends keep it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            None => Utc::now(),
            Some(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
        .trunc_subsecs(6)
    }

    /// A fresh id: UUIDv7, so that ids sort by time. Under a fixed clock the time part stands still and the rest is random.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn id(&self) -> Uuid {
        match &self.0 {
            None => Uuid::now_v7(),
            Some(_) => {
                let now = self.now();
                let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
                Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
            }
        }
    }

    /// Moves a fixed clock; the system's clock stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// Sets a fixed clock; the system's clock stays as it is.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Some(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }
}
