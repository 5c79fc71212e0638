//! One record of the account: the newest of its kind.

use askama::Template;
use portico_definition::RecordBlock;

use super::{Place, Shown, shown};
use crate::{
    error::PageError,
    layout::Shell,
    values::{Line, kind_title, lines},
    wording::humanize,
};

#[derive(Template)]
#[template(path = "blocks/record.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    href: String,
    state: String,
    lines: Vec<Line>,
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &RecordBlock,
) -> Result<Shown, PageError> {
    let s = place.s();
    let definition = &place.portal.definition;
    let records = place.records(&block.of, 1).await?;
    let (Some(record), Some(kind)) = (records.first(), definition.spec.records.get(&block.of)) else {
        return Ok(Shown::default());
    };
    let view = View {
        s,
        id,
        title: title.map_or_else(|| kind_title(definition, &block.of), str::to_owned),
        href: format!("/records/{}", record.id),
        state: humanize(&record.state),
        lines: lines(s, kind, record, &block.fields),
    };
    shown(&view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layout::Area,
        text::Locale,
        values::tests::{gallery, invoice},
    };

    #[test]
    fn references_are_links_and_the_state_stands_beside_the_title() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let lines = lines(&s, &definition.spec.records["invoice"], &invoice(), &[]);
        let view = View {
            s: &s,
            id: "b",
            title: "Invoice".to_owned(),
            href: "/records/r".to_owned(),
            state: "Submitted".to_owned(),
            lines,
        };
        let html = view.render().unwrap();
        assert!(html.contains("<a href=\"/records/po-1\">PO-00012</a>") && html.contains("12,345.00 EUR"));
        assert!(html.contains("class=\"tag neutral\">Submitted"));
    }
}
