//! Mail: what a mail says, how it is put together, and how it leaves.

mod carrier;
mod compose;
mod deliver;
mod write;

pub(crate) use carrier::{Carrier, Refused};
pub(crate) use compose::{Envelope, compose};
pub(crate) use deliver::deliver;
pub(crate) use write::test as test_letter;
