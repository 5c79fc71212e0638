//! The original's pages: their shape as shown, and new content placed on them.

use chrono::{DateTime, Utc};
use lopdf::{
    Dictionary, Document, LoadOptions, Object, ObjectId, Stream, content::Content, dictionary, text_string,
};

use super::error::SigningError;
use crate::{
    content::{PdfError, is_sealed, load_pdf},
    domain::envelope::FieldBox,
};

/// How far a chain of parents is followed.
const DEEPEST: usize = 64;
/// How much of a page's content is read to see whether it puts back the state it changed, in bytes.
const LARGEST_CONTENT: usize = 32 * 1024 * 1024;
/// US Letter in points: what readers assume where a document names no size.
const LETTER: [f32; 4] = [0.0, 0.0, 612.0, 792.0];

/// A form, and the matrix that places it.
type Placed = (ObjectId, [f32; 6]);

/// A page as it is shown: the visible part, in the document's own coordinates, and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PageShape {
    left: f32,
    bottom: f32,
    width: f32,
    height: f32,
    /// Quarter turns clockwise, 0 to 3.
    turns: u8,
}

impl PageShape {
    /// Width and height as shown, in points.
    pub(super) fn shown(self) -> (f32, f32) {
        if self.turns.is_multiple_of(2) { (self.width, self.height) } else { (self.height, self.width) }
    }

    /// The matrix that puts a form with its origin at its bottom left upright into the field's box.
    pub(super) fn matrix(self, place: &FieldBox) -> [f32; 6] {
        let (shown_width, shown_height) = self.shown();
        let x = place.x * shown_width;
        let y = shown_height * (1.0 - place.y - place.height);
        let ([a, b, c, d], corner_x, corner_y) = match self.turns {
            0 => ([1.0, 0.0, 0.0, 1.0], x, y),
            1 => ([0.0, 1.0, -1.0, 0.0], self.width - y, x),
            2 => ([-1.0, 0.0, 0.0, -1.0], self.width - x, self.height - y),
            _ => ([0.0, -1.0, 1.0, 0.0], y, self.height - x),
        };
        [a, b, c, d, self.left + corner_x, self.bottom + corner_y]
    }
}

/// A PDF that is being added to.
pub(super) struct Original {
    document: Document,
    pages: Vec<ObjectId>,
}

impl Original {
    /// Reads an original that may be added to.
    ///
    /// # Errors
    /// [`SigningError::Pdf`] and [`SigningError::Sealed`].
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SigningError> {
        let document = load_pdf(bytes)?;
        if is_sealed(&document) {
            return Err(SigningError::Sealed);
        }
        let pages = document.page_iter().collect();
        Ok(Self { document, pages })
    }

    /// How many pages it has.
    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// The shape of a page (the first is 1); nothing where there is no such page or it has no area.
    pub(super) fn shape(&self, page: u32) -> Option<PageShape> {
        let page = self.page(page)?;
        let media = self.rectangle(page, b"MediaBox").unwrap_or(LETTER);
        let crop = self.rectangle(page, b"CropBox").unwrap_or(media);
        let (left, bottom) = (media[0].max(crop[0]), media[1].max(crop[1]));
        let (right, top) = (media[2].min(crop[2]), media[3].min(crop[3]));
        let turn = self.inherited(page, b"Rotate").and_then(|turn| turn.as_i64().ok()).unwrap_or(0);
        let turns = u8::try_from(turn.rem_euclid(360) / 90).unwrap_or(0);
        let shape = PageShape { left, bottom, width: right - left, height: top - bottom, turns };
        (shape.width > 1.0 && shape.height > 1.0).then_some(shape)
    }

    /// Takes a PDF whose pages are stamps for `places` (page and matrix).
    ///
    /// # Errors
    /// [`SigningError::Writing`] where the original's structure does not bear it.
    pub(super) fn add(&mut self, drawn: &[u8], places: &[(u32, [f32; 6])]) -> Result<(), SigningError> {
        let mut drawn =
            Document::load_mem_with_options(drawn, LoadOptions::default()).map_err(SigningError::writing)?;
        drawn.renumber_objects_with(self.document.max_id + 1);
        let sheets: Vec<ObjectId> = drawn.page_iter().collect();
        self.document.max_id = drawn.max_id;
        self.document.objects.extend(drawn.objects);

        let mut by_page: Vec<(u32, Vec<Placed>)> = Vec::new();
        for (sheet, (page, matrix)) in sheets.iter().zip(places) {
            let form = self.form(*sheet)?;
            match by_page.iter_mut().find(|(known, _)| known == page) {
                Some((_, forms)) => forms.push((form, *matrix)),
                None => by_page.push((*page, vec![(form, *matrix)])),
            }
        }
        for (page, forms) in by_page {
            self.stamp(page, &forms)?;
        }
        Ok(())
    }

