//! The quarter's plan: how far partners reach into segments, the spend planned on each, and the forecast, published.

use super::people::once;
use super::simulation::World;
use crate::usecase::spend_plan::{self, Line};
use crate::usecase::{Caller, iteration, seat, segment, tam};
use domain::money::{Currency, Money};
use domain::partner::PartnerStatus;
use domain::tam::{PenetrationLevel, YieldRule};
use uuid::Uuid;

/// The weight from which on a partner has shown its account list of a segment.
const LISTED: f64 = 0.55;

/// Plans and publishes as the operator would.
///
/// # Errors
/// A refusal or a storage failure.
pub(super) async fn enter(world: &World, operator: &Caller) -> anyhow::Result<()> {
    iteration::open(operator, None, once("iterationOpen", world.running.to_string())).await?;
    let segments = segment::all(operator).await?;
    for it in world.market.partners.iter().filter(|it| it.status == PartnerStatus::Active) {
        let [partner] = seat::partners_named(operator, &[it.id.to_owned()]).await?[..] else { continue };
        // Everything else is read off the overlap of the accounts.
        for fit in it.fits.iter().filter(|fit| fit.weight >= LISTED) {
            let name = world.market.segments[fit.segment].name;
            let Some(segment) = segments.iter().find(|segment| segment.name == name) else { continue };
            let reason = "We went through its whole account list together: half of the segment's accounts are in it.";
            let key = once("penetrationSet", format!("{} {name}", it.id));
            let level = PenetrationLevel::Deep;
            spend_plan::set_penetration(operator, partner, segment.id, level, reason, None, key).await?;
        }
        plan(world, operator, it.id, partner).await?;
    }
    tam::publish(operator, world.running, None, once("forecastPublish", world.running.to_string())).await?;
    Ok(())
}

/// More for who earned it: half as much again on a Yield of 6x, a tenth more on 3x, and as before on less.
async fn plan(world: &World, operator: &Caller, name: &str, partner: Uuid) -> anyhow::Result<()> {
    let Some(plan) = spend_plan::of_partner(operator, partner, Some(world.running)).await? else { return Ok(()) };
    let lines = (0..4).map(|step| Line {
        quarter: world.running.plus(step),
        segment_id: None,
        amount: (quarter_of(&plan.rule, plan.currency), plan.currency),
        expected: None,
    });
    if plan.rule.trailing_minor > 0 {
        spend_plan::set(operator, partner, lines.collect(), once("plannedSpendSet", name)).await?;
    }
    Ok(())
}

/// What to plan for a quarter, in whole hundreds.
fn quarter_of(rule: &YieldRule, currency: Currency) -> rust_decimal::Decimal {
    let multiple = rule.multiple.unwrap_or_default();
    let tenths = match multiple {
        high if high >= 6.into() => 15,
        good if good >= 3.into() => 11,
        _ => 10,
    };
    let hundred = 100 * 10_i128.pow(currency.minor_digits());
    let minor = rule.trailing_minor * tenths / 40 / hundred * hundred;
    Money { minor: i64::try_from(minor).unwrap_or_default(), currency }.major()
}
