//! Where deals came from: a part that is set is never written over, as `domain::origin` has it.
use crate::column::one_of;
use crate::import_bulk::pieces;
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::origin::Origin;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Condition, ExprTrait, OnConflict};
use std::collections::HashMap;
use uuid::Uuid;

/// A row of `deal_origin`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_origin")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The deal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub deal_id: Uuid,
    /// The partner through which the lead came.
    pub partner_id: Option<Uuid>,
    /// The source in detail.
    pub source_detail: Option<String>,
    /// The token of a partner's link.
    pub referral_token: Option<String>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The origins of these deals, as far as the slice shows the deals.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<HashMap<Uuid, Origin>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::on_deals(slice, "deal_origin.deal_id"))
        .filter(one_of(conn, Column::DealId, deals))
        .all(conn)
        .await?;
    let origin = |row: Model| {
        let Model { deal_id, partner_id, source_detail, referral_token, .. } = row;
        (deal_id, Origin { partner_id, source_detail, referral_token })
    };
    Ok(rows.into_iter().map(origin).collect())
}

/// Writes rows: new ones, and those that are there already with what was added.
///
/// # Errors
/// [`DbErr`].
pub async fn upsert(conn: &impl Conn, slice: &Slice, rows: &[(Uuid, Origin)]) -> Result<(), DbErr> {
    for rows in pieces(rows) {
        let models = rows.iter().map(|(deal_id, it)| ActiveModel {
            program_id: Set(slice.program_id()),
            deal_id: Set(*deal_id),
            partner_id: Set(it.partner_id),
            source_detail: Set(it.source_detail.clone()),
            referral_token: Set(it.referral_token.clone()),
        });
        let conflict = OnConflict::columns([Column::ProgramId, Column::DealId])
            .update_columns([Column::PartnerId, Column::SourceDetail, Column::ReferralToken])
            .to_owned();
        Entity::insert_many(models).on_conflict(conflict).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// Which deals to list, by where they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OriginFilter {
    /// Through one of these partners, as far as the slice shows them.
    pub partners: Option<Vec<Uuid>>,
    /// With one of these details.
    pub details: Option<Vec<String>>,
    /// With one of these tokens.
    pub tokens: Option<Vec<String>>,
}

impl OriginFilter {
    /// The condition on a statement over `deal`.
    pub(crate) fn condition(&self, slice: &Slice) -> Condition {
        let mut wanted = Cond::all().add(Expr::cust("r.program_id").eq(slice.program_id()));
        if let Some(partners) = &self.partners {
            wanted = wanted
                .add(Expr::cust("r.partner_id").is_in(partners.iter().copied()))
                .add(scope::partners(slice, "r.partner_id"));
        }
        if let Some(details) = &self.details {
            wanted = wanted.add(Expr::cust("r.source_detail").is_in(details.iter().map(String::as_str)));
        }
        if let Some(tokens) = &self.tokens {
            wanted = wanted.add(Expr::cust("r.referral_token").is_in(tokens.iter().map(String::as_str)));
        }
        scope::among("deal.id", "r.deal_id", "deal_origin", wanted)
    }
}
