//! Which partner for which deal: ranked from the capability map, from overlap on the account and from Trust-Gap in the deal's segment,
//! with the reasons (LOOP.md section 2, Profile; seed 001, match criteria; ruling 41).
//!
//! A rank must compare partners with each other, so all weights count always: an input that is missing adds nothing, and is named. Of
//! Trust-Gap a match takes no more than whether a SOLID one meets the bar: so the score is the same for a role that may read the points
//! and for one that may not, and gives none of them away (ruling 30).

use crate::capability::{Capability, CapabilityKind};
use crate::evidence::Evidence;
use crate::overlap::Overlap;
use crate::policy::Policy;
use crate::text;
use crate::trust_gap::TrustGap;
use chrono::NaiveDate;
use rust_decimal::{Decimal, dec};
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// What a deal asks for, of one kind of capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The kind.
    pub kind: CapabilityKind,
    /// Any of these will do; of a BUYER_RELATIONSHIP, none: the account is asked for.
    pub any_of: Vec<String>,
    /// The account.
    pub account_id: Option<Uuid>,
}

/// What is recorded of a deal and its account that a capability can answer to.
#[derive(Clone, Debug, Default)]
pub struct DealFacts {
    /// The account.
    pub account_id: Option<Uuid>,
    /// The account's industry.
    pub industry: Option<String>,
    /// The account's region and country.
    pub places: Vec<String>,
    /// The deal's products and the account's integrations.
    pub technologies: Vec<String>,
}

impl DealFacts {
    /// What the deal asks for: one need for each kind of which something is recorded.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let words = |kind| match kind {
            CapabilityKind::Industry => self.industry.iter().cloned().collect(),
            CapabilityKind::Technical => self.technologies.clone(),
            CapabilityKind::Geographic => self.places.clone(),
            CapabilityKind::BuyerRelationship => Vec::new(),
        };
        let need = |kind| {
            let any_of: Vec<String> = words(kind);
            let account_id = self.account_id.filter(|_| kind == CapabilityKind::BuyerRelationship);
            (!any_of.is_empty() || account_id.is_some()).then_some(Need { kind, any_of, account_id })
        };
        CapabilityKind::iter().filter_map(need).collect()
    }
}

impl Need {
    /// Whether an entry answers to it.
    #[must_use]
    pub fn is_met_by(&self, entry: &Capability) -> bool {
        let says = |word: &String| text::key(word) == text::key(&entry.value);
        entry.kind == self.kind
            && match self.account_id {
                Some(_) => entry.account_id == self.account_id,
                None => self.any_of.iter().any(says),
            }
    }
}

/// What a match is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchComponent {
    /// The needs of the deal that the capability map answers to.
    Capability,
    /// How near the partner is to the account.
    Overlap,
    /// Whether a SOLID Trust-Gap in the deal's segment meets the bar.
    TrustGap,
}

/// Why a component is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchReason {
    /// Entries that are valid answer to every need.
    NeedsMet,
    /// They answer to some.
    SomeNeedsMet,
    /// They answer to none.
    NoNeedMet,
    /// Only entries that must be validated again answer to any.
    OnlyStaleEntries,
    /// Nothing is recorded of the deal and its account that a capability could answer to.
    NoNeeds,
    /// The account belongs to the partner or buys through it.
    ItsCustomer,
    /// The partner was at work on the account.
    AtWorkOnAccount,
    /// The partner is not recorded on the account.
    NotOnAccount,
    /// The deal names no account.
    NoAccount,
    /// Nobody has recorded a partner on any account of the program.
    NoOverlapFacts,
    /// The Trust-Gap in the deal's segment is SOLID and meets the bar.
    TrustGapMet,
    /// It is SOLID and does not.
    TrustGapNotMet,
    /// It is measured on too few deals to count.
    TrustGapThin,
    /// There is none in this segment.
    TrustGapUnmeasured,
    /// The deal has no segment.
    NoSegment,
}

