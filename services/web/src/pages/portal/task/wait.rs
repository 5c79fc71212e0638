//! A step on which nobody acts: it says what everybody waits for.

use askama::Template;

use super::{Body, Task};
use crate::{ask::Ask, error::PageError, layout::Shell, wording::html};

#[derive(Template)]
#[template(path = "pages/task/wait.html")]
struct View<'a> {
    s: &'a Shell,
}

pub(super) fn body(ask: &Ask, _: &Task) -> Result<Body, PageError> {
    Ok(Body { html: html(&View { s: &ask.shell })?, script: None, live: true })
}
