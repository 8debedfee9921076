//! Deal registration: a partner claims an account, the vendor decides, and clocks run (LOOP.md section 2, Phase 4).
//!
//! The state is an enum that carries its facts, so that what was never decided has no decision. Every day term ends with its
//! last local day, inclusive; the summary's hours are exact, inclusive (ruling 26).

use crate::claim::Discovery;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

mod meeting;
mod policy;
mod state;

pub use meeting::{Meeting, Summary};
pub use policy::RegistrationPolicy;
pub use state::{Grant, State, Terms, Validity};

/// A partner's claim on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The row's id.
    pub id: Uuid,
    /// The partner that claims.
    pub partner_id: Uuid,
    /// The account's registrable domain by the public suffix list.
    pub domain: String,
    /// Its place in the line of all claims on this domain, from 1: given under a lock, so that no two are equal.
    pub claim_number: i64,
    /// The account's address as the partner wrote it.
    pub account_url: String,
    /// The account's name, for people.
    pub account_name: String,
    /// The role of the buyer.
    pub buyer_role: String,
    /// The buyer's problem.
    pub problem: String,
    /// The day of the next meeting.
    pub next_meeting_on: NaiveDate,
    /// How the partner found the need, where it can show it.
    pub discovery: Option<Discovery>,
    /// The account, where the program has one with this domain.
    pub account_id: Option<Uuid>,
    /// The deal; none while other claims stand.
    pub deal_id: Option<Uuid>,
    /// Whether the deal was opened by this registration.
    pub has_opened_deal: bool,
    /// The vendor's seat that owns it, chosen by the routing rules when it was submitted.
    pub owner_seat_id: Option<Uuid>,
    /// The owner's first touch.
    pub first_touch: Option<Mark>,
    /// An open deal that is direct, undeclared or another partner's stood on the account: it cannot be SOURCED.
    pub is_channel_conflict: bool,
    /// The latest conflict it is part of.
    pub conflict_id: Option<Uuid>,
    /// Its share of the influence credit in hundredths of a percent, where a conflict was decided.
    pub influence_bps: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// The seat that submitted it: the partner's token, or a Partner Manager on its behalf.
    pub submitted_by: Uuid,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// For optimistic concurrency.
    pub version: i64,
}

impl Registration {
    /// Whether the partner can be SOURCED on its strength: not against a deal that stood on the account, and not where a conflict
    /// left it less than the whole influence credit.
    #[must_use]
    pub const fn can_be_sourced(&self) -> bool {
        !self.is_channel_conflict && matches!(self.influence_bps, None | Some(10_000))
    }
}

/// Who did something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// When.
    pub at: DateTime<Utc>,
    /// The seat.
    pub by: Uuid,
}

/// A decision of the vendor, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Who decided, and when.
    pub mark: Mark,
    /// Why, in words that the partner reads.
    pub reason: String,
}

/// The word of a [`State`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum StateWord {
    /// Waits for the vendor.
    Submitted,
    /// Approved; the clocks run.
    Approved,
    /// Approved before, and its validity begun anew.
    Refreshed,
    /// The vendor said no.
    Refused,
    /// The partner took it back.
    Withdrawn,
    /// A clock ran out.
    Expired,
    /// The deal's attribution was locked with this partner on it.
    Converted,
}

impl StateWord {
    /// Whether a registration in this state holds its account against others: submitted, approved or refreshed.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Submitted | Self::Approved | Self::Refreshed => true,
            Self::Refused | Self::Withdrawn | Self::Expired | Self::Converted => false,
        }
    }
}

/// Which clock ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Expiry {
    /// No meeting was held in time: 21 days from approval by default.
    #[strum(serialize = "NO_MEETING_21D")]
    #[serde(rename = "NO_MEETING_21D")]
    NoMeeting,
    /// Its validity is over: 90 days from approval by default.
    #[strum(serialize = "VALIDITY_90D")]
    #[serde(rename = "VALIDITY_90D")]
    Validity,
}

/// Why a step of a registration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RegistrationRefusal {
    /// It was decided, withdrawn or is over.
    #[error("only a submitted registration is decided")]
    NotSubmitted,
    /// It holds no more.
    #[error("the registration is not approved, or holds no more: register again")]
    NotApproved,
    /// Nothing to take back.
    #[error("the registration is over already")]
    AlreadyOver,
    /// Nobody decides on what they asked for themselves.
    #[error("the seat that submitted a registration does not decide it: somebody else of the vendor does")]
    OwnRegistration,
    /// Other claims stand on the account.
    #[error("other claims stand on this account: RevOps or the Operator decides the conflict first")]
    ConflictOpen,
    /// A meeting counts from the approval on.
    #[error("the meeting was held before the registration was approved")]
    MeetingBeforeApproval,
    /// What has not happened is not a meeting that was held.
    #[error("what has not happened yet cannot be recorded")]
    MeetingInFuture,
    /// There is nothing to summarise.
    #[error("no meeting was held yet: say when it was held")]
    NoMeetingHeld,
    /// The meeting has one.
    #[error("every meeting has its summary already: say when the new meeting was held")]
    SummaryThere,
    /// A refresh stands on a meeting with its summary.
    #[error("a refresh needs a meeting that was held since the approval, with its summary")]
    RefreshNeedsSummary,
    /// Grants go to those whose place it is.
    #[error("the account is outside the partner's territory")]
    OutsideTerritory,
    /// One claim at a time.
    #[error("this partner has registered this account already")]
    AlreadyRegistered,
    /// It was touched.
    #[error("the first touch is recorded already")]
    AlreadyTouched,
    /// So many accounts a day.
    #[error("the partner has asked about as many accounts today as the program allows: try again tomorrow")]
    CheckLimit,
}
