//! A database of its own for every test, fresh and migrated, or with the world in it. SQLite: a copy of a file that was made once.
//! PostgreSQL: a database made from a template that was made once; dropped again at the end.

use super::app::start;
use super::world::World;
use api::clock::Clock;
use api::usecase::Office;

use entity::Store;
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectionTrait, Database as Connect};
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Once};
use tempfile::TempDir;

/// A back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// The back ends of this run: SQLite, and PostgreSQL where `scripts/test` started a cluster.
    pub(crate) fn all() -> Vec<Self> {
        static SAID: Once = Once::new();
        if admin_url().is_some() {
            return vec![Self::Sqlite, Self::Postgres];
        }
        SAID.call_once(|| {
            // Not `eprintln!`, which the test runner would swallow.
            let _ = writeln!(
                std::io::stderr(),
                "PostgreSQL was left out: PARTNERLOOP_TEST_POSTGRES is not set (scripts/test sets it)"
            );
        });
        vec![Self::Sqlite]
    }
}

fn admin_url() -> Option<String> {
    std::env::var("PARTNERLOOP_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// Runs on a runtime of its own, for what is made once and outlives the test that happened to need it first.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::Builder::new().stack_size(api::limits::STACK).spawn(run).unwrap().join().unwrap()
}

/// Makes the world in a migrated database, and lets go of it.
async fn world(url: String) -> World {
    let store = Store::connect(&url, 4).await.unwrap();
    let identity = api::auth::demo(Office::new(store.clone(), Clock::fixed(start()))).await.unwrap();
    // The key that the tests' tokens are signed with.
    api::usecase::signing::kept(&identity.office, api::usecase::signing::Purpose::Dev).await.unwrap();
    let world = World::make(&identity.office).await;
    if store.is_sqlite() {
        // Into the one file, so that a copy of it is the whole database.
        store.write().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    }
    for pool in [store.read(), store.write(), store.unhurried().write()] {
        pool.clone().close().await.unwrap();
    }
    world
}

struct SqliteTemplate {
    file: PathBuf,
    folder: TempDir,
}

static SQLITE: LazyLock<SqliteTemplate> = LazyLock::new(|| {
    let folder = tempfile::Builder::new().prefix("partnerloop-test").tempdir().unwrap();
    let file = folder.path().join("template.sqlite");
    let url = format!("sqlite://{}", file.display());
    apart(async move {
        let store = Store::connect(&url, 1).await.unwrap();
        Migrator::up(store.write(), None).await.unwrap();
        // Into the one file, so that a copy of it is the whole database.
        store.write().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        store.read().clone().close().await.unwrap();
        store.write().clone().close().await.unwrap();
    });
    SqliteTemplate { file, folder }
});

static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let admin = admin_url().expect("asked for only when it is set");
    let name = format!("template_{}", std::process::id());
    let made = name.clone();
    apart(async move {
        execute(&admin, format!("CREATE DATABASE {made}")).await;
        let store = Store::connect(&at(&admin, &made), 1).await.unwrap();
        Migrator::up(store.write(), None).await.unwrap();
        store.write().clone().close().await.unwrap();
    });
    name
});

/// The world, and the database that holds it.
static SQLITE_WORLD: LazyLock<(PathBuf, World)> = LazyLock::new(|| {
    let file = SQLITE.folder.path().join("world.sqlite");
    std::fs::copy(&SQLITE.file, &file).unwrap();
    let url = format!("sqlite://{}", file.display());
    (file, apart(world(url)))
});

static POSTGRES_WORLD: LazyLock<(String, World)> = LazyLock::new(|| {
    let admin = admin_url().expect("asked for only when it is set");
    let name = format!("world_{}", std::process::id());
    let (made, template) = (name.clone(), POSTGRES.clone());
    let world = apart(async move {
        execute(&admin, format!("CREATE DATABASE {made} TEMPLATE {template}")).await;
        world(at(&admin, &made)).await
    });
    (name, world)
});

/// The URL of another database of the same cluster.
fn at(admin: &str, name: &str) -> String {
    let cut = admin.rfind('/').expect("a URL with a database");
    format!("{}/{name}", &admin[..cut])
}

async fn execute(url: &str, statement: String) {
    let connection = Connect::connect(url).await.unwrap();
    connection.execute_unprepared(&statement).await.unwrap();
    connection.close().await.unwrap();
}

/// One test's database.
pub(crate) struct Database {
    pub(crate) url: String,
    drop: Option<(String, String)>,
}

impl Database {
    /// A fresh one.
    pub(crate) fn fresh(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::file(&SQLITE.file),
            Backend::Postgres => Self::of_template(&POSTGRES),
        }
    }

    /// One with the world in it, the same for every test.
    pub(crate) fn with_world(backend: Backend) -> (Self, World) {
        match backend {
            Backend::Sqlite => (Self::file(&SQLITE_WORLD.0), SQLITE_WORLD.1.clone()),
            Backend::Postgres => (Self::of_template(&POSTGRES_WORLD.0), POSTGRES_WORLD.1.clone()),
        }
    }

    fn number() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    fn file(template: &std::path::Path) -> Self {
        let file = SQLITE.folder.path().join(format!("{}.sqlite", Self::number()));
        std::fs::copy(template, &file).unwrap();
        Self { url: format!("sqlite://{}", file.display()), drop: None }
    }

    fn of_template(template: &'static str) -> Self {
        let admin = admin_url().expect("asked for only when it is set");
        let name = format!("test_{}_{}", std::process::id(), Self::number());
        let (url, made) = (admin.clone(), name.clone());
        apart(async move { execute(&url, format!("CREATE DATABASE {made} TEMPLATE {template}")).await });
        Self { url: at(&admin, &name), drop: Some((admin, name)) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self.drop.take() {
            Some((admin, name)) => {
                apart(async move { execute(&admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await })
            }
            None => {
                let file = self.url.trim_start_matches("sqlite://");
                for ending in ["", "-wal", "-shm"] {
                    // What is left goes with the folder.
                    let _ = std::fs::remove_file(format!("{file}{ending}"));
                }
            }
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}
