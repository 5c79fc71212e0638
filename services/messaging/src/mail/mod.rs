//! Mail: what a mail says, how it is put together, and how it leaves.

mod carrier;
mod compose;
mod deliver;
mod destination;
mod digest;
mod dns;
mod office;
mod refused;
mod sign;
mod tokens;
mod write;

pub(crate) use carrier::Carrier;
pub(crate) use compose::{Envelope, compose};
pub(crate) use deliver::deliver;
pub(crate) use destination::find as find_server;
pub(crate) use digest::deliver_digest;
pub(crate) use dns::Dns;
pub(crate) use office::{Office, PASSWORD_PURPOSE};
pub(crate) use refused::{Reason, Refused, shorten};
pub(crate) use sign::generate;
pub(crate) use tokens::Tokens;
pub(crate) use write::test as test_letter;
