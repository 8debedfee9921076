//! What the published plans say, read back from their frozen content (LOOP.md section 2). A forecast is read back as itself
//! ([`crate::tam::Forecast`]).

use crate::calendar::Quarter;
use crate::funnel::{Coverage, FunnelStage, StageFinding};
use crate::money::Currency;
use crate::recruit::{Section, Tier, TierFact, TierRule};
use chrono::NaiveDate;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// The Recruit Plan (phase 1) as it was published.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecruitPlan {
    /// Every partner at work at that moment, by name.
    pub partners: Vec<RecruitLine>,
}

/// A partner in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecruitLine {
    /// The partner.
    pub partner_id: Uuid,
    /// Its name at that moment.
    pub name: String,
    /// The tier that was decided.
    pub tier: Tier,
    /// The tier that was recommended.
    pub recommended: Tier,
    /// The rule by which it was.
    pub rule: TierRule,
    /// The facts that the rule looked at.
    pub facts: Vec<TierFact>,
    /// Why it was decided so, where somebody wrote it.
    pub reason: Option<String>,
    /// The day of the decision, and the as-of date of the facts.
    pub decided_on: NaiveDate,
    /// The policy that the recommendation and its facts follow; none in what was published before plans told.
    #[serde(default)]
    pub policy_version: Option<i64>,
    /// The first and the last quarter that the facts were measured over; none in what was published before plans told.
    #[serde(default, deserialize_with = "texts_or_null")]
    pub window: Option<[Quarter; 2]>,
    /// What is done with the partner in the quarter.
    pub section: Section,
}

/// The Stage Deployment Plan (phase 3) as it was published, with the Stage Mapping Matrix and the Stage Health Card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagePlan {
    /// The currency of every amount.
    #[serde(deserialize_with = "text")]
    pub currency: Currency,
    /// The first and the last quarter that production was read from.
    #[serde(deserialize_with = "texts")]
    pub window: [Quarter; 2],
    /// The matrix: every Invest partner, by name.
    pub stage_mapping: Vec<StageRow>,
    /// The card: the four stages.
    pub stage_health: Vec<StageHealth>,
    /// What of the funnel a reader must not overlook; none in what was published before findings were.
    #[serde(default)]
    pub findings: Vec<StageFinding>,
    /// What Invest partners commit to.
    pub commitments: Vec<StageCommitment>,
    /// The published forecast whose BASE the commitments are held against; none in what was published before plans told.
    #[serde(default)]
    pub forecast: Option<ForecastNamed>,
    /// The commitments beside BASE of the published forecast, stage by stage.
    pub reconciliation: Vec<StageSum>,
    /// Why they differ by more than the policy bears, where they do.
    pub reason: Option<String>,
}

/// A published forecast by what tells it from every other.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastNamed {
    /// The deliverable's id.
    pub id: Uuid,
    /// Its revision.
    pub revision: i32,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
}

/// A row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageRow {
    /// The partner.
    pub partner_id: Uuid,
    /// Its name at that moment.
    pub name: String,
    /// What it won, stage by stage.
    pub stages: Vec<StageProduction>,
}

/// What a partner won in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageProduction {
    /// The stage.
    pub stage: FunnelStage,
    /// Won deals.
    pub deals: u64,
    /// Their ARR in minor units.
    #[serde(deserialize_with = "text")]
    pub arr_minor: i128,
    /// Those of them without a recorded ARR, which add nothing to it.
    pub without_arr: u64,
}

/// A stage on the card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageHealth {
    /// The stage.
    pub stage: FunnelStage,
    /// How well it was covered.
    pub coverage: Coverage,
    /// The Invest partners that produced in it.
    pub producers: Vec<Uuid>,
}

/// What an Invest partner commits to in a stage, for one quarter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageCommitment {
    /// The partner.
    pub partner_id: Uuid,
    /// The stage.
    pub stage: FunnelStage,
    /// The quarter it is for.
    #[serde(deserialize_with = "text")]
    pub for_quarter: Quarter,
    /// ARR in minor units.
    pub arr_minor: i64,
    /// How many deals.
    pub deals: i32,
}

