//! Phase 0, Profile: the definitions of the ideal customer and the ideal partner, and how well accounts and partners fit them.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::funnel::whole;
use super::office::Caller;
use chrono::NaiveDate;
use domain::capability::Capability;
use domain::firmographics;
use domain::partner::{Partner, PartnerStatus};
use domain::policy::Policy;
use domain::practice::{PartnerRecord, Practice};
use domain::profile::{Attribute, Criterion, Fit, IdealProfile, ProfileFact, ProfileKind, Test, breaches};
use domain::role::Action;
use domain::slice::Slice;
use domain::territory::Territory;
use domain::text;
use entity::Conn;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Today in the program's zone, and the policy that holds.
///
/// # Errors
/// A storage failure.
pub(super) async fn standing(caller: &Caller, conn: &impl Conn, slice: &Slice) -> Result<(NaiveDate, Policy), Failure> {
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    Ok((today, entity::policy::on(conn, slice, today).await?))
}

/// A version of a profile, the latest where none is named; none where the program has none.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, kind: ProfileKind, version: Option<i64>) -> Result<Option<IdealProfile>, Failure> {
    let slice = caller.authorise(Action::ReadIdealProfiles)?;
    Ok(entity::ideal_profile::find(caller.office.store.read(), slice, kind, version).await?)
}

/// Every version of a profile, the latest first.
///
/// # Errors
/// [`Failure`].
pub async fn versions(caller: &Caller, kind: ProfileKind) -> Result<Vec<IdealProfile>, Failure> {
    let slice = caller.authorise(Action::ReadIdealProfiles)?;
    Ok(entity::ideal_profile::versions(caller.office.store.read(), slice, kind).await?)
}

fn tidy(criterion: &mut Criterion) {
    criterion.name = text::tidy(&criterion.name);
    if let Test::AnyOf(words) = &mut criterion.test {
        *words = words.iter().map(|word| text::tidy(word)).collect();
    }
}

/// The segments that a definition names.
fn segments<'a>(criteria: impl Iterator<Item = &'a Criterion>) -> Vec<Uuid> {
    let words = criteria.filter(|it| it.fact == ProfileFact::Segment).filter_map(|it| match &it.test {
        Test::AnyOf(words) => Some(words),
        Test::Between { .. } | Test::Is(_) => None,
    });
    let ids: BTreeSet<Uuid> = words.flatten().map(|word| word.parse().unwrap_or_default()).collect();
    ids.into_iter().collect()
}

/// Sets a profile: its next version, which holds from now on. The done row is the version.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    kind: ProfileKind,
    mut attributes: Vec<Attribute>,
    mut disqualifiers: Vec<Criterion>,
    reason: &str,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SetIdealProfiles, key, async |work| {
        let before = entity::ideal_profile::find(&work.tx, work.slice, kind, None).await?;
        let latest = before.map_or(0, |before| before.version);
        work.expect_version(latest, expected)?;
        attributes.iter_mut().for_each(|attribute| tidy(&mut attribute.criterion));
        disqualifiers.iter_mut().for_each(tidy);
        let mut problems = Problems::default();
        let reason = problems.take("reason", text::name(reason, 2000)).unwrap_or_default();
        for breach in breaches(kind, &attributes, &disqualifiers) {
            let at = breach.at.map(|at| at.to_string());
            let refuse = |path: &[&str]| {
                let path = std::iter::once("input").chain(path.iter().copied()).map(str::to_owned).collect();
                Problem { code: ProblemCode::Invalid, message: breach.message.clone(), path, rule: None }
            };
            problems.push(match &at {
                // An attribute holds its criterion; a disqualifier is one.
                Some(at) if breach.list == "attributes" && breach.field != "weight" => {
                    refuse(&[breach.list, at, "criterion", breach.field])
                }
                Some(at) => refuse(&[breach.list, at, breach.field]),
                None => refuse(&[breach.list]),
            });
        }
        let named = segments(attributes.iter().map(|it| &it.criterion).chain(&disqualifiers));
        if entity::segment::of_ids(&work.tx, work.slice, &named).await?.len() != named.len() {
            problems.note("attributes", ProblemCode::NotFound, "a segment that is named does not exist");
        }
        problems.settle()?;
        let profile = IdealProfile {
            id: work.id(),
            kind,
            version: latest + 1,
            attributes: std::mem::take(&mut attributes),
            disqualifiers: std::mem::take(&mut disqualifiers),
            reason,
            seat_id: work.seat_id(),
            recorded_at: work.now,
        };
        entity::ideal_profile::insert(&work.tx, work.slice, &profile).await?;
        let body = json!({
            "kind": kind, "version": profile.version, "attributes": profile.attributes,
            "disqualifiers": profile.disqualifiers, "reason": profile.reason,
        });
        work.record("idealProfile.set", "IdealProfile", profile.id, body);
        Ok(profile.id)
    })
    .await
}

