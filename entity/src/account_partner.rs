//! The partner that an account belongs to or buys through: at most one an account.
use crate::column::{one_of, read_optional, word};
use crate::import_bulk::pieces;
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::account::AccountPartner;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `account_partner`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_partner")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What kind of partner it is to the account.
    pub kind: Option<String>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for AccountPartner {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            account_id: row.account_id,
            partner_id: row.partner_id,
            kind: read_optional("account_partner.kind", row.kind.as_deref())?,
        })
    }
}

/// The partners of these accounts, as far as the slice shows the partners.
///
/// # Errors
/// [`DbErr`].
pub async fn of_accounts(conn: &impl Conn, slice: &Slice, accounts: &[Uuid]) -> Result<Vec<AccountPartner>, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "account_partner.partner_id"))
        .filter(one_of(conn, Column::AccountId, accounts))
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// Writes rows: new ones, and those that are there already anew.
///
/// # Errors
/// [`DbErr`].
pub async fn upsert(conn: &impl Conn, slice: &Slice, rows: &[AccountPartner]) -> Result<(), DbErr> {
    for rows in pieces(rows) {
        let models = rows.iter().map(|it| ActiveModel {
            program_id: Set(slice.program_id()),
            account_id: Set(it.account_id),
            partner_id: Set(it.partner_id),
            kind: Set(it.kind.map(word)),
        });
        let conflict = OnConflict::columns([Column::ProgramId, Column::AccountId])
            .update_columns([Column::PartnerId, Column::Kind])
            .to_owned();
        Entity::insert_many(models).on_conflict(conflict).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// Takes the partners away from these accounts.
///
/// # Errors
/// [`DbErr`].
pub async fn clear(conn: &impl Conn, slice: &Slice, accounts: &[Uuid]) -> Result<(), DbErr> {
    if accounts.is_empty() {
        return Ok(());
    }
    Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(one_of(conn, Column::AccountId, accounts))
        .exec(conn)
        .await?;
    Ok(())
}
