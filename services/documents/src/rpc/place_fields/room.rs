//! Refuses fields that are too small for what will be drawn in them, where they are placed rather than when somebody signs.

use std::sync::Arc;

use crate::{
    domain::{
        placement::{Broken, Placement, PlacementKind},
        signature::Signer,
    },
    error::DocumentsError,
    service::Service,
    signing::{
        FieldValue, Fonts, Room, SigningError, check_printable, day_text, longest_day, page_sizes, room,
    },
    vault::Stored,
};

/// A name as long as many are, for a place whose signer nobody knows yet.
const SOMEBODY: &str = "Alexandra Montgomery";
/// As many of the widest letters as initials have at most.
const INITIALS: &str = "WWWW";
/// What a text has room for at least.
const SHORT_TEXT: &str = "00000";

/// What is wrong with the sizes of these places on those documents, whose bytes are read for it. The places are known to lie on their
/// pages.
pub(crate) async fn check(
    service: &Service,
    papers: &[(i32, Stored)],
    signers: &[Signer],
    placements: &[Placement],
) -> Result<Vec<Broken>, DocumentsError> {
    let mut wrong = Vec::new();
    for (number, stored) in papers {
        let here = |(_, place): &(usize, &Placement)| place.paper == *number;
        let placed: Vec<_> = placements.iter().enumerate().filter(here).collect();
        if placed.is_empty() {
            continue;
        }
        let fonts = service.fonts()?;
        let named = |place: &Placement| {
            let signer = signers.iter().find(|signer| signer.id == place.signer);
            signer.map(|signer| signer.name().to_owned()).unwrap_or_default()
        };
        let placed = placed.into_iter().map(|(index, place)| (index, place.clone(), named(place))).collect();
        let closed = |_| DocumentsError::Unreadable("measuring has ended".to_owned());
        let _place = service.composing.acquire().await.map_err(closed)?;
        let bytes = service.vault.read_all(stored, service.config.largest_template).await?;
        let measured = tokio::task::spawn_blocking(move || measure(&fonts, &bytes, placed)).await;
        let measured =
            measured.map_err(|error| DocumentsError::Unreadable(format!("measuring broke off: {error}")))?;
        wrong.extend(measured?);
    }
    Ok(wrong)
}

/// The same for one document: each place with its number and the name of its signer, empty where that is nobody in particular.
fn measure(
    fonts: &Arc<Fonts>,
    original: &[u8],
    placed: Vec<(usize, Placement, String)>,
) -> Result<Vec<Broken>, SigningError> {
    let sizes = page_sizes(original)?;
    let mut wrong = Vec::new();
    for (index, place, name) in placed {
        let page = usize::try_from(place.page).ok().and_then(|page| page.checked_sub(1));
        let Some(size) = page.and_then(|page| sizes.get(page).copied().flatten()) else { continue };
        let shown = place.place();
        let values = values(fonts, &place, &name);
        let found = room(fonts, &values, (shown.width, shown.height), size);
        let too_large = |value: &&FieldValue| {
            room(fonts, std::slice::from_ref(*value), (shown.width, shown.height), size) != Room::Enough
        };
        let what = values.iter().find(too_large).map(|value| told(place.kind, value)).unwrap_or_default();
        let mut refuse = |part: &str, text: String| {
            wrong.push(Broken { field: format!("fields[{index}].{part}"), text });
        };
        match found {
            Room::Enough => {}
            Room::Nowhere => refuse("width", format!("This page is too small for {what}. Use fewer words.")),
            Room::Least { width, height } => {
                if let Some(width) = width {
                    let least = percent(width);
                    refuse(
                        "width",
                        format!("The field is too narrow for {what}: make it at least {least} % wide."),
                    );
                }
                if let Some(height) = height {
                    let least = percent(height);
                    refuse(
                        "height",
                        format!("The field is too low for {what}: make it at least {least} % high."),
                    );
                }
            }
        }
    }
    Ok(wrong)
}

/// Thousandths in percent.
fn percent(thousandths: u16) -> f64 {
    f64::from(thousandths) / 10.0
}

/// The most that may be drawn into a place, as far as that is known before anybody signs.
fn values(fonts: &Fonts, place: &Placement, name: &str) -> Vec<FieldValue> {
    match place.kind {
        PlacementKind::Signature => {
            let known = !name.is_empty() && check_printable(fonts, name).is_ok();
            vec![FieldValue::Typed(if known { name } else { SOMEBODY }.to_owned())]
        }
        PlacementKind::Initials => vec![FieldValue::Text(INITIALS.to_owned())],
        PlacementKind::Date => vec![FieldValue::Date(longest_day(fonts))],
        PlacementKind::Text => vec![FieldValue::Text(SHORT_TEXT.to_owned())],
        PlacementKind::Choice => place.choices.iter().cloned().map(FieldValue::Text).collect(),
        PlacementKind::Checkbox => Vec::new(),
    }
}

/// What has no room, in words.
fn told(kind: PlacementKind, value: &FieldValue) -> String {
    match (kind, value) {
        (PlacementKind::Initials, _) => "the initials of a long name".to_owned(),
        (PlacementKind::Text, _) => "even a short text".to_owned(),
        (_, FieldValue::Date(day)) => format!("a date such as “{}”", day_text(*day)),
        (_, FieldValue::Typed(name)) => format!("a signature such as “{name}”"),
        (_, FieldValue::Text(words)) => format!("“{words}”"),
        (_, FieldValue::Drawn(_) | FieldValue::Ticked) => "what goes in".to_owned(),
    }
}
