//! The way to a form that creates a record.

use askama::Template;
use portico_definition::FormBlock;

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell, values::kind_title};

#[derive(Template)]
#[template(path = "blocks/form.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    kind: String,
    href: String,
}

pub(super) fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &FormBlock,
) -> Result<Shown, PageError> {
    let definition = &place.portal.definition;
    if !super::record_list::may_create_here(place, &block.creates) {
        return Ok(Shown::default());
    }
    let kind = kind_title(definition, &block.creates);
    let named = definition.spec.forms.get(&block.form).and_then(|form| form.title.clone());
    let title = title.map(str::to_owned).or(named).unwrap_or_else(|| kind.clone());
    let href = super::record_list::create_href(place, &block.creates);
    shown(&View { s: place.s(), id, title, kind, href })
}
