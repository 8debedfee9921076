//! Which partners a pod works with.

use crate::store::{Conn, DbErr};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// One binding.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pod_partner")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The pod.
    #[sea_orm(primary_key, auto_increment = false)]
    pub pod_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The bindings of some pods, by partner.
///
/// # Errors
/// [`DbErr`].
pub(crate) async fn of_pods(conn: &impl Conn, program_id: Uuid, pods: Vec<Uuid>) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::PodId.is_in(pods))
        .order_by_asc(Column::PartnerId)
        .all(conn)
        .await
}

/// Gives a pod its partners.
///
/// # Errors
/// [`DbErr`]; a foreign key violation when there is no such partner in the program.
pub(crate) async fn insert(conn: &impl Conn, program_id: Uuid, pod_id: Uuid, partners: &[Uuid]) -> Result<(), DbErr> {
    if partners.is_empty() {
        return Ok(());
    }
    let rows = partners.iter().map(|id| ActiveModel {
        program_id: Set(program_id),
        pod_id: Set(pod_id),
        partner_id: Set(*id),
    });
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}

/// Takes a pod's partners away.
///
/// # Errors
/// [`DbErr`].
pub(crate) async fn clear(conn: &impl Conn, program_id: Uuid, pod_id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ProgramId.eq(program_id)).filter(Column::PodId.eq(pod_id)).exec(conn).await?;
    Ok(())
}
