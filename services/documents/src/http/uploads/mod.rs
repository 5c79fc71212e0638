//! Resumable uploads: the tus protocol, version 1.0, with its extensions creation, creation-with-upload, checksum, expiration and
//! termination.
//!
//! `POST /uploads?for=item&id=…` begins one; `for` is `item`, `deliverable`, `attachment`, `record_file`, `folder` or `document`. What the
//! protocol leaves open: once all has come the file is judged and put in its place before the last `PATCH` answers, and that answer, like every
//! later `HEAD`, names it in `upload-document`, `upload-version` and `upload-event`. A file that is refused then is gone: 410, with
//! the reason in `upload-refused`, percent-encoded. What comes by a drop link begins in [`super::drops`] and goes on here.

mod begin;
mod go;
mod land;
mod look;
mod protocol;
mod stop;
mod sum;

pub(super) use begin::{Place, begin};
pub(super) use go::{claimed, go_on};
pub(super) use land::is_final;
pub(super) use look::look;
pub(super) use protocol::{Not, check_version, tell};
pub(super) use stop::stop;

use axum::{
    Router,
    routing::{MethodFilter, MethodRouter, on},
};

use crate::service::SharedService;

/// The routes of uploads.
pub(super) fn routes() -> Router<SharedService> {
    let all: MethodRouter<SharedService> =
        on(MethodFilter::POST, begin::post).on(MethodFilter::OPTIONS, protocol::options);
    let one: MethodRouter<SharedService> = on(MethodFilter::HEAD, look::head)
        .on(MethodFilter::PATCH, go::patch)
        .on(MethodFilter::DELETE, stop::delete)
        .on(MethodFilter::OPTIONS, protocol::options);
    Router::new().route("/uploads", all).route("/uploads/{id}", one)
}

#[cfg(test)]
mod tests;
