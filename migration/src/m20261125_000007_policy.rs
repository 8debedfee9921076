//! Versions of the policy with their author and reason, drafts of it, and decisions about held rows of imports.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // The nil id stands for the server itself; SQLite keeps an id as its bytes.
        let nobody = match connection.get_database_backend() {
            DbBackend::Postgres => "'00000000-0000-0000-0000-000000000000'",
            _ => "x'00000000000000000000000000000000'",
        };
        let ddl = include_str!("m20261125_000007_policy.sql").replace("{nobody}", nobody);
        for statement in ddl.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in DOWN {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// The policy as it was: version by version, without an author.
const DOWN: &[&str] = &[
    "DROP TABLE policy_draft",
    "CREATE TABLE policy_old (program_id uuid NOT NULL REFERENCES program (id), version bigint NOT NULL, body text NOT NULL, active_from date NOT NULL, recorded_at timestamptz NOT NULL, PRIMARY KEY (program_id, version))",
    "INSERT INTO policy_old SELECT program_id, version, body, active_from, recorded_at FROM policy",
    "DROP TABLE policy",
    "ALTER TABLE policy_old RENAME TO policy",
    "ALTER TABLE import_row DROP COLUMN decision",
    "ALTER TABLE import_row DROP COLUMN reason",
    "ALTER TABLE import_row DROP COLUMN decided_by",
    "ALTER TABLE import_row DROP COLUMN decided_at",
];
