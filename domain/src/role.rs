//! Who may do what: the nine seats of LOOP.md section 5 and one policy for all of them.
//!
//! Everything that depends on a role derives from [`Action::audience`]: the guard of a use case, the visibility of a
//! GraphQL field, the `@allow` printed in `schema.graphql`, and the golden `role_matrix.txt`.

use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumIter, EnumString, IntoStaticStr};

/// A seat in the loop. The role comes from the seat row, never from the token (ruling 28).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumCount,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Leads the program.
    Operator,
    /// The vendor's Pod member who reads the partner side ("Architect").
    PartnerAe,
    /// Owns the customer motion of its deals ("Closer").
    CustomerAe,
    /// Holds the relationship with the partners it manages.
    PartnerManager,
    /// Instruments the Stack: imports, segments, seats, tokens, policy ("Auditor").
    Revops,
    /// Owns spend, rates, payouts; reads money and the Conservative band.
    Finance,
    /// CRO, CFO, board: totals and partners.
    Leadership,
    /// A private-equity operating partner: roll-ups of its programs, no program of its own.
    Portfolio,
    /// The outside company, through a token scoped to one partner.
    Partner,
}

impl Role {
    /// The role's word on the wire, such as `PARTNER_AE`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The role as a bit of a [`RoleSet`].
    #[must_use]
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoleSet(u16);

impl RoleSet {
    /// The set of exactly these roles.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < roles.len() {
            bits |= roles[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether the role is in the set.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// The roles that are in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

use Role::{CustomerAe, Finance, Leadership, Operator, Partner, PartnerAe, PartnerManager, Portfolio, Revops};

const EVERYONE: &[Role] =
    &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership, Portfolio, Partner];
const PROGRAM: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership, Partner];
const VENDOR: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership];
const DEAL_SIDE: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops];
const DEAL_AND_FINANCE: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance];
const DEAL_READERS: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Partner];
const REGISTRATION_READERS: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Partner];
const GAP_READERS: &[Role] = &[Operator, PartnerAe, Revops, Finance, Leadership];
const GAP_AND_PARTNER: &[Role] = &[Operator, PartnerAe, Revops, Finance, Leadership, Partner];
const SCORECARD_READERS: &[Role] = &[Operator, PartnerAe, PartnerManager, Revops, Finance, Leadership, Partner];
const SCORECARD_INSIDE: &[Role] = &[Operator, PartnerAe, PartnerManager, Revops, Finance, Leadership];
const SCORECARD_AND_PORTFOLIO: &[Role] = &[Operator, PartnerAe, PartnerManager, Revops, Finance, Leadership, Portfolio];
const MONEY: &[Role] = &[Operator, Revops, Finance, Leadership];
const BOOKS: &[Role] = &[Operator, Revops, Finance];
const MONEY_AND_PORTFOLIO: &[Role] = &[Operator, Revops, Finance, Leadership, Portfolio];
const PIPELINE: &[Role] = &[Operator, Revops, Leadership];
const LEADERS: &[Role] = &[Operator, Revops];
const FORECAST_READERS: &[Role] = &[Operator, PartnerAe, PartnerManager, Revops, Finance, Leadership];

