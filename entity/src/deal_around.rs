//! Deals with the rows around them in one statement: a round trip costs more than a join.

use crate::column::Places;
use crate::store::{Conn, DbErr};
use crate::{account, deal, scope, segment};
use domain::slice::Slice;
use sea_orm::sea_query::{Alias, Cond, Condition, Expr, JoinType};
use sea_orm::{EntityTrait, IdenStatic, Iterable, QueryResult, QueryTrait, Select, Statement};

/// Which rows are fetched beside a deal's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Its account.
    pub account: bool,
    /// Its segment.
    pub segment: bool,
}

/// A deal, and what was asked for around it as far as the slice holds it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The deal.
    pub deal: domain::deal::Deal,
    /// Its account.
    pub account: Option<domain::account::Account>,
    /// Its segment.
    pub segment: Option<domain::segment::Segment>,
}

/// A select over `deal` with the rows around them.
pub(crate) fn with(slice: &Slice, mut select: Select<deal::Entity>, around: Around) -> Select<deal::Entity> {
    if around.account {
        let is_its = Cond::all()
            .add(Expr::cust("account.program_id = deal.program_id AND account.id = deal.account_id"))
            .add(scope::accounts(slice));
        beside::<account::Entity>(&mut select, "account", is_its);
    }
    if around.segment {
        let is_its =
            Cond::all().add(Expr::cust("segment.program_id = deal.program_id AND segment.id = deal.segment_id"));
        beside::<segment::Entity>(&mut select, "segment", is_its);
    }
    select
}

/// What such a select finds.
pub(crate) async fn all(conn: &impl Conn, statement: Statement, around: Around) -> Result<Vec<Row>, DbErr> {
    let rows = conn.query_all_raw(statement).await?;
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        let deal = deal::Model::of(&mut places)?.try_into()?;
        let account =
            if around.account { found(&mut places, account::Model::of, &account::Column::iter())? } else { None };
        let segment =
            if around.segment { found(&mut places, segment::Model::of, &segment::Column::iter())? } else { None };
        Ok(Row { deal, account, segment })
    };
    rows.iter().map(read_row).collect()
}

impl deal::Model {
    /// The deal whose columns come next, in the order in which they are declared.
    fn of(places: &mut Places<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            program_id: places.next()?,
            id: places.next()?,
            external_id: places.next()?,
            name: places.next()?,
            account_id: places.next()?,
            segment_id: places.next()?,
            kind: places.next()?,
            outcome: places.next()?,
            stage_id: places.next()?,
            has_reached_stage_one: places.next()?,
            opened_on: places.next()?,
            opened_at: places.next()?,
            closed_on: places.next()?,
            closed_at: places.next()?,
            closed_quarter: places.next()?,
            cycle_days: places.next()?,
            expected_close_on: places.next()?,
            original_minor: places.next()?,
            original_currency: places.next()?,
            arr_minor: places.next()?,
            tcv_minor: places.next()?,
            services_minor: places.next()?,
            tcv_original_minor: places.next()?,
            tcv_original_currency: places.next()?,
            services_original_minor: places.next()?,
            services_original_currency: places.next()?,
            declaration: places.next()?,
            provenance: places.next()?,
            locked_at: places.next()?,
            owner_seat_id: places.next()?,
            owner_external_id: places.next()?,
            pod_id: places.next()?,
            source: places.next()?,
            is_influenced: places.next()?,
            deal_reg_id: places.next()?,
            is_co_sell: places.next()?,
            is_private_offer: places.next()?,
            is_marketplace: places.next()?,
            offer_id: places.next()?,
            product_mix: places.next()?,
            discount_rate: places.next()?,
            take_rate: places.next()?,
            next_step: places.next()?,
            next_step_on: places.next()?,
            lost_reason: places.next()?,
            activated_on: places.next()?,
            version: places.next()?,
            recorded_at: places.next()?,
            updated_at: places.next()?,
        })
    }
}

/// Joins a table, each of its columns under its table's name.
pub(crate) fn beside<E: EntityTrait>(select: &mut Select<impl EntityTrait>, table: &'static str, is_its: Condition) {
    let query = QueryTrait::query(select);
    query.join(JoinType::LeftJoin, Alias::new(table), is_its);
    for column in E::Column::iter() {
        let name = column.as_str();
        query.expr_as(Expr::col((Alias::new(table), Alias::new(name))), Alias::new(format!("{table}.{name}")));
    }
}

/// The joined row, where there is one.
pub(crate) fn found<M, T>(
    places: &mut Places<'_>,
    read: impl FnOnce(&mut Places<'_>) -> Result<M, DbErr>,
    columns: &impl ExactSizeIterator,
) -> Result<Option<T>, DbErr>
where
    M: TryInto<T, Error = DbErr>,
{
    places.joined(columns.len(), read)?.map(TryInto::try_into).transpose()
}
