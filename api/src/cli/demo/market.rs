//! The parameters of the simulation: the markets, and how good each partner truly is in each. Everything that a query of the
//! demo answers follows from these by chance and by the product's own arithmetic.

use domain::partner::{PartnerKind, PartnerStatus};
use domain::spend::SpendCategory;

/// A program to simulate.
pub(super) struct Market {
    /// The program's short name.
    pub(super) slug: &'static str,
    /// The name people read.
    pub(super) name: &'static str,
    /// What it reports in.
    pub(super) currency: &'static str,
    /// Its IANA zone.
    pub(super) zone: &'static str,
    /// The first month of its fiscal year.
    pub(super) fiscal_start_month: u32,
    /// Where its chance starts.
    pub(super) seed: u64,
    /// How many accounts it has.
    pub(super) accounts: usize,
    /// Deals opened in the first quarter.
    pub(super) first_quarter: f64,
    /// How many more are opened in each next quarter.
    pub(super) growth: f64,
    /// Foreign currencies: code, what one unit is worth at the beginning, and the region whose deals are in it.
    pub(super) foreign: &'static [(&'static str, f64, &'static str)],
    /// The parts of the market.
    pub(super) segments: &'static [Segment],
    /// The partners.
    pub(super) partners: &'static [Partner],
    /// The pods: name, regions, and the partners that they work with.
    pub(super) pods: &'static [Pod],
}

/// A part of a market.
pub(super) struct Segment {
    pub(super) name: &'static str,
    /// Accounts there are to win.
    pub(super) addressable: i64,
    /// Share of the deals.
    pub(super) weight: f64,
    /// The true chance of winning a new deal without a partner.
    pub(super) direct_rate: f64,
    /// The median ARR of a deal, in the program's currency.
    pub(super) median_arr: f64,
    /// The median days from opening to close.
    pub(super) median_days: f64,
}

/// How good a partner truly is in a segment.
pub(super) struct Fit {
    /// The segment, by its place.
    pub(super) segment: usize,
    /// How much of the segment's partner deals is the partner's.
    pub(super) weight: f64,
    /// What it adds to the chance of winning.
    pub(super) lift: f64,
}

/// An outside company.
pub(super) struct Partner {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: PartnerKind,
    pub(super) status: PartnerStatus,
    /// Where it works.
    pub(super) fits: &'static [Fit],
    /// Shares of SOURCED, INFLUENCED and ACCELERATED.
    pub(super) states: [f64; 3],
    /// What a deal with it is worth, against one without.
    pub(super) size: f64,
    /// How long a deal with it takes, against one without.
    pub(super) pace: f64,
    /// What is spent on it in a quarter.
    pub(super) spend: &'static [(SpendCategory, f64)],
    /// The currency of that spend, where it is not the program's.
    pub(super) spend_currency: Option<&'static str>,
    /// The quarters in which it works, counted from the first.
    pub(super) from: u32,
    pub(super) until: u32,
    /// Its people; the first is the seller.
    pub(super) people: &'static [(&'static str, &'static str)],
}

/// A unit that runs deals.
pub(super) struct Pod {
    pub(super) name: &'static str,
    pub(super) regions: &'static [&'static str],
    pub(super) partners: &'static [&'static str],
}

const fn fit(segment: usize, weight: f64, lift: f64) -> Fit {
    Fit { segment, weight, lift }
}

use PartnerKind as Kind;
use PartnerStatus::{Active, Candidate, Ended};
use SpendCategory::{JointMarketing, LoadedFte, Mdf, Tools};

/// The regions of accounts, and their shares.
pub(super) const REGIONS: &[(&str, f64)] = &[("North America", 0.58), ("EMEA", 0.30), ("APAC", 0.12)];

