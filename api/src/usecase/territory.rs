//! Where partners may register accounts, set by RevOps.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::role::Action;
use domain::territory::{Territory, suffix};
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// The whole of a territory. An empty list allows everything of its kind.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Segments.
    pub segments: Vec<Uuid>,
    /// Regions, in the vendor's words.
    pub regions: Vec<String>,
    /// Endings of domains.
    pub suffixes: Vec<String>,
}

/// The territory of a partner that the caller may see; none where it may go everywhere.
///
/// # Errors
/// [`Failure`].
pub async fn of_partner(caller: &Caller, partner: Uuid) -> Result<Option<Territory>, Failure> {
    let slice = caller.authorise(Action::ReadTerritories)?;
    Ok(entity::territory::find(caller.office.store.read(), slice, partner).await?)
}

/// Sets a partner's territory. The done row is the partner.
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
    commit(caller, Action::ManageRegistrationRules, key, async |work| {
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let before = entity::territory::find(&work.tx, work.slice, partner).await?;
        let version = before.map_or(0, |territory| territory.version);
        work.expect_version(version, expected)?;
        let mut problems = Problems::default();
        for (path, size) in [
            ("segmentIds", facts.segments.len()),
            ("regions", facts.regions.len()),
            ("domainSuffixes", facts.suffixes.len()),
        ] {
            if size > 100 {
                problems.note(path, ProblemCode::Invalid, "at most 100 entries");
            }
        }
        if entity::segment::of_ids(&work.tx, work.slice, &facts.segments).await?.len() != facts.segments.len() {
            problems.note("segmentIds", ProblemCode::NotFound, "each is a segment of the program, named once");
        }
        let regions = facts.regions.iter().filter_map(|region| problems.take("regions", text::name(region, 200)));
        let regions: Vec<String> = regions.collect();
        let suffixes: Vec<String> = facts.suffixes.iter().filter_map(|ending| suffix(ending)).collect();
        if suffixes.len() != facts.suffixes.len() {
            problems.note("domainSuffixes", ProblemCode::Invalid, "an ending of domains is written like de or co.uk");
        }
        problems.settle()?;
        let segments = facts.segments.clone();
        let version = version + 1;
        let territory = Territory { partner_id: partner, segments, regions, suffixes, version, recorded_at: work.now };
        entity::territory::put(&work.tx, work.slice, &territory).await?;
        let body = json!({ "segmentIds": territory.segments, "regions": territory.regions,
            "domainSuffixes": territory.suffixes, "version": version });
        work.record("territory.set", "Partner", partner, body);
        Ok(partner)
    })
    .await
}
