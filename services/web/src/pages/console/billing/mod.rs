//! The firm's money: drafts, what was sent, payments, and the companies that sell.

use axum::routing::{get, post};

use crate::pages::{Entry, Who};

mod account;
mod acts;
mod books;
mod draft;
mod draft_form;
mod entity;
mod list;
mod said;
mod show;

const fn staff(path: &'static str, mount: fn() -> axum::routing::MethodRouter<crate::web::Web>) -> Entry {
    Entry { path, who: Who::Staff, mount }
}

/// The pages of this group.
pub(crate) const PAGES: &[Entry] = &[
    staff("/console/billing", || get(list::list)),
    staff("/console/billing/new", || get(draft::new).post(draft::create)),
    staff("/console/billing/{sales_document_id}", || get(show::show).post(draft::save)),
    staff("/console/billing/{sales_document_id}/convert", || post(acts::convert)),
    staff("/console/billing/{sales_document_id}/revise", || post(acts::revise)),
    staff("/console/billing/{sales_document_id}/credit", || post(acts::credit)),
    staff("/console/billing/{sales_document_id}/use", || post(acts::use_credit)),
    Entry {
        path: "/console/billing/{sales_document_id}/write-off",
        who: Who::Admin,
        mount: || post(acts::write_off),
    },
    staff("/console/accounts/{account_id}/billing", || get(account::show)),
    staff("/console/accounts/{account_id}/billing/buyer", || post(account::set_buyer)),
    staff("/console/accounts/{account_id}/billing/payment", || post(account::record_payment)),
    Entry {
        path: "/console/accounts/{account_id}/billing/refund",
        who: Who::Admin,
        mount: || post(account::refund),
    },
    Entry { path: "/console/billing-books", who: Who::Admin, mount: || get(books::show) },
    Entry {
        path: "/console/billing-settings",
        who: Who::Admin,
        mount: || get(entity::show).post(entity::save),
    },
];
