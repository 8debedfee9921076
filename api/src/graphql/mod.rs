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
pub mod credit;
pub mod deal;
pub mod deal_list;
pub mod deal_write;
pub mod deliverable;
pub mod economics;
pub mod global_id;
pub mod import;
pub mod import_decision;
pub mod iteration;
pub mod ledger;
pub mod loader;
pub mod measurement;
pub mod mutation;
pub mod node;
mod null_on_error;
pub mod page;
pub mod partner;
pub mod partner_write;
pub mod pod;
pub mod policy;
pub mod policy_values;
pub mod portfolio;
pub mod program;
pub mod quality;
pub mod recruit;
pub mod recruit_plan;
pub mod role;
pub mod scalar;
pub mod schema;
pub mod scorecard;
pub mod seat;
pub mod segment;
pub mod spend;
pub mod token;
pub mod totals;
pub mod touch;
pub mod viewer;

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
    spend::SpendQuery,
    change::ChangeQuery,
    ledger::LedgerQuery,
    portfolio::PortfolioQuery,
    catalogue::CatalogueQuery,
    quality::QualityQuery,
    audit::AuditQuery,
    scorecard::ScorecardQuery,
    totals::TotalsQuery,
    viewer::ViewerQuery,
    seat::SeatQuery,
    pod::PodQuery,
    token::TokenQuery,
    import::ImportQuery,
    iteration::IterationQuery,
    deliverable::DeliverableQuery,
    recruit::RecruitQuery,
    recruit_plan::RecruitPlanQuery,
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
    activity::ActivityMutation,
    spend::SpendMutation,
    seat::SeatMutation,
    pod::PodMutation,
    token::TokenMutation,
    iteration::IterationMutation,
    recruit::RecruitMutation,
    recruit_plan::RecruitPlanMutation,
    import_decision::ImportMutation,
    policy::PolicyMutation,
);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(program::ProgramSubscription, import::ImportSubscription);
