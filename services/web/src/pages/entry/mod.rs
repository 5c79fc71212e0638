//! Coming in and going out: sign-in, links, and the files that a host serves to everybody.

use axum::{
    extract::DefaultBodyLimit,
    routing::{MethodFilter, get, on, post},
};

use super::{Entry, Who};

mod drop;
mod drop_uploads;
mod firms;
mod host;
mod intake;
mod link;
mod sign_in;
mod sign_out;
mod unsubscribe;
mod verify;

pub(crate) use firms::firms;

/// The pages of this group.
pub const PAGES: &[Entry] = &[
    Entry { path: "/sign-in", who: Who::Anyone, mount: || get(sign_in::show).post(sign_in::with_password) },
    Entry { path: "/sign-in/link", who: Who::Anyone, mount: || post(sign_in::with_link) },
    Entry { path: "/sign-in/sent", who: Who::Anyone, mount: || get(sign_in::sent) },
    Entry { path: "/link/{secret}", who: Who::Anyone, mount: || get(link::show).post(link::redeem) },
    Entry { path: "/link/{secret}/renew", who: Who::Anyone, mount: || post(link::renew) },
    Entry {
        path: "/mail/unsubscribe/{token}",
        who: Who::Anyone,
        mount: || get(unsubscribe::show).post(unsubscribe::one_click),
    },
    Entry { path: "/mail/unsubscribe/{token}/off", who: Who::Anyone, mount: || post(unsubscribe::off) },
    Entry { path: "/mail/unsubscribe/{token}/undo", who: Who::Anyone, mount: || post(unsubscribe::undo) },
    Entry {
        path: "/drop/{token}",
        who: Who::Anyone,
        mount: || get(drop::show).post(drop::take).layer(DefaultBodyLimit::disable()),
    },
    Entry {
        path: "/drop/{token}/uploads",
        who: Who::Anyone,
        mount: || post(drop_uploads::all).layer(DefaultBodyLimit::disable()),
    },
    Entry {
        path: "/drop/{token}/uploads/{secret}",
        who: Who::Anyone,
        mount: || {
            on(MethodFilter::HEAD.or(MethodFilter::PATCH).or(MethodFilter::DELETE), drop_uploads::one)
                .layer(DefaultBodyLimit::disable())
        },
    },
    Entry { path: "/mail/intake", who: Who::Anyone, mount: || post(intake::take) },
    Entry { path: "/sign-out", who: Who::Anyone, mount: || post(sign_out::sign_out) },
    Entry {
        path: "/verify",
        who: Who::Anyone,
        mount: || get(verify::show).post(verify::check).layer(DefaultBodyLimit::disable()),
    },
    Entry { path: "/logo/{hash}", who: Who::Anyone, mount: || get(host::logo) },
    Entry { path: "/theme/{file}", who: Who::Anyone, mount: || get(host::theme) },
    Entry { path: "/manifest.webmanifest", who: Who::Anyone, mount: || get(host::manifest) },
    Entry { path: "/offline", who: Who::Anyone, mount: || get(host::offline) },
];
