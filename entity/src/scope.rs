//! From a [`Slice`] to the condition that every statement of it carries (LOOP.md section 5, the column "rows").

use domain::slice::{Reach, Slice};
use sea_orm::sea_query::{Alias, Cond, Condition, Expr, ExprTrait, JoinType, LikeExpr, Query, UnionType};
use uuid::Uuid;

/// A condition that holds for no row.
fn nothing() -> Condition {
    Cond::all().add(Expr::cust("1 = 0"))
}

fn everything() -> Condition {
    Cond::all()
}

fn one_of(column: &'static str, ids: &[Uuid]) -> Condition {
    if ids.is_empty() { nothing() } else { Cond::all().add(Expr::cust(column).is_in(ids.iter().copied())) }
}

/// Rows that hang on a partner.
pub(crate) fn partners(slice: &Slice, column: &'static str) -> Condition {
    match slice.reach() {
        Reach::Program | Reach::ClosedDeals | Reach::Partners => everything(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of(column, partners),
        Reach::Own { partner } => one_of(column, &[*partner]),
        Reach::Owned { .. } => owned_partners(slice, column),
    }
}

/// The partners on the deals it sees, and its pods'.
fn owned_partners(slice: &Slice, column: &'static str) -> Condition {
    let Reach::Owned { seat_id, owner_external_id, pods, pod_partners } = slice.reach() else { return nothing() };
    let mut mine = Cond::any().add(Expr::cust("d.owner_seat_id").eq(*seat_id)).add(one_of("d.pod_id", pods));
    if let Some(owner) = owner_external_id {
        mine = mine.add(Expr::cust("d.owner_external_id").eq(owner.clone()));
    }
    let mut on_mine = Query::select();
    on_mine
        .expr(Expr::cust("a.partner_id"))
        .from_as(Alias::new("attribution"), Alias::new("a"))
        .join_as(
            JoinType::InnerJoin,
            Alias::new("deal"),
            Alias::new("d"),
            Expr::cust("d.program_id = a.program_id AND d.id = a.deal_id"),
        )
        .cond_where(Cond::all().add(Expr::cust("a.program_id").eq(slice.program_id())).add(mine));
    Cond::any().add(Expr::cust(column).in_subquery(on_mine)).add(one_of(column, pod_partners))
}

/// Deals on which one of these partners is attributed, or which it registered and was not turned away from.
fn attributed_to(program_id: Uuid, deal: &'static str, partners: &[Uuid]) -> Condition {
    if partners.is_empty() {
        return nothing();
    }
    let mut theirs = Query::select();
    theirs
        .expr(Expr::cust("a.deal_id"))
        .from_as(Alias::new("attribution"), Alias::new("a"))
        .cond_where(Cond::all().add(Expr::cust("a.program_id").eq(program_id)).add(one_of("a.partner_id", partners)));
    let mut registered = Query::select();
    registered.expr(Expr::cust("r.deal_id")).from_as(Alias::new("registration"), Alias::new("r")).cond_where(
        Cond::all()
            .add(Expr::cust("r.program_id").eq(program_id))
            .add(one_of("r.partner_id", partners))
            .add(Expr::cust("r.deal_id IS NOT NULL AND r.state NOT IN ('REFUSED', 'WITHDRAWN')")),
    );
    // One list, not an OR of two: the planner then starts from it.
    theirs.union(UnionType::All, registered);
    Cond::all().add(Expr::cust(deal).in_subquery(theirs))
}

/// Deals, in a statement over `deal`.
pub(crate) fn deals(slice: &Slice) -> Condition {
    let program_id = slice.program_id();
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals => Cond::all().add(Expr::cust("deal.outcome IN ('WON', 'LOST')")),
        Reach::Partners => nothing(),
        Reach::Pods { pods, partners } => {
            Cond::any().add(one_of("deal.pod_id", pods)).add(attributed_to(program_id, "deal.id", partners))
        }
        Reach::Owned { seat_id, owner_external_id, pods, pod_partners } => {
            let mut mine = Cond::any()
                .add(Expr::cust("deal.owner_seat_id").eq(*seat_id))
                .add(one_of("deal.pod_id", pods))
                .add(attributed_to(program_id, "deal.id", pod_partners));
            if let Some(owner) = owner_external_id {
                mine = mine.add(Expr::cust("deal.owner_external_id").eq(owner.clone()));
            }
            mine
        }
        Reach::Managed { partners } => attributed_to(program_id, "deal.id", partners),
        Reach::Own { partner } => attributed_to(program_id, "deal.id", &[*partner]),
    }
}

