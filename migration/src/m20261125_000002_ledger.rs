//! The ledger: entries, the nodes of their Merkle tree, its checkpoints, and the keys that signed them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let ddl = include_str!("m20261125_000002_ledger.sql");
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX IF EXISTS deal_by_lock").await?;
        for table in TABLES {
            connection.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}

/// Children before parents.
const TABLES: &[&str] =
    &["ledger_key", "ledger_checkpoint", "ledger_node", "ledger_log", "ledger_entry_partner", "ledger_entry"];
