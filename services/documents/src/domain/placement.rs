//! Places on the documents of an envelope that its signers fill: where they may lie, whose they are, and what goes in.

use uuid::Uuid;

use super::{
    envelope::FieldBox,
    signature::{Part, Signer},
};

/// Places of one envelope at most.
pub(crate) const MOST: usize = 100;
/// The longest label, in characters.
const LONGEST_LABEL: usize = 120;
/// Choices of one place at most, and the longest of them in characters.
const MOST_CHOICES: usize = 20;
const LONGEST_CHOICE: usize = 80;
/// The longest text that a signer fills in, in characters.
const LONGEST_TEXT: usize = 200;
/// What a ticked box is sent and kept as.
pub(crate) const TICKED: &str = "yes";

/// What goes into a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlacementKind {
    /// The signature, typed or drawn; the platform puts it there.
    Signature,
    /// The first letters of the signer's name; the platform puts them there.
    Initials,
    /// The day of signing; the platform puts it there, so that nobody dates anything back.
    Date,
    /// A line of text that the signer types.
    Text,
    /// A box that the signer ticks.
    Checkbox,
    /// One of several words that the signer chooses.
    Choice,
}

impl PlacementKind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Signature, Self::Initials, Self::Date, Self::Text, Self::Checkbox, Self::Choice];

    /// The word that stands in the database and on the wire.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Initials => "initials",
            Self::Date => "date",
            Self::Text => "text",
            Self::Checkbox => "checkbox",
            Self::Choice => "choice",
        }
    }

    /// The kind of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether the signer is asked for it; otherwise the platform knows it from the signature.
    pub(crate) const fn asks(self) -> bool {
        matches!(self, Self::Text | Self::Checkbox | Self::Choice)
    }

    /// Whether it puts the signature of somebody into the document.
    const fn signs(self) -> bool {
        matches!(self, Self::Signature | Self::Initials)
    }

    /// The least width and height, as fractions of the page: on an A4 page a signature has 48 by 17 points.
    pub(crate) const fn least(self) -> (f64, f64) {
        match self {
            Self::Signature => (0.08, 0.02),
            Self::Initials => (0.03, 0.012),
            Self::Date | Self::Text | Self::Choice => (0.05, 0.012),
            Self::Checkbox => (0.015, 0.01),
        }
    }
}

/// A place on a document, and what its signer filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    pub(crate) id: Uuid,
    /// Which document of the envelope: 1 is the first.
    pub(crate) paper: i32,
    /// From 1.
    pub(crate) page: u32,
    /// Left, top, width and height as fractions of the page as it is shown.
    pub(crate) area: [f64; 4],
    pub(crate) kind: PlacementKind,
    /// Whose it is, by the place in the envelope: whoever signs there in the end.
    pub(crate) signer: Uuid,
    pub(crate) required: bool,
    pub(crate) label: String,
    pub(crate) choices: Vec<String>,
    /// What was filled in; nothing before its signer signed, and where nobody is asked.
    pub(crate) value: Option<String>,
}

impl Placement {
    /// The place as pages know it.
    pub(crate) fn place(&self) -> FieldBox {
        let [x, y, width, height] = self.area.map(super::signed_file::single);
        FieldBox { page: self.page, x, y, width, height }
    }

    /// What people call it.
    pub(crate) fn shown_label(&self) -> &str {
        if self.label.is_empty() { self.kind.word() } else { &self.label }
    }
}

/// A rule that a request breaks, at its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) field: String,
    pub(crate) text: String,
}

fn broken(field: impl Into<String>, text: impl Into<String>) -> Broken {
    Broken { field: field.into(), text: text.into() }
}

/// What is wrong with a whole set of places, given those who take part and the number and pages of each document. None at all
/// is a set as well: then the documents are signed as their templates say.
pub(crate) fn check(places: &[Placement], signers: &[Signer], papers: &[(i32, u32)]) -> Vec<Broken> {
    let mut wrong = check_each(places, signers, papers);
    if places.len() > MOST {
        return wrong;
    }
    for signer in signers.iter().filter(|signer| !places.is_empty() && signer.part == Part::Signer) {
        let signs = |place: &Placement| place.signer == signer.id && place.kind == PlacementKind::Signature;
        if !places.iter().any(signs) {
            let text = format!(
                "{} has no place to sign. Give everybody who signs a signature field, or remove all fields.",
                signer.shown_name()
            );
            wrong.push(broken("fields", text));
        }
    }
    wrong
}

/// The same for each place by itself: somebody may still be without one.
pub(crate) fn check_each(places: &[Placement], signers: &[Signer], papers: &[(i32, u32)]) -> Vec<Broken> {
    let mut wrong = Vec::new();
    if places.len() > MOST {
        wrong.push(broken("fields", format!("Place at most {MOST} fields.")));
        return wrong;
    }
    for (index, place) in places.iter().enumerate() {
        let at = |name: &str| format!("fields[{index}].{name}");
        check_box(place, papers, &at, &mut wrong);
        check_signer(place, signers, &at, &mut wrong);
        check_words(place, &at, &mut wrong);
    }
    wrong
}

