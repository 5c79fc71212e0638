//! How long a file may be, what a migration is called, where a README must stand, who may run unchecked SQL.

use std::{collections::BTreeSet, path::Path};

use super::{Case, exactly, none, tree, tree::TextFile};

/// The longest that a Rust file may be, in lines.
const LONGEST: usize = 500;

/// Rust files that may be longer, each with its reason.
const LONGER_FOR_A_REASON: [(&str, &str); 0] = [];

/// The services that own a schema.
const SERVICES: [&str; 6] = ["identity", "tenancy", "documents", "workflow", "messaging", "billing"];

/// Where SQL that no macro has checked may be built: schemas known only at run time, and compiled predicates.
const UNCHECKED_SQL: [&str; 4] =
    ["services/kit/db/", "services/kit/events/", "services/kit/testkit/", "tests/"];

/// Rust files over the limit that no reason excuses, and excuses without need.
fn too_long<'a>(
    files: &[TextFile],
    excused: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
) -> Vec<String> {
    let excused: BTreeSet<&str> = excused.into_iter().map(|(path, _)| *path).collect();
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let lines = file.text.lines().count();
        match (lines > LONGEST, excused.contains(file.path.as_str())) {
            (true, false) => {
                offences.push(format!("{} has {lines} lines; {LONGEST} are the most", file.path))
            }
            (false, true) => {
                offences.push(format!("{} is excused for its length but has {lines} lines", file.path))
            }
            _ => {}
        }
    }
    offences
}

/// What is wrong with the paths below `migrations/`.
fn misnamed_migrations(paths: &[&str]) -> Vec<String> {
    let mut offences = Vec::new();
    let mut versions = BTreeSet::new();
    for path in paths {
        let Some(rest) = path.strip_prefix("migrations/") else { continue };
        if rest == "bootstrap.sql" || rest.ends_with("README.md") {
            continue;
        }
        let parsed = rest.split_once('/').and_then(|(service, file)| {
            let (version, name) = file.strip_suffix(".sql")?.split_once('_')?;
            let digits = version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit());
            let words = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            (SERVICES.contains(&service) && digits && words).then_some((service, version))
        });
        match parsed {
            None => offences
                .push(format!("{path} is not named migrations/<service>/YYYYMMDDHHMMSS_what_it_does.sql")),
            Some(key) if !versions.insert(key) => {
                offences.push(format!("{path} has the version of another migration"))
            }
            Some(_) => {}
        }
    }
    offences
}

/// The README files that the house promises and `exists` does not find.
fn missing_readmes(exists: impl Fn(&str) -> bool) -> Vec<String> {
    let promised = SERVICES.iter().map(|service| format!("services/{service}/README.md"));
    promised
        .chain(["README.md".to_owned(), "services/README.md".to_owned(), "scripts/README.md".to_owned()])
        .filter(|path| !exists(path))
        .map(|path| format!("{path} is missing"))
        .collect()
}

/// Rust files that run SQL which was put together at run time, outside the rooms made for that.
fn unchecked_sql(files: &[TextFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.path.ends_with(".rs") && outside_tests(&file.text).contains("AssertSqlSafe"))
        .filter(|file| !file.path.ends_with("/testing.rs") && !file.path.contains("/testing/"))
        .filter(|file| !file.path.ends_with("/tests.rs") && !file.path.contains("/tests/"))
        .filter(|file| !UNCHECKED_SQL.iter().any(|room| file.path.starts_with(room)))
        .filter(|file| !file.path.ends_with("/predicate.rs") && !file.path.contains("/predicate/"))
        .map(|file| {
            format!(
                "{} runs SQL that no macro checks; compiled predicates live in a module of that name",
                file.path
            )
        })
        .collect()
}

/// A file's text before its tests, which stand at its foot.
fn outside_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), text: text.to_owned() }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "house::file_lengths",
            run: || none(too_long(&tree::text_files("")?, &LONGER_FOR_A_REASON)),
        },
        Case {
            name: "house::file_lengths_refuse_long_files",
            run: || {
                let files = [
                    file("a.rs", &"x\n".repeat(501)),
                    file("b.rs", &"x\n".repeat(500)),
                    file("c.md", &"x\n".repeat(900)),
                ];
                exactly(&too_long(&files, &[]), &["a.rs has 501 lines"])?;
                exactly(&too_long(&files, &[("a.rs", "a table"), ("b.rs", "was long")]), &["b.rs is excused"])
            },
        },
        Case {
            name: "house::migration_names",
            run: || {
                let files = tree::text_files("migrations")?;
                none(misnamed_migrations(&files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>()))
            },
        },
        Case {
            name: "house::migration_names_refuse_others",
            run: || {
                let good =
                    ["migrations/bootstrap.sql", "migrations/billing/20261121093000_create_accounts.sql"];
                none(misnamed_migrations(&good))?;
                let bad = [
                    "migrations/billing/create.sql",
                    "migrations/billing/20261121093000_Create.sql",
                    "migrations/nowhere/20261121093000_create.sql",
                    "migrations/extra.sql",
                    "migrations/tenancy/20261121093000_a.sql",
                    "migrations/tenancy/20261121093000_b.sql",
                ];
                let pattern = "is not named";
                exactly(
                    &misnamed_migrations(&bad),
                    &[pattern, pattern, pattern, pattern, "version of another"],
                )
            },
        },
        Case {
            name: "house::readmes",
            run: || none(missing_readmes(|path| Path::new(&tree::root()).join(path).is_file())),
        },
        Case {
            name: "house::readmes_refuse_gaps",
            run: || {
                exactly(
                    &missing_readmes(|path| path != "services/billing/README.md"),
                    &["services/billing/README.md"],
                )
            },
        },
        Case { name: "house::unchecked_sql", run: || none(unchecked_sql(&tree::text_files("services")?)) },
        Case {
            name: "house::unchecked_sql_refuses_other_rooms",
            run: || {
                let text = "query(AssertSqlSafe(text))";
                let files = [
                    file("services/documents/src/store/documents.rs", text),
                    file("services/documents/src/store/predicate.rs", text),
                    file("services/kit/events/src/relay.rs", text),
                ];
                exactly(&unchecked_sql(&files), &["services/documents/src/store/documents.rs"])
            },
        },
    ]
}
