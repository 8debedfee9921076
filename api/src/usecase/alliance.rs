//! Strategic alliances: agreed, reviewed, and what they have come to.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::money;
use super::office::Caller;
use chrono::NaiveDate;
use domain::alliance::{Alliance, AllianceStanding, ReviewCadence};
use domain::money::Currency;
use domain::partner::PartnerKind;
use domain::role::Action;
use domain::text;
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// What is agreed.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The vendor's executive sponsor.
    pub vendor_sponsor: String,
    /// The partner's executive sponsor.
    pub partner_sponsor: String,
    /// What the joint open pipeline is to be.
    pub pipeline_target: (Decimal, Currency),
    /// How many customers the two are to have together.
    pub customer_target: i32,
    /// How often it is reviewed.
    pub cadence: ReviewCadence,
    /// The day of a review that was held; the last one stays where it is left out.
    pub reviewed_on: Option<NaiveDate>,
}

/// An alliance with what it has come to.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What is agreed.
    pub alliance: Alliance,
    /// What it has come to.
    pub standing: AllianceStanding,
    /// Whether its review is overdue today.
    pub is_overdue: bool,
}

/// The alliances that the caller may see, or the one with a partner.
///
/// # Errors
/// [`Failure`].
pub async fn standing(caller: &Caller, partner: Option<Uuid>) -> Result<Vec<Standing>, Failure> {
    let slice = caller.authorise(Action::ReadAlliances)?;
    let conn = caller.office.store.read();
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let alliances = match partner {
        None => entity::alliance::all(conn, slice).await?,
        Some(partner) => entity::alliance::find(conn, slice, partner).await?.into_iter().collect(),
    };
    let mut found = Vec::with_capacity(alliances.len());
    for alliance in alliances {
        let standing = entity::alliance::standing(conn, slice, alliance.partner_id).await?;
        found.push(Standing { is_overdue: alliance.is_overdue(today), alliance, standing });
    }
    Ok(found)
}

/// Agrees an alliance with a partner of that kind, or changes it. The done row is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    partner_id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageAlliances, key, async |work| {
        let partner = entity::partner::find(&work.tx, work.slice, partner_id).await?;
        let partner =
            partner.ok_or_else(|| Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner"))?;
        if partner.kind != PartnerKind::StrategicAlliance {
            let message = "only a partner of the kind STRATEGIC_ALLIANCE has these terms";
            return Err(Problem::at(["partnerId"], ProblemCode::RuleRefused, message).by("NOT_AN_ALLIANCE").into());
        }
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let today = program.calendar.day(work.now);
        let before = entity::alliance::find(&work.tx, work.slice, partner_id).await?;
        let version = before.as_ref().map_or(0, |before| before.version);
        work.expect_version(version, expected)?;
        let mut problems = Problems::default();
        let vendor_sponsor = problems.take("vendorSponsor", text::name(&facts.vendor_sponsor, 200));
        let partner_sponsor = problems.take("partnerSponsor", text::name(&facts.partner_sponsor, 200));
        let (amount, currency) = facts.pipeline_target;
        if currency != program.currency {
            let message = format!("the target is in {}, the currency of the program", program.currency);
            problems.note("pipelineTarget", ProblemCode::Invalid, message);
        }
        if facts.customer_target < 0 {
            problems.note("customerTarget", ProblemCode::Invalid, "customers are counted from 0");
        }
        if facts.reviewed_on.is_some_and(|day| day > today) {
            problems.note("reviewedOn", ProblemCode::Invalid, "what has not happened yet was not reviewed");
        }
        problems.settle()?;
        let target = money::amount("pipelineTarget", amount, currency)?;
        let alliance = Alliance {
            partner_id,
            vendor_sponsor: vendor_sponsor.unwrap_or_default(),
            partner_sponsor: partner_sponsor.unwrap_or_default(),
            pipeline_target_minor: target.minor,
            customer_target: facts.customer_target,
            cadence: facts.cadence,
            reviewed_on: facts.reviewed_on.or(before.as_ref().and_then(|before| before.reviewed_on)),
            since: before.as_ref().map_or(today, |before| before.since),
            version: version + 1,
            recorded_at: work.now,
        };
        entity::alliance::write(&work.tx, work.slice, &alliance).await?;
        let cadence: &str = alliance.cadence.into();
        let body = json!({ "vendorSponsor": alliance.vendor_sponsor, "partnerSponsor": alliance.partner_sponsor,
            "pipelineTargetMinor": alliance.pipeline_target_minor, "customerTarget": alliance.customer_target,
            "cadence": cadence, "reviewedOn": alliance.reviewed_on, "version": alliance.version });
        work.record("alliance.set", "Partner", partner_id, body);
        Ok(partner_id)
    })
    .await
}