impl MatchReason {
    /// The reason in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NeedsMet => "Valid entries of the capability map answer to everything that the deal asks for.",
            Self::SomeNeedsMet => "Valid entries of the capability map answer to a part of what the deal asks for.",
            Self::NoNeedMet => "No entry of the capability map answers to what the deal asks for.",
            Self::OnlyStaleEntries => {
                "Entries answer to what the deal asks for, but must be validated again before they count."
            }
            Self::NoNeeds => "Nothing is recorded of the deal and its account that a capability could answer to.",
            Self::ItsCustomer => "The account belongs to the partner or buys through it.",
            Self::AtWorkOnAccount => "The partner was at work on the account: an attribution or a recorded touch.",
            Self::NotOnAccount => "The partner is not recorded on the account.",
            Self::NoAccount => "The deal names no account.",
            Self::NoOverlapFacts => "Nobody has recorded a partner on any account of the program yet.",
            Self::TrustGapMet => "The Trust-Gap in the deal's segment is SOLID and meets the bar.",
            Self::TrustGapNotMet => "The Trust-Gap in the deal's segment is SOLID and does not meet the bar.",
            Self::TrustGapThin => "The Trust-Gap in the deal's segment is THIN, and only a SOLID one counts.",
            Self::TrustGapUnmeasured => "There is no Trust-Gap in the deal's segment, and only a SOLID one counts.",
            Self::NoSegment => "The deal has no segment to read a Trust-Gap in.",
        }
    }

    /// Whether the component is missing, and so adds nothing.
    #[must_use]
    pub const fn is_missing(self) -> bool {
        match self {
            Self::NoNeeds
            | Self::NoAccount
            | Self::NoOverlapFacts
            | Self::TrustGapThin
            | Self::TrustGapUnmeasured
            | Self::NoSegment => true,
            Self::NeedsMet
            | Self::SomeNeedsMet
            | Self::NoNeedMet
            | Self::OnlyStaleEntries
            | Self::ItsCustomer
            | Self::AtWorkOnAccount
            | Self::NotOnAccount
            | Self::TrustGapMet
            | Self::TrustGapNotMet => false,
        }
    }
}

/// A component of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchLine {
    /// Which.
    pub component: MatchComponent,
    /// Why it is so.
    pub reason: MatchReason,
    /// Its own score, 0 to 100; none where it is missing.
    pub score: Option<Decimal>,
    /// Its weight.
    pub weight: Decimal,
    /// The points that it adds to the match, unrounded: score x weight / all weights; 0 where it is missing.
    pub contribution: Decimal,
}

/// What is known of a partner for a deal.
#[derive(Clone, Debug)]
pub struct MatchFacts {
    /// The partner.
    pub partner_id: Uuid,
    /// Its name, by which ties are broken.
    pub name: String,
    /// Its entries of the capability map.
    pub capabilities: Vec<Capability>,
    /// How near it is to the account; the reason where that cannot be said.
    pub overlap: Result<Overlap, MatchReason>,
    /// Its Trust-Gap in the deal's segment; none where the deal has none.
    pub trust_gap: Option<TrustGap>,
}

/// A partner matched with a deal.
#[derive(Clone, Debug)]
pub struct Match {
    /// The partner.
    pub partner_id: Uuid,
    /// From 0 to 100, unrounded.
    pub score: Decimal,
    /// The components.
    pub lines: Vec<MatchLine>,
    /// The entries that answer to a need, stale ones among them.
    pub entries: Vec<Capability>,
    /// The needs that a valid entry answers to, by kind.
    pub needs_met: Vec<CapabilityKind>,
    /// Its Trust-Gap in the deal's segment.
    pub trust_gap: Option<TrustGap>,
}

