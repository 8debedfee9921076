//! Deal registration with its conflicts, checks, routes and territories; the Primary Sale; Pod requests; message templates.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ddl = include_str!("m20261125_000004_registration.sql");
        for statement in ddl.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}

/// Children before parents.
const TABLES: &[&str] = &[
    "message_template",
    "pod_request",
    "primary_sale",
    "territory",
    "registration_route",
    "registration_check",
    "registration",
    "registration_conflict",
    "registration_line",
];