/// The program that the demo is about.
pub(super) const HALDEN: Market = Market {
    slug: "demo",
    name: "Halden Software",
    currency: "USD",
    zone: "America/New_York",
    fiscal_start_month: 2,
    seed: 0x5eed_0001,
    accounts: 250,
    first_quarter: 78.0,
    growth: 4.5,
    foreign: &[("EUR", 1.09, "EMEA")],
    segments: &[
        Segment {
            name: "Enterprise",
            addressable: 90,
            weight: 0.20,
            direct_rate: 0.24,
            median_arr: 96_000.0,
            median_days: 118.0,
        },
        Segment {
            name: "Mid-Market",
            addressable: 260,
            weight: 0.28,
            direct_rate: 0.30,
            median_arr: 38_000.0,
            median_days: 74.0,
        },
        Segment {
            name: "SMB",
            addressable: 700,
            weight: 0.26,
            direct_rate: 0.36,
            median_arr: 9_500.0,
            median_days: 33.0,
        },
        Segment {
            name: "Public Sector",
            addressable: 60,
            weight: 0.12,
            direct_rate: 0.18,
            median_arr: 120_000.0,
            median_days: 160.0,
        },
        Segment {
            name: "Healthcare",
            addressable: 90,
            weight: 0.14,
            direct_rate: 0.27,
            median_arr: 64_000.0,
            median_days: 102.0,
        },
    ],
    partners: &[
        Partner {
            id: "P-01",
            name: "Cloudspan",
            kind: Kind::Hyperscaler,
            status: Active,
            fits: &[fit(0, 0.22, 0.06), fit(1, 0.18, 0.04), fit(4, 0.20, 0.05)],
            states: [0.20, 0.35, 0.45],
            size: 1.45,
            pace: 0.85,
            spend: &[(Mdf, 12_000.0), (LoadedFte, 18_000.0), (JointMarketing, 6_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Ines Okafor", "Partner Development Manager"), ("Tomas Brandt", "Solutions Architect")],
        },
        Partner {
            id: "P-02",
            name: "Brightwater Consulting",
            kind: Kind::SystemIntegrator,
            status: Active,
            fits: &[fit(0, 0.52, 0.30), fit(4, 0.18, 0.16)],
            states: [0.58, 0.30, 0.12],
            size: 1.20,
            pace: 0.80,
            spend: &[(Mdf, 24_000.0), (LoadedFte, 36_000.0), (Tools, 3_500.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[
                ("Marguerite Dahl", "Alliance Director"),
                ("Kofi Mensah", "Client Partner"),
                ("Ruth Aldana", "Practice Lead"),
            ],
        },
        Partner {
            id: "P-03",
            name: "Nordlicht Systemhaus",
            kind: Kind::Reseller,
            status: Active,
            fits: &[fit(1, 0.20, -0.02), fit(2, 0.14, 0.05)],
            states: [0.70, 0.20, 0.10],
            size: 0.95,
            pace: 1.00,
            spend: &[(Mdf, 9_000.0), (LoadedFte, 14_000.0)],
            spend_currency: Some("EUR"),
            from: 0,
            until: 99,
            people: &[("Annika Vogt", "Account Manager")],
        },
        Partner {
            id: "P-04",
            name: "Quickline Resale",
            kind: Kind::Reseller,
            status: Active,
            fits: &[fit(2, 0.56, -0.27), fit(1, 0.06, -0.12)],
            states: [0.80, 0.15, 0.05],
            size: 0.80,
            pace: 1.25,
            spend: &[(Mdf, 5_000.0), (LoadedFte, 7_000.0), (JointMarketing, 2_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Dale Hutchins", "Sales Director"), ("Priya Raman", "Inside Sales")],
        },
        Partner {
            id: "P-05",
            name: "Harbor Managed Services",
            kind: Kind::Msp,
            status: Active,
            fits: &[fit(1, 0.44, 0.24), fit(2, 0.10, 0.06)],
            states: [0.50, 0.25, 0.25],
            size: 1.10,
            pace: 0.75,
            spend: &[(Mdf, 12_000.0), (LoadedFte, 22_000.0)],
            spend_currency: None,
            from: 1,
            until: 99,
            people: &[("Lucia Ferrante", "Chief Revenue Officer"), ("Owen Pritchard", "Account Executive")],
        },
        Partner {
            id: "P-06",
            name: "Latticework",
            kind: Kind::Isv,
            status: Active,
            fits: &[fit(4, 0.34, 0.13)],
            states: [0.25, 0.60, 0.15],
            size: 1.05,
            pace: 0.90,
            spend: &[(JointMarketing, 11_000.0), (Tools, 6_000.0)],
            spend_currency: None,
            from: 3,
            until: 99,
            people: &[("Hana Suzuki", "Head of Partnerships")],
        },
        Partner {
            id: "P-07",
            name: "Everstone Alliance",
            kind: Kind::StrategicAlliance,
            status: Active,
            fits: &[fit(0, 0.16, -0.05), fit(3, 0.34, 0.15)],
            states: [0.35, 0.45, 0.20],
            size: 1.30,
            pace: 1.05,
            spend: &[(LoadedFte, 24_000.0), (JointMarketing, 8_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Bernard Achterberg", "Managing Director")],
        },
        Partner {
            id: "P-08",
            name: "OpenShelf Marketplace",
            kind: Kind::Marketplace,
            status: Active,
            fits: &[fit(2, 0.14, 0.10), fit(1, 0.12, 0.05)],
            states: [0.30, 0.10, 0.60],
            size: 0.90,
            pace: 0.50,
            spend: &[(Tools, 9_000.0), (JointMarketing, 7_000.0)],
            spend_currency: None,
            from: 2,
            until: 99,
            people: &[("Selma Lindqvist", "Category Manager")],
        },
        Partner {
            id: "P-09",
            name: "Civic Advisory Group",
            kind: Kind::Services,
            status: Active,
            fits: &[fit(3, 0.58, 0.28)],
            states: [0.45, 0.45, 0.10],
            size: 1.00,
            pace: 0.85,
            spend: &[(Mdf, 8_000.0), (LoadedFte, 17_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Theodora Pell", "Principal"), ("Ansel Roy", "Bid Manager")],
        },
        Partner {
            id: "P-10",
            name: "Linkwell",
            kind: Kind::Referral,
            status: Active,
            fits: &[fit(0, 0.04, 0.05), fit(1, 0.05, 0.02), fit(2, 0.06, 0.08), fit(4, 0.08, 0.00)],
            states: [0.95, 0.05, 0.00],
            size: 0.85,
            pace: 1.00,
            spend: &[],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Joss Merriweather", "Founder")],
        },
        Partner {
            id: "P-11",
            name: "Sigma Leads",
            kind: Kind::Affiliate,
            status: Ended,
            fits: &[fit(2, 0.22, -0.14)],
            states: [1.00, 0.00, 0.00],
            size: 0.70,
            pace: 1.10,
            spend: &[(JointMarketing, 13_000.0)],
            spend_currency: None,
            from: 0,
            until: 8,
            people: &[],
        },
        Partner {
            id: "P-12",
            name: "Kestrel Data",
            kind: Kind::Technology,
            status: Active,
            fits: &[fit(0, 0.08, 0.00), fit(4, 0.20, -0.02)],
            states: [0.10, 0.70, 0.20],
            size: 1.10,
            pace: 0.95,
            spend: &[(JointMarketing, 10_000.0), (LoadedFte, 15_000.0)],
            spend_currency: None,
            from: 5,
            until: 99,
            people: &[("Wanda Kowalczyk", "Ecosystem Lead")],
        },
        Partner {
            id: "P-13",
            name: "Aster Labs",
            kind: Kind::WhiteLabel,
            status: Candidate,
            fits: &[],
            states: [1.00, 0.00, 0.00],
            size: 1.00,
            pace: 1.00,
            spend: &[],
            spend_currency: None,
            from: 99,
            until: 99,
            people: &[("Milo Castellanos", "Head of Product")],
        },
    ],
    pods: &[
        Pod {
            name: "Americas Pod",
            regions: &["North America"],
            partners: &["P-01", "P-02", "P-04", "P-05", "P-06", "P-09", "P-10", "P-12"],
        },
        Pod { name: "EMEA and APAC Pod", regions: &["EMEA", "APAC"], partners: &["P-01", "P-03", "P-07", "P-08"] },
    ],
};

/// A second, smaller tenant, so that one can see that neither is there for the other.
pub(super) const FJORDLIGHT: Market = Market {
    slug: "demo-nordic",
    name: "Fjordlight",
    currency: "EUR",
    zone: "Europe/Oslo",
    fiscal_start_month: 1,
    seed: 0x5eed_0002,
    accounts: 40,
    first_quarter: 10.0,
    growth: 0.4,
    foreign: &[],
    segments: &[
        Segment {
            name: "Energy",
            addressable: 60,
            weight: 0.45,
            direct_rate: 0.26,
            median_arr: 52_000.0,
            median_days: 95.0,
        },
        Segment {
            name: "Logistics",
            addressable: 140,
            weight: 0.55,
            direct_rate: 0.33,
            median_arr: 21_000.0,
            median_days: 60.0,
        },
    ],
    partners: &[
        Partner {
            id: "P-01",
            name: "Havn Integrasjon",
            kind: Kind::SystemIntegrator,
            status: Active,
            fits: &[fit(0, 0.80, 0.18)],
            states: [0.50, 0.40, 0.10],
            size: 1.15,
            pace: 0.90,
            spend: &[(Mdf, 9_000.0), (LoadedFte, 12_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Sunniva Haug", "Partner Manager")],
        },
        Partner {
            id: "P-02",
            name: "Skagen Reseller",
            kind: Kind::Reseller,
            status: Active,
            fits: &[fit(0, 0.20, 0.00), fit(1, 1.00, -0.06)],
            states: [0.75, 0.20, 0.05],
            size: 0.90,
            pace: 1.05,
            spend: &[(Mdf, 6_000.0)],
            spend_currency: None,
            from: 0,
            until: 99,
            people: &[("Jesper Toft", "Sales Manager")],
        },
    ],
    pods: &[Pod { name: "Nordic Pod", regions: &["North America", "EMEA", "APAC"], partners: &["P-01", "P-02"] }],
};
