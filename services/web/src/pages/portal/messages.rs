//! All conversations, the newest message first.

use askama::Template;
use axum::response::Response;
use portico_proto::{
    messaging::v1::{ListThreadsRequest, Thread},
    time::moment,
};

use crate::{
    ask::Ask,
    components::{Row, Tone},
    error::PageError,
    layout::Shell,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/portal/messages.html")]
struct Messages<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
}

fn row(s: &Shell, thread: &Thread, with_account: bool) -> Row {
    let when = thread.last_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let account = if with_account { thread.account_name.as_str() } else { "" };
    let meta: Vec<&str> =
        [account, &thread.last_text, &when].into_iter().filter(|part| !part.is_empty()).collect();
    let row = Row::new(thread.title.clone(), format!("/messages/{}", thread.record_id), meta.join(" · "));
    if thread.unread > 0 {
        row.tagged(Tone::Info, s.say("unread").arg("count", thread.unread).to_string())
    } else {
        row
    }
}

pub(super) async fn messages(ask: Ask) -> Result<Response, PageError> {
    let asked = ListThreadsRequest { account_id: String::new(), page_size: 100 };
    let threads = ask.messaging().list_threads(asked).await?.into_inner().threads;
    let s = &*ask.shell;
    let with_account = ask.reader.is_staff() || ask.reader.accounts.len() > 1;
    let rows = threads.iter().map(|thread| row(s, thread, with_account)).collect();
    Page::new(s.t("thread-title"), Messages { s, rows }).at("messages").respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_thread_with_news_says_how_many() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let thread = Thread {
            record_id: "r".to_owned(),
            title: "Audit 2026".to_owned(),
            account_name: "Acme".to_owned(),
            last_text: "Hello".to_owned(),
            unread: 3,
            ..Thread::default()
        };
        let row = row(&s, &thread, true);
        assert_eq!((row.meta.as_str(), row.tag.unwrap().text.as_str()), ("Acme · Hello", "3 new"));
        let html = Messages { s: &s, rows: Vec::new() }.render().unwrap();
        assert!(html.contains("class=\"card empty\"") && html.matches("<h1").count() == 1);
    }
}
