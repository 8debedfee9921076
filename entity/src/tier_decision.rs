//! Tier decisions: only ever added, numbered by partner.
use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::recruit::{Recommendation, Tier, TierDecision, TierFact};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `tier_decision`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_decision")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// From 1, by partner.
    pub number: i64,
    /// The iteration's quarter.
    pub quarter: i32,
    /// The tier.
    pub tier: String,
    /// What was recommended.
    pub recommended: String,
    /// The rule that recommended it.
    pub rule: String,
    /// The facts, as JSON.
    pub facts: String,
    /// The policy that it follows.
    pub policy_version: i64,
    /// Why.
    pub reason: Option<String>,
    /// Whether it ended a TEST.
    pub ends_test: bool,
    /// Who decided.
    pub seat_id: Uuid,
    /// The local day.
    pub decided_on: Date,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for TierDecision {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let facts: Vec<TierFact> = serde_json::from_str(&row.facts)
            .map_err(|_| DbErr::Type("column tier_decision.facts is not a list of facts".into()))?;
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            number: row.number,
            quarter: Quarter::from_index(row.quarter),
            tier: read("tier_decision.tier", &row.tier)?,
            recommendation: Recommendation {
                tier: read("tier_decision.recommended", &row.recommended)?,
                rule: read("tier_decision.rule", &row.rule)?,
                facts,
                policy_version: row.policy_version,
            },
            reason: row.reason,
            ends_test: row.ends_test,
            seat_id: row.seat_id,
            decided_on: row.decided_on,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "tier_decision.partner_id"))
}

fn all(rows: Vec<Model>) -> Result<Vec<TierDecision>, DbErr> {
    rows.into_iter().map(TryInto::try_into).collect()
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// On these partners.
    pub partners: Option<Vec<Uuid>>,
    /// Of these tiers.
    pub tiers: Option<Vec<Tier>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(tiers) = &filter.tiers {
        select = select.filter(Column::Tier.is_in(tiers.iter().map(|tier| word(*tier))));
    }
    select
}

/// A page of decisions, by when they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<TierDecision>, DbErr> {
    page::fetch(conn, select(slice, filter), "tier_decision.recorded_at", "tier_decision.id", ask).await
}

/// Where a decision stands.
#[must_use]
pub const fn key(it: &TierDecision) -> Key {
    Key::Instant(it.recorded_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<TierDecision>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The decision that held for each partner at the end of a quarter: the latest up to it.
///
/// # Errors
/// [`DbErr`].
pub async fn standing(conn: &impl Conn, slice: &Slice, at: Quarter) -> Result<Vec<TierDecision>, DbErr> {
    all(within(slice).filter(held_at(at)).all(conn).await?)
}

/// That a decision is its partner's latest up to a quarter.
fn held_at(at: Quarter) -> sea_orm::sea_query::SimpleExpr {
    let latest = format!(
        "tier_decision.number = (SELECT MAX(later.number) FROM tier_decision later WHERE later.program_id = tier_decision.program_id \
         AND later.partner_id = tier_decision.partner_id AND later.quarter <= {})",
        at.index()
    );
    Expr::cust(latest)
}

/// What the state of TEST in a quarter follows from: of each partner, or of one, the decision that held when the quarter before it
/// began, and every one of these two quarters, oldest first.
///
/// # Errors
/// [`DbErr`].
pub async fn around(
    conn: &impl Conn,
    slice: &Slice,
    quarter: Quarter,
    partner: Option<Uuid>,
) -> Result<Vec<TierDecision>, DbErr> {
    let of = |rows: Select<Entity>| match partner {
        Some(partner) => rows.filter(Column::PartnerId.eq(partner)),
        None => rows,
    };
    let (last, early) = (quarter.plus(-1), held_at(quarter.plus(-2)));
    let mut rows = of(within(slice).filter(early)).all(conn).await?;
    let of_two = within(slice).filter(Column::Quarter.between(last.index(), quarter.index()));
    rows.extend(of(of_two).order_by_asc(Column::Number).all(conn).await?);
    all(rows)
}

/// The latest decision on each of these partners.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_of(conn: &impl Conn, slice: &Slice, partners: &[Uuid]) -> Result<Vec<TierDecision>, DbErr> {
    let latest = "tier_decision.number = (SELECT MAX(later.number) FROM tier_decision later \
         WHERE later.program_id = tier_decision.program_id AND later.partner_id = tier_decision.partner_id)";
    let rows = within(slice)
        .filter(Column::PartnerId.is_in(partners.iter().copied()))
        .filter(Expr::cust(latest))
        .all(conn)
        .await?;
    all(rows)
}

/// Writes a decision.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else decided at the same moment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &TierDecision) -> Result<(), DbErr> {
    let facts = serde_json::to_string(&it.recommendation.facts)
        .map_err(|_| DbErr::Type("the facts of a decision are not JSON".into()))?;
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        number: Set(it.number),
        quarter: Set(it.quarter.index()),
        tier: Set(word(it.tier)),
        recommended: Set(word(it.recommendation.tier)),
        rule: Set(word(it.recommendation.rule)),
        facts: Set(facts),
        policy_version: Set(it.recommendation.policy_version),
        reason: Set(it.reason.clone()),
        ends_test: Set(it.ends_test),
        seat_id: Set(it.seat_id),
        decided_on: Set(it.decided_on),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
