//! Attributions that are set aside by a decision and never edited: every row ever written is an entry, and `attribution` is the
//! view of those that hold. Disputes with both readings, marks of excluded deals.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000005_attribution.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

async fn run(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    for statement in script.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Keeps what holds; what was set aside is lost.
const DOWN: &str = "
DROP INDEX activity_by_account;
DROP TABLE source_mark;
DROP VIEW attribution;
CREATE TABLE attribution (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  state text NOT NULL,
  is_late boolean NOT NULL DEFAULT false,
  provenance text NOT NULL,
  evidence text,
  locked_at timestamptz,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, deal_id, partner_id, state),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
INSERT INTO attribution (program_id, id, deal_id, partner_id, state, is_late, provenance, evidence, locked_at, recorded_at)
  SELECT program_id, id, deal_id, partner_id, state, is_late, provenance, evidence, locked_at, recorded_at
  FROM attribution_entry WHERE superseded_by IS NULL;
DROP TABLE attribution_entry;
CREATE UNIQUE INDEX attribution_one_sourced ON attribution (program_id, deal_id) WHERE state = 'SOURCED';
CREATE INDEX attribution_by_partner ON attribution (program_id, partner_id, deal_id);
DROP TABLE dispute_party;
DROP TABLE dispute;
";
