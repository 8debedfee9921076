//! Seats: who may call, as what. [`seated`] is the one read that needs no slice, because a slice is made from it.

use crate::column::read;
use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use crate::{seat_partner, seat_pod};
use chrono::{DateTime, Utc};
use domain::role::Role;
use domain::seat::{DEV_ISSUER, MINT_ISSUER, Seat};
use domain::slice::{Bindings, Place, Slice, Viewer};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{PaginatorTrait, QueryOrder, QueryResult, Select, Statement};
use uuid::Uuid;

/// A seat's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The seat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who vouches for the subject.
    pub issuer: String,
    /// The subject, as the issuer names it.
    pub subject: String,
    /// What the seat is.
    pub role: String,
    /// The name people read.
    pub name: String,
    /// The owner id of the CRM.
    pub owner_external_id: Option<String>,
    /// A change of role or binding makes a new one.
    pub version: i64,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The row without its bindings, which stand in two other tables.
impl TryFrom<Model> for Seat {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            program_id: row.program_id,
            role: read("seat.role", &row.role)?,
            issuer: row.issuer,
            subject: row.subject,
            name: row.name,
            owner_external_id: row.owner_external_id,
            pods: Vec::new(),
            partners: Vec::new(),
            version: row.version,
            revoked_at: row.revoked_at,
            recorded_at: row.recorded_at,
        })
    }
}

impl From<&Seat> for ActiveModel {
    fn from(seat: &Seat) -> Self {
        Self {
            program_id: Set(seat.program_id),
            id: Set(seat.id),
            issuer: Set(seat.issuer.clone()),
            subject: Set(seat.subject.clone()),
            role: Set(seat.role.word().to_owned()),
            name: Set(seat.name.clone()),
            owner_external_id: Set(seat.owner_external_id.clone()),
            version: Set(seat.version),
            revoked_at: Set(seat.revoked_at),
            recorded_at: Set(seat.recorded_at),
        }
    }
}

/// A seat as authentication needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// The program's slug.
    pub program: String,
    /// The caller. Its `token_id` is the minted token's, where the seat was made for one.
    pub viewer: Viewer,
    /// That token's end, revocation and last use.
    pub token: Option<TokenLife>,
}

/// What authentication asks of a minted token's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife {
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The seats of a subject. It starts from the index on (issuer, subject).
const SEATED: &str = "\
SELECT s.program_id AS program_id, s.id AS id, p.slug AS slug, s.role AS role, s.name AS name, \
  s.owner_external_id AS owner_external_id, s.version AS version, t.id AS token_id, t.expires_at AS expires_at, \
  t.revoked_at AS token_revoked_at, t.last_used_at AS last_used_at, p.data_version AS data_version \
FROM seat s JOIN program p ON p.id = s.program_id \
  LEFT JOIN token t ON t.program_id = s.program_id AND t.seat_id = s.id \
WHERE s.issuer = $1 AND s.subject = $2 AND s.revoked_at IS NULL AND ($3 = '' OR p.slug = $3)";

/// What a seat is bound to: one statement, so one snapshot.
const BOUND: &str = "\
SELECT 'POD' AS kind, b.pod_id AS bound_id FROM seat_pod b WHERE b.program_id = $1 AND b.seat_id = $2 \
UNION ALL SELECT 'PARTNER', b.partner_id FROM seat_partner b WHERE b.program_id = $1 AND b.seat_id = $2 \
UNION ALL SELECT 'POD_PARTNER', c.partner_id FROM seat_pod b JOIN pod_partner c ON c.program_id = b.program_id AND c.pod_id = b.pod_id \
WHERE b.program_id = $1 AND b.seat_id = $2";

/// The seats of a subject that are not revoked, with their bindings as they are now: in the program of that slug, or in all.
///
/// # Errors
/// [`DbErr`].
pub async fn seated(
    conn: &impl Conn,
    issuer: &str,
    subject: &str,
    program: Option<&str>,
) -> Result<Vec<Seated>, DbErr> {
    let values = [issuer.into(), subject.into(), program.unwrap_or_default().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), SEATED, values)).await?;
    let mut seats = rows.iter().map(|row| read_seated(row, subject)).collect::<Result<Vec<_>, DbErr>>()?;
    for seat in &mut seats {
        bindings_of(conn, &mut seat.viewer).await?;
    }
    Ok(seats)
}