/// One thing that a seat may want. A field, an argument, a root field and a use case each name the action they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
pub enum Action {
    /// Read who one is, and what limits apply.
    ReadSelf,
    /// Read the program's name, currency and calendar.
    ReadProgram,
    /// Read the program's internal settings: versions, counts of facts.
    ReadProgramInside,
    /// Read partners by name and kind.
    ReadPartners,
    /// Read what the vendor notes about a partner: external id, status, manager.
    ReadPartnersInside,
    /// Read a partner's people.
    ReadContacts,
    /// Read segments.
    ReadSegments,
    /// Read a segment's addressable accounts.
    ReadSegmentsInside,
    /// Read accounts.
    ReadAccounts,
    /// Read deals: name, outcome, dates.
    ReadDeals,
    /// Read a deal's money and attribution provenance.
    ReadDealMoney,
    /// Read a deal's working fields: stage, owner, next step.
    ReadDealWork,
    /// Read which partners a deal is attributed to.
    ReadAttribution,
    /// Read activities: touches, meetings, notes.
    ReadActivities,
    /// Read Trust-Gap in points, with the direct win rate.
    ReadTrustGap,
    /// Read the reading and evidence of a Trust-Gap.
    ReadTrustGapReading,
    /// Read the Partner Audit Matrix.
    ReadAuditMatrix,
    /// Read a partner's scorecard.
    ReadScorecard,
    /// Read a scorecard as of any date, and of any partner in the slice.
    ReadScorecardInside,
    /// Read the Deal Velocity Premium.
    ReadVelocity,
    /// Read Yield.
    ReadYield,
    /// Read who gets credit for a deal: the models' shares, which are shown whole or not at all, and quota credit.
    ReadCredit,
    /// Read the program's data version, which counts changes of all rows.
    ReadDataVersion,
    /// Read all people of a partner, not its reps alone.
    ReadAllContacts,
    /// Read program spend line by line.
    ReadSpend,
    /// Read program totals.
    ReadTotals,
    /// Read the open pipeline in totals.
    ReadPipeline,
    /// Read how a number was computed.
    ReadExplanation,
    /// Read the program's policy.
    ReadPolicy,
    /// Read exchange rates.
    ReadFxRates,
    /// Read seats and pods.
    ReadSeats,
    /// Read partner and machine tokens with their last use.
    ReadTokens,
    /// Read import runs and their rows.
    ReadImports,
    /// Read the record of changes.
    ReadChanges,
    /// Read the roll-ups of a portfolio.
    ReadPortfolio,
    // The ledger.
    /// Read the ledger's entries whole.
    ReadLedger,
    /// Read receipts of entries, checkpoints and the proofs between them; a partner those that name it.
    ReadReceipts,
    /// Change the program's settings and stages.
    ManageProgram,
    /// Create and change segments.
    ManageSegments,
    /// Create and change accounts.
    ManageAccounts,
    /// Create and change partners.
    ManagePartners,
    /// Create and change a partner's people.
    ManageContacts,
    /// Create and change pods and seats.
    ManageSeats,
    /// Mint and revoke partner and machine tokens.
    ManageTokens,
    /// Create deals and change their facts.
    ManageDeals,
    /// Move a deal through its stages and note its next step.
    AdvanceDeals,
    /// Declare who did what for a deal.
    DeclareAttribution,
    /// Log an activity.
    LogActivities,
    /// Record program spend.
    RecordSpend,
    /// Set an exchange rate.
    SetFxRates,
    // Policy.
    /// Draft and activate the program's policy.
    ManagePolicy,
    /// Import files.
    Import,
    // Disputes.
    /// Read contested claims and disputed attributions.
    ReadDisputes,
    /// Contest a claim or dispute an attribution.
    OpenDisputes,
    /// Decide a dispute.
    DecideDisputes,
    // Credit.
    /// Read the credit table.
    ReadCreditTable,
    /// Mark a deal as excluded for fraud or forbidden traffic.
    ExcludeDeals,
    /// Put an introduction on record.
    RecordIntroductions,
    // Phase 2, TAM (ruling 17: each band is its own action).
    /// Read a forecast at all: its quarters, partners and segments.
    ReadForecast,
    /// Read the CONSERVATIVE band of a forecast.
    ReadForecastConservative,
    /// Read the BASE band of a forecast.
    ReadForecastBase,
    /// Read the STRETCH band of a forecast.
    ReadForecastStretch,
    /// Read from which measured Yield a band took the one that it counts.
    ReadForecastYield,
    /// Read from which measured Trust-Gap a band took the one that it counts.
    ReadForecastTrustGap,
    /// Read forecasts as they would be published now.
    ReadForecastDraft,
    /// Read planned spend line by line, and the penetration of segments.
    ReadSpendPlan,
    /// Plan spend.
    PlanSpend,
    /// Set by hand how far a partner reaches into a segment.
    SetPenetration,
    /// Publish a forecast.
    PublishForecast,
    // Recruit, Funnel, Foundation.
    /// Read iterations and their phases.
    ReadIterations,
    /// Open the iteration of a quarter.
    OpenIteration,
    /// Read what was published: kind, revision, hash, when.
    ReadDeliverables,
    /// Read the whole content of what was published, every band of it.
    ReadDeliverableContent,
    /// Read a partner's investment tier and its history.
    ReadTiers,
    /// Read which tier the system recommends, with Yield and Trust-Gap as the facts that decided.
    ReadRecommendations,
    /// Decide a partner's investment tier.
    DecideTier,
    /// Read the Recruit Plan.
    ReadRecruitPlan,
    /// Write the sections of the Recruit Plan.
    WriteRecruitPlan,
    /// Publish the Recruit Plan.
    PublishRecruitPlan,
    // Clocks and jobs.
    /// Read the promises between the vendor and partners one by one, with their due times.
    ReadSlaClocks,
    /// Read how promises were kept, program-wide.
    ReadSlaRates,
    /// Run the scheduled jobs, and read their runs.
    RunJobs,
    // Deal registration.
    /// Read deal registrations.
    ReadRegistrations,
    /// Read what the vendor notes about a registration: its owner, its account, its place in the line.
    ReadRegistrationsInside,
    /// Read where a partner may register accounts.
    ReadTerritories,
    /// Read the rules that route registrations to owners.
    ReadRegistrationRules,
    /// Set the routing rules and the territories of partners.
    ManageRegistrationRules,
    /// Ask about an account, register it, attach a meeting's summary, take it back.
    SubmitRegistrations,
    /// Touch a registration, approve or refuse it, begin its validity anew.
    DecideRegistrations,
    /// Read and decide conflicts of claims on one account.
    DecideConflicts,
    /// Read the Primary Sale gate of a deal.
    ReadGate,
    /// Log that the partner's own rep is committed to a deal.
    LogPrimarySale,
    /// Confirm, as the partner, that the rep is committed.
    ConfirmPrimarySale,
    /// Ask whether a joint activity may be done on a deal.
    RequestJointActivity,
    /// Read the Pod's requests to partners.
    ReadPodRequests,
    /// Ask a partner's rep for something.
    AskPartners,
    /// Answer a request of the Pod, as the partner.
    AnswerPod,
    /// Read the texts of messages.
    ReadTemplates,
    // Where deals came from, and ids in other systems.
    /// Read the ids of accounts, partners and deals in other systems.
    ReadExternalRefs,
    /// Give rows ids in other systems, and take them away.
    ManageExternalRefs,
    /// Read which partner motions go with closed-won.
    ReadMotions,
    // Leads.
    /// Read leads: what they are about, and where they are.
    ReadLeads,
    /// Read how leads are worked: source, account, owner, notes.
    ReadLeadsInside,
    /// Read which share of leads sales accepts.
    ReadSalAcceptance,
    /// Record leads: one's own as a partner, on behalf of partners, any.
    RecordLeads,
    /// Accept and refuse leads.
    DecideLeads,
    /// Give a lead to somebody.
    AssignLeads,
    /// Turn accepted leads into deals.
    ConvertLeads,
    /// Read who produces in which stage of the funnel, and how healthy each stage is.
    ReadFunnel,
    /// Read the Stage Deployment Plan: its sums are BASE within a percent.
    ReadDeployment,
    /// Write the commitments of the Stage Deployment Plan.
    WriteDeployment,
    /// Publish the Stage Deployment Plan.
    PublishDeployment,
    /// Read a partner's program level.
    ReadLevel,
    /// Read what a program level was computed from.
    ReadLevelFacts,
    /// Compute the program levels of a quarter.
    ComputeLevels,
    /// Read the steps of the Foundation: the definitions that everybody works by.
    ReadFoundation,
    /// Write the definition of a step.
    WriteFoundation,
    /// Agree to a definition.
    SignFoundation,
    /// Put a definition in force, or give the template back.
    ActivateFoundation,
    /// Read the confidence check.
    ReadConfidence,
    /// Answer the confidence check.
    AnswerConfidence,
    /// Co-sign an answer of the confidence check.
    CosignConfidence,
}

