//! The simulated CRM's and finance system's own exports, and the mappings that read them: the demo's history comes in through
//! the same door as anybody's.

use super::market::Market;
use super::simulation::{Activity, Deal, World};
use csv::Writer;
use domain::attribution::AttributionState;
use domain::deal::DealKind;
use domain::import::Object;

/// A file to import.
pub(super) struct Export {
    pub(super) object: Object,
    pub(super) file_name: &'static str,
    pub(super) csv: Vec<u8>,
    pub(super) mapping: &'static str,
}

const PARTNERS: &str = r#"# A partner list as a PRM exports it.
object = "partners"

[fields]
external_id = "Partner ID"
name = "Partner"
kind = "Kind"
status = "Status"
domain = "Web Site"
"#;

const ACCOUNTS: &str = r#"# Accounts as a CRM exports them.
object = "accounts"

[fields]
external_id = "Account ID"
name = "Account Name"
domain = "Website"
segment = "Segment"
region = "Region"
cloud_commitments = { column = "Cloud Commitments", separator = ";" }
"#;

const DEALS: &str = r#"# Opportunities as a CRM exports them.
object = "deals"
source_system = "demo-crm"

[fields]
external_id = "Opportunity ID"
name = "Opportunity Name"
account = "Account ID"
segment = "Segment"
kind = { column = "Type", map = { "New Business" = "NEW", "Upsell" = "EXPANSION", "Renewal" = "RENEWAL" } }
stage = "Stage"
arr = "ARR"
tcv = "TCV"
services = "Services"
currency = "Currency"
opened_on = "Created Date"
closed_on = "Close Date"
owner = "Owner ID"
pod = "Pod"
product_mix = { column = "Products", separator = ";" }
discount_rate = { column = "Discount", percent = true }
is_marketplace = "Marketplace"
is_co_sell = "Co-Sell"
lost_reason = "Lost Reason"

[attribution]
partner = "Partner IDs"
separator = ";"
otherwise = "direct"

[attribution.state]
column = "Partner Roles"
map = { "brought in" = "SOURCED", "shaped" = "INFLUENCED", "unblocked" = "ACCELERATED", "expanded" = "EXPANSION_OR_RETENTION" }

# Nobody asked whether a partner was there: that is not the same as a direct deal.
[[attribution.rules]]
column = "Partner Checked"
value = "no"
is = "unknown"
"#;

const SPEND: &str = r#"# Program spend as a finance system exports it.
object = "spend"

[fields]
external_id = "Line"
partner = "Partner ID"
quarter = "Fiscal Quarter"
category = { column = "Cost Type", map = { "MDF" = "MDF", "Joint marketing" = "JOINT_MARKETING", "People" = "LOADED_FTE", "Tools" = "TOOLS" } }
amount = "Amount"
currency = "Currency"
"#;

const ACTIVITIES: &str = r#"# Touches and meetings as a CRM exports them.
object = "activities"
source_system = "demo-crm"

[fields]
external_id = "Activity ID"
deal = "Opportunity ID"
partner = "Partner ID"
kind = "Kind"
happened_at = "Date"
is_joint_meeting = "Joint"
note = "Notes"
"#;

/// The files, in the order in which they are imported: what a row names must be there.
///
/// # Errors
/// A row that cannot be written.
pub(super) fn exports(world: &World) -> csv::Result<Vec<Export>> {
    let export = |object, file_name, csv, mapping| Export { object, file_name, csv, mapping };
    Ok(vec![
        export(Object::Deals, "opportunities.csv", deals(world)?, DEALS),
        export(Object::Spend, "spend.csv", spend(world)?, SPEND),
        export(Object::Activities, "activities.csv", activities(world)?, ACTIVITIES),
    ])
}

/// The files that the rest refers to.
///
/// # Errors
/// A row that cannot be written.
pub(super) fn masters(world: &World) -> csv::Result<Vec<Export>> {
    let export = |object, file_name, csv, mapping| Export { object, file_name, csv, mapping };
    Ok(vec![
        export(Object::Partners, "partners.csv", partners(world.market)?, PARTNERS),
        export(Object::Accounts, "accounts.csv", accounts(world)?, ACCOUNTS),
    ])
}

