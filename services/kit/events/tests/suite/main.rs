//! The road under traffic, and isolation at the floor.

mod conformance;
mod embedded;
mod fixture;
mod isolation;