/// Ranks partners for a deal: by score, then by name, then by id.
#[must_use]
pub fn rank(needs: &[Need], partners: Vec<MatchFacts>, today: NaiveDate, policy: &Policy) -> Vec<Match> {
    let mut ranked: Vec<(Match, String)> = partners.into_iter().map(|facts| of(needs, facts, today, policy)).collect();
    ranked.sort_by(|(one, one_name), (other, other_name)| {
        let by_name = || (one_name, one.partner_id).cmp(&(other_name, other.partner_id));
        other.score.cmp(&one.score).then_with(by_name)
    });
    ranked.into_iter().map(|(found, _)| found).collect()
}

fn of(needs: &[Need], facts: MatchFacts, today: NaiveDate, policy: &Policy) -> (Match, String) {
    let numbers = &policy.profile;
    let weights = [numbers.match_capability_weight, numbers.match_overlap_weight, numbers.match_trust_gap_weight];
    let all: Decimal = weights.iter().sum();
    let MatchFacts { partner_id, name, capabilities, overlap, trust_gap } = facts;
    let entries: Vec<Capability> =
        capabilities.into_iter().filter(|entry| needs.iter().any(|need| need.is_met_by(entry))).collect();
    let is_met = |need: &&Need| entries.iter().any(|entry| need.is_met_by(entry) && !entry.is_stale(today, policy));
    let needs_met: Vec<CapabilityKind> = needs.iter().filter(is_met).map(|need| need.kind).collect();
    let scored = [
        mapped(needs.len(), needs_met.len(), entries.is_empty()),
        near(overlap, policy),
        trusted(trust_gap.as_ref(), policy),
    ];
    let lines: Vec<MatchLine> = MatchComponent::iter()
        .zip(scored)
        .zip(weights)
        .map(|((component, (reason, score)), weight)| {
            let contribution = score.and_then(|score| (score * weight).checked_div(all)).unwrap_or_default();
            MatchLine { component, reason, score, weight, contribution }
        })
        .collect();
    // Divided once, so that equal partners are equal to the last digit.
    let sum: Decimal = lines.iter().map(|line| line.score.unwrap_or_default() * line.weight).sum();
    let score = sum.checked_div(all).unwrap_or_default();
    (Match { partner_id, score, lines, entries, needs_met, trust_gap }, name)
}

fn mapped(needs: usize, met: usize, is_without_entry: bool) -> (MatchReason, Option<Decimal>) {
    if needs == 0 {
        return (MatchReason::NoNeeds, None);
    }
    let reason = match met {
        0 if is_without_entry => MatchReason::NoNeedMet,
        0 => MatchReason::OnlyStaleEntries,
        met if met == needs => MatchReason::NeedsMet,
        _ => MatchReason::SomeNeedsMet,
    };
    (reason, Some(Decimal::from(met) * dec!(100) / Decimal::from(needs)))
}

fn near(overlap: Result<Overlap, MatchReason>, policy: &Policy) -> (MatchReason, Option<Decimal>) {
    let reason = match overlap {
        Ok(Overlap::Customer) => MatchReason::ItsCustomer,
        Ok(Overlap::Touched) => MatchReason::AtWorkOnAccount,
        Ok(Overlap::Nothing) => MatchReason::NotOnAccount,
        Err(reason) => reason,
    };
    (reason, overlap.ok().map(|overlap| overlap.score(policy)))
}

fn trusted(gap: Option<&TrustGap>, policy: &Policy) -> (MatchReason, Option<Decimal>) {
    let Some(gap) = gap else { return (MatchReason::NoSegment, None) };
    match (gap.evidence, gap.points) {
        (Evidence::Solid, Ok(points)) if points >= policy.profile.match_bar_points => {
            (MatchReason::TrustGapMet, Some(dec!(100)))
        }
        (Evidence::Solid, Ok(_)) => (MatchReason::TrustGapNotMet, Some(Decimal::ZERO)),
        (Evidence::Thin, _) => (MatchReason::TrustGapThin, None),
        (Evidence::None | Evidence::Solid, _) => (MatchReason::TrustGapUnmeasured, None),
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
