//! The client's money: invoices, estimates, and what the account owes.

use axum::routing::{get, post};

use crate::pages::{Entry, Who};

mod estimate;
mod invoice;
mod keep;
mod list;
mod pay;
mod receipt;
mod statement;

/// The pages of this group.
pub(crate) const PAGES: &[Entry] = &[
    Entry { path: "/invoices", who: Who::SignedIn, mount: || get(list::list) },
    Entry { path: "/invoices/{sales_document_id}", who: Who::SignedIn, mount: || get(invoice::show) },
    Entry { path: "/estimates/{sales_document_id}", who: Who::SignedIn, mount: || get(estimate::show) },
    Entry {
        path: "/estimates/{sales_document_id}/accept",
        who: Who::SignedIn,
        mount: || post(estimate::accept),
    },
    Entry {
        path: "/estimates/{sales_document_id}/decline",
        who: Who::SignedIn,
        mount: || post(estimate::decline),
    },
    Entry { path: "/invoices/{sales_document_id}/pay", who: Who::SignedIn, mount: || post(pay::pay) },
    Entry { path: "/invoices/{sales_document_id}/pdf", who: Who::SignedIn, mount: || get(keep::pdf) },
    Entry { path: "/invoices/{sales_document_id}/ubl", who: Who::SignedIn, mount: || get(keep::ubl) },
    Entry { path: "/invoices/{sales_document_id}/cii", who: Who::SignedIn, mount: || get(keep::cii) },
    Entry { path: "/estimates/{sales_document_id}/pdf", who: Who::SignedIn, mount: || get(keep::pdf) },
    Entry { path: "/payments/{payment_id}", who: Who::SignedIn, mount: || get(receipt::show) },
    Entry { path: "/payments/{payment_id}/pdf", who: Who::SignedIn, mount: || get(keep::receipt) },
    Entry { path: "/webhooks/stripe", who: Who::Anyone, mount: || post(pay::told) },
    Entry { path: "/statement", who: Who::SignedIn, mount: || get(statement::show) },
    Entry { path: "/statement/pdf", who: Who::SignedIn, mount: || get(keep::statement) },
];