    /// The finished file.
    ///
    /// # Errors
    /// [`SigningError::Writing`].
    pub(super) fn write(
        mut self,
        firm: &str,
        title: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<u8>, SigningError> {
        self.describe(firm, title, now)?;
        if self.document.version.as_str() < "1.7" {
            self.document.version = "1.7".into();
        }
        self.document.prune_objects();
        let mut bytes = Vec::new();
        self.document.save_to(&mut bytes).map_err(SigningError::writing)?;
        Ok(bytes)
    }

    fn page(&self, page: u32) -> Option<ObjectId> {
        self.pages.get(usize::try_from(page).ok()?.checked_sub(1)?).copied()
    }

    /// A page's attribute, its own or that of the nearest parent that has one.
    fn inherited(&self, page: ObjectId, key: &[u8]) -> Option<&Object> {
        let mut node = self.document.get_dictionary(page).ok()?;
        for _ in 0..DEEPEST {
            if let Ok(found) = node.get_deref(key, &self.document) {
                return Some(found);
            }
            node = node.get_deref(b"Parent", &self.document).ok()?.as_dict().ok()?;
        }
        None
    }

    /// A rectangle as left, bottom, right, top; corners may be named in any order.
    fn rectangle(&self, page: ObjectId, key: &[u8]) -> Option<[f32; 4]> {
        let edges = self.inherited(page, key)?.as_array().ok()?;
        let edges: Vec<f32> = edges
            .iter()
            .filter_map(|edge| self.document.dereference(edge).ok()?.1.as_float().ok())
            .filter(|edge| edge.is_finite())
            .collect();
        let [a, b, c, d] = edges[..] else { return None };
        Some([a.min(c), b.min(d), a.max(c), b.max(d)])
    }

    /// Makes a form of a sheet, which can be placed on a page.
    fn form(&mut self, sheet: ObjectId) -> Result<ObjectId, SigningError> {
        let page = self.document.get_dictionary(sheet).map_err(SigningError::writing)?;
        let content = page.get_deref(b"Contents", &self.document).and_then(Object::as_stream);
        let Stream { dict, content, .. } = content.map_err(SigningError::writing)?.clone();
        let mut form = dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => page.get(b"MediaBox").map_err(SigningError::writing)?.clone(),
            "Resources" => page.get(b"Resources").cloned().unwrap_or_else(|_| Dictionary::new().into()),
        };
        for key in [b"Filter".as_slice(), b"DecodeParms"] {
            if let Ok(value) = dict.get(key) {
                form.set(key, value.clone());
            }
        }
        if let Ok(group) = page.get(b"Group") {
            form.set("Group", group.clone());
        }
        Ok(self.document.add_object(Stream::new(form, content).with_compression(false)))
    }

    /// Places forms on a page, above what is there.
    fn stamp(&mut self, page: u32, forms: &[Placed]) -> Result<(), SigningError> {
        let page = self.page(page).ok_or_else(|| SigningError::writing("a page went missing"))?;
        let mut resources = match self.inherited(page, b"Resources").map(Object::as_dict) {
            Some(Ok(resources)) => resources.clone(),
            _ => Dictionary::new(),
        };
        let mut pictures = match resources.get_deref(b"XObject", &self.document).and_then(Object::as_dict) {
            Ok(pictures) => pictures.clone(),
            Err(_) => Dictionary::new(),
        };
        let mut after = "\n".to_owned() + &"Q ".repeat(1 + self.unbalanced(page));
        let mut number = 0;
        for (form, matrix) in forms {
            let name = loop {
                let name = format!("Sign{number}");
                number += 1;
                if !pictures.has(name.as_bytes()) {
                    break name;
                }
            };
            pictures.set(name.as_bytes(), *form);
            let [a, b, c, d, e, f] = matrix;
            after.push_str(&format!("q {a:.4} {b:.4} {c:.4} {d:.4} {e:.4} {f:.4} cm /{name} Do Q\n"));
        }
        resources.set("XObject", pictures);
        let before = self.document.add_object(Stream::new(Dictionary::new(), b"q\n".to_vec()));
        let after = self.document.add_object(Stream::new(Dictionary::new(), after.into_bytes()));
        let mut contents = vec![Object::Reference(before)];
        contents.extend(self.contents(page));
        contents.push(Object::Reference(after));
        let page = self.document.get_dictionary_mut(page).map_err(SigningError::writing)?;
        page.set("Contents", contents);
        // Its own from now on: what it shared with other pages stays as it was.
        page.set("Resources", resources);
        Ok(())
    }

