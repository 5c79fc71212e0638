//! The account's invoices. They appear with billing; before that a client sees nothing and staff see why.

use askama::Template;

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell};

#[derive(Template)]
#[template(path = "blocks/invoices.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
}

pub(super) fn show(place: &Place<'_>, id: &str, title: Option<&str>) -> Result<Shown, PageError> {
    if !place.ask.reader.is_staff() {
        return Ok(Shown::default());
    }
    let s = place.s();
    shown(&View { s, id, title: title.map_or_else(|| s.t("invoices-title"), str::to_owned) })
}
