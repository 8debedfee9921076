//! Pods: the units that run deals.

use crate::pod_partner;
use crate::store::{Conn, DbErr};
use domain::seat::Pod;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Select};
use uuid::Uuid;

/// A pod's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pod")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The pod.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The name without regard to spelling.
    pub name_key: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Pod {
    fn from(row: Model) -> Self {
        Self { id: row.id, name: row.name, partners: Vec::new(), version: row.version, recorded_at: row.recorded_at }
    }
}

fn active(program_id: Uuid, pod: &Pod) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(pod.id),
        name: Set(pod.name.clone()),
        name_key: Set(domain::text::key(&pod.name)),
        version: Set(pod.version),
        recorded_at: Set(pod.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

async fn with_partners(conn: &impl Conn, slice: &Slice, rows: Vec<Model>) -> Result<Vec<Pod>, DbErr> {
    let mut pods: Vec<Pod> = rows.into_iter().map(Pod::from).collect();
    let ids: Vec<Uuid> = pods.iter().map(|pod| pod.id).collect();
    if !ids.is_empty() {
        for row in pod_partner::of_pods(conn, slice.program_id(), ids).await? {
            pods.iter_mut().filter(|pod| pod.id == row.pod_id).for_each(|pod| pod.partners.push(row.partner_id));
        }
    }
    Ok(pods)
}

/// All pods, by name.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<Pod>, DbErr> {
    let rows = within(slice).order_by_asc(Column::NameKey).all(conn).await?;
    with_partners(conn, slice, rows).await
}

/// Those of these pods that are in the caller's program.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<Pod>, DbErr> {
    let rows = within(slice).filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    with_partners(conn, slice, rows).await
}

/// One pod of the caller's program.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Pod>, DbErr> {
    Ok(of_ids(conn, slice, &[id]).await?.pop())
}

/// The pods with these names, whatever their spelling.
///
/// # Errors
/// [`DbErr`].
pub async fn of_names(conn: &impl Conn, slice: &Slice, names: &[String]) -> Result<Vec<Pod>, DbErr> {
    let keys = names.iter().map(|name| domain::text::key(name));
    let rows = within(slice).filter(Column::NameKey.is_in(keys)).all(conn).await?;
    with_partners(conn, slice, rows).await
}

/// Writes a new pod with its partners.
///
/// # Errors
/// [`DbErr`], a unique violation when the name is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, pod: &Pod) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), pod)).exec_without_returning(conn).await?;
    pod_partner::insert(conn, slice.program_id(), pod.id, &pod.partners).await
}

/// Writes a changed pod with its partners.
///
/// # Errors
/// As [`insert`].
pub async fn update(conn: &impl Conn, slice: &Slice, pod: &Pod) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), pod)).exec(conn).await?;
    pod_partner::clear(conn, slice.program_id(), pod.id).await?;
    pod_partner::insert(conn, slice.program_id(), pod.id, &pod.partners).await
}
