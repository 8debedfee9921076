//! The numbers of a program's policy for deal registration.

use serde::{Deserialize, Serialize};

/// How deal registration and the Primary Sale gate run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RegistrationPolicy {
    /// Days that a registration is valid from its approval; 90 by default (seed 004).
    pub validity_days: u32,
    /// Days from its approval in which a meeting must be held; 21 by default (seed 004).
    pub meeting_days: u32,
    /// Hours from a meeting in which its summary is due; 24 by default (seed 004).
    pub summary_hours: u32,
    /// Accounts that a partner may ask about or register on one local day; 20 by default \[ours, ruling 35\].
    pub checks_per_day: u32,
    /// Days from the registration in which the Primary Sale must be logged; 7 by default (the paper).
    pub primary_sale_days: u32,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self { validity_days: 90, meeting_days: 21, summary_hours: 24, checks_per_day: 20, primary_sale_days: 7 }
    }
}
