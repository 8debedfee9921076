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

/// What a log of a joint meeting lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum ActivityGap {
    /// Which partner was there.
    Partner,
    /// Who was in the room, by function.
    OwnerFunctions,
    /// When the next step is.
    NextStepOn,
}

impl Activity {
    /// What the log of a joint meeting lacks of what the guide's activity fields ask for (seed 004): the partner, the functions in the room, the
    /// next step's date. \[ours\] Other activities lack nothing: the guide asks these of what both sides were in.
    #[must_use]
    pub fn gaps(&self) -> Vec<ActivityGap> {
        let asked = [
            (self.partner_id.is_none(), ActivityGap::Partner),
            (self.owner_functions.is_empty(), ActivityGap::OwnerFunctions),
            (self.next_step_on.is_none(), ActivityGap::NextStepOn),
        ];
        let lacks = |(is_missing, gap): (bool, ActivityGap)| (self.is_joint_meeting && is_missing).then_some(gap);
        asked.into_iter().filter_map(lacks).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_meeting_says_what_its_log_lacks_and_a_note_lacks_nothing() {
        let meeting = Activity {
            id: Uuid::nil(),
            external_id: None,
            deal_id: Some(Uuid::nil()),
            account_id: None,
            partner_id: Some(Uuid::nil()),
            kind: ActivityKind::Meeting,
            happened_at: DateTime::UNIX_EPOCH,
            is_joint_meeting: true,
            meeting_count: None,
            next_step_on: None,
            owner_functions: Vec::new(),
            note: None,
            source_system: "crm".into(),
            recorded_by: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(meeting.gaps(), [ActivityGap::OwnerFunctions, ActivityGap::NextStepOn]);
        let alone = Activity { partner_id: None, ..meeting.clone() };
        assert_eq!(alone.gaps()[0], ActivityGap::Partner);
        let whole = Activity {
            owner_functions: vec!["AE".into(), "PartnerAE".into()],
            next_step_on: NaiveDate::from_ymd_opt(2026, 10, 12),
            ..meeting
        };
        assert_eq!(whole.gaps(), []);
        assert_eq!(Activity { is_joint_meeting: false, ..alone }.gaps(), []);
    }
}
