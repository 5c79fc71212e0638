//! A named case, and how it ends.

use std::{fmt, future::Future, pin::Pin};

use libtest_mimic::{Completion, Failed, Trial};

/// How a case ends: it holds, or it says why not.
pub(crate) type Outcome = anyhow::Result<()>;

type Run = fn() -> Pin<Box<dyn Future<Output = Outcome>>>;

/// A named case that runs on a Tokio runtime of its own.
pub(crate) struct Case {
    name: &'static str,
    run: Run,
}

/// A peer that a case needs is not there.
#[derive(Debug)]
struct Skipped(String);

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skipped {}

/// Ends a case that could not run, with the reason.
pub(crate) fn skip(reason: impl Into<String>) -> anyhow::Error {
    Skipped(reason.into()).into()
}

impl Case {
    /// A case; `name` is `<group>::<what holds>`.
    pub(crate) const fn new(name: &'static str, run: Run) -> Self {
        Self { name, run }
    }

    /// The case for the runner.
    pub(crate) fn trial(self) -> Trial {
        Trial::ignorable_test(self.name, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|error| Failed::from(error.to_string()))?;
            let outcome = runtime.block_on((self.run)());
            runtime.shutdown_background();
            match outcome {
                Ok(()) => Ok(Completion::Completed),
                Err(error) if error.is::<Skipped>() && !in_ci() => {
                    Ok(Completion::ignored_with(error.to_string()))
                }
                Err(error) => Err(Failed::from(format!("{error:#}"))),
            }
        })
    }
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Lists cases: `cases![story_one, story_two]` names each `<group>::<function>`.
#[macro_export]
macro_rules! cases {
    ($group:literal: $($function:path),* $(,)?) => {
        vec![$($crate::harness::Case::new(
            concat!($group, "::", stringify!($function)),
            || Box::pin($function()),
        )),*]
    };
}
