//! The cells' statements against a count in Rust, on every back end.

use crate::support::database::{Backend, Database};
use api::clock::Clock;
use api::usecase::{Caller, Office, check, program};
use chrono::{Datelike, Days, NaiveDate};
use domain::program::Program;
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.below(u64::MAX >> 33), self.below(u64::MAX >> 33) + 1)
    }
}

async fn run(conn: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) {
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await.unwrap();
}

async fn office_with_program(database: &Database) -> (Office, Program) {
    let store = Store::connect(&database.url, 4).await.unwrap();
    let office = Office::new(store, Clock::fixed("2026-01-10T00:00:00Z".parse().unwrap()));
    let new = program::New {
        slug: "acme".into(),
        name: "Acme".into(),
        currency: "USD".into(),
        zone: "America/Chicago".into(),
        fiscal_start_month: 2,
    };
    let program = program::create(&office, new).await.unwrap();
    (office, program)
}

/// A program with deals of every shape: late and on-time partners, unknown, without segment, without ARR, open, disqualified.
async fn simulate(office: &Office, program: &Program, deals: u64) {
    let (tx, dice) = (office.store.begin().await.unwrap(), &mut Dice(7));
    let at: Value = office.clock.now().into();
    let (segments, partners): (Vec<Uuid>, Vec<Uuid>) =
        ((0..3).map(|_| dice.id()).collect(), (0..4).map(|_| dice.id()).collect());
    for (number, id) in segments.iter().enumerate() {
        let name = format!("segment {number}");
        let values = [program.id.into(), (*id).into(), name.clone().into(), name.into(), at.clone()];
        run(
            &tx,
            "INSERT INTO segment (program_id, id, name, name_key, recorded_at) VALUES ($1, $2, $3, $4, $5)",
            values,
        )
        .await;
    }
    for (number, id) in partners.iter().enumerate() {
        let name = format!("partner {number}");
        let values = [program.id.into(), (*id).into(), name.clone().into(), name.into(), at.clone()];
        let sql = "INSERT INTO partner (program_id, id, name, name_key, kind, recorded_at) VALUES ($1, $2, $3, $4, 'ISV', $5)";
        run(&tx, sql, values).await;
    }
    for _ in 0..deals {
        let id = dice.id();
        let opened = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Days::new(dice.below(500));
        let closed = opened + Days::new(dice.below(200));
        let outcome = dice.pick(&["WON", "WON", "LOST", "LOST", "OPEN", "DISQUALIFIED"]);
        let kind = dice.pick(&["NEW", "NEW", "EXPANSION", "RENEWAL"]);
        let credits = dice.below(4);
        let declaration = if credits == 0 { dice.pick(&["DIRECT", "UNKNOWN"]) } else { "PARTNERS" };
        let is_closed = outcome != "OPEN";
        let mut maybe = |value: u64| (dice.below(5) > 0).then(|| i64::try_from(value).unwrap());
        let (arr, tcv) = (maybe(u64::from(closed.num_days_from_ce().unsigned_abs()) % 97 * 1_000), maybe(123_456));
        let segment = dice.below(4);
        let values: Vec<Value> = vec![
            program.id.into(),
            id.into(),
            segments.get(usize::try_from(segment).unwrap()).copied().into(),
            kind.into(),
            outcome.into(),
            (dice.below(9) > 0).into(),
            opened.into(),
            is_closed.then_some(closed).into(),
            is_closed.then(|| program.calendar.quarter(closed).index()).into(),
            is_closed.then(|| (closed - opened).num_days()).into(),
            arr.into(),
            tcv.into(),
            declaration.into(),
            dice.pick(&["IMPORTED", "DECLARED"]).into(),
            at.clone(),
        ];
        let sql = "INSERT INTO deal (program_id, id, name, segment_id, kind, outcome, has_reached_stage_one, opened_on, closed_on,
                     closed_quarter, cycle_days, arr_minor, tcv_minor, declaration, provenance, recorded_at, updated_at)
                   VALUES ($1, $2, 'a deal', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)";
        run(&tx, sql, values).await;
        for credit in 0..credits {
            let state = match (kind, credit) {
                ("NEW", 0) => dice.pick(&["SOURCED", "INFLUENCED"]),
                ("NEW", _) => dice.pick(&["INFLUENCED", "ACCELERATED"]),
                _ => "EXPANSION_OR_RETENTION",
            };
            let partner = partners[usize::try_from(dice.below(4)).unwrap()];
            let values: Vec<Value> = vec![
                program.id.into(),
                dice.id().into(),
                id.into(),
                partner.into(),
                state.into(),
                (dice.below(3) == 0).into(),
                at.clone(),
            ];
            let sql =
                "INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, is_late, provenance, recorded_at)
                       VALUES ($1, $2, $3, $4, $5, $6, 'IMPORTED', $7) ON CONFLICT DO NOTHING";
            run(&tx, sql, values).await;
        }
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn cells_equal_a_recount_and_a_wrong_cell_is_named() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let (office, program) = office_with_program(&database).await;
        simulate(&office, &program, 600).await;

        check::rebuild(&office, &program).await.unwrap();
        let found = check::check(&office, &program).await.unwrap();
        assert_eq!((found.count, found.differences), (0, vec![]), "{backend}");
        assert!(found.deals > 400 && found.cells > 300, "{backend}: {} deals in {} cells", found.deals, found.cells);

        // A fact changed behind the server's back is noticed, and one quarter's rebuild mends it.
        let sql = "UPDATE deal SET arr_minor = 987654321 WHERE program_id = $1 AND outcome = 'WON' AND kind = 'NEW' AND has_reached_stage_one
                   AND closed_quarter = (SELECT MAX(closed_quarter) - 1 FROM deal WHERE program_id = $1)";
        run(office.store.write(), sql, [program.id.into()]).await;
        let found = check::check(&office, &program).await.unwrap();
        assert!(found.count > 0 && found.differences[0].contains("cell 20"), "{backend}: {:?}", found.differences);
        let quarter = entity::fact::quarters(office.store.read(), slice(&office, &program).as_ref()).await.unwrap();
        let last_but_one = quarter[quarter.len() - 2].index();
        let tx = office.store.begin().await.unwrap();
        entity::cell::rebuild(&tx, slice(&office, &program).as_ref(), Some(&[last_but_one])).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(check::check(&office, &program).await.unwrap().count, 0, "{backend}");

        // A cell that is wrong, missing or one too many is named, and so is a deal whose quarter is not its date's.
        run(office.store.write(), "UPDATE cell SET won = won + 1 WHERE cohort = 'SOURCED'", []).await;
        let found = check::check(&office, &program).await.unwrap();
        assert!(
            found.differences.iter().all(|difference| difference.contains("Sourced")),
            "{backend}: {:?}",
            found.differences
        );
        run(office.store.write(), "DELETE FROM cell WHERE cohort = 'DIRECT'", []).await;
        let found = check::check(&office, &program).await.unwrap();
        assert!(
            found
                .differences
                .iter()
                .any(|difference| difference.contains("Direct") && difference.contains("is missing")),
            "{backend}"
        );
        check::rebuild(&office, &program).await.unwrap();
        run(office.store.write(), "UPDATE deal SET closed_on = '2001-01-01' WHERE outcome = 'LOST'", []).await;
        let found = check::check(&office, &program).await.unwrap();
        assert!(
            found.differences[0].contains("closed on 2001-01-01, which is in 2001-Q4"),
            "{backend}: {:?}",
            found.differences[0]
        );
    }
}

#[tokio::test]
async fn another_programs_facts_are_in_no_cell_of_this_one() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let (office, program) = office_with_program(&database).await;
        simulate(&office, &program, 50).await;
        check::rebuild(&office, &program).await.unwrap();
        let other = program::New {
            slug: "other".into(),
            name: "Other".into(),
            currency: "EUR".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let other = program::create(&office, other).await.unwrap();
        check::rebuild(&office, &other).await.unwrap();
        let found = check::check(&office, &other).await.unwrap();
        assert_eq!((found.deals, found.cells, found.count), (0, 0, 0), "{backend}");
        assert_eq!(check::check(&office, &program).await.unwrap().count, 0, "{backend}");
    }
}

fn slice(office: &Office, program: &Program) -> Box<domain::slice::Slice> {
    let caller = Caller::system(office.clone(), program.id);
    Box::new(caller.authorise(domain::role::Action::ManageProgram).unwrap().clone())
}
