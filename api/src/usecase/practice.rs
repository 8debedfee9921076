//! The practices of partners: whom they serve, where, how large, in which motions.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::practice::Practice;
use domain::role::Action;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// The whole of a practice. What is left empty is unknown.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Segments.
    pub segments: Vec<Uuid>,
    /// Regions.
    pub regions: Vec<String>,
    /// Industries.
    pub verticals: Vec<String>,
    /// Motions.
    pub motions: Vec<String>,
    /// How many customers.
    pub install_base: Option<i64>,
    /// How many seats.
    pub seats_managed: Option<i64>,
    /// How many people a customer employs on average.
    pub average_customer_size: Option<i64>,
}

/// The practices of these partners, as far as the caller sees them.
///
/// # Errors
/// [`Failure`].
pub async fn of_partners(caller: &Caller, partners: &[Uuid]) -> Result<Vec<Practice>, Failure> {
    let slice = caller.authorise(Action::ReadCapabilities)?;
    Ok(entity::practice::of_partners(caller.office.store.read(), slice, partners).await?)
}

fn listed(problems: &mut Problems, path: &str, given: &[String]) -> Vec<String> {
    if given.len() > 50 {
        problems.note(path, ProblemCode::Invalid, "at most 50 entries");
    }
    given.iter().filter_map(|entry| problems.take(path, text::name(entry, 100))).collect()
}

/// Sets a partner's practice, as a whole. The done row is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    partner: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageCapabilities, key, async |work| {
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let before = entity::practice::of_partners(&work.tx, work.slice, &[partner]).await?.pop();
        let version = before.map_or(0, |practice| practice.version);
        work.expect_version(version, expected)?;
        let mut problems = Problems::default();
        if facts.segments.len() > 100 {
            problems.note("segmentIds", ProblemCode::Invalid, "at most 100 entries");
        } else if entity::segment::of_ids(&work.tx, work.slice, &facts.segments).await?.len() != facts.segments.len() {
            problems.note("segmentIds", ProblemCode::NotFound, "there is no such segment, or one is named twice");
        }
        for (path, number) in [
            ("installBase", facts.install_base),
            ("seatsManaged", facts.seats_managed),
            ("averageCustomerSize", facts.average_customer_size),
        ] {
            if number.is_some_and(|number| number < 0) {
                problems.note(path, ProblemCode::Invalid, "0 or more");
            }
        }
        let practice = Practice {
            partner_id: partner,
            segments: facts.segments.clone(),
            regions: listed(&mut problems, "regions", &facts.regions),
            verticals: listed(&mut problems, "verticals", &facts.verticals),
            motions: listed(&mut problems, "motions", &facts.motions),
            install_base: facts.install_base,
            seats_managed: facts.seats_managed,
            average_customer_size: facts.average_customer_size,
            version: version + 1,
            recorded_at: work.now,
        };
        problems.settle()?;
        entity::practice::put(&work.tx, work.slice, &practice).await?;
        let body = json!({
            "segmentIds": practice.segments, "regions": practice.regions, "verticals": practice.verticals,
            "motions": practice.motions, "installBase": practice.install_base, "seatsManaged": practice.seats_managed,
            "averageCustomerSize": practice.average_customer_size, "version": practice.version,
        });
        work.record("practice.set", "Partner", partner, body);
        Ok(partner)
    })
    .await
}
