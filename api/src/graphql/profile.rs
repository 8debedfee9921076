//! Ideal profiles, and how well accounts and partners fit them, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::profile as method;
use domain::profile::{Shape, Test};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::loader;
use super::measurement::decimal;
use super::partner::{Partner, PartnerStatus};
use super::scalar::{DateTime, Decimal};
use super::segment::Segment;
use super::{global_id, partner};
use crate::usecase::profile;

/// Whose profile it is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ProfileKind", name = "IdealProfileKind")]
pub enum ProfileKind {
    /// The ideal customer profile: of accounts.
    Icp,
    /// The ideal partner profile: of partners and candidates.
    Ipp,
}

/// A recorded fact that a profile can test.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ProfileFact")]
pub enum ProfileFact {
    /// ICP: the account's segment. IPP: the segments that the partner serves: its practice's, else its territory's. Tested with
    /// `segmentIds`.
    Segment,
    /// ICP: the account's region. IPP: the regions of its practice, else of its territory, and its GEOGRAPHIC capabilities.
    Region,
    /// ICP: the account's country, two letters.
    Country,
    /// ICP: the account's industry. IPP: the verticals of its practice and its INDUSTRY capabilities.
    Industry,
    /// ICP: how many people the account employs. A number.
    Employees,
    /// ICP: whether an integration is installed. A flag.
    IntegrationPresent,
    /// ICP: the integrations that are installed.
    Integration,
    /// ICP: the clouds on which the account holds a commitment.
    CloudCommitment,
    /// ICP: who the vendor is there today: OURS, NOBODY or COMPETITOR.
    Incumbency,
    /// IPP: the kind of partner, such as MSP.
    Kind,
    /// IPP: its TECHNICAL capabilities.
    Technology,
    /// IPP: the motions of its practice.
    Motion,
    /// IPP: how many customers it has: its practice's number, else the accounts that belong to it. A number.
    InstallBase,
    /// IPP: the seats that it manages. A number.
    SeatsManaged,
    /// IPP: the people that a customer of it employs on average. A number.
    AverageCustomerSize,
    /// IPP: the investment tier that was decided last: INVEST, MAINTAIN, TEST or EXIT.
    Tier,
}

/// Whether a criterion is met.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Met", name = "CriterionState")]
pub enum Met {
    /// The fact passes the test.
    Met,
    /// It is known, and does not.
    NotMet,
    /// Nobody recorded it: it counts neither for nor against.
    Unknown,
}

/// What a fit says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Verdict", name = "FitVerdict")]
pub enum Verdict {
    /// At the program's bar or above it (60 by default).
    Fits,
    /// Below the bar.
    BelowBar,
    /// A disqualifier is met: the score is 0, whatever the attributes say.
    Disqualified,
    /// Less is known than the policy asks for (half of the weights by default): there is no score.
    NotKnown,
}

/// A test of one fact.
pub struct ProfileCriterion(method::Criterion);

/// A test of one fact.
#[Object(directive = Allow::apply(Action::ReadIdealProfiles))]
impl ProfileCriterion {
    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The fact.
    async fn fact(&self) -> ProfileFact {
        self.0.fact.into()
    }

    /// Words of which one must be the fact's; null of another kind of test, and of SEGMENT.
    async fn any_of(&self) -> Option<&[String]> {
        match &self.0.test {
            Test::AnyOf(words) if self.0.fact != method::ProfileFact::Segment => Some(words),
            Test::AnyOf(_) | Test::Between { .. } | Test::Is(_) => None,
        }
    }

    /// Segments of which one must be the fact's; null of another fact.
    async fn segments(&self, ctx: &Context<'_>) -> Result<Option<Vec<Segment>>> {
        let (Test::AnyOf(words), method::ProfileFact::Segment) = (&self.0.test, self.0.fact) else { return Ok(None) };
        let found = words.iter().map(|word| loader::segment(ctx, word.parse().unwrap_or_default()));
        Ok(Some(futures_util::future::try_join_all(found).await?.into_iter().flatten().map(Segment).collect()))
    }

    /// The least that the number may be; null without such a limit.
    async fn at_least(&self) -> Option<Decimal> {
        match self.0.test {
            Test::Between { least, .. } => least.map(Decimal),
            Test::AnyOf(_) | Test::Is(_) => None,
        }
    }

