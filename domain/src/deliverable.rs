//! What a phase publishes: content, hash, who, when. It is never changed; a correction is a new revision that names the one it
//! replaces (LOOP.md section 2).

use crate::calendar::Quarter;
use crate::iteration::Phase;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// The edition of the methodology that published content follows; it stands in every deliverable.
pub const METHODOLOGY: &str = "1";

/// The kinds of deliverable.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliverableKind {
    /// Phase 1: what is done with each partner in this quarter.
    RecruitPlan,
    /// Phase 2: the Total Partner-Influenced TAM of the next four quarters.
    Forecast,
    /// Phase 3: who produces in which stage, how healthy each stage is, and what is committed.
    StageDeploymentPlan,
    /// Phase 6: realised against forecast.
    RealizedMetricsAudit,
    /// Phase 6: partners by what they realised.
    PartnerPerformanceRanking,
    /// Phase 6: what the next iteration's Recruit starts from.
    InputsBrief,
}

impl DeliverableKind {
    /// The phase that ends with it.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::RecruitPlan => Phase::Recruit,
            Self::Forecast => Phase::Tam,
            Self::StageDeploymentPlan => Phase::Funnel,
            Self::RealizedMetricsAudit | Self::PartnerPerformanceRanking | Self::InputsBrief => Phase::Measurement,
        }
    }

    /// The word in a path: `recruit-plan`.
    #[must_use]
    pub fn slug(self) -> String {
        let word: &'static str = self.into();
        word.to_ascii_lowercase().replace('_', "-")
    }

    /// The kind of such a word.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::iter().find(|kind| kind.slug() == slug)
    }
}

/// Something published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliverable {
    /// The row's id.
    pub id: Uuid,
    /// What it is.
    pub kind: DeliverableKind,
    /// The iteration's quarter.
    pub quarter: Quarter,
    /// 1, and one more for each correction.
    pub revision: i32,
    /// The revision that it replaces.
    pub replaces_id: Option<Uuid>,
    /// The content: canonical JSON (RFC 8785).
    pub body: String,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: String,
    /// The policy that its numbers follow.
    pub policy_version: i64,
    /// Who published it; nil for the server itself.
    pub seat_id: Uuid,
    /// When.
    pub published_at: DateTime<Utc>,
}

impl Deliverable {
    /// The edition of the methodology that its content says it follows; none of one that says none.
    #[must_use]
    pub fn methodology(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Stamp {
            methodology: Option<String>,
        }
        serde_json::from_str::<Stamp>(&self.body).ok()?.methodology
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word_and_by_no_other() {
        assert!(DeliverableKind::iter().all(|kind| DeliverableKind::of_slug(&kind.slug()) == Some(kind)));
        assert_eq!(DeliverableKind::StageDeploymentPlan.slug(), "stage-deployment-plan");
        assert_eq!(DeliverableKind::of_slug("FORECAST"), None);
    }

    #[test]
    fn the_edition_is_read_off_the_frozen_content_and_not_off_the_present() {
        let of = |body: &str| Deliverable {
            id: Uuid::nil(),
            kind: DeliverableKind::RecruitPlan,
            quarter: "2026-Q4".parse().unwrap(),
            revision: 1,
            replaces_id: None,
            body: body.into(),
            sha256: String::new(),
            policy_version: 1,
            seat_id: Uuid::nil(),
            published_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(of(r#"{"kind":"RECRUIT_PLAN","methodology":"0.9"}"#).methodology().as_deref(), Some("0.9"));
        assert_eq!(of(r#"{"kind":"RECRUIT_PLAN"}"#).methodology(), None);
    }
}
