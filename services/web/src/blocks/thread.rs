//! The latest of the conversation about a record, with room for an answer.

use askama::Template;
use portico_definition::ThreadBlock;
use portico_proto::{
    messaging::v1::{GetThreadRequest, Message},
    time::moment,
};

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell};

/// How many messages stand on the page; all are one press away.
const LATEST: i32 = 4;

#[derive(Template)]
#[template(path = "blocks/thread.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    record: &'a str,
    key: String,
    unread: u32,
    messages: Vec<Said<'a>>,
}

struct Said<'a> {
    message: &'a Message,
    when: String,
}

impl<'a> Said<'a> {
    fn of(s: &Shell, message: &'a Message) -> Self {
        let when = message.at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
        Self { message, when }
    }
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &ThreadBlock,
) -> Result<Shown, PageError> {
    let records = place.records(&block.on, 1).await?;
    let Some(record) = records.first() else { return Ok(Shown::default()) };
    let asked =
        GetThreadRequest { record_id: record.id.clone(), page_size: LATEST, page_token: String::new() };
    let answer = place.ask.messaging().get_thread(asked).await?.into_inner();
    let s = place.s();
    let view = View {
        s,
        id,
        title: title.map_or_else(|| s.t("thread-title"), str::to_owned),
        record: &record.id,
        key: place.ask.form_key(),
        unread: answer.thread.map_or(0, |thread| u32::try_from(thread.unread).unwrap_or(0)),
        messages: answer.messages.iter().map(|message| Said::of(s, message)).collect(),
    };
    shown(&view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn messages_are_text_and_the_answer_goes_to_the_thread() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let message = Message {
            author_name: "Maria Lopez".to_owned(),
            body: "<img src=x> Hello".to_owned(),
            ..Message::default()
        };
        let view = View {
            s: &s,
            id: "block-3",
            title: "Messages".to_owned(),
            record: "r1",
            key: "k".to_owned(),
            unread: 2,
            messages: vec![Said::of(&s, &message)],
        };
        let html = view.render().unwrap();
        assert!(html.contains("&#60;img") && !html.contains("<img"));
        assert!(html.contains("action=\"/messages/r1\"") && html.contains("name=\"key\" value=\"k\""));
        assert!(html.contains("<label for=\"f-body\"") && html.contains("2 new"));
    }
}
