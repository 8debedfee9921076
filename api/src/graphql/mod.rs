//! How it is asked for: types, arguments and wording. Each resolver is one call of a use case.

pub mod account;
pub mod account_write;
pub mod activity;
pub mod advisory;
pub mod alliance;
pub mod allow;
pub mod attribution;
pub mod audit;
pub mod briefing;
mod caller;
pub mod capability;
pub mod catalogue;
pub mod cfo;
pub mod change;
pub mod claim;
pub mod contract;
pub mod cosell;
pub mod credit;
pub mod deal;
pub mod deal_list;
pub mod deal_write;
pub mod deliverable;
pub mod deployment;
pub mod dispute;
pub mod economics;
pub mod escalation;
pub mod escalation_path;
pub mod external_ref;
mod follow;
pub mod forecast_line;
pub mod foundation;
pub mod funnel;
pub mod global_id;
pub mod handoff;
pub mod handover;
pub mod import;
pub mod import_decision;
pub mod investment;
pub mod iteration;
pub mod job;
pub mod joint_call;
pub mod lead;
pub mod lead_write;
pub mod ledger;
pub mod level;
pub mod loader;
pub mod matching;
pub mod mdf;
pub mod measurement;
mod measurement_wide;
pub mod motion;
pub mod mutation;
pub mod node;
mod null_on_error;
pub mod page;
pub mod partner;
pub mod partner_write;
pub mod pod;
pub mod pod_request;
pub mod pod_session;
pub mod policy;
pub mod policy_values;
pub mod portfolio;
pub mod practice;
pub mod preview;
pub mod private_offer;
pub mod profile;
pub mod profile_write;
pub mod program;
pub mod published;
pub mod qualification;
pub mod quality;
pub mod reconciliation;
pub mod recruit;
pub mod recruit_plan;
pub mod registration;
pub mod registration_write;
pub mod role;
pub mod rollout;
pub mod routing;
pub mod scalar;
pub mod schema;
pub mod scorecard;
pub mod seat;
pub mod segment;
pub mod sla;
pub mod source;
pub mod spend;
pub mod spend_plan;
pub mod system_map;
pub mod system_map_write;
pub mod tam;
pub mod template;
pub mod territory;
pub mod tier_due;
pub mod token;
pub mod totals;
pub mod touch;
pub mod trigger;
pub mod viewer;
pub mod what_if;
pub(crate) mod wide;
pub mod working_calendar;

pub use caller::{CurrentEvent, LastEventId, caller, prepare, session};
pub use schema::{LoopSchema, RoleSchema, Schemas, sdl_full, sdl_of};

use async_graphql::{MergedObject, MergedSubscription};

/// Everything that can be read.
// In groups: one merge of all would nest as deep as it has parts, and a request's stack with it.
#[derive(MergedObject, Default)]
pub struct Query(FactsRead, CreditRead, MeasuresRead, PlanRead, ProfileRead, HouseRead);

/// Of that, the facts.
#[derive(MergedObject, Default)]
pub struct FactsRead(
    program::ProgramQuery,
    node::NodeQuery,
    partner::PartnerQuery,
    segment::SegmentQuery,
    account::AccountQuery,
    deal_list::DealQuery,
    spend::SpendQuery,
    change::ChangeQuery,
    lead::LeadQuery,
);

/// Of that, credit, claims and the ledger.
#[derive(MergedObject, Default)]
pub struct CreditRead(
    dispute::DisputeQuery,
    source::SourceQuery,
    registration::RegistrationQuery,
    routing::RoutingQuery,
    claim::ClaimQuery,
    pod_request::PodRequestQuery,
    joint_call::JointCallQuery,
    pod_session::PodSessionQuery,
    escalation::EscalationQuery,
    escalation_path::EscalationPathQuery,
    template::TemplateQuery,
    territory::TerritoryQuery,
    contract::ContractQuery,
    ledger::LedgerQuery,
);

/// Of that, measures.
#[derive(MergedObject, Default)]
pub struct MeasuresRead(
    portfolio::PortfolioQuery,
    catalogue::CatalogueQuery,
    quality::QualityQuery,
    motion::MotionQuery,
    audit::AuditQuery,
    scorecard::ScorecardQuery,
    cfo::CfoQuery,
    reconciliation::ReconciliationQuery,
    totals::TotalsQuery,
);

