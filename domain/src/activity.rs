//! What happened on a deal, an account or with a partner.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The kind of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivityKind {
    /// A partner introduced a buyer.
    Introduction,
    /// A recorded touch of the partner on the deal.
    Touch,
    /// A meeting.
    Meeting,
    /// A call.
    Call,
    /// A message.
    Message,
    /// A demonstration.
    Demo,
    /// A note.
    Note,
}

impl ActivityKind {
    /// Whether a partner took part: everything but a note.
    #[must_use]
    pub const fn is_touch(self) -> bool {
        match self {
            Self::Introduction | Self::Touch | Self::Meeting | Self::Call | Self::Message | Self::Demo => true,
            Self::Note => false,
        }
    }
}

/// An activity, with its provenance: who, when it happened, when it was recorded, from which system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the source system.
    pub external_id: Option<String>,
    /// The deal.
    pub deal_id: Option<Uuid>,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// The kind.
    pub kind: ActivityKind,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// Whether vendor and partner met the customer together.
    pub is_joint_meeting: bool,
    /// How many meetings the line stands for.
    pub meeting_count: Option<i64>,
    /// The next step's date.
    pub next_step_on: Option<NaiveDate>,
    /// Functions in the room: AE, SE, CSM, PartnerAE.
    pub owner_functions: Vec<String>,
    /// A note.
    pub note: Option<String>,
    /// The system it was recorded in.
    pub source_system: String,
    /// The seat that recorded it.
    pub recorded_by: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}
