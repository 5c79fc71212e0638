//! The rules of the house that no compiler checks: floors, sizes, templates, migrations, texts.
//!
//! Each rule is a pure function from what it judges to the list of offences, with a case beside it that proves the
//! rule can fail. The cases named `house::…` hold the rules against this very checkout.

mod files;
mod floors;
mod templates;
mod texts;
mod tree;

/// One named check. It fails with a text that says what is wrong and where.
pub(crate) struct Case {
    /// The name as printed, such as `house::floors`.
    pub(crate) name: &'static str,
    /// The check itself.
    pub(crate) run: fn() -> Result<(), String>,
}

/// All checks of the house, with the proofs that each rule can fail.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = floors::cases();
    cases.extend(files::cases());
    cases.extend(templates::cases());
    cases.extend(texts::cases());
    cases
}

/// Passes where there are no offences; otherwise lists them all, one a line.
fn none(offences: Vec<String>) -> Result<(), String> {
    if offences.is_empty() { Ok(()) } else { Err(offences.join("\n")) }
}

/// Passes where there is exactly one offence for each expected text, in this order, containing it.
fn exactly(offences: &[String], expected: &[&str]) -> Result<(), String> {
    let agrees = offences.len() == expected.len()
        && offences.iter().zip(expected).all(|(offence, text)| offence.contains(text));
    if agrees { Ok(()) } else { Err(format!("expected offences {expected:?}, found {offences:?}")) }
}
