//! Which partner for which deal, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::matching as method;
use domain::role::Action;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::capability::{Capability, CapabilityKind};
use super::global_id;
use super::measurement::{TrustGap, decimal};
use super::partner::Partner;
use super::scalar::Decimal;
use crate::usecase::matching::{self, Matches};

/// What a match is made of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::MatchComponent")]
pub enum MatchComponent {
    /// The share of the deal's needs that valid entries of the capability map answer to.
    Capability,
    /// How near the partner is to the account: 100 where the account belongs to it, 50 (by default) where it was at work there, else 0.
    Overlap,
    /// 100 where a SOLID Trust-Gap in the deal's segment meets the bar (10 points by default), else 0. What is not SOLID is missing.
    TrustGap,
}

/// Why a component is what it is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::MatchReason")]
pub enum MatchReason {
    /// Valid entries answer to every need.
    NeedsMet,
    /// Valid entries answer to some needs.
    SomeNeedsMet,
    /// No entry answers to a need.
    NoNeedMet,
    /// Entries answer, but all of them must be validated again before they count.
    OnlyStaleEntries,
    /// Missing: nothing is recorded of the deal and its account that a capability could answer to.
    NoNeeds,
    /// The account belongs to the partner or buys through it.
    ItsCustomer,
    /// The partner was at work on the account: an attribution or a recorded touch.
    AtWorkOnAccount,
    /// The partner is not recorded on the account.
    NotOnAccount,
    /// Missing: the deal names no account.
    NoAccount,
    /// Missing: nobody has recorded a partner on any account of the program.
    NoOverlapFacts,
    /// The Trust-Gap in the deal's segment is SOLID and meets the bar.
    TrustGapMet,
    /// It is SOLID and does not meet the bar.
    TrustGapNotMet,
    /// Missing: it is measured on too few deals to count.
    TrustGapThin,
    /// Missing: there is none in this segment.
    TrustGapUnmeasured,
    /// Missing: the deal has no segment.
    NoSegment,
}

/// A component of a match.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::MatchPartners))]
pub struct MatchLine {
    /// Which.
    component: MatchComponent,
    /// Why it is so.
    reason: MatchReason,
    /// The same as a sentence.
    message: &'static str,
    /// Its own score, 0 to 100; null where it is missing.
    score: Option<Decimal>,
    /// Its weight in the program's policy.
    weight: Decimal,
    /// The points that it adds to the match: score x weight / all weights; 0 where it is missing.
    contribution: Decimal,
}

/// What a deal asks for, of one kind of capability.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::MatchPartners))]
pub struct DealNeed {
    /// The kind.
    kind: CapabilityKind,
    /// Any of these will do: the account's industry, its region and country, the deal's products and the account's integrations. Empty
    /// of BUYER_RELATIONSHIP, which asks for a buyer at the deal's account.
    any_of: Vec<String>,
}

/// A partner matched with a deal.
pub struct PartnerMatch {
    all: Arc<Matches>,
    at: usize,
}

impl PartnerMatch {
    fn found(&self) -> &method::Match {
        &self.all.ranked[self.at].1
    }
}

/// A partner matched with a deal.
#[Object(directive = Allow::apply(Action::MatchPartners))]
impl PartnerMatch {
    /// Its rank among the partners that you may see, from 1. Ties go by name, then by id.
    async fn rank(&self) -> i32 {
        i32::try_from(self.at + 1).unwrap_or(i32::MAX)
    }

    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.all.ranked[self.at].0.clone())
    }

    /// From 0 to 100: the weighted mean of its components, where one that is missing adds nothing. The same for everybody who reads it.
    async fn score(&self) -> Decimal {
        decimal(self.found().score)
    }

    /// Its components, each with why.
    async fn components(&self) -> Vec<MatchLine> {
        let shown = |line: &method::MatchLine| MatchLine {
            component: line.component.into(),
            reason: line.reason.into(),
            message: line.reason.sentence(),
            score: line.score.map(decimal),
            weight: Decimal(line.weight),
            contribution: decimal(line.contribution),
        };
        self.found().lines.iter().map(shown).collect()
    }

    /// The needs that a valid entry of its answers to.
    async fn needs_met(&self) -> Vec<CapabilityKind> {
        self.found().needs_met.iter().map(|kind| (*kind).into()).collect()
    }

    /// Its entries that answer to a need, stale ones among them.
    async fn entries(&self) -> Vec<Capability> {
        self.found().entries.iter().map(|entry| Capability(self.all.entry(entry.clone()))).collect()
    }

    /// Its Trust-Gap in the deal's segment; null where the deal has none.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn trust_gap(&self) -> Option<TrustGap> {
        self.found().trust_gap.clone().map(|gap| TrustGap(gap, self.all.measures.clone()))
    }
}

/// The partners of a deal, ranked by the capability map, by overlap on the account and by Trust-Gap in the deal's segment.
pub struct PartnerMatches(pub(super) Arc<Matches>);

/// The partners of a deal, ranked by the capability map, by overlap on the account and by Trust-Gap in the deal's segment.
#[Object(directive = Allow::apply(Action::MatchPartners))]
impl PartnerMatches {
    /// What the deal asks for, as far as it and its account are recorded.
    async fn needs(&self) -> Vec<DealNeed> {
        let shown = |need: &method::Need| DealNeed { kind: need.kind.into(), any_of: need.any_of.clone() };
        self.0.needs.iter().map(shown).collect()
    }

    /// The partners at work that you may see, the best match first.
    async fn matches(&self) -> Vec<PartnerMatch> {
        (0..self.0.ranked.len()).map(|at| PartnerMatch { all: self.0.clone(), at }).collect()
    }

    /// The deal's global id.
    async fn deal_id(&self) -> ID {
        global_id::encode("Deal", self.0.deal_id)
    }

    /// The version of the program's policy: its weights and bars.
    async fn policy_version(&self) -> i64 {
        self.0.measures.policy.version
    }
}

/// Reads of matches.
#[derive(Default)]
pub struct MatchingQuery;

#[Object]
impl MatchingQuery {
    /// Which partners match a deal, and why; null when there is no such deal, or none that you may see.
    #[graphql(directive = Allow::apply(Action::MatchPartners))]
    async fn match_partners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deal.")] deal_id: ID,
        #[graphql(desc = "At most so many: 1 to 100, 10 when left out.")] first: Option<i32>,
    ) -> Result<Option<PartnerMatches>> {
        let first = first.unwrap_or(10);
        if !(1..=100).contains(&first) {
            return Err(coded("BAD_USER_INPUT", "first is 1 to 100"));
        }
        let first = usize::try_from(first).unwrap_or_default();
        let found = matching::matches(caller(ctx)?, global_id::of_kind(&deal_id, "Deal"), first).await;
        Ok(found.map_err(|why| failed(&why))?.map(|matches| PartnerMatches(Arc::new(matches))))
    }
}
