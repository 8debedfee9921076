//! Ideal profiles, version by version: a version is never changed.
use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::profile::{IdealProfile, ProfileKind};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `ideal_profile`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ideal_profile")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose profile it is.
    pub kind: String,
    /// The version, from 1.
    pub version: i64,
    /// The attributes, as JSON.
    pub attributes: String,
    /// The disqualifiers, as JSON.
    pub disqualifiers: String,
    /// Why it was set so.
    pub reason: String,
    /// Who set it.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text)
        .map_err(|_| DbErr::Type(format!("column {column} holds a value that this version does not know")))
}

impl TryFrom<Model> for IdealProfile {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            kind: read("ideal_profile.kind", &row.kind)?,
            version: row.version,
            attributes: json("ideal_profile.attributes", &row.attributes)?,
            disqualifiers: json("ideal_profile.disqualifiers", &row.disqualifiers)?,
            reason: row.reason,
            seat_id: row.seat_id,
            recorded_at: row.recorded_at,
        })
    }
}

fn of(slice: &Slice, kind: ProfileKind) -> Select<Entity> {
    // The program's own definition: it hangs on no partner, deal or account.
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Kind.eq(word(kind)))
}

/// A version of a profile, the latest where none is named; none where the program has none.
///
/// # Errors
/// [`DbErr`].
pub async fn find(
    conn: &impl Conn,
    slice: &Slice,
    kind: ProfileKind,
    version: Option<i64>,
) -> Result<Option<IdealProfile>, DbErr> {
    let mut select = of(slice, kind).order_by_desc(Column::Version);
    if let Some(version) = version {
        select = select.filter(Column::Version.eq(version));
    }
    select.one(conn).await?.map(TryInto::try_into).transpose()
}

/// Every version of a profile, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn versions(conn: &impl Conn, slice: &Slice, kind: ProfileKind) -> Result<Vec<IdealProfile>, DbErr> {
    let rows = of(slice, kind).order_by_desc(Column::Version).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a version.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else wrote it at the same moment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &IdealProfile) -> Result<(), DbErr> {
    let not_json = |_| DbErr::Type("an ideal profile is not JSON".into());
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        kind: Set(word(it.kind)),
        version: Set(it.version),
        attributes: Set(serde_json::to_string(&it.attributes).map_err(not_json)?),
        disqualifiers: Set(serde_json::to_string(&it.disqualifiers).map_err(not_json)?),
        reason: Set(it.reason.clone()),
        seat_id: Set(it.seat_id),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
