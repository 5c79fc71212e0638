//! Rules without SQL, protobuf or a clock of their own.

pub(crate) mod answer_kinds;
pub(crate) mod answers;
pub(crate) mod availability;
pub(crate) mod busy;
pub(crate) mod calendar_file;
pub(crate) mod engine;
pub(crate) mod fields;
pub(crate) mod notices;
pub(crate) mod outstanding;
pub(crate) mod permissions;
pub(crate) mod places;
pub(crate) mod sentences;
pub(crate) mod times;
pub(crate) mod words;