fn check_box(
    place: &Placement,
    papers: &[(i32, u32)],
    at: &impl Fn(&str) -> String,
    wrong: &mut Vec<Broken>,
) {
    match papers.iter().find(|(number, _)| *number == place.paper) {
        None => wrong.push(broken(at("paper"), "Choose one of the documents of this envelope.")),
        Some((_, pages)) if place.page == 0 || place.page > *pages => {
            wrong.push(broken(at("page"), format!("Choose a page from 1 to {pages}.")));
        }
        Some(_) => {}
    }
    let [x, y, width, height] = place.area;
    let (least_width, least_height) = place.kind.least();
    for (name, start) in [("x", x), ("y", y)] {
        if !(0.0..1.0).contains(&start) {
            wrong.push(broken(at(name), "The field begins outside the page."));
        }
    }
    for (name, start, length, least) in
        [("width", x, width, least_width), ("height", y, height, least_height)]
    {
        // What was written with a few decimals may miss the bounds by a hair.
        if !length.is_finite() || length < least - 0.0001 {
            let text = format!("The field is too small: it needs at least {} % of the page.", percent(least));
            wrong.push(broken(at(name), text));
        } else if start + length > 1.0001 {
            wrong.push(broken(at(name), "The field reaches beyond the edge of the page."));
        }
    }
}

/// A fraction in percent, without needless zeros.
fn percent(fraction: f64) -> f64 {
    (fraction * 1000.0).round() / 10.0
}

fn check_signer(
    place: &Placement,
    signers: &[Signer],
    at: &impl Fn(&str) -> String,
    wrong: &mut Vec<Broken>,
) {
    match signers.iter().find(|signer| signer.id == place.signer) {
        None => wrong.push(broken(at("signer_id"), "Choose somebody who signs this document.")),
        Some(signer) if !signer.part.acts() => {
            let text =
                format!("{} only gets to read this document and fills in nothing.", signer.shown_name());
            wrong.push(broken(at("signer_id"), text));
        }
        Some(signer) if signer.part == Part::Approver && place.kind.signs() => {
            let text = format!("{} approves without a signature in the document.", signer.shown_name());
            wrong.push(broken(at("kind"), text));
        }
        Some(_) => {}
    }
}

fn check_words(place: &Placement, at: &impl Fn(&str) -> String, wrong: &mut Vec<Broken>) {
    if place.kind.asks() && place.label.is_empty() {
        wrong.push(broken(at("label"), "Say what is to be filled in here."));
    } else if place.label.chars().count() > LONGEST_LABEL {
        wrong.push(broken(at("label"), format!("Use at most {LONGEST_LABEL} characters.")));
    } else if place.label.chars().any(char::is_control) {
        wrong.push(broken(at("label"), "Use one line of plain text."));
    }
    let choices = &place.choices;
    let fine = |choice: &String| {
        !choice.is_empty()
            && choice.chars().count() <= LONGEST_CHOICE
            && !choice.chars().any(char::is_control)
    };
    let twice = choices.iter().enumerate().any(|(index, choice)| choices[..index].contains(choice));
    if place.kind != PlacementKind::Choice {
        if !choices.is_empty() {
            wrong.push(broken(at("choices"), "Only a choice has words to choose from."));
        }
    } else if !(2..=MOST_CHOICES).contains(&choices.len()) || twice || !choices.iter().all(fine) {
        let text = format!(
            "Give 2 to {MOST_CHOICES} different words to choose from, each of at most {LONGEST_CHOICE} characters."
        );
        wrong.push(broken(at("choices"), text));
    }
}

/// The places of a signer with what they sent for them by id.
///
/// # Errors
/// Everything that is wrong, each at `values.<id>`: what is missing, what is not theirs, and what does not go in.
pub(crate) fn fill(
    places: &[Placement],
    signer: Uuid,
    sent: &[(String, String)],
) -> Result<Vec<Placement>, Vec<Broken>> {
    let own: Vec<_> = places.iter().filter(|place| place.signer == signer).collect();
    let mut wrong = Vec::new();
    for (index, (id, _)) in sent.iter().enumerate() {
        let at = || format!("values.{id}");
        match own.iter().find(|place| place.id.to_string() == *id) {
            None => wrong.push(broken(at(), "This field is not yours to fill in. Open the document again.")),
            Some(place) if !place.kind.asks() => {
                wrong.push(broken(at(), "This field is filled in for you when you sign."));
            }
            Some(_) if sent[..index].iter().any(|(earlier, _)| earlier == id) => {
                wrong.push(broken(at(), "Fill in each field once."));
            }
            Some(_) => {}
        }
    }
    let mut filled = Vec::with_capacity(own.len());
    for place in own {
        let mut place = place.clone();
        if place.kind.asks() {
            let id = place.id.to_string();
            let value = sent.iter().find(|(sent, _)| *sent == id).map_or("", |(_, value)| value.trim());
            match checked(&place, value) {
                Ok(()) => place.value = Some(value.to_owned()),
                Err(text) => wrong.push(broken(format!("values.{id}"), text)),
            }
        }
        filled.push(place);
    }
    if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
}

fn checked(place: &Placement, value: &str) -> Result<(), String> {
    let label = place.shown_label();
    match (place.kind, value) {
        (PlacementKind::Checkbox, "") if place.required => Err(format!("Tick “{label}”.")),
        (PlacementKind::Choice, "") if place.required => Err(format!("Choose one for “{label}”.")),
        (_, "") if place.required => Err(format!("Fill in “{label}”.")),
        (_, "") => Ok(()),
        (PlacementKind::Checkbox, TICKED) => Ok(()),
        (PlacementKind::Checkbox, _) => Err(format!("Tick “{label}”, or leave it.")),
        (PlacementKind::Choice, value) if place.choices.iter().any(|choice| choice == value) => Ok(()),
        (PlacementKind::Choice, _) => Err(format!("Choose one of the words for “{label}”.")),
        (_, value) if value.chars().count() > LONGEST_TEXT => {
            Err(format!("Use at most {LONGEST_TEXT} characters for “{label}”."))
        }
        (_, value) if value.chars().any(char::is_control) => {
            Err(format!("Use one line of plain text for “{label}”."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
