//! The people of partners.
use crate::column::one_of;
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `partner_person`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner_person")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The job title.
    pub title: Option<String>,
    /// Whether this is a seller.
    pub is_rep: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::partner::PartnerPerson {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            name: row.name,
            email: row.email,
            title: row.title,
            is_rep: row.is_rep,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &domain::partner::PartnerPerson) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        name: Set(it.name.clone()),
        email: Set(it.email.clone()),
        title: Set(it.title.clone()),
        is_rep: Set(it.is_rep),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "partner_person.partner_id"))
}

/// The people of these partners, by name.
///
/// # Errors
/// [`DbErr`].
pub async fn of_partners(
    conn: &impl Conn,
    slice: &Slice,
    partners: &[Uuid],
) -> Result<Vec<domain::partner::PartnerPerson>, DbErr> {
    within(slice)
        .filter(one_of(conn, Column::PartnerId, partners))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::partner::PartnerPerson>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(
    conn: &impl Conn,
    slice: &Slice,
    ids: &[Uuid],
) -> Result<Vec<domain::partner::PartnerPerson>, DbErr> {
    within(slice)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::partner::PartnerPerson) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::partner::PartnerPerson) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
