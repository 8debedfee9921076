//! Firmographics of accounts.
use crate::column::{one_of, read_optional, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::firmographics::Firmographics;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `account_firmographics`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_firmographics")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// Its industry.
    pub industry: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// How many people it employs.
    pub employees: Option<i64>,
    /// The incumbent vendor.
    pub incumbency: Option<String>,
    /// How senior its buyer is.
    pub buyer_seniority: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Firmographics {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            account_id: row.account_id,
            industry: row.industry,
            country: row.country,
            employees: row.employees,
            incumbency: read_optional("account_firmographics.incumbency", row.incumbency.as_deref())?,
            buyer_seniority: read_optional("account_firmographics.buyer_seniority", row.buyer_seniority.as_deref())?,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::on_accounts(slice, "account_firmographics.account_id"))
}

/// The firmographics of these accounts, as far as the slice shows them.
///
/// # Errors
/// [`DbErr`].
pub async fn of_accounts(conn: &impl Conn, slice: &Slice, accounts: &[Uuid]) -> Result<Vec<Firmographics>, DbErr> {
    let rows = within(slice).filter(one_of(conn, Column::AccountId, accounts)).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes firmographics in place of those before.
///
/// # Errors
/// [`DbErr`].
pub async fn put(conn: &impl Conn, slice: &Slice, it: &Firmographics) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        account_id: Set(it.account_id),
        industry: Set(it.industry.clone()),
        country: Set(it.country.clone()),
        employees: Set(it.employees),
        incumbency: Set(it.incumbency.map(word)),
        buyer_seniority: Set(it.buyer_seniority.map(word)),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    let keep = [
        Column::Industry,
        Column::Country,
        Column::Employees,
        Column::Incumbency,
        Column::BuyerSeniority,
        Column::Version,
        Column::RecordedAt,
    ];
    let anew = OnConflict::columns([Column::ProgramId, Column::AccountId]).update_columns(keep).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(conn).await?;
    Ok(())
}