    fn contents(&self, page: ObjectId) -> Vec<Object> {
        self.document.get_page_contents(page).into_iter().map(Object::Reference).collect()
    }

    /// How many saved graphics states the page's content leaves unrestored. Content that cannot be read counts as
    /// orderly; a reader would not show it either.
    fn unbalanced(&self, page: ObjectId) -> usize {
        let operations = self
            .document
            .get_page_content_with_limit(page, LARGEST_CONTENT)
            .and_then(|content| Content::decode(&content))
            .map(|content| content.operations)
            .unwrap_or_default();
        operations.iter().fold(0_usize, |depth, operation| match operation.operator.as_str() {
            "q" => depth + 1,
            "Q" => depth.saturating_sub(1),
            _ => depth,
        })
    }

    /// Says who made the file: the firm, or nobody. What the original's own program said of itself no longer holds.
    fn describe(&mut self, firm: &str, title: &str, now: DateTime<Utc>) -> Result<(), SigningError> {
        let old = self.document.trailer.get_deref(b"Info", &self.document).and_then(Object::as_dict).cloned();
        let old = old.unwrap_or_default();
        let mut info = Dictionary::new();
        info.set("Title", text_string(title));
        for key in [b"Title".as_slice(), b"Author", b"Subject", b"Keywords", b"CreationDate"] {
            if let Ok(value) = old.get_deref(key, &self.document) {
                info.set(key, value.clone());
            }
        }
        info.set("ModDate", Object::string_literal(now.format("D:%Y%m%d%H%M%SZ").to_string()));
        if !firm.is_empty() {
            info.set("Creator", text_string(firm));
            info.set("Producer", text_string(firm));
        }
        let info = self.document.add_object(info);
        self.document.trailer.set("Info", info);
        self.document.catalog_mut().map_err(|_| PdfError::Broken)?.remove(b"Metadata");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the matrix puts a corner of a form of this size.
    fn corner([a, b, c, d, e, f]: [f32; 6], x: f32, y: f32) -> (f32, f32) {
        ((a * x + c * y + e).round(), (b * x + d * y + f).round())
    }

    #[test]
    fn a_box_lands_where_it_is_shown_however_the_page_is_turned() {
        let place = FieldBox { page: 1, x: 0.1, y: 0.8, width: 0.5, height: 0.1 };
        let shape = |turns| PageShape { left: 10.0, bottom: 20.0, width: 400.0, height: 800.0, turns };
        // Upright: 10 % from the left, and the box's foot 10 % above the page's.
        assert_eq!(corner(shape(0).matrix(&place), 0.0, 0.0), (50.0, 100.0));
        // A quarter turn clockwise: the page's left edge is shown on top, its foot on the left.
        assert_eq!(shape(1).shown(), (800.0, 400.0));
        let quarter = shape(1).matrix(&place);
        assert_eq!(corner(quarter, 0.0, 0.0), (10.0 + 400.0 - 40.0, 20.0 + 80.0));
        assert_eq!(corner(quarter, 400.0, 40.0), (10.0 + 400.0 - 80.0, 20.0 + 480.0));
        // Upside down: what is shown at the bottom left is the top right.
        assert_eq!(corner(shape(2).matrix(&place), 0.0, 0.0), (10.0 + 400.0 - 40.0, 20.0 + 800.0 - 80.0));
        // Three quarters: the page's head is shown on the left, its left edge at the bottom.
        assert_eq!(corner(shape(3).matrix(&place), 0.0, 0.0), (10.0 + 40.0, 20.0 + 800.0 - 80.0));
    }
}
