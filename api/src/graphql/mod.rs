//! How it is asked for: types, arguments and wording. Each resolver is one call of a use case.

pub mod account;
pub mod account_write;
pub mod activity;
pub mod allow;
pub mod attribution;
pub mod audit;
mod caller;
pub mod catalogue;
pub mod change;
pub mod claim;
pub mod cosell;
pub mod credit;
pub mod deal;
pub mod deal_list;
pub mod deal_write;
pub mod deliverable;
pub mod deployment;
pub mod dispute;
pub mod economics;
pub mod external_ref;
mod follow;
pub mod forecast_line;
pub mod foundation;
pub mod funnel;
pub mod global_id;
pub mod import;
pub mod import_decision;
pub mod iteration;
pub mod job;
pub mod lead;
pub mod lead_write;
pub mod ledger;
pub mod level;
pub mod loader;
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
pub mod policy;
pub mod policy_values;
pub mod portfolio;
pub mod program;
pub mod quality;
pub mod recruit;
pub mod recruit_plan;
pub mod registration;
pub mod registration_write;
pub mod role;
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
pub mod tam;
pub mod template;
pub mod territory;
pub mod token;
pub mod totals;
pub mod touch;
pub mod viewer;
mod wide;
pub mod working_calendar;

pub use caller::{LastEventId, caller, prepare, session};
pub use schema::{LoopSchema, RoleSchema, Schemas, sdl_full, sdl_of};

use async_graphql::{MergedObject, MergedSubscription};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    program::ProgramQuery,
    node::NodeQuery,
    partner::PartnerQuery,
    segment::SegmentQuery,
    account::AccountQuery,
    deal_list::DealQuery,
    dispute::DisputeQuery,
    source::SourceQuery,
    spend::SpendQuery,
    registration::RegistrationQuery,
    routing::RoutingQuery,
    claim::ClaimQuery,
    pod_request::PodRequestQuery,
    template::TemplateQuery,
    territory::TerritoryQuery,
    spend_plan::SpendPlanQuery,
    tam::TamQuery,
    change::ChangeQuery,
    ledger::LedgerQuery,
    portfolio::PortfolioQuery,
    catalogue::CatalogueQuery,
    quality::QualityQuery,
    motion::MotionQuery,
    audit::AuditQuery,
    scorecard::ScorecardQuery,
    totals::TotalsQuery,
    viewer::ViewerQuery,
    seat::SeatQuery,
    pod::PodQuery,
    token::TokenQuery,
    lead::LeadQuery,
    import::ImportQuery,
    iteration::IterationQuery,
    deliverable::DeliverableQuery,
    recruit::RecruitQuery,
    recruit_plan::RecruitPlanQuery,
    sla::SlaQuery,
    job::JobQuery,
    foundation::FoundationQuery,
    funnel::FunnelQuery,
    deployment::DeploymentQuery,
    policy::PolicyQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    program::ProgramMutation,
    partner_write::PartnerMutation,
    segment::SegmentMutation,
    account_write::AccountMutation,
    deal_write::DealMutation,
    attribution::AttributionMutation,
    dispute::DisputeMutation,
    source::SourceMutation,
    activity::ActivityMutation,
    spend::SpendMutation,
    registration_write::RegistrationMutation,
    routing::RoutingMutation,
    claim::ClaimMutation,
    cosell::CosellMutation,
    pod_request::PodRequestMutation,
    template::TemplateMutation,
    territory::TerritoryMutation,
    spend_plan::SpendPlanMutation,
    tam::TamMutation,
    seat::SeatMutation,
    pod::PodMutation,
    token::TokenMutation,
    iteration::IterationMutation,
    recruit::RecruitMutation,
    recruit_plan::RecruitPlanMutation,
    import_decision::ImportMutation,
    working_calendar::WorkingCalendarMutation,
    lead_write::LeadMutation,
    external_ref::ExternalRefMutation,
    deployment::DeploymentMutation,
    foundation::FoundationMutation,
    policy::PolicyMutation,
);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(program::ProgramSubscription, import::ImportSubscription, sla::SlaSubscription);
