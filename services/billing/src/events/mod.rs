//! What the service says. It listens to nothing.

mod downloads;
pub(crate) mod publish;
