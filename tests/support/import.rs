//! A program to import into, and files made on the spot.

use super::database::Database;
use api::clock::Clock;
use api::usecase::import::{self, ImportFailure, Request};
use api::usecase::{Caller, Office, program};
use domain::import::Object;
use domain::import::run::ImportRun;
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A caller in a fresh program in USD and UTC, on 22 November 2026.
pub(crate) struct Bench {
    pub(crate) caller: Caller,
    pub(crate) folder: TempDir,
    _database: Database,
}

impl Bench {
    pub(crate) async fn new(database: Database) -> Self {
        let store = Store::connect(&database.url, 4).await.unwrap();
        let office = Office::new(store, Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap()));
        let new = program::New {
            slug: "acme".into(),
            name: "Acme".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let program = program::create(&office, new).await.unwrap();
        Self { caller: Caller::system(office, program.id), folder: tempfile::tempdir().unwrap(), _database: database }
    }

    /// Writes a file for a test.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn request(object: Object, path: &Path, map: &Path) -> Request {
        Request {
            object,
            file_name: path.file_name().unwrap().to_string_lossy().into_owned(),
            path: path.to_owned(),
            mapping: std::fs::read_to_string(map).unwrap(),
            mapping_folder: map.parent().map(Path::to_owned),
            is_dry_run: false,
            resume: false,
            is_spooled: false,
            run_id: None,
        }
    }

    pub(crate) async fn try_import(&self, request: Request) -> Result<ImportRun, ImportFailure> {
        import::import(&self.caller, request, &|_| {}).await
    }

    pub(crate) async fn import(&self, object: Object, path: &Path, map: &Path) -> ImportRun {
        self.try_import(Self::request(object, path, map)).await.unwrap()
    }

    /// One number from the database.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let conn = self.caller.office.store.read();
        let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Everything that an import may not touch when nothing changes, as one text.
    pub(crate) async fn fingerprint(&self) -> String {
        let mut seen = Vec::new();
        for sql in [
            "SELECT CAST(data_version AS bigint) FROM program",
            "SELECT CAST(COALESCE(SUM(version), 0) AS bigint) FROM deal",
            "SELECT CAST(COUNT(*) AS bigint) FROM deal",
            "SELECT CAST(COALESCE(SUM(arr_minor), 0) AS bigint) FROM deal",
            "SELECT CAST(COUNT(DISTINCT updated_at) AS bigint) FROM deal",
            "SELECT CAST(COUNT(*) AS bigint) FROM attribution",
            "SELECT CAST(COALESCE(SUM(version), 0) AS bigint) FROM account",
            "SELECT CAST(COALESCE(SUM(version), 0) AS bigint) FROM partner",
            "SELECT CAST(COALESCE(SUM(version), 0) AS bigint) FROM spend_line",
            "SELECT CAST(COUNT(*) AS bigint) FROM activity",
            "SELECT CAST(COUNT(*) AS bigint) FROM change",
            "SELECT CAST(COUNT(*) AS bigint) FROM stage",
        ] {
            seen.push(self.number(sql).await.to_string());
        }
        seen.join(" ")
    }
}