fn finish(out: Writer<Vec<u8>>) -> csv::Result<Vec<u8>> {
    out.into_inner().map_err(|why| csv::Error::from(why.into_error()))
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn partners(market: &Market) -> csv::Result<Vec<u8>> {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(["Partner ID", "Partner", "Kind", "Status", "Web Site"])?;
    for it in market.partners {
        let site = format!("https://www.{}.example", it.name.to_lowercase().replace(' ', ""));
        out.write_record([it.id, it.name, it.kind.into(), it.status.into(), &site])?;
    }
    finish(out)
}

fn accounts(world: &World) -> csv::Result<Vec<u8>> {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(["Account ID", "Account Name", "Website", "Segment", "Region", "Cloud Commitments"])?;
    for it in &world.accounts {
        let segment = world.market.segments[it.segment].name;
        out.write_record([&it.id, &it.name, &it.domain, segment, it.region, &it.clouds.join(";")])?;
    }
    finish(out)
}

const fn role(state: AttributionState) -> &'static str {
    match state {
        AttributionState::Sourced => "brought in",
        AttributionState::Influenced => "shaped",
        AttributionState::Accelerated => "unblocked",
        AttributionState::ExpansionOrRetention => "expanded",
    }
}

/// The pod that works an account.
pub(super) fn pod(world: &World, deal: &Deal) -> &'static str {
    let region = world.accounts[deal.account].region;
    world.market.pods.iter().find(|pod| pod.regions.contains(&region)).map_or("", |pod| pod.name)
}

/// What was opened before the running quarter.
fn deals(world: &World) -> csv::Result<Vec<u8>> {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record([
        "Opportunity ID",
        "Opportunity Name",
        "Account ID",
        "Segment",
        "Type",
        "Stage",
        "ARR",
        "TCV",
        "Services",
        "Currency",
        "Created Date",
        "Close Date",
        "Owner ID",
        "Pod",
        "Products",
        "Discount",
        "Marketplace",
        "Co-Sell",
        "Lost Reason",
        "Partner IDs",
        "Partner Roles",
        "Partner Checked",
    ])?;
    for it in world.deals.iter().filter(|deal| !world.is_live(deal)) {
        let partners: Vec<&str> = it.credits.iter().map(|(at, _)| world.market.partners[*at].id).collect();
        let roles: Vec<&str> = it.credits.iter().map(|(_, state)| role(*state)).collect();
        let kind = match it.kind {
            DealKind::New => "New Business",
            DealKind::Expansion => "Upsell",
            DealKind::Renewal => "Renewal",
        };
        let through_marketplace = it.credits.iter().any(|(at, _)| world.is_marketplace(*at));
        out.write_record([
            &it.id,
            &it.name,
            &world.accounts[it.account].id,
            world.market.segments[it.segment].name,
            kind,
            it.stage,
            &it.arr.to_string(),
            &(it.arr * it.years + it.services).to_string(),
            &it.services.to_string(),
            it.currency,
            &it.opened_on.to_string(),
            &it.close_on.to_string(),
            it.owner,
            pod(world, it),
            it.product,
            &it.discount_percent.to_string(),
            yes(through_marketplace),
            yes(!it.credits.is_empty()),
            it.lost_reason.unwrap_or(""),
            &partners.join(";"),
            &roles.join(";"),
            yes(!it.is_unknown),
        ])?;
    }
    finish(out)
}

fn spend(world: &World) -> csv::Result<Vec<u8>> {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(["Line", "Partner ID", "Fiscal Quarter", "Cost Type", "Amount", "Currency"])?;
    for it in world.spend.iter().filter(|line| line.quarter < world.running) {
        use domain::spend::SpendCategory as Category;
        let category = match it.category {
            Category::Mdf => "MDF",
            Category::JointMarketing => "Joint marketing",
            Category::LoadedFte => "People",
            Category::Tools => "Tools",
        };
        let partner = world.market.partners[it.partner].id;
        out.write_record([&it.id, partner, &it.quarter.to_string(), category, &it.amount.to_string(), it.currency])?;
    }
    finish(out)
}

/// The local time of an activity, as a CRM writes it.
pub(super) fn local_time(it: &Activity) -> String {
    format!("{} {:02}:{:02}", it.day, it.minute / 60, it.minute % 60)
}

fn activities(world: &World) -> csv::Result<Vec<u8>> {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(["Activity ID", "Opportunity ID", "Partner ID", "Kind", "Date", "Joint", "Notes"])?;
    for it in world.activities.iter().filter(|it| !world.is_live(&world.deals[it.deal])) {
        let partner = it.partner.map_or("", |at| world.market.partners[at].id);
        out.write_record([
            &it.id,
            &world.deals[it.deal].id,
            partner,
            it.kind,
            &local_time(it),
            yes(it.is_joint),
            it.note,
        ])?;
    }
    finish(out)
}