impl Action {
    /// The roles that may do it: LOOP.md section 5 with ruling 17, row by row.
    #[must_use]
    pub const fn audience(self) -> RoleSet {
        RoleSet::of(match self {
            Self::ReadSelf => EVERYONE,
            Self::ReadProgram | Self::ReadPartners | Self::ReadSegments => PROGRAM,
            Self::ReadProgramInside | Self::ReadPartnersInside | Self::ReadSegmentsInside => VENDOR,
            Self::ReadContacts | Self::ReadAccounts | Self::ReadDealWork | Self::ReadActivities => DEAL_SIDE,
            Self::ReadDeals | Self::ReadAttribution => DEAL_READERS,
            Self::ReadDealMoney => DEAL_AND_FINANCE,
            Self::ReadTrustGap | Self::ReadAuditMatrix => GAP_READERS,
            Self::ReadExplanation => FORECAST_READERS,
            Self::ReadTrustGapReading => GAP_AND_PARTNER,
            Self::ReadScorecard => SCORECARD_READERS,
            Self::ReadScorecardInside => SCORECARD_INSIDE,
            Self::ReadVelocity => SCORECARD_AND_PORTFOLIO,
            Self::ReadYield => MONEY_AND_PORTFOLIO,
            Self::ReadSpend | Self::ReadFxRates | Self::ReadCredit => BOOKS,
            Self::ReadTotals => MONEY,
            Self::ReadPipeline => PIPELINE,
            Self::ReadPolicy | Self::ReadSeats | Self::ReadImports | Self::ReadDataVersion => LEADERS,
            Self::ReadAllContacts => &[Operator, PartnerAe, PartnerManager, Revops],
            Self::ReadTokens | Self::ReadChanges => &[Revops],
            Self::ReadPortfolio => &[Portfolio],
            Self::ReadLedger => BOOKS,
            Self::ReadReceipts => &[Operator, Revops, Finance, Partner],
            Self::ManageProgram | Self::ManageSegments | Self::ManageAccounts | Self::ManageSeats => &[Revops],
            Self::ManageTokens | Self::ManageDeals | Self::Import => &[Revops],
            Self::ManagePartners => LEADERS,
            // Policy.
            Self::ManagePolicy => &[Revops],
            Self::ManageContacts => &[Operator, PartnerManager, Revops],
            Self::AdvanceDeals => &[CustomerAe, Revops],
            Self::DeclareAttribution => &[PartnerAe, Revops],
            Self::LogActivities => &[PartnerAe, CustomerAe, PartnerManager, Revops],
            Self::RecordSpend | Self::SetFxRates => &[Finance],
            Self::ReadDisputes => &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Partner],
            Self::OpenDisputes => &[PartnerAe, CustomerAe, PartnerManager, Partner],
            Self::ReadCreditTable => PROGRAM,
            Self::RecordIntroductions => &[PartnerAe, PartnerManager, Revops, Partner],
            Self::DecideDisputes | Self::ExcludeDeals => &[Revops],
            Self::ReadForecast => FORECAST_READERS,
            Self::ReadForecastConservative => {
                &[Operator, PartnerAe, PartnerManager, Revops, Finance, Leadership, Portfolio]
            }
            Self::ReadForecastBase => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::ReadForecastYield => PIPELINE,
            Self::ReadForecastTrustGap => &[Operator, PartnerAe, Revops, Leadership],
            Self::ReadForecastStretch | Self::ReadForecastDraft | Self::SetPenetration => LEADERS,
            Self::ReadSpendPlan => BOOKS,
            Self::PlanSpend => &[Operator, Finance],
            Self::PublishForecast => &[Operator],
            Self::ReadIterations => VENDOR,
            Self::ReadDeliverables | Self::ReadTiers | Self::ReadRecruitPlan | Self::ReadFunnel => SCORECARD_INSIDE,
            Self::ReadDeployment => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::WriteDeployment | Self::PublishDeployment => &[Operator],
            Self::ReadLevel => PROGRAM,
            Self::ReadLevelFacts => SCORECARD_READERS,
            Self::ComputeLevels => &[Revops],
            Self::ReadFoundation => VENDOR,
            Self::WriteFoundation => LEADERS,
            Self::SignFoundation => &[Revops, Finance],
            Self::ReadConfidence => MONEY,
            Self::ActivateFoundation | Self::AnswerConfidence => &[Operator],
            Self::CosignConfidence => &[Leadership],
            Self::ReadDeliverableContent => LEADERS,
            Self::ReadRecommendations => MONEY,
            Self::OpenIteration | Self::DecideTier | Self::WriteRecruitPlan | Self::PublishRecruitPlan => &[Operator],
            // Clocks and jobs.
            Self::ReadSlaClocks => &[Operator, PartnerAe, PartnerManager, Revops, Partner],
            Self::ReadSlaRates => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::RunJobs => &[Revops],
            Self::ReadRegistrations | Self::ReadTerritories => REGISTRATION_READERS,
            Self::ReadRegistrationsInside => DEAL_SIDE,
            Self::ReadRegistrationRules => LEADERS,
            Self::ManageRegistrationRules => &[Revops],
            Self::SubmitRegistrations => &[PartnerManager, Revops, Partner],
            Self::DecideRegistrations => &[Operator, CustomerAe, PartnerManager, Revops],
            Self::DecideConflicts => LEADERS,
            Self::ReadGate => REGISTRATION_READERS,
            Self::LogPrimarySale => &[PartnerAe, CustomerAe, Revops],
            Self::ConfirmPrimarySale => &[Partner],
            Self::RequestJointActivity => DEAL_SIDE,
            Self::ReadPodRequests => REGISTRATION_READERS,
            Self::AskPartners => &[PartnerAe, CustomerAe, PartnerManager, Revops],
            Self::AnswerPod => &[Partner],
            Self::ReadTemplates => &[Operator, PartnerManager, Revops],
            Self::ReadExternalRefs => DEAL_AND_FINANCE,
            Self::ReadLeads => &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Partner],
            Self::ReadLeadsInside => DEAL_SIDE,
            Self::ReadMotions => GAP_READERS,
            Self::ReadSalAcceptance => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::RecordLeads => &[PartnerManager, Revops, Partner],
            Self::DecideLeads => &[PartnerAe, CustomerAe, PartnerManager, Revops],
            Self::AssignLeads => &[Revops],
            Self::ConvertLeads => &[PartnerAe, CustomerAe, Revops],
            Self::ManageExternalRefs => &[Revops],
        })
    }
}

/// The one question: may a seat of this role do this?
#[must_use]
pub const fn may(role: Role, action: Action) -> bool {
    action.audience().contains(role)
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
