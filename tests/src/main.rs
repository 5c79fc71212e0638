//! Everything that needs more than one crate: the rules of the house, whole stories, the isolation walk and the browser.
//!
//! One binary, so that it links once. A case whose peer is missing is *skipped with its reason*; where `CI=true` it fails instead,
//! since there every peer can be had.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a case that cannot go on says so by panicking")]

mod browser;
mod faults;
mod files;
mod harness;
mod house;
mod isolation;
mod scenarios;
mod sealing;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each story runs a whole Portico; more than two at once only wait for each other on a small machine.
    arguments.test_threads.get_or_insert(2);
    let mut trials: Vec<Trial> = house::cases()
        .into_iter()
        .map(|case| Trial::test(case.name, move || (case.run)().map_err(Into::into)))
        .collect();
    trials.extend(scenarios::cases().into_iter().map(harness::Case::trial));
    trials.extend(sealing::cases().into_iter().map(harness::Case::trial));
    trials.extend(isolation::cases().into_iter().map(harness::Case::trial));
    trials.extend(faults::cases().into_iter().map(harness::Case::trial));
    trials.extend(files::cases().into_iter().map(harness::Case::trial));
    trials.extend(browser::cases().into_iter().map(harness::Case::trial));
    libtest_mimic::run(&arguments, trials).exit_code()
}
