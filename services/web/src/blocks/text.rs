//! A text in plain words, with the reader's and the account's name where it asks for them.

use askama::Template;
use portico_definition::TextBlock;
use portico_proto::tenancy::v1::GetAccountRequest;

use super::{Place, Shown, shown};
use crate::error::PageError;

#[derive(Template)]
#[template(path = "blocks/text.html")]
struct View<'a> {
    id: &'a str,
    title: &'a str,
    paragraphs: Vec<String>,
}

fn fill(body: &str, person: &str, account: &str) -> Vec<String> {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        text.push_str(before);
        match name.trim() {
            "person.name" => text.push_str(person),
            "account.name" => text.push_str(account),
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect()
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &TextBlock,
) -> Result<Shown, PageError> {
    let account = if block.body.contains("account.") && !place.account.is_empty() {
        let asked = GetAccountRequest { account_id: place.account.clone() };
        place.ask.tenancy().get_account(asked).await?.into_inner().account.unwrap_or_default().name
    } else {
        String::new()
    };
    let paragraphs = fill(&block.body, &place.ask.reader.person.name, &account);
    shown(&View { id, title: title.unwrap_or_default(), paragraphs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_markup_stays_text() {
        let paragraphs =
            fill("Welcome, {{person.name}} of {{ account.name }}.\n\n<b>{{record.x}}</b> {{", "Ana", "Acme");
        assert_eq!(paragraphs, ["Welcome, Ana of Acme.", "<b></b> {{"]);
        let html = View { id: "b", title: "", paragraphs }.render().unwrap();
        assert!(html.contains("&#60;b&#62;") && !html.contains("<h2"));
    }
}