    /// The most that the number may be; null without such a limit.
    async fn at_most(&self) -> Option<Decimal> {
        match self.0.test {
            Test::Between { most, .. } => most.map(Decimal),
            Test::AnyOf(_) | Test::Is(_) => None,
        }
    }

    /// What the flag must be; null of another kind of test.
    async fn is(&self) -> Option<bool> {
        match self.0.test {
            Test::Is(wanted) => Some(wanted),
            Test::AnyOf(_) | Test::Between { .. } => None,
        }
    }
}

/// A criterion that counts for the fit.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadIdealProfiles))]
pub struct ProfileAttribute {
    /// The test.
    criterion: ProfileCriterion,
    /// How much it counts beside the others.
    weight: Decimal,
}

/// One version of an ideal profile. The latest one holds.
pub struct IdealProfile(pub(super) method::IdealProfile);

/// One version of an ideal profile. The latest one holds.
#[Object(directive = Allow::apply(Action::ReadIdealProfiles))]
impl IdealProfile {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("IdealProfile", self.0.id)
    }

    /// Whose profile it is.
    async fn kind(&self) -> ProfileKind {
        self.0.kind.into()
    }

    /// The version, from 1, for `expectedVersion` of the next one.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// What counts for the fit, in the order in which it was given.
    async fn attributes(&self) -> Vec<ProfileAttribute> {
        let shown = |it: &method::Attribute| ProfileAttribute {
            criterion: ProfileCriterion(it.criterion.clone()),
            weight: Decimal(it.weight),
        };
        self.0.attributes.iter().map(shown).collect()
    }

    /// What ends it, whatever the attributes say.
    async fn disqualifiers(&self) -> Vec<ProfileCriterion> {
        self.0.disqualifiers.iter().cloned().map(ProfileCriterion).collect()
    }

    /// Why it was set so.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was set: a lever, so a chart can show before and after.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// An attribute in a fit.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFit))]
pub struct FitLine {
    /// The criterion's name.
    name: String,
    /// The fact that it tests.
    fact: ProfileFact,
    /// Its weight.
    weight: Decimal,
    /// Whether it is met.
    state: Met,
    /// The points that it adds to the score: 100 x weight / the known weights where it is met, 0 where it is not, null while it is
    /// unknown. All of them add up to the score, unless a disqualifier is met.
    contribution: Option<Decimal>,
}

/// A disqualifier in a fit.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFit))]
pub struct FitDisqualifier {
    /// The criterion's name.
    name: String,
    /// The fact that it tests.
    fact: ProfileFact,
    /// Whether it is met, which ends the matter.
    state: Met,
}

/// How well a partner, a candidate or an account fits the latest ideal profile of its kind.
pub struct ProfileFit(pub(super) method::Fit);

/// How well a partner, a candidate or an account fits the latest ideal profile of its kind.
#[Object(directive = Allow::apply(Action::ReadFit))]
impl ProfileFit {
    /// From 0 to 100: 100 x the weights met / the weights whose fact is known. 0 where a disqualifier is met. Null where less is known
    /// than the policy asks for, half of the weights by default; `reason` says so.
    async fn score(&self) -> Option<Decimal> {
        self.0.value.map(decimal)
    }

    /// What it would be if every unknown attribute were not met; 0 where a disqualifier is unknown, because it may be met.
    async fn lowest_score(&self) -> Decimal {
        decimal(self.0.lowest)
    }

    /// What it would be if every unknown attribute were met.
    async fn highest_score(&self) -> Decimal {
        decimal(self.0.highest)
    }

    /// The weights whose fact is known, as a share of all, 0 to 1.
    async fn known_rate(&self) -> Decimal {
        decimal(self.0.known_rate)
    }

    /// The program's bar.
    async fn bar_score(&self) -> Decimal {
        Decimal(self.0.bar)
    }

    /// What it says.
    async fn verdict(&self) -> Verdict {
        self.0.verdict.into()
    }

    /// Why there is no score, or why it is 0, in a sentence; null where the parts say it all.
    async fn reason(&self) -> Option<String> {
        match self.0.verdict {
            method::Verdict::NotKnown => {
                Some(format!("Too little is known: nobody recorded {}.", self.0.unknown().join(", ")))
            }
            method::Verdict::Disqualified => Some(format!("Disqualified by {}.", self.0.disqualified_by().join(", "))),
            method::Verdict::Fits | method::Verdict::BelowBar => None,
        }
    }

