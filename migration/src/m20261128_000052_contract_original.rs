//! Contract value and services as they were given, beside what they are in the program's currency: a close in another quarter
//! has another rate.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let ddl = include_str!("m20261128_000052_contract_original.sql");
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for column in
            ["tcv_original_minor", "tcv_original_currency", "services_original_minor", "services_original_currency"]
        {
            connection.execute_unprepared(&format!("ALTER TABLE deal DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}
