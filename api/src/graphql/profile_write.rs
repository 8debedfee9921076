//! Changes of ideal profiles, and the recruiting of candidates.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::profile::{Attribute, Criterion, Test};
use domain::role::Action;

use super::advisory::{Advisory, shown};
use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::profile::{IdealProfile, ProfileFact, ProfileKind};
use super::scalar::Decimal;
use super::{global_id, loader};
use crate::usecase::{Problem, ProblemCode, advisory, candidate, profile};

/// A test of one fact. How each fact is tested stands in `profileFacts`.
#[derive(InputObject)]
pub struct ProfileCriterionInput {
    /// What people call it, 1 to 100 characters, once in a profile.
    name: String,
    /// The fact.
    fact: ProfileFact,
    /// Words of which one must be the fact's, but for case and white space; 1 to 100.
    any_of: Option<Vec<String>>,
    /// SEGMENT only: segments of which one must be the fact's; 1 to 100.
    segment_ids: Option<Vec<ID>>,
    /// The least that the number may be.
    at_least: Option<Decimal>,
    /// The most that the number may be.
    at_most: Option<Decimal>,
    /// What the flag must be.
    is: Option<bool>,
}

/// A criterion that counts for the fit.
#[derive(InputObject)]
pub struct ProfileAttributeInput {
    /// The test.
    criterion: ProfileCriterionInput,
    /// How much it counts beside the others: more than 0, at most 1000.
    weight: Decimal,
}

/// An ideal profile, whole: it is the next version.
#[derive(InputObject)]
pub struct IdealProfileSetInput {
    /// Whose profile it is.
    kind: ProfileKind,
    /// What counts for the fit, 1 to 30 entries.
    #[graphql(validator(max_items = 100))]
    attributes: Vec<ProfileAttributeInput>,
    /// What ends it, at most 30 entries.
    #[graphql(default, validator(max_items = 100))]
    disqualifiers: Vec<ProfileCriterionInput>,
    /// Why it is set so, 1 to 2000 characters.
    reason: String,
    /// The version you read, 0 where there is none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting an ideal profile.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SetIdealProfiles))]
pub struct IdealProfileSetPayload {
    /// The new version; null when it was refused.
    ideal_profile: Option<IdealProfile>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A candidate that becomes a partner.
#[derive(InputObject)]
pub struct CandidateRecruitInput {
    /// The candidate.
    partner_id: ID,
    /// Why, 1 to 2000 characters: required where its fit is below the bar, disqualified or not known.
    reason: Option<String>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recruiting a candidate.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecruitCandidates))]
pub struct CandidateRecruitPayload {
    /// The partner as it is now; null when it was refused.
    partner: Option<Partner>,
    /// What to think of although it was done: PROGRAM_NOT_SYSTEM while the confidence check says PROGRAM (stop adding partners).
    warnings: Vec<Advisory>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

fn criterion(input: &ProfileCriterionInput, list: &str, at: usize) -> Result<Criterion, Problem> {
    let at = at.to_string();
    let refuse = |message: &str| {
        if list == "attributes" {
            Problem::at([list, &at, "criterion", "fact"], ProblemCode::Invalid, message)
        } else {
            Problem::at([list, &at, "fact"], ProblemCode::Invalid, message)
        }
    };
    let ids = input
        .segment_ids
        .as_ref()
        .map(|ids| Test::AnyOf(global_id::all_of_kind(ids, "Segment").iter().map(ToString::to_string).collect()));
    let words = input.any_of.clone().map(Test::AnyOf);
    let (least, most) = (input.at_least.map(|it| it.0), input.at_most.map(|it| it.0));
    let range = (least.is_some() || most.is_some()).then_some(Test::Between { least, most });
    let is_by_id = input.fact == ProfileFact::Segment;
    if (is_by_id && words.is_some()) || (!is_by_id && ids.is_some()) {
        return Err(refuse("SEGMENT is tested with segmentIds, every other fact without"));
    }
    let mut tests = [ids, words, range, input.is.map(Test::Is)].into_iter().flatten();
    match (tests.next(), tests.next()) {
        (Some(test), None) => Ok(Criterion { name: input.name.clone(), fact: input.fact.into(), test }),
        _ => Err(refuse("give exactly one of anyOf, segmentIds, atLeast with atMost, is")),
    }
}

/// Changes of ideal profiles and candidates.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Sets an ideal profile, as a whole: its next version, which holds from now on. Every fit follows at once.
    #[graphql(directive = Allow::apply(Action::SetIdealProfiles))]
    async fn ideal_profile_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The profile.")] input: IdealProfileSetInput,
    ) -> Result<IdealProfileSetPayload> {
        let caller = caller(ctx)?;
        let kind = input.kind.into();
        let work = async |key| {
            let mut attributes = Vec::with_capacity(input.attributes.len());
            for (at, it) in input.attributes.iter().enumerate() {
                let criterion = criterion(&it.criterion, "attributes", at)?;
                attributes.push(Attribute { criterion, weight: it.weight.0 });
            }
            let mut disqualifiers = Vec::with_capacity(input.disqualifiers.len());
            for (at, it) in input.disqualifiers.iter().enumerate() {
                disqualifiers.push(criterion(it, "disqualifiers", at)?);
            }
            profile::set(caller, kind, attributes, disqualifiers, &input.reason, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("idealProfileSet", input.idempotency_key.as_ref(), &input, work).await?;
        let ideal_profile = match id {
            Some(id) => {
                let versions = profile::versions(caller, kind).await.map_err(|why| failed(&why))?;
                versions.into_iter().find(|version| version.id == id).map(IdealProfile)
            }
            None => None,
        };
        Ok(IdealProfileSetPayload { ideal_profile, replayed, user_errors })
    }

    /// Recruits a candidate: it is an active partner from now on. Below the bar of the ideal partner profile it takes a written reason
    /// (CANDIDATE_BELOW_BAR).
    #[graphql(directive = Allow::apply(Action::RecruitCandidates))]
    async fn candidate_recruit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The candidate.")] input: CandidateRecruitInput,
    ) -> Result<CandidateRecruitPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            candidate::recruit(caller, id, input.reason.as_deref(), input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("candidateRecruit", input.idempotency_key.as_ref(), &input, work).await?;
        let partner = match id {
            Some(id) => loader::partner(ctx, id).await?.map(Partner),
            None => None,
        };
        let warnings = if id.is_some() {
            let advised = advisory::advised(caller).await.map_err(|why| failed(&why))?;
            let is_told = |it: &&domain::advisory::Advisory| {
                it.kind == domain::advisory::AdvisoryKind::ProgramNotSystem && it.is_raised == Some(true)
            };
            advised.all.iter().filter(is_told).map(shown).collect()
        } else {
            Vec::new()
        };
        Ok(CandidateRecruitPayload { partner, warnings, replayed, user_errors })
    }
}