    /// The attributes, in the profile's order.
    async fn lines(&self) -> Vec<FitLine> {
        let shown = |line: &method::FitLine| FitLine {
            name: line.name.clone(),
            fact: line.fact.into(),
            weight: Decimal(line.weight),
            state: line.met.into(),
            contribution: line.contribution.map(decimal),
        };
        self.0.lines.iter().map(shown).collect()
    }

    /// The disqualifiers, in the profile's order.
    async fn disqualifiers(&self) -> Vec<FitDisqualifier> {
        let shown = |it: &method::Disqualified| FitDisqualifier {
            name: it.name.clone(),
            fact: it.fact.into(),
            state: it.met.into(),
        };
        self.0.disqualifiers.iter().map(shown).collect()
    }

    /// The attributes and disqualifiers whose fact nobody recorded, by name.
    async fn unknown(&self) -> Vec<&str> {
        self.0.unknown()
    }

    /// The disqualifiers that are met, by name.
    async fn disqualified_by(&self) -> Vec<&str> {
        self.0.disqualified_by()
    }

    /// The version of the profile.
    async fn profile_version(&self) -> i64 {
        self.0.profile_version
    }

    /// The version of the program's policy.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }
}

/// A partner or candidate in the order of its fit.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPartnerFit))]
pub struct PartnerFitRank {
    /// The partner.
    partner: Partner,
    /// Its fit; null while the program has no ideal partner profile.
    fit: Option<ProfileFit>,
}

/// How a fact is tested.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFactShape {
    /// With `anyOf` (SEGMENT with `segmentIds`).
    Words,
    /// With `atLeast` and `atMost`.
    Number,
    /// With `is`.
    Flag,
}

/// A fact that a profile of a kind can test.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadIdealProfiles))]
pub struct TestableFact {
    /// The fact.
    fact: ProfileFact,
    /// How it is tested.
    shape: ProfileFactShape,
}

/// Reads of ideal profiles and fits.
#[derive(Default)]
pub struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// An ideal profile: the latest version, or one; null where the program has none.
    #[graphql(directive = Allow::apply(Action::ReadIdealProfiles))]
    async fn ideal_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose profile.")] kind: ProfileKind,
        #[graphql(desc = "A version; the latest where it is left out.")] version: Option<i64>,
    ) -> Result<Option<IdealProfile>> {
        let found = profile::find(caller(ctx)?, kind.into(), version).await.map_err(|why| failed(&why))?;
        Ok(found.map(IdealProfile))
    }

    /// Every version of an ideal profile, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadIdealProfiles))]
    async fn ideal_profile_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose profile.")] kind: ProfileKind,
    ) -> Result<Vec<IdealProfile>> {
        let found = profile::versions(caller(ctx)?, kind.into()).await.map_err(|why| failed(&why))?;
        Ok(found.into_iter().map(IdealProfile).collect())
    }

    /// The facts that a profile of a kind can test, and how.
    #[graphql(directive = Allow::apply(Action::ReadIdealProfiles))]
    async fn profile_facts(&self, #[graphql(desc = "Whose profile.")] kind: ProfileKind) -> Vec<TestableFact> {
        use strum::IntoEnumIterator;
        let shown = |fact: method::ProfileFact| TestableFact {
            fact: fact.into(),
            shape: match fact.shape() {
                Shape::Words => ProfileFactShape::Words,
                Shape::Number => ProfileFactShape::Number,
                Shape::Flag => ProfileFactShape::Flag,
            },
        };
        method::ProfileFact::iter().filter(|fact| fact.is_of(kind.into())).map(shown).collect()
    }

    /// The partners that you may see by how well they fit the ideal partner profile, the best first; those without a score last. The
    /// filter that turns a long list into a focused one.
    #[graphql(directive = Allow::apply(Action::ReadPartnerFit))]
    async fn partner_fits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of these statuses; candidates and active partners where it is left out.")] statuses: Option<
            Vec<PartnerStatus>,
        >,
    ) -> Result<Vec<PartnerFitRank>> {
        let statuses = statuses.unwrap_or_else(|| vec![PartnerStatus::Candidate, PartnerStatus::Active]);
        let statuses: Vec<_> = statuses.into_iter().map(Into::into).collect();
        let ranked = profile::ranking(caller(ctx)?, &statuses).await.map_err(|why| failed(&why))?;
        let shown =
            |(row, fit): profile::Ranked| PartnerFitRank { partner: partner::Partner(row), fit: fit.map(ProfileFit) };
        Ok(ranked.into_iter().map(shown).collect())
    }
}