/// How well these accounts fit the ideal customer profile, as far as the caller sees them; none while the program has no such profile.
///
/// # Errors
/// [`Failure`].
pub async fn of_accounts(caller: &Caller, ids: &[Uuid]) -> Result<HashMap<Uuid, Fit>, Failure> {
    let slice = caller.authorise(Action::ReadTrustGapScore)?;
    let conn = caller.office.store.read();
    let Some(profile) = entity::ideal_profile::find(conn, slice, ProfileKind::Icp, None).await? else {
        return Ok(HashMap::new());
    };
    let (_, policy) = standing(caller, conn, slice).await?;
    let accounts = entity::account::of_ids(conn, slice, ids).await?;
    let recorded: HashMap<Uuid, _> = entity::firmographics::of_accounts(conn, slice, ids)
        .await?
        .into_iter()
        .map(|row| (row.account_id, row))
        .collect();
    let fit = |account: domain::account::Account| {
        let known = firmographics::known(&account, recorded.get(&account.id));
        (account.id, profile.fit(&known, &policy))
    };
    Ok(accounts.into_iter().map(fit).collect())
}

/// How well partners fit the ideal partner profile. All that is read of them is read program-wide, so that a fit is the same for
/// everybody who reads it (ruling 1).
///
/// # Errors
/// A storage failure.
pub(super) async fn fit_of(
    conn: &impl Conn,
    slice: &Slice,
    partners: &[Partner],
    (today, policy): (NaiveDate, &Policy),
) -> Result<HashMap<Uuid, Fit>, Failure> {
    let slice = &whole(slice)?;
    let Some(profile) = entity::ideal_profile::find(conn, slice, ProfileKind::Ipp, None).await? else {
        return Ok(HashMap::new());
    };
    let ids: Vec<Uuid> = partners.iter().map(|partner| partner.id).collect();
    let practices: HashMap<Uuid, Practice> =
        entity::practice::of_partners(conn, slice, &ids).await?.into_iter().map(|row| (row.partner_id, row)).collect();
    let territories: HashMap<Uuid, Territory> =
        entity::territory::of_partners(conn, slice, &ids).await?.into_iter().map(|row| (row.partner_id, row)).collect();
    let mut capabilities: HashMap<Uuid, Vec<Capability>> = HashMap::new();
    for entry in entity::capability::of_partners(conn, slice, &ids).await? {
        if !entry.is_stale(today, policy) {
            capabilities.entry(entry.partner_id).or_default().push(entry);
        }
    }
    let customers = entity::overlap::customers(conn, slice).await?;
    let tiers: HashMap<Uuid, _> = entity::tier_decision::latest_of(conn, slice, &ids)
        .await?
        .into_iter()
        .map(|row| (row.partner_id, row.tier))
        .collect();
    let fit = |partner: &Partner| {
        let entries: Vec<&Capability> = capabilities.get(&partner.id).into_iter().flatten().collect();
        let record = PartnerRecord {
            partner,
            practice: practices.get(&partner.id),
            territory: territories.get(&partner.id),
            capabilities: &entries,
            accounts: customers.get(&partner.id).copied().unwrap_or_default(),
            tier: tiers.get(&partner.id).copied(),
        };
        (partner.id, profile.fit(&record.known(), policy))
    };
    Ok(partners.iter().map(fit).collect())
}

/// How well these partners and candidates fit, as far as the caller sees them.
///
/// # Errors
/// [`Failure`].
pub async fn of_partners(caller: &Caller, ids: &[Uuid]) -> Result<HashMap<Uuid, Fit>, Failure> {
    let slice = caller.authorise(Action::ReadPartnerFit)?;
    let conn = caller.office.store.read();
    let (today, policy) = standing(caller, conn, slice).await?;
    let partners = entity::partner::of_ids(conn, slice, ids).await?;
    fit_of(conn, slice, &partners, (today, &policy)).await
}

/// A partner with its fit; none while the program has no ideal partner profile.
pub type Ranked = (Partner, Option<Fit>);

/// The partners of these statuses that the caller sees, the best fit first: by fit, what has none last, then by name and id.
///
/// # Errors
/// [`Failure`].
pub async fn ranking(caller: &Caller, statuses: &[PartnerStatus]) -> Result<Vec<Ranked>, Failure> {
    let slice = caller.authorise(Action::ReadPartnerFit)?;
    let conn = caller.office.store.read();
    let (today, policy) = standing(caller, conn, slice).await?;
    let mut partners = entity::partner::all(conn, slice).await?;
    partners.retain(|partner| statuses.contains(&partner.status));
    let mut fits = fit_of(conn, slice, &partners, (today, &policy)).await?;
    let mut ranked: Vec<Ranked> =
        partners.into_iter().map(|it| (fits.remove(&it.id), it)).map(|(fit, it)| (it, fit)).collect();
    let value = |(_, fit): &Ranked| fit.as_ref().and_then(|fit| fit.value);
    ranked.sort_by(|one, other| {
        let by_name = || (&one.0.name, one.0.id).cmp(&(&other.0.name, other.0.id));
        // None is the least: downwards it comes last.
        value(other).cmp(&value(one)).then_with(by_name)
    });
    Ok(ranked)
}
