//! The client's side: home, tasks, files, messages, records, and oneself. Staff act on their own steps at the same
//! addresses; what they do with a client's steps is in the console.

use axum::{
    extract::DefaultBodyLimit,
    routing::{MethodFilter, get, on, post, put},
};

use super::{Entry, Who};

mod activity;
pub(crate) mod billing;
pub(in crate::pages) mod bytes;
mod comments;
mod files;
mod from_notice;
mod home;
mod library;
mod mail_choices;
mod making;
mod me;
mod me_changes;
mod messages;
mod new_record;
mod post;
mod record;
mod signing;
mod task;
mod tasks;
mod thread;
mod uploads;
mod viewer;

const fn page(path: &'static str, mount: fn() -> axum::routing::MethodRouter<crate::web::Web>) -> Entry {
    Entry { path, who: Who::SignedIn, mount }
}

/// The pages of this group. Forms with files have no limit here: documents keeps the limit of each file.
pub const PAGES: &[Entry] = &[
    Entry { path: "/", who: Who::Anyone, mount: || get(home::home) },
    page("/p/{portal}/{*path}", || get(home::page)),
    page("/p/{portal}/new/{kind}", || {
        get(new_record::show).post(new_record::create).layer(DefaultBodyLimit::disable())
    }),
    page("/tasks", || get(tasks::tasks)),
    page("/tasks/{step_id}", || get(task::show)),
    page("/tasks/{step_id}/decline", || post(task::decline::decline)),
    page("/tasks/{step_id}/complete", || post(task::todo::complete)),
    page("/tasks/{step_id}/draft", || put(task::answers::draft)),
    page("/tasks/{step_id}/answers", || get(task::print::answers).post(task::answers::keep)),
    page("/tasks/{step_id}/answers/pdf", || get(task::answers_pdf::pdf)),
    page("/tasks/{step_id}/answers/files", || {
        post(task::answers::keep_with_files).layer(DefaultBodyLimit::disable())
    }),
    page("/tasks/{step_id}/editing", || post(task::editing::editing)),
    page("/tasks/{step_id}/submit", || post(task::answers::submit)),
    page("/tasks/{step_id}/items/{item_id}/files", || {
        post(task::upload::item_files).layer(DefaultBodyLimit::disable())
    }),
    page("/tasks/{step_id}/items/{item_id}/remove", || post(task::item::remove)),
    page("/tasks/{step_id}/items/{item_id}/missing", || post(task::item::missing)),
    page("/tasks/{step_id}/decide", || post(task::approval::decide)),
    page("/tasks/{step_id}/sign/review", || get(task::sign::again).post(task::review::review)),
    page("/tasks/{step_id}/sign", || get(task::sign::again).post(task::sign::sign)),
    page("/tasks/{step_id}/sign/draft", || put(task::drafts::of_task)),
    page("/tasks/{step_id}/sign/decline", || post(task::sign::decline)),
    page("/tasks/{step_id}/book", || post(task::meeting::book)),
    page("/tasks/{step_id}/move", || post(task::meeting::shift)),
    page("/tasks/{step_id}/cancel-meeting", || post(task::meeting::call_off)),
    page("/tasks/{step_id}/meeting.ics", || get(task::meeting::calendar)),
    page("/sign/{envelope_id}", || get(signing::show)),
    page("/sign/{envelope_id}/sign/review", || get(signing::again).post(signing::review)),
    page("/sign/{envelope_id}/sign", || get(signing::again).post(signing::sign)),
    page("/sign/{envelope_id}/sign/draft", || put(task::drafts::of_envelope)),
    page("/sign/{envelope_id}/sign/decline", || post(signing::decline)),
    page("/sign/{envelope_id}/delegate", || post(signing::delegate)),
    page("/files", || get(files::files)),
    page("/files/{version_id}", || get(bytes::download)),
    page("/files/{version_id}/pages/{page}", || get(bytes::page)),
    page("/files/{version_id}/view", || get(viewer::view)),
    page("/files/{version_id}/reading", || post(viewer::reading)),
    page("/files/{version_id}/comments", || get(comments::again).post(comments::add)),
    page("/comments/{comment_id}/settle", || post(comments::settle)),
    page("/comments/{comment_id}/remove", || post(comments::remove)),
    page("/files/{version_id}/restore", || post(library::restore_version)),
    page("/documents", || get(library::home)),
    page("/documents/folders/{folder_id}", || get(library::folder)),
    page("/documents/folders/{folder_id}/zip", || get(bytes::archive)),
    page("/documents/folders/{folder_id}/files", || post(library::add).layer(DefaultBodyLimit::disable())),
    page("/documents/{document_id}", || get(files::newest)),
    page("/documents/{document_id}/versions", || {
        post(library::add_version).layer(DefaultBodyLimit::disable())
    }),
    page("/uploads", || on(MethodFilter::POST.or(MethodFilter::OPTIONS), uploads::all)),
    page("/uploads/{upload_id}", || {
        let methods = [MethodFilter::PATCH, MethodFilter::DELETE, MethodFilter::OPTIONS];
        on(methods.into_iter().fold(MethodFilter::HEAD, MethodFilter::or), uploads::one)
    }),
    page("/messages", || get(messages::messages)),
    page("/messages/{record_id}", || get(thread::thread).post(post::post).layer(DefaultBodyLimit::disable())),
    page("/records/{record_id}", || get(record::record)),
    page("/runs/{run_id}", || get(from_notice::run)),
    page("/steps/{step_id}", || get(from_notice::step)),
    page("/me", || get(me::me)),
    page("/me/mail", || get(mail_choices::show).post(mail_choices::save)),
    page("/me/mail/addresses", || post(mail_choices::end_addresses)),
    page("/me/profile", || post(me_changes::profile)),
    page("/me/password", || post(me_changes::password)),
    page("/me/sessions/{session_id}/revoke", || post(me_changes::end_session)),
    page("/me/notifications/read", || post(me_changes::mark_read)),
    page("/activity", || get(activity::activity)),
];
