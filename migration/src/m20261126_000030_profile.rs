//! Ideal profiles, practices, firmographics, the capability map, qualifications.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // Values sort by code point on both back ends, whatever the locale of the PostgreSQL cluster.
        let order = if connection.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
            " COLLATE \"C\""
        } else {
            ""
        };
        let ddl = include_str!("m20261126_000030_profile.sql").replace("{code_point_order}", order);
        for statement in ddl.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in ["deal_qualification", "capability", "account_firmographics", "partner_practice", "ideal_profile"]
        {
            connection.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}
