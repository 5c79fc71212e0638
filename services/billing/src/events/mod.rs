//! What the service says. It listens to nothing.

pub(crate) mod publish;