/// A stage's commitments beside BASE, in minor units. There is no BASE for RETAIN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageSum {
    /// The stage.
    pub stage: FunnelStage,
    /// The sum of its commitments.
    #[serde(deserialize_with = "text")]
    pub committed_minor: i128,
    /// BASE.
    #[serde(deserialize_with = "text_or_null")]
    pub base_minor: Option<i128>,
    /// Committed less BASE.
    #[serde(deserialize_with = "text_or_null")]
    pub difference_minor: Option<i128>,
    /// Whether the difference is what the policy bears.
    pub is_within: bool,
}

fn read<T: FromStr, E: Error>(text: &str) -> Result<T, E>
where
    T::Err: Display,
{
    text.parse().map_err(E::custom)
}

fn text<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>
where
    T::Err: Display,
{
    read(&String::deserialize(from)?)
}

fn text_or_null<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error>
where
    T::Err: Display,
{
    Option::<String>::deserialize(from)?.map(|text| read(&text)).transpose()
}

fn texts<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<[T; 2], D::Error>
where
    T::Err: Display,
{
    let [one, other] = <[String; 2]>::deserialize(from)?;
    Ok([read(&one)?, read(&other)?])
}

fn texts_or_null<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<[T; 2]>, D::Error>
where
    T::Err: Display,
{
    let given = Option::<[String; 2]>::deserialize(from)?;
    given.map(|[one, other]| Ok([read(&one)?, read(&other)?])).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recruit_line_of_before_names_no_policy_and_a_later_one_does() {
        let line = |more: &str| -> RecruitLine {
            serde_json::from_str(&format!(
                r#"{{ "partnerId": "00000000-0000-0000-0000-000000000001", "name": "N", "tier": "EXIT", "recommended": "EXIT",
                      "rule": "YIELD_BELOW_COST", "facts": [], "reason": null, "decidedOn": "2026-10-05"{more},
                      "section": {{ "tier": "EXIT", "offboarding": "o", "freedCapacity": "f" }} }}"#
            ))
            .unwrap()
        };
        assert_eq!((line("").policy_version, line("").window), (None, None));
        let told = line(r#", "policyVersion": 2, "window": ["2025-Q4", "2026-Q3"]"#);
        assert_eq!(told.policy_version, Some(2));
        assert_eq!(told.window.map(|window| window[1].to_string()), Some("2026-Q3".to_owned()));
    }

    #[test]
    fn amounts_beyond_what_a_row_holds_are_read_whole_and_a_missing_base_stays_missing() {
        let plan: StagePlan = serde_json::from_str(
            r#"{ "currency": "USD", "window": ["2025-Q4", "2026-Q3"], "reason": null,
                 "stageMapping": [{ "partnerId": "00000000-0000-0000-0000-000000000001", "name": "N", "stages": [
                   { "stage": "TOFU", "deals": 7, "arrMinor": "92233720368547758080", "withoutArr": 0 }] }],
                 "stageHealth": [], "commitments": [],
                 "reconciliation": [{ "stage": "RETAIN", "committedMinor": "-5", "baseMinor": null, "differenceMinor": null, "isWithin": true }] }"#,
        )
        .unwrap();
        assert_eq!(plan.stage_mapping[0].stages[0].arr_minor, 92_233_720_368_547_758_080);
        assert_eq!((plan.reconciliation[0].committed_minor, plan.reconciliation[0].base_minor), (-5, None));
        assert_eq!(plan.window[1].to_string(), "2026-Q3");
        assert_eq!(plan.forecast, None, "it was published before plans named their forecast");
        let wrong = r#"{ "stage": "TOFU", "deals": 1, "arrMinor": "1.5", "withoutArr": 0 }"#;
        assert!(serde_json::from_str::<StageProduction>(wrong).is_err());
    }
}
