//! The terms of the contracts with partners, and which of them gave the term of a promise.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let ddl = include_str!("m20261126_000037_contract_terms.sql");
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in ["ALTER TABLE sla_clock DROP COLUMN contract_version", "DROP TABLE IF EXISTS contract_terms"] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
