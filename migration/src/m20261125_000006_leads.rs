//! Where deals came from, the partner of an account, ids in other systems. Columns that point at another table stand in tables of
//! their own: SQLite cannot add a foreign key of two columns to a table that is there.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let ddl = include_str!("m20261125_000006_leads.sql");
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in ["external_ref", "deal_origin", "account_partner"] {
            connection.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        connection.execute_unprepared("ALTER TABLE account DROP COLUMN integration_present").await?;
        Ok(())
    }
}
