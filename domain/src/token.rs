//! Partner and machine tokens that the server mints itself (rulings 28 and 35). The secret is shown once and never kept.

use crate::role::Role;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// The longest life of a minted token, in days.
pub const DAYS_MOST: i64 = 90;

/// A minted token, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token's id (`jti`).
    pub id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The seat that was made for it.
    pub seat_id: Uuid,
    /// What it is for, in the words of who minted it.
    pub label: String,
    /// The seat's role.
    pub role: Role,
    /// The seat's one partner (PARTNER).
    pub partner_id: Option<Uuid>,
    /// The seat that minted it.
    pub minted_by: Uuid,
    /// When.
    pub minted_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// Where a token is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenState {
    /// It lets its bearer in.
    Active,
    /// It has ended by itself.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Token {
    /// Where it is in its life; a revoked token stays revoked after its end.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> TokenState {
        if self.revoked_at.is_some() {
            TokenState::Revoked
        } else if self.expires_at <= now {
            TokenState::Expired
        } else {
            TokenState::Active
        }
    }
}

/// Whether REVOPS may mint a token of this role.
///
/// A minted token is for a partner, or for a machine that does the work of REVOPS (imports), FINANCE (spend and rates from an
/// ERP) or LEADERSHIP (a dashboard). A machine never holds a seat that decides (OPERATOR) or that is a person's by its
/// bindings (the Pod roles): so no token reads more than REVOPS and FINANCE together.
#[must_use]
pub const fn can_be_minted(role: Role) -> bool {
    match role {
        Role::Partner | Role::Revops | Role::Finance | Role::Leadership => true,
        Role::Operator | Role::PartnerAe | Role::CustomerAe | Role::PartnerManager | Role::Portfolio => false,
    }
}

/// Why a token cannot live as long as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token lives for 1 to {DAYS_MOST} days")]
pub struct BadLife;

/// The instant at which a token of so many days ends.
///
/// # Errors
/// [`BadLife`] outside 1 to [`DAYS_MOST`].
pub fn expires_at(now: DateTime<Utc>, days: i64) -> Result<DateTime<Utc>, BadLife> {
    if (1..=DAYS_MOST).contains(&days) {
        now.checked_add_signed(TimeDelta::days(days)).ok_or(BadLife)
    } else {
        Err(BadLife)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_for_one_to_ninety_days() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(expires_at(now, 0), Err(BadLife));
        assert_eq!(expires_at(now, 91), Err(BadLife));
        assert_eq!(expires_at(now, i64::MAX), Err(BadLife));
        assert_eq!(expires_at(now, 90), Ok(now + TimeDelta::days(90)));
    }

    #[test]
    fn nobody_mints_a_seat_that_decides() {
        assert!(!can_be_minted(Role::Operator));
        assert!(can_be_minted(Role::Partner));
    }
}
