//! The road under traffic, and isolation at the floor.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod conformance;
mod embedded;
mod fixture;
mod isolation;
mod pruning;