/// The deals of the slice as a subquery of their column, for rows that hang on a deal.
fn of_visible_deals(slice: &Slice, column: &'static str, deal_column: Alias) -> Condition {
    let mut visible = Query::select();
    visible
        .expr(Expr::col((Alias::new("deal"), deal_column)))
        .from(Alias::new("deal"))
        .cond_where(Cond::all().add(Expr::cust("deal.program_id").eq(slice.program_id())).add(deals(slice)));
    Cond::all().add(Expr::cust(column).in_subquery(visible))
}

/// Rows that hang on a deal, as the slice shows deals.
pub(crate) fn on_deals(slice: &Slice, column: &'static str) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::Partners => nothing(),
        Reach::ClosedDeals | Reach::Pods { .. } | Reach::Owned { .. } | Reach::Managed { .. } | Reach::Own { .. } => {
            of_visible_deals(slice, column, Alias::new("id"))
        }
    }
}

/// Rows that hang on an account, as the slice shows accounts.
pub(crate) fn on_accounts(slice: &Slice, column: &'static str) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners | Reach::Own { .. } => nothing(),
        Reach::Pods { .. } | Reach::Owned { .. } | Reach::Managed { .. } => {
            of_visible_deals(slice, column, Alias::new("account_id"))
        }
    }
}

/// A column that is among `select` of a table, aliased `r`, where this holds.
pub(crate) fn among(column: &'static str, select: &'static str, table: &'static str, holds: Condition) -> Condition {
    let mut query = Query::select();
    query.expr(Expr::cust(select)).from_as(Alias::new(table), Alias::new("r")).cond_where(holds);
    Cond::all().add(Expr::cust(column).in_subquery(query))
}

/// Accounts, in a statement over `account`: those of the deals of the slice.
pub(crate) fn accounts(slice: &Slice) -> Condition {
    on_accounts(slice, "account.id")
}

/// Attributions, in a statement over `attribution`: on the deals of the slice, and (for a slice made of partners) theirs only.
pub(crate) fn attributions(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::Partners => nothing(),
        Reach::ClosedDeals | Reach::Owned { .. } => of_visible_deals(slice, "attribution.deal_id", Alias::new("id")),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("attribution.partner_id", partners),
        Reach::Own { partner } => one_of("attribution.partner_id", &[*partner]),
    }
}

/// Activities, in a statement over `activity`: on the deals of the slice; for a slice made of partners, with these or with none.
pub(crate) fn activities(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        // What it did itself, and no more: whom it introduced.
        Reach::Own { partner } => {
            one_of("activity.partner_id", &[*partner]).add(Expr::cust("activity.kind = 'INTRODUCTION'"))
        }
        Reach::Pods { partners, .. } | Reach::Managed { partners } => {
            // On a deal that is shared, what another partner did is another's.
            let theirs = one_of("activity.partner_id", partners);
            let nobodys = Cond::all().add(Expr::cust("activity.partner_id IS NULL")).add(of_visible_deals(
                slice,
                "activity.deal_id",
                Alias::new("id"),
            ));
            Cond::any().add(theirs).add(nobodys)
        }
        Reach::Owned { .. } => {
            let on_account = of_visible_deals(slice, "activity.account_id", Alias::new("account_id"));
            Cond::any()
                .add(of_visible_deals(slice, "activity.deal_id", Alias::new("id")))
                .add(Cond::all().add(Expr::cust("activity.deal_id IS NULL")).add(on_account))
        }
    }
}

/// Entries of the ledger, in a statement over `ledger_entry`: the program's, or those that name the partner itself.
pub(crate) fn ledger(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals => of_closed_deals(),
        Reach::Partners | Reach::Pods { .. } | Reach::Owned { .. } | Reach::Managed { .. } => nothing(),
        Reach::Own { partner } => {
            let (link, own) = (Alias::new("ledger_entry_partner"), Expr::cust("ledger_entry_partner.partner_id"));
            let mut named = Query::select();
            named.expr(Expr::col((link.clone(), Alias::new("entry_id")))).from(link).cond_where(
                Cond::all()
                    .add(Expr::cust("ledger_entry_partner.program_id").eq(slice.program_id()))
                    .add(own.eq(*partner)),
            );
            Cond::all().add(Expr::cust("ledger_entry.id").in_subquery(named))
        }
    }
}

