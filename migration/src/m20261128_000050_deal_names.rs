//! Deals that a registration opened, and that still have the name that its partner gave: named after their domain, as new ones are. Another
//! partner may read such a deal.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = include_str!("m20261128_000050_deal_names.sql");
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    /// The partner's words are still on its registration, and no name is taken back.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
