//! A document as a tree that remembers where everything stood.

mod read;
mod tree;

pub(crate) use read::{Problem, ReadError, read};
pub(crate) use tree::{Content, Entry, Node, Position, from_yaml};