/// Entries that are about no deal, or about one that is closed: who sees no open pipeline does not learn of it from the ledger.
fn of_closed_deals() -> Condition {
    // Kinds of rows that hang on a deal, each with what holds where the deal is closed: looked up by the entry's own subject.
    let closed = [
        (
            "Deal",
            "EXISTS (SELECT 1 FROM deal d WHERE d.program_id = ledger_entry.program_id AND d.id = ledger_entry.subject_id
               AND d.outcome IN ('WON', 'LOST'))",
        ),
        (
            "Registration",
            "EXISTS (SELECT 1 FROM registration r JOIN deal d ON d.program_id = r.program_id AND d.id = r.deal_id
               WHERE r.program_id = ledger_entry.program_id AND r.id = ledger_entry.subject_id AND d.outcome IN ('WON', 'LOST'))",
        ),
        (
            "PrimarySale",
            "EXISTS (SELECT 1 FROM primary_sale p JOIN deal d ON d.program_id = p.program_id AND d.id = p.deal_id
               WHERE p.program_id = ledger_entry.program_id AND p.id = ledger_entry.subject_id AND d.outcome IN ('WON', 'LOST'))",
        ),
        // Several deals may hang on one conflict: none of them is open.
        (
            "RegistrationConflict",
            "EXISTS (SELECT 1 FROM registration r JOIN deal d ON d.program_id = r.program_id AND d.id = r.deal_id
               WHERE r.program_id = ledger_entry.program_id AND r.conflict_id = ledger_entry.subject_id AND d.outcome IN ('WON', 'LOST'))
             AND NOT EXISTS (SELECT 1 FROM registration r LEFT JOIN deal d ON d.program_id = r.program_id AND d.id = r.deal_id
               WHERE r.program_id = ledger_entry.program_id AND r.conflict_id = ledger_entry.subject_id
                 AND (d.outcome = 'OPEN' OR (d.id IS NULL AND r.state IN ('SUBMITTED', 'APPROVED', 'REFRESHED'))))",
        ),
    ];
    closed.into_iter().fold(Cond::all(), |all, (kind, holds)| {
        all.add(Expr::cust(format!("(ledger_entry.subject_type <> '{kind}' OR ({holds}))")))
    })
}

/// Registrations, in a statement over `registration`: of the slice's partners; for the owner of deals, those it owns and those of
/// its deals.
pub(crate) fn registrations(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("registration.partner_id", partners),
        Reach::Own { partner } => one_of("registration.partner_id", &[*partner]),
        Reach::Owned { seat_id, .. } => Cond::any()
            .add(Expr::cust("registration.owner_seat_id").eq(*seat_id))
            .add(of_visible_deals(slice, "registration.deal_id", Alias::new("id"))),
    }
}

/// Requests of the Pod, in a statement over `pod_request`: to the slice's partners; for the owner of deals, those about its deals and
/// those that it asked itself.
pub(crate) fn pod_requests(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("pod_request.partner_id", partners),
        Reach::Own { partner } => one_of("pod_request.partner_id", &[*partner]),
        Reach::Owned { seat_id, .. } => Cond::any()
            .add(Expr::cust("pod_request.asked_by").eq(*seat_id))
            .add(of_visible_deals(slice, "pod_request.deal_id", Alias::new("id"))),
    }
}

/// Sessions of the joint pod, in a statement over `pod_session`: with the slice's partners; for the owner of deals, its pods'.
pub(crate) fn pod_sessions(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("pod_session.partner_id", partners),
        Reach::Own { partner } => one_of("pod_session.partner_id", &[*partner]),
        Reach::Owned { pods, .. } => one_of("pod_session.pod_id", pods),
    }
}

/// Joint calls, in a statement over `joint_call`: with the slice's partners; for the owner of deals, those on its deals and its
/// pods' sessions.
pub(crate) fn joint_calls(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("joint_call.partner_id", partners),
        Reach::Own { partner } => one_of("joint_call.partner_id", &[*partner]),
        Reach::Owned { pods, .. } => Cond::any().add(one_of("joint_call.pod_id", pods)).add(of_visible_deals(
            slice,
            "joint_call.deal_id",
            Alias::new("id"),
        )),
    }
}

/// Escalations, in a statement over `escalation`: with the slice's partners; for the owner of deals, those on its deals; for a
/// partner, those that it raised or is asked.
pub(crate) fn escalations(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("escalation.partner_id", partners),
        Reach::Own { partner } => one_of("escalation.partner_id", &[*partner])
            .add(Expr::cust("(escalation.raised_by = 'PARTNER' OR escalation.addressed_to = 'PARTNER')")),
        Reach::Owned { .. } => of_visible_deals(slice, "escalation.deal_id", Alias::new("id")),
    }
}

/// Promises, in a statement over `sla_clock`: with the slice's partners; for the owner of deals, those about rows that it sees. Pods
/// and managers have both, because what the vendor's people owe one another names no partner.
pub(crate) fn sla_clocks(slice: &Slice) -> Condition {
    let with_partners = || partners(slice, "sla_clock.partner_id");
    match slice.reach() {
        Reach::Program | Reach::ClosedDeals | Reach::Partners | Reach::Own { .. } => with_partners(),
        Reach::Owned { .. } => promises_about(slice, on_deals(slice, "handoff.deal_id")),
        Reach::Pods { .. } | Reach::Managed { .. } => {
            let handoffs =
                Cond::all().add(on_deals(slice, "handoff.deal_id")).add(partners(slice, "handoff.partner_id"));
            let inside =
                Cond::all().add(Expr::cust("sla_clock.partner_id IS NULL")).add(promises_about(slice, handoffs));
            Cond::any().add(with_partners()).add(inside)
        }
    }
}

