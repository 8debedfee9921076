//! Programs, identity, facts, imports, cells. One DDL text for both back ends: `uuid`, `date` and `timestamptz` are
//! affinities in SQLite and types in PostgreSQL.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // Names sort by code point on both back ends, whatever the locale of the PostgreSQL cluster.
        let order = if connection.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
            " COLLATE \"C\""
        } else {
            ""
        };
        let ddl = include_str!("m20261122_000001_foundation.sql").replace("{code_point_order}", order);
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in TABLES {
            connection.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}

/// Children before parents.
const TABLES: &[&str] = &[
    "event",
    "change",
    "idempotency",
    "import_staged",
    "import_row",
    "import_run",
    "cell",
    "fx_rate",
    "spend_line",
    "activity",
    "attribution",
    "deal",
    "stage",
    "token",
    "portfolio_seat",
    "seat_partner",
    "seat_pod",
    "seat",
    "pod_partner",
    "pod",
    "partner_person",
    "partner",
    "account",
    "segment",
    "policy",
    "portfolio_program",
    "portfolio",
    "server_key",
    "program",
];