/// Fills in what the seat is bound to, where its role has bindings at all.
async fn bindings_of(conn: &impl Conn, viewer: &mut Viewer) -> Result<(), DbErr> {
    let Place::Program(program_id) = viewer.place else { return Ok(()) };
    match viewer.role {
        Role::Operator | Role::Revops | Role::Finance | Role::Leadership | Role::Portfolio => return Ok(()),
        Role::PartnerAe | Role::CustomerAe | Role::PartnerManager | Role::Partner => {}
    }
    let values = [program_id.into(), viewer.seat_id.into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), BOUND, values)).await?;
    let Bindings { pods, partners, pod_partners, .. } = &mut viewer.bindings;
    for row in rows {
        let bound_id = row.try_get("", "bound_id")?;
        match row.try_get::<String>("", "kind")?.as_str() {
            "POD" => pods.push(bound_id),
            "PARTNER" => partners.push(bound_id),
            _ => pod_partners.push(bound_id),
        }
    }
    // Sorted, so that equal bindings are equal values; two pods may share a partner.
    for list in [pods, partners, pod_partners] {
        list.sort_unstable();
        list.dedup();
    }
    Ok(())
}

fn read_seated(row: &QueryResult, subject: &str) -> Result<Seated, DbErr> {
    let token_id: Option<Uuid> = row.try_get("", "token_id")?;
    let expires_at: Option<DateTimeUtc> = row.try_get("", "expires_at")?;
    let revoked_at: Option<DateTimeUtc> = row.try_get("", "token_revoked_at")?;
    let last_used_at: Option<DateTimeUtc> = row.try_get("", "last_used_at")?;
    let role: String = row.try_get("", "role")?;
    let viewer = Viewer {
        seat_id: row.try_get("", "id")?,
        seat_version: row.try_get("", "version")?,
        subject: subject.to_owned(),
        name: row.try_get("", "name")?,
        role: read("seat.role", &role)?,
        place: Place::Program(row.try_get("", "program_id")?),
        bindings: Bindings { owner_external_id: row.try_get("", "owner_external_id")?, ..Bindings::default() },
        token_id,
        data_version: row.try_get("", "data_version")?,
    };
    let token = expires_at.map(|expires_at| TokenLife { expires_at, is_revoked: revoked_at.is_some(), last_used_at });
    Ok(Seated { program: row.try_get("", "slug")?, viewer, token })
}

/// Fills in what the seats are bound to.
async fn with_bindings(conn: &impl Conn, program_id: Uuid, mut seats: Vec<Seat>) -> Result<Vec<Seat>, DbErr> {
    let ids: Vec<Uuid> = seats.iter().map(|seat| seat.id).collect();
    if ids.is_empty() {
        return Ok(seats);
    }
    for row in seat_pod::of_seats(conn, program_id, ids.clone()).await? {
        seats.iter_mut().filter(|seat| seat.id == row.seat_id).for_each(|seat| seat.pods.push(row.pod_id));
    }
    for row in seat_partner::of_seats(conn, program_id, ids).await? {
        seats.iter_mut().filter(|seat| seat.id == row.seat_id).for_each(|seat| seat.partners.push(row.partner_id));
    }
    Ok(seats)
}

async fn one_with_bindings(conn: &impl Conn, slice: &Slice, row: Option<Model>) -> Result<Option<Seat>, DbErr> {
    let seat = row.map(Seat::try_from).transpose()?;
    Ok(with_bindings(conn, slice.program_id(), seat.into_iter().collect()).await?.pop())
}

/// A seat of the caller's program, revoked or not.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Seat>, DbErr> {
    let row = Entity::find_by_id((slice.program_id(), id)).one(conn).await?;
    one_with_bindings(conn, slice, row).await
}

/// The seat of a subject in the caller's program, revoked or not.
///
/// # Errors
/// [`DbErr`].
pub async fn find_by_subject(
    conn: &impl Conn,
    slice: &Slice,
    issuer: &str,
    subject: &str,
) -> Result<Option<Seat>, DbErr> {
    let row = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Subject.eq(subject))
        .one(conn)
        .await?;
    one_with_bindings(conn, slice, row).await
}

/// The first live seat of a role under an issuer, by subject: the demo's example of that role.
///
/// # Errors
/// [`DbErr`].
pub async fn first_of_role(conn: &impl Conn, slice: &Slice, issuer: &str, role: Role) -> Result<Option<Seat>, DbErr> {
    let row = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Role.eq(role.word()))
        .filter(Column::RevokedAt.is_null())
        .order_by_asc(Column::Subject)
        .one(conn)
        .await?;
    one_with_bindings(conn, slice, row).await
}

