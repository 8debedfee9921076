//! The working calendar, SLA clocks, runs of jobs, and the numbers of events.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000003_clocks.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

async fn run(manager: &SchemaManager<'_>, ddl: &str) -> Result<(), DbErr> {
    for statement in ddl.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

const DOWN: &str = "DROP TABLE event_feed;
DROP INDEX event_unnumbered;
DROP INDEX event_by_seq;
ALTER TABLE event DROP COLUMN seq;
DROP TABLE job_run;
DROP TABLE sla_clock;
DROP TABLE working_calendar;
";