/// Promises about rows that the slice holds.
fn promises_about(slice: &Slice, handoffs: Condition) -> Condition {
    let about = |kind: &'static str, table: &'static str, holds: Condition| {
        let mut seen = Query::select();
        seen.expr(Expr::col((Alias::new(table), Alias::new("id")))).from(Alias::new(table)).cond_where(
            Cond::all().add(Expr::col((Alias::new(table), Alias::new("program_id"))).eq(slice.program_id())).add(holds),
        );
        Cond::all()
            .add(Expr::cust("sla_clock.subject_type").eq(kind))
            .add(Expr::cust("sla_clock.subject_id").in_subquery(seen))
    };
    Cond::any()
        .add(about("Registration", "registration", registrations(slice)))
        .add(about("PodRequest", "pod_request", pod_requests(slice)))
        .add(about("Handoff", "handoff", handoffs))
        .add(about("JointCall", "joint_call", joint_calls(slice)))
        .add(about("Escalation", "escalation", escalations(slice)))
        .add(about("Lead", "lead", leads(slice)))
}

/// Conflicts of claims, in a statement over `registration_conflict`: those that a registration of the slice is part of.
pub(crate) fn conflicts(slice: &Slice) -> Condition {
    if *slice.reach() == Reach::Program {
        return everything();
    }
    let mut seen = Query::select();
    seen.expr(Expr::cust("registration.conflict_id")).from(Alias::new("registration")).cond_where(
        Cond::all().add(Expr::cust("registration.program_id").eq(slice.program_id())).add(registrations(slice)),
    );
    Cond::all().add(Expr::cust("registration_conflict.id").in_subquery(seen))
}

/// Disputes, in a statement over `dispute`: on the deals of the slice; for a slice made of partners, those that concern one.
pub(crate) fn disputes(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Owned { .. } => of_visible_deals(slice, "dispute.deal_id", Alias::new("id")),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => concerning(slice, partners),
        Reach::Own { partner } => concerning(slice, &[*partner]),
    }
}

/// Disputes to which one of these partners is a party.
fn concerning(slice: &Slice, partners: &[Uuid]) -> Condition {
    let mut theirs = Query::select();
    theirs.expr(Expr::cust("p.dispute_id")).from_as(Alias::new("dispute_party"), Alias::new("p")).cond_where(
        Cond::all().add(Expr::cust("p.program_id").eq(slice.program_id())).add(one_of("p.partner_id", partners)),
    );
    Cond::all().add(Expr::cust("dispute.id").in_subquery(theirs))
}

/// Leads, in a statement over `lead`: those that came through a partner of the slice, and those that its seat owns.
pub(crate) fn leads(slice: &Slice) -> Condition {
    match slice.reach() {
        Reach::Program => everything(),
        Reach::ClosedDeals | Reach::Partners => nothing(),
        Reach::Pods { partners, .. } | Reach::Managed { partners } => one_of("lead.partner_id", partners),
        Reach::Own { partner } => one_of("lead.partner_id", &[*partner]),
        Reach::Owned { seat_id, .. } => Cond::all().add(Expr::cust("lead.owner_seat_id").eq(*seat_id)),
    }
}

fn escaped(part: &str) -> String {
    part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A column that contains a text, taken literally.
pub(crate) fn contains(column: &'static str, part: &str) -> Condition {
    Cond::all().add(Expr::cust(column).like(LikeExpr::new(format!("%{}%", escaped(part))).escape('\\')))
}

/// A column that starts with a text, taken literally.
pub(crate) fn starts_with(column: &'static str, start: &str) -> Condition {
    Cond::all().add(Expr::cust(column).like(LikeExpr::new(format!("{}%", escaped(start))).escape('\\')))
}

/// Deals with an attribution that the slice shows, to one of these partners and in one of these states.
pub(crate) fn attributed(
    slice: &Slice,
    partners: Option<&[Uuid]>,
    states: Option<&[domain::attribution::AttributionState]>,
) -> Condition {
    let mut wanted =
        Cond::all().add(Expr::cust("attribution.program_id").eq(slice.program_id())).add(attributions(slice));
    if let Some(partners) = partners {
        wanted = wanted.add(one_of("attribution.partner_id", partners));
    }
    if let Some(states) = states {
        wanted =
            wanted.add(Expr::cust("attribution.state").is_in(states.iter().map(|state| crate::column::word(*state))));
    }
    let mut query = Query::select();
    query
        .expr(Expr::col((Alias::new("attribution"), Alias::new("deal_id"))))
        .from(Alias::new("attribution"))
        .cond_where(wanted);
    Cond::all().add(Expr::cust("deal.id").in_subquery(query))
}