/// The live Partner Manager of a partner who was granted first.
///
/// # Errors
/// [`DbErr`].
pub async fn manager_of(conn: &impl Conn, slice: &Slice, partner: Uuid) -> Result<Option<Uuid>, DbErr> {
    let bound = seat_partner::seats_of(slice.program_id(), partner);
    let row = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Role.eq(Role::PartnerManager.word()))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::Id.in_subquery(bound))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .one(conn)
        .await?;
    Ok(row.map(|row| row.id))
}

fn listed(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Issuer.ne(MINT_ISSUER))
}

/// A page of the people's and machines' seats, by when they were recorded. Those of minted tokens stand with their tokens.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, ask: &Ask) -> Result<Page<Seat>, DbErr> {
    let Page { rows, has_previous, has_next } =
        page::fetch::<Entity, Seat>(conn, listed(slice), "seat.recorded_at", "seat.id", ask).await?;
    Ok(Page { rows: with_bindings(conn, slice.program_id(), rows).await?, has_previous, has_next })
}

/// Where a seat stands.
#[must_use]
pub const fn key(seat: &Seat) -> Key {
    Key::Instant(seat.recorded_at)
}

/// Those of these seats that are in the caller's program, revoked or not.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<Seat>, DbErr> {
    let select =
        Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(conn).await?.into_iter().map(TryInto::try_into).collect::<Result<_, DbErr>>()?;
    with_bindings(conn, slice.program_id(), rows).await
}

/// How many seats [`page()`] pages through.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice) -> Result<u64, DbErr> {
    listed(slice).count(conn).await
}

/// Makes other transactions that ask [`other_revops`] wait until this one ends, so that the last two REVOPS seats cannot
/// remove each other at the same moment.
///
/// # Errors
/// [`DbErr`].
pub async fn queue(conn: &impl Conn, slice: &Slice) -> Result<(), DbErr> {
    let sql = "UPDATE program SET version = version WHERE id = $1";
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [slice.program_id().into()]))
        .await?;
    Ok(())
}

/// How many live REVOPS seats there are beside this one. Minted tokens do not count (they may not grant seats); development
/// seats count only beside a development seat, because `serve` does not know them.
///
/// # Errors
/// [`DbErr`].
pub async fn other_revops(conn: &impl Conn, slice: &Slice, seat: &Seat) -> Result<u64, DbErr> {
    let mut query = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Role.eq(Role::Revops.word()))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::Issuer.ne(MINT_ISSUER))
        .filter(Column::Id.ne(seat.id));
    if seat.issuer != DEV_ISSUER {
        query = query.filter(Column::Issuer.ne(DEV_ISSUER));
    }
    query.count(conn).await
}

/// How many live seats of a role the caller's program has.
///
/// # Errors
/// [`DbErr`].
pub async fn count_of_role(conn: &impl Conn, slice: &Slice, role: Role) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Role.eq(role.word()))
        .filter(Column::RevokedAt.is_null())
        .count(conn)
        .await
}

/// Writes a new seat with its bindings.
///
/// # Errors
/// [`DbErr`]; a foreign key violation when a pod or partner is of no such program.
pub async fn insert(conn: &impl Conn, seat: &Seat) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(seat)).exec_without_returning(conn).await?;
    bind(conn, seat).await
}

/// Writes a changed seat with its bindings.
///
/// # Errors
/// As [`insert`].
pub async fn update(conn: &impl Conn, seat: &Seat) -> Result<(), DbErr> {
    Entity::update(ActiveModel::from(seat)).exec(conn).await?;
    seat_pod::clear(conn, seat.program_id, seat.id).await?;
    seat_partner::clear(conn, seat.program_id, seat.id).await?;
    bind(conn, seat).await
}

async fn bind(conn: &impl Conn, seat: &Seat) -> Result<(), DbErr> {
    seat_pod::insert(conn, seat.program_id, seat.id, &seat.pods).await?;
    seat_partner::insert(conn, seat.program_id, seat.id, &seat.partners).await
}

/// Makes a new version of every seat that is bound to a pod, because the pod's partners changed and cache keys hold the
/// seat's version (ruling 29).
///
/// # Errors
/// [`DbErr`].
pub async fn bump_of_pod(conn: &impl Conn, slice: &Slice, pod_id: Uuid) -> Result<(), DbErr> {
    let sql = "UPDATE seat SET version = version + 1 WHERE program_id = $1 \
        AND id IN (SELECT seat_id FROM seat_pod WHERE program_id = $1 AND pod_id = $2)";
    let values = [slice.program_id().into(), pod_id.into()];
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(())
}
