//! Coming in and going out: sign-in, links, and the files that a host serves to everybody.

use axum::routing::{get, post};

use super::{Entry, Who};

mod firms;
mod host;
mod link;
mod sign_in;
mod sign_out;

pub(crate) use firms::firms;

/// The pages of this group.
pub const PAGES: &[Entry] = &[
    Entry { path: "/sign-in", who: Who::Anyone, mount: || get(sign_in::show).post(sign_in::with_password) },
    Entry { path: "/sign-in/link", who: Who::Anyone, mount: || post(sign_in::with_link) },
    Entry { path: "/sign-in/sent", who: Who::Anyone, mount: || get(sign_in::sent) },
    Entry { path: "/link/{secret}", who: Who::Anyone, mount: || get(link::show).post(link::redeem) },
    Entry { path: "/link/{secret}/renew", who: Who::Anyone, mount: || post(link::renew) },
    Entry { path: "/sign-out", who: Who::Anyone, mount: || post(sign_out::sign_out) },
    Entry { path: "/logo/{hash}", who: Who::Anyone, mount: || get(host::logo) },
    Entry { path: "/theme/{file}", who: Who::Anyone, mount: || get(host::theme) },
    Entry { path: "/manifest.webmanifest", who: Who::Anyone, mount: || get(host::manifest) },
    Entry { path: "/offline", who: Who::Anyone, mount: || get(host::offline) },
];
