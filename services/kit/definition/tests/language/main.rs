//! The language from outside: what is read, what is refused and where, and what a definition then says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail this way")]

mod access;
mod approvals;
mod calendar;
mod changes;
mod esign;
mod forms;
mod gallery;
mod refused;
mod schema;

/// A shipped definition.
fn shipped(name: &str) -> &'static str {
    let entry = portico_definition::gallery().iter().find(|entry| entry.name == name);
    entry.unwrap_or_else(|| panic!("no definition {name} is shipped")).yaml
}

/// A shipped definition, read.
fn read(name: &str) -> portico_definition::Definition {
    let read = portico_definition::parse(shipped(name));
    read.unwrap_or_else(|findings| panic!("{name}: {}", listed(&findings)))
}

fn listed(findings: &[portico_definition::Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
