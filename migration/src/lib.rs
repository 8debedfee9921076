//! The history of the tables. A landed step is never edited: `tests/golden.rs` keeps its hash.

mod m20261122_000001_foundation;
mod m20261125_000002_ledger;
mod m20261125_000003_clocks;
mod m20261125_000004_registration;
mod m20261125_000005_attribution;
mod m20261125_000006_leads;
mod m20261125_000007_policy;
mod m20261125_000008_tam;
mod m20261125_000009_recruit;
mod m20261125_000016_lead;
mod m20261125_000019_funnel;
mod m20261125_000029_foundation_steps;
mod m20261126_000030_profile;
mod m20261126_000034_reconciliation;
mod m20261126_000037_contract_terms;
mod m20261126_000038_rollout;
mod m20261126_000039_level_benefits;
mod m20261126_000040_system_map;
mod m20261126_000041_handoff;
mod m20261127_000042_pod_session;
mod m20261127_000043_escalation;
mod m20261127_000045_tier_notice;
mod m20261127_000046_phase_hours;
mod m20261127_000047_cosell_triggers;
mod m20261127_000048_alliance;
mod m20261128_000050_deal_names;
mod m20261128_000051_rollout_first;
mod m20261128_000052_contract_original;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait};

/// Brings a database to the present shape.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_foundation::Migration),
            Box::new(m20261125_000002_ledger::Migration),
            Box::new(m20261125_000003_clocks::Migration),
            Box::new(m20261125_000004_registration::Migration),
            Box::new(m20261125_000005_attribution::Migration),
            Box::new(m20261125_000006_leads::Migration),
            Box::new(m20261125_000007_policy::Migration),
            Box::new(m20261125_000008_tam::Migration),
            Box::new(m20261125_000009_recruit::Migration),
            Box::new(m20261125_000016_lead::Migration),
            Box::new(m20261125_000019_funnel::Migration),
            Box::new(m20261125_000029_foundation_steps::Migration),
            Box::new(m20261126_000030_profile::Migration),
            Box::new(m20261126_000034_reconciliation::Migration),
            Box::new(m20261126_000037_contract_terms::Migration),
            Box::new(m20261126_000038_rollout::Migration),
            Box::new(m20261126_000039_level_benefits::Migration),
            Box::new(m20261126_000040_system_map::Migration),
            Box::new(m20261126_000041_handoff::Migration),
            Box::new(m20261127_000042_pod_session::Migration),
            Box::new(m20261127_000043_escalation::Migration),
            Box::new(m20261127_000045_tier_notice::Migration),
            Box::new(m20261127_000046_phase_hours::Migration),
            Box::new(m20261127_000047_cosell_triggers::Migration),
            Box::new(m20261127_000048_alliance::Migration),
            Box::new(m20261128_000050_deal_names::Migration),
            Box::new(m20261128_000051_rollout_first::Migration),
            Box::new(m20261128_000052_contract_original::Migration),
        ]
    }
}
