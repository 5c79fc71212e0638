//! The staff's pages: who is blocked on what, accounts, runs, people, what was done, and how the firm is set up.

use axum::{
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use super::{Entry, Who};

mod account;
mod account_data;
mod account_member;
mod account_people;
mod accounts;
mod activity;
mod attempt;
mod audit;
mod availability;
pub(crate) mod billing;
mod bounces;
mod choose;
mod dates;
mod definition;
mod deliverable;
mod done;
mod envelope;
mod field_board;
mod firm_form;
mod hand_over;
mod home;
mod incoming;
pub(crate) mod library;
mod mail;
mod mail_check;
mod mail_settings;
mod mailbox;
mod meeting;
mod names;
mod outstanding;
mod overview;
mod own_calendar;
mod paper;
mod papers;
mod people;
mod person;
mod placing;
mod plan;
mod portal_page;
mod portals;
mod record;
mod record_new;
mod requests;
mod review;
mod roles;
mod run;
mod run_acts;
mod send_paper;
mod sending;
mod settings;
mod setup;
mod setup_parts;
mod standing_in;
mod states;
mod step;
mod step_links;

/// The pages of this group. Forms with files have no limit here: documents keeps the limit of each file.
pub const PAGES: &[Entry] = &[
    Entry { path: "/console", who: Who::Staff, mount: || get(home::show) },
    Entry {
        path: "/console/accounts",
        who: Who::Staff,
        mount: || get(accounts::list).post(accounts::create),
    },
    Entry {
        path: "/console/accounts/{account_id}",
        who: Who::Staff,
        mount: || get(account::show).post(account::rename),
    },
    Entry {
        path: "/console/accounts/{account_id}/people",
        who: Who::Staff,
        mount: || post(account_people::add),
    },
    Entry {
        path: "/console/accounts/{account_id}/people/{person_id}",
        who: Who::Staff,
        mount: || get(account_member::show).post(account_member::set_roles),
    },
    Entry {
        path: "/console/accounts/{account_id}/people/{person_id}/invite",
        who: Who::Staff,
        mount: || post(account_member::invite),
    },
    Entry {
        path: "/console/accounts/{account_id}/people/{person_id}/revoke",
        who: Who::Staff,
        mount: || post(account_member::revoke),
    },
    Entry {
        path: "/console/accounts/{account_id}/people/{person_id}/remove",
        who: Who::Staff,
        mount: || post(account_member::remove),
    },
    Entry {
        path: "/console/accounts/{account_id}/records/{portal}/{kind}",
        who: Who::Staff,
        mount: || get(record_new::show).post(record_new::create).layer(DefaultBodyLimit::disable()),
    },
    Entry {
        path: "/console/records/{record_id}",
        who: Who::Staff,
        mount: || get(record::show).post(record::update).layer(DefaultBodyLimit::disable()),
    },
    Entry { path: "/console/records/{record_id}/state", who: Who::Staff, mount: || post(record::set_state) },
    Entry { path: "/console/outstanding", who: Who::Staff, mount: || get(outstanding::show) },
    Entry { path: "/console/outstanding/remind", who: Who::Staff, mount: || post(outstanding::remind) },
    Entry { path: "/console/requests", who: Who::Staff, mount: || get(requests::show).post(requests::send) },
    Entry { path: "/console/requests/templates", who: Who::Staff, mount: || post(requests::save) },
    Entry {
        path: "/console/requests/templates/{request_template_id}/remove",
        who: Who::Staff,
        mount: || post(requests::remove),
    },
    Entry {
        path: "/console/papers",
        who: Who::Staff,
        mount: || get(papers::show).post(papers::upload).layer(DefaultBodyLimit::disable()),
    },
    Entry {
        path: "/console/papers/{paper_template_id}",
        who: Who::Staff,
        mount: || get(paper::show).post(paper::save),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/send",
        who: Who::Staff,
        mount: || get(send_paper::show).post(send_paper::act),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/sendings/{sending_id}",
        who: Who::Staff,
        mount: || get(sending::show),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/sendings/{sending_id}/remind",
        who: Who::Staff,
        mount: || post(sending::remind),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/archive",
        who: Who::Staff,
        mount: || post(papers::archive),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/remove",
        who: Who::Staff,
        mount: || post(papers::remove),
    },
    Entry {
        path: "/console/papers/{paper_template_id}/pages/{page}",
        who: Who::Staff,
        mount: || get(papers::sheet),
    },
    Entry { path: "/console/runs/{run_id}", who: Who::Staff, mount: || get(run::show) },
    Entry { path: "/console/runs/{run_id}/plan", who: Who::Staff, mount: || get(plan::show) },
    Entry { path: "/console/runs/{run_id}/plan/{step_id}", who: Who::Staff, mount: || post(plan::shift) },
    Entry { path: "/console/runs/{run_id}/tasks", who: Who::Staff, mount: || post(run_acts::add_task) },
    Entry { path: "/console/runs/{run_id}/pause", who: Who::Staff, mount: || post(run_acts::pause) },
    Entry { path: "/console/runs/{run_id}/resume", who: Who::Staff, mount: || post(run_acts::resume) },
    Entry { path: "/console/runs/{run_id}/cancel", who: Who::Staff, mount: || post(run_acts::cancel) },
    Entry { path: "/console/steps/{step_id}", who: Who::Staff, mount: || get(step::show) },
    Entry { path: "/console/steps/{step_id}/waive", who: Who::Staff, mount: || post(step::waive) },
    Entry { path: "/console/steps/{step_id}/remind", who: Who::Staff, mount: || post(step::remind) },
    Entry { path: "/console/steps/{step_id}/due", who: Who::Staff, mount: || post(step::move_due) },
    Entry { path: "/console/steps/{step_id}/assign", who: Who::Staff, mount: || post(step::assign) },
    Entry { path: "/console/steps/{step_id}/review", who: Who::Staff, mount: || get(review::show) },
    Entry {
        path: "/console/steps/{step_id}/items/{item_id}/accept",
        who: Who::Staff,
        mount: || post(review::accept),
    },
    Entry {
        path: "/console/steps/{step_id}/items/{item_id}/return",
        who: Who::Staff,
        mount: || post(review::give_back),
    },
    Entry { path: "/console/steps/{step_id}/envelope", who: Who::Staff, mount: || get(envelope::show) },
    Entry {
        path: "/console/steps/{step_id}/envelope/fields",
        who: Who::Staff,
        mount: || get(placing::show).post(placing::save),
    },
    Entry {
        path: "/console/steps/{step_id}/envelope/{signer_id}/extend",
        who: Who::Staff,
        mount: || post(envelope::extend),
    },
    Entry {
        path: "/console/steps/{step_id}/envelope/{signer_id}/remind",
        who: Who::Staff,
        mount: || post(envelope::remind),
    },
    Entry {
        path: "/console/steps/{step_id}/envelope/{signer_id}/delegate",
        who: Who::Staff,
        mount: || post(envelope::delegate),
    },
    Entry {
        path: "/console/steps/{step_id}/deliverable",
        who: Who::Staff,
        mount: || get(deliverable::show).post(deliverable::add).layer(DefaultBodyLimit::disable()),
    },
    Entry {
        path: "/console/steps/{step_id}/meeting",
        who: Who::Staff,
        mount: || get(meeting::show).post(meeting::offer),
    },
    Entry {
        path: "/console/availability",
        who: Who::Staff,
        mount: || get(availability::show).post(availability::save),
    },
    Entry { path: "/console/availability/calendar", who: Who::Staff, mount: || post(own_calendar::connect) },
    Entry {
        path: "/console/availability/calendar/forget",
        who: Who::Staff,
        mount: || post(own_calendar::disconnect),
    },
    Entry {
        path: "/console/standing-in",
        who: Who::Staff,
        mount: || get(standing_in::show).post(standing_in::add),
    },
    Entry { path: "/console/standing-in/{person_id}/end", who: Who::Staff, mount: || post(standing_in::end) },
    Entry { path: "/console/portals/{portal}", who: Who::Staff, mount: || get(portal_page::first) },
    Entry { path: "/console/portals/{portal}/{*path}", who: Who::Staff, mount: || get(portal_page::at) },
    Entry { path: "/console/portals", who: Who::Admin, mount: || get(portals::list) },
    Entry {
        path: "/console/gallery",
        who: Who::Admin,
        mount: || get(portals::show_gallery).post(portals::take),
    },
    Entry {
        path: "/console/definitions/{name}",
        who: Who::Admin,
        mount: || get(definition::show).post(definition::publish),
    },
    Entry {
        path: "/console/definitions/{name}/templates",
        who: Who::Admin,
        mount: || post(definition::add_template).layer(DefaultBodyLimit::disable()),
    },
    Entry { path: "/console/people", who: Who::Staff, mount: || get(people::list) },
    Entry { path: "/console/people/add", who: Who::Admin, mount: || get(people::new).post(people::add) },
    Entry { path: "/console/people/{person_id}", who: Who::Staff, mount: || get(person::show) },
    Entry {
        path: "/console/people/{person_id}/roles",
        who: Who::Admin,
        mount: || get(person::show_to_admin).post(person::set_roles),
    },
    Entry { path: "/console/people/{person_id}/invite", who: Who::Admin, mount: || post(person::invite) },
    Entry { path: "/console/people/{person_id}/revoke", who: Who::Admin, mount: || post(person::revoke) },
    Entry {
        path: "/console/people/{person_id}/deactivate",
        who: Who::Admin,
        mount: || post(person::deactivate),
    },
    Entry {
        path: "/console/people/{person_id}/reactivate",
        who: Who::Admin,
        mount: || post(person::reactivate),
    },
    Entry { path: "/console/audit", who: Who::Staff, mount: || get(audit::list) },
    Entry { path: "/console/mail", who: Who::Staff, mount: || get(mail::list) },
    Entry { path: "/console/mail/bounces", who: Who::Staff, mount: || get(bounces::list) },
    Entry {
        path: "/console/people/{person_id}/confirm-mail",
        who: Who::Staff,
        mount: || post(bounces::confirm),
    },
    Entry { path: "/console/mail/{mail_id}/resend", who: Who::Staff, mount: || post(mail::resend) },
    Entry { path: "/console/settings", who: Who::Admin, mount: || get(settings::show).post(settings::save) },
    Entry { path: "/console/settings/test-mail", who: Who::Admin, mount: || post(settings::test_mail) },
    Entry {
        path: "/console/settings/mail",
        who: Who::Admin,
        mount: || get(mail_settings::show).post(mail_settings::save),
    },
    Entry { path: "/console/settings/mail/test", who: Who::Admin, mount: || post(mail_settings::test) },
    Entry { path: "/console/settings/mail/intake", who: Who::Admin, mount: || post(mail_settings::intake) },
    Entry {
        path: "/console/settings/mail/mailbox",
        who: Who::Admin,
        mount: || get(incoming::show).post(incoming::save),
    },
    Entry { path: "/console/settings/mail/mailbox/look", who: Who::Admin, mount: || post(incoming::look) },
    Entry {
        path: "/console/settings/mail/mailbox/disconnect",
        who: Who::Admin,
        mount: || post(incoming::disconnect),
    },
    Entry { path: "/console/settings/mail/check", who: Who::Admin, mount: || get(mail_check::show) },
    Entry { path: "/console/settings/mail/keys", who: Who::Admin, mount: || post(mail_check::create) },
    Entry {
        path: "/console/settings/mail/keys/{dkim_key_id}/activate",
        who: Who::Admin,
        mount: || post(mail_check::activate),
    },
    Entry {
        path: "/console/settings/mail/keys/{dkim_key_id}/retire",
        who: Who::Admin,
        mount: || post(mail_check::retire),
    },
    Entry { path: "/console/settings/holidays", who: Who::Admin, mount: || post(settings::set_holidays) },
    Entry { path: "/setup", who: Who::Anyone, mount: || get(setup::show).post(setup::send) },
    Entry { path: "/mailbox", who: Who::Anyone, mount: || get(mailbox::list) },
    Entry { path: "/mailbox/{slug}/{mail_id}", who: Who::Anyone, mount: || get(mailbox::show) },
    Entry { path: "/mailbox/{slug}/{mail_id}/html", who: Who::Anyone, mount: || get(mailbox::html) },
];