/// Of that, the plan.
#[derive(MergedObject, Default)]
pub struct PlanRead(
    spend_plan::SpendPlanQuery,
    tam::TamQuery,
    iteration::IterationQuery,
    advisory::AdvisoryQuery,
    deliverable::DeliverableQuery,
    recruit::RecruitQuery,
    tier_due::TierDueQuery,
    recruit_plan::RecruitPlanQuery,
    foundation::FoundationQuery,
    rollout::RolloutQuery,
    level::LevelQuery,
    system_map::SystemMapQuery,
    funnel::FunnelQuery,
    handoff::HandoffQuery,
    handover::HandoverQuery,
    deployment::DeploymentQuery,
);

/// Of that, the profile.
#[derive(MergedObject, Default)]
pub struct ProfileRead(
    profile::ProfileQuery,
    capability::CapabilityQuery,
    matching::MatchingQuery,
    trigger::TriggerQuery,
    briefing::BriefingQuery,
    alliance::AllianceQuery,
    mdf::MdfQuery,
    what_if::WhatIfQuery,
    investment::InvestmentQuery,
);

/// Of that, the house.
#[derive(MergedObject, Default)]
pub struct HouseRead(
    viewer::ViewerQuery,
    seat::SeatQuery,
    pod::PodQuery,
    token::TokenQuery,
    import::ImportQuery,
    sla::SlaQuery,
    job::JobQuery,
    policy::PolicyQuery,
);

/// Everything that can be changed.
// In groups: one merge of all would nest as deep as it has parts, and a request's stack with it.
#[derive(MergedObject, Default)]
pub struct Mutation(FactsChange, CreditChange, PlanChange, ProfileChange, HouseChange);

/// Of that, the facts.
#[derive(MergedObject, Default)]
pub struct FactsChange(
    program::ProgramMutation,
    partner_write::PartnerMutation,
    segment::SegmentMutation,
    account_write::AccountMutation,
    deal_write::DealMutation,
    activity::ActivityMutation,
    spend::SpendMutation,
    lead_write::LeadMutation,
    external_ref::ExternalRefMutation,
);

/// Of that, credit and claims.
#[derive(MergedObject, Default)]
pub struct CreditChange(
    attribution::AttributionMutation,
    dispute::DisputeMutation,
    source::SourceMutation,
    registration_write::RegistrationMutation,
    routing::RoutingMutation,
    claim::ClaimMutation,
    cosell::CosellMutation,
    pod_request::PodRequestMutation,
    joint_call::JointCallMutation,
    pod_session::PodSessionMutation,
    escalation::EscalationMutation,
    escalation_path::EscalationPathMutation,
    template::TemplateMutation,
    territory::TerritoryMutation,
    contract::ContractMutation,
);

/// Of that, the plan.
#[derive(MergedObject, Default)]
pub struct PlanChange(
    spend_plan::SpendPlanMutation,
    reconciliation::ReconciliationMutation,
    tam::TamMutation,
    iteration::IterationMutation,
    recruit::RecruitMutation,
    recruit_plan::RecruitPlanMutation,
    deployment::DeploymentMutation,
    foundation::FoundationMutation,
    rollout::RolloutMutation,
    handoff::HandoffMutation,
    level::LevelMutation,
    system_map_write::SystemMapMutation,
);

/// Of that, the profile.
#[derive(MergedObject, Default)]
pub struct ProfileChange(
    profile_write::ProfileMutation,
    capability::CapabilityMutation,
    practice::PracticeMutation,
    qualification::QualificationMutation,
    trigger::TriggerMutation,
    alliance::AllianceMutation,
);

/// Of that, the house.
#[derive(MergedObject, Default)]
pub struct HouseChange(
    seat::SeatMutation,
    pod::PodMutation,
    token::TokenMutation,
    import_decision::ImportMutation,
    working_calendar::WorkingCalendarMutation,
    policy::PolicyMutation,
);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    program::ProgramSubscription,
    import::ImportSubscription,
    sla::SlaSubscription,
    registration::RegistrationSubscription,
    dispute::DisputeSubscription,
    pod_request::PodRequestSubscription,
    joint_call::JointCallSubscription,
    escalation::EscalationSubscription,
    private_offer::PrivateOfferSubscription,
    lead::LeadSubscription,
    deliverable::DeliverableSubscription,
    handoff::HandoffSubscription,
    tier_due::TierDueSubscription,
);
