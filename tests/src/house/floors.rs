//! The floors: imports run downwards only. The plan stands in `services/README.md`.

use std::{collections::BTreeSet, process::Command};

use serde_json::{Value, json};

use super::{Case, exactly, none, tree};

/// Every crate of the workspace and its floor.
const FLOORS: [(&str, u8); 21] = [
    ("portico-core", 0),
    ("portico-definition", 0),
    ("portico-proto", 0),
    ("portico-db", 1),
    ("portico-events", 1),
    ("portico-keys", 1),
    ("portico-paper", 0),
    ("portico-rpc", 1),
    ("portico-service", 1),
    ("portico-telemetry", 1),
    ("portico-testkit", 1),
    ("portico-identity", 2),
    ("portico-tenancy", 2),
    ("portico-documents", 2),
    ("portico-workflow", 2),
    ("portico-messaging", 2),
    ("portico-billing", 2),
    ("portico-web", 2),
    ("portico-gateway", 3),
    ("portico", 4),
    ("portico-tests", 5),
];

/// Crates of one floor may import one another up to here: the kit is one thing in several crates.
const KIT: u8 = 1;
/// The floor of the services, which reach one another by calls and events alone.
const SERVICES: u8 = 2;
/// What the gateway mounts; it sees nothing else of the services' floor.
const PAGES: &str = "portico-web";
/// For tests only.
const TESTKIT: &str = "portico-testkit";
/// The top, where everything is a test.
const TOP: &str = "portico-tests";
/// The language of portals is pure: it decides, and never waits or stores.
const PURE: (&str, [&str; 4]) = ("portico-definition", ["tokio", "sqlx", "tonic", "axum"]);

fn floor_of(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// Every import in `cargo metadata --no-deps` that breaks the plan, in the order of the metadata.
pub(crate) fn floors(metadata: &Value) -> Vec<String> {
    let mut offences = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let importer = package["name"].as_str().unwrap_or_default();
        let Some(floor) = floor_of(importer) else {
            offences
                .push(format!("{importer} has no floor: give it one in the table and in services/README.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let imported = dependency["name"].as_str().unwrap_or_default();
            let only_for_tests = dependency["kind"].as_str() == Some("dev");
            offences.extend(judge(importer, floor, imported, only_for_tests));
        }
    }
    offences
}

fn judge(importer: &str, floor: u8, imported: &str, only_for_tests: bool) -> Option<String> {
    if importer == PURE.0 && PURE.1.contains(&imported) && !only_for_tests {
        return Some(format!("{importer} is pure and may not use {imported}"));
    }
    let below = floor_of(imported)?;
    if imported == TESTKIT {
        let allowed = only_for_tests || importer == TOP;
        return (!allowed)
            .then(|| format!("{importer} uses {imported} outside its tests: make it a dev-dependency"));
    }
    if below > floor {
        return Some(format!(
            "{importer} (floor {floor}) imports {imported} (floor {below}), which is above it"
        ));
    }
    if below == floor && floor > KIT {
        return Some(format!(
            "{importer} imports {imported}, its neighbour on floor {floor}: use a call or an event"
        ));
    }
    if importer == "portico-gateway" && below == SERVICES && imported != PAGES {
        return Some(format!("{importer} imports {imported}: it knows services by their protos only"));
    }
    None
}

/// The crates of the table that the workspace lacks: a table that rots guards nothing.
fn without_crate(metadata: &Value) -> Vec<String> {
    let present: BTreeSet<&str> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| package["name"].as_str())
        .collect();
    FLOORS
        .iter()
        .filter(|(name, _)| !present.contains(name))
        .map(|(name, _)| format!("{name} has a floor but is no crate of the workspace"))
        .collect()
}

fn workspace() -> Result<Value, String> {
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(tree::root())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cannot read what cargo metadata said: {error}"))
}

/// Metadata of one crate with one import; `kind` is `"dev"`, `"build"` or nothing.
fn importing(importer: &str, imported: &str, kind: Option<&str>) -> Value {
    json!({ "packages": [{ "name": importer, "dependencies": [{ "name": imported, "kind": kind }] }] })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "house::floors",
            run: || {
                let metadata = workspace()?;
                let mut offences = floors(&metadata);
                offences.extend(without_crate(&metadata));
                none(offences)
            },
        },
        Case {
            name: "house::floors_refuse_upward_imports",
            run: || {
                exactly(&floors(&importing("portico-core", "portico-db", None)), &["which is above it"])?;
                exactly(
                    &floors(&importing("portico-rpc", "portico-web", Some("dev"))),
                    &["which is above it"],
                )?;
                exactly(
                    &floors(&importing("portico-web", "portico-gateway", Some("build"))),
                    &["which is above it"],
                )?;
                none(floors(&importing("portico-events", "portico-db", None)))?;
                none(floors(&importing("portico-web", "portico-core", None)))
            },
        },
        Case {
            name: "house::floors_refuse_neighbours",
            run: || {
                exactly(
                    &floors(&importing("portico-documents", "portico-identity", None)),
                    &["its neighbour"],
                )?;
                exactly(
                    &floors(&importing("portico-web", "portico-tenancy", Some("dev"))),
                    &["its neighbour"],
                )?;
                exactly(
                    &floors(&importing("portico-gateway", "portico-tenancy", None)),
                    &["by their protos only"],
                )?;
                none(floors(&importing("portico-gateway", "portico-web", None)))?;
                none(floors(&importing("portico", "portico-tenancy", None)))
            },
        },
        Case {
            name: "house::floors_refuse_testkit_outside_tests",
            run: || {
                exactly(
                    &floors(&importing("portico-billing", TESTKIT, None)),
                    &["make it a dev-dependency"],
                )?;
                none(floors(&importing("portico-billing", TESTKIT, Some("dev"))))?;
                none(floors(&importing(TOP, TESTKIT, None)))
            },
        },
        Case {
            name: "house::floors_refuse_strangers_and_gaps",
            run: || {
                exactly(
                    &floors(&importing("portico-utils", "serde", None)),
                    &["portico-utils has no floor"],
                )?;
                exactly(&floors(&importing("portico-definition", "tokio", None)), &["is pure"])?;
                let gaps = without_crate(&json!({ "packages": [{ "name": "portico-core" }] }));
                if gaps.len() == FLOORS.len() - 1 {
                    Ok(())
                } else {
                    Err(format!("expected all others, found {gaps:?}"))
                }
            },
        },
    ]
}
