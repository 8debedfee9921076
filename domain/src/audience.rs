//! The one policy: which roles may do what (LOOP.md section 5, ruling 17).

use crate::action::Action;
use crate::role::{Role, RoleSet};

use Role::{CustomerAe, Finance, Leadership, Operator, Partner, PartnerAe, PartnerManager, Portfolio, Revops};

const EVERYONE: &[Role] =
    &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership, Portfolio, Partner];
const PROGRAM: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership, Partner];
const VENDOR: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance, Leadership];
const DEAL_SIDE: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops];
const DEAL_AND_FINANCE: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Finance];
const FIT_READERS: &[Role] = &[Operator, PartnerAe, CustomerAe, PartnerManager, Revops, Leadership];
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
            Self::ReadOverlap => &[Operator, PartnerAe, PartnerManager, Revops],
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
            Self::ReadLevelActivity => &[Operator, PartnerAe, PartnerManager, Revops, Partner],
            Self::ReadLevelBenefits => VENDOR,
            Self::ManageLevelBenefits => LEADERS,
            Self::ComputeLevels => &[Revops],
            Self::ReadFoundation => VENDOR,
            Self::WriteFoundation => LEADERS,
            Self::SignFoundation => &[Revops, Finance],
            Self::ReadConfidence => MONEY,
            Self::ActivateFoundation | Self::AnswerConfidence => &[Operator],
            Self::CosignConfidence => &[Leadership],
            Self::ReadDeliverableContent => LEADERS,
            Self::ReadRecommendations => MONEY,
            Self::ReadOperatorHours => PIPELINE,
            Self::LogOperatorHours => &[Operator],
            Self::OpenIteration | Self::DecideTier | Self::WriteRecruitPlan | Self::PublishRecruitPlan => &[Operator],
            Self::ReadCfoPack | Self::ReadReconciliation => MONEY,
            Self::SignReconciliation => &[Finance],
            // Clocks and jobs.
            Self::ReadSlaClocks => REGISTRATION_READERS,
            Self::ReadSlaRates => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::RunJobs => &[Revops],
            Self::ReadRegistrations | Self::ReadTerritories => REGISTRATION_READERS,
            Self::ReadRegistrationsInside => DEAL_SIDE,
            Self::ReadRegistrationRules => LEADERS,
            Self::ManageRegistrationRules => &[Revops],
            Self::SubmitRegistrations => &[PartnerManager, Revops, Partner],
            Self::DecideRegistrations => &[Operator, CustomerAe, PartnerManager, Revops],
            Self::DecideConflicts | Self::AssignRegistrations => LEADERS,
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
            // Contracts.
            Self::ReadContracts => SCORECARD_READERS,
            Self::ReadContractNotes => &[Operator, PartnerManager, Revops],
            Self::ManageContracts => &[Revops],
            // The 90-day plan.
            Self::ReadRollout => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::StartRollout => &[Operator],
            Self::TickRollout => LEADERS,
            // Handoffs.
            Self::ReadHandoffRules => DEAL_SIDE,
            Self::ManageHandoffRules => LEADERS,
            Self::ReadHandoffs | Self::AcknowledgeHandoffs => REGISTRATION_READERS,
            // Joint calls, sessions of the joint pod, escalations.
            Self::ReadJointCalls | Self::ReadEscalations => REGISTRATION_READERS,
            Self::OpenEscalations | Self::AnswerEscalations => REGISTRATION_READERS,
            Self::RecordJointCalls => &[PartnerAe, CustomerAe, PartnerManager, Revops],
            Self::ReadEscalationPaths => DEAL_SIDE,
            Self::ManageEscalationPaths => &[Revops],
            // The system map.
            Self::ReadSystemMap => VENDOR,
            Self::ReadLeverValues => MONEY,
            Self::WriteSystemMap => LEADERS,
            // Profile.
            Self::ReadIdealProfiles => VENDOR,
            Self::SetIdealProfiles | Self::RecruitCandidates | Self::TryPlans => LEADERS,
            Self::ReadFit => FIT_READERS,
            Self::ReadPartnerFit => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::ReadCapabilities | Self::MatchPartners | Self::ReadTrustGapScore => DEAL_SIDE,
            Self::ManageCapabilities => &[Operator, PartnerManager, Revops],
            Self::ReadAccountScore => LEADERS,
            Self::QualifyDeals => &[PartnerAe, CustomerAe, Revops],
            Self::CompareInvestment => MONEY,
            // Advice and handover.
            Self::ReadAdvisories | Self::ReadHandover | Self::ManageCosellTriggers => LEADERS,
            Self::ReadBriefing | Self::ReadCosellTriggers => DEAL_SIDE,
            // A Partner Manager's slice is deals with its partners: of deals without one it would always be told that there are none.
            Self::ReadCosellTriggered => &[Operator, PartnerAe, CustomerAe, Revops],
            Self::ReadAlliances => &[Operator, PartnerAe, PartnerManager, Revops, Leadership],
            Self::ManageAlliances => &[Operator, PartnerManager, Revops],
            Self::ReadAlliancePipeline | Self::ReadMdfAccess => &[Operator, PartnerAe, PartnerManager, Revops],
        })
    }
}
