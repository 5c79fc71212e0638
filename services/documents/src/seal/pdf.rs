//! The last revision of a signed file: certificate pages, what a program reads of them, and the place of the seal.
//!
//! It is appended to the document with everything entered, whose bytes stay as they are: the certificate names their hash,
//! and whoever has the sealed file has them too.

use std::ops::Range;

use chrono::{DateTime, Utc};
use lopdf::{
    Dictionary, Document, IncrementalDocument, LoadOptions, Object, ObjectId, Stream, StringFormat,
    dictionary, text_string,
};
use sha2::{Digest as _, Sha256};

use super::error::SealError;

/// Stands for each offset until it is known: as many digits as any can have.
const UNKNOWN: i64 = 9_999_999_999;
/// The name under which programs find the facts.
const FACTS: &str = "certificate.json";
/// Hidden from reading on the screen is nothing: the seal has no picture. Printed and locked, as readers expect of it.
const FLAGS: i64 = 4 + 128;

/// What the seal says beside its signature.
#[derive(Debug, Clone)]
pub(crate) struct Caption<'a> {
    /// Unique in the file; the envelope's id.
    pub(crate) field: &'a str,
    /// The firm; empty for none.
    pub(crate) firm: &'a str,
    /// Why it was sealed.
    pub(crate) reason: &'a str,
    /// When, by this installation's clock.
    pub(crate) at: DateTime<Utc>,
}

/// A file with room for its seal.
#[derive(Debug)]
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    /// `<0000…>`, of which everything else is signed.
    hole: Range<usize>,
}

impl Prepared {
    /// SHA-256 of everything but the room.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(&self.bytes[..self.hole.start]);
        hash.update(&self.bytes[self.hole.end..]);
        hash.finalize().into()
    }

    /// The file with its seal in place.
    ///
    /// # Errors
    /// [`SealError::Writing`] where the seal is larger than its room.
    pub(crate) fn finish(mut self, seal: &[u8]) -> Result<Vec<u8>, SealError> {
        let digits = hex::encode(seal);
        let room = &mut self.bytes[self.hole.start + 1..self.hole.end - 1];
        let part = room.get_mut(..digits.len()).ok_or_else(|| {
            SealError::writing(format!("the seal has {} digits, more than its room", digits.len()))
        })?;
        part.copy_from_slice(digits.as_bytes());
        Ok(self.bytes)
    }
}

/// Appends the pages of `certificate` (a PDF of their own), the facts and room for a seal of at most `room` bytes.
///
/// # Errors
/// [`SealError::Writing`] where the document's structure does not bear it.
pub(crate) fn prepare(
    document: Vec<u8>,
    certificate: &[u8],
    facts: &[u8],
    caption: &Caption<'_>,
    room: usize,
) -> Result<Prepared, SealError> {
    let before = document.len();
    let previous = crate::content::load_pdf(&document).map_err(SealError::writing)?;
    let mut update = IncrementalDocument::create_from(document, previous);
    let seal = update.new_document.add_object(seal(caption, room));
    let first = append_pages(&mut update, certificate)?;
    let field = update.new_document.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "T" => text_string(caption.field),
        "F" => FLAGS, "Rect" => vec![0.into(), 0.into(), 0.into(), 0.into()], "P" => first, "V" => seal,
    });
    let page = update.new_document.get_dictionary_mut(first).map_err(SealError::writing)?;
    page.set("Annots", vec![Object::Reference(field)]);
    describe(&mut update, seal, field, facts, caption.at)?;
    let mut bytes = Vec::with_capacity(before + 2 * room + certificate.len() + facts.len());
    update.save_to(&mut bytes).map_err(SealError::writing)?;
    settle(bytes, before, room)
}

fn seal(caption: &Caption<'_>, room: usize) -> Dictionary {
    let mut seal = dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "ByteRange" => vec![0.into(), UNKNOWN.into(), UNKNOWN.into(), UNKNOWN.into()],
        "Contents" => Object::String(vec![0; room], StringFormat::Hexadecimal),
        "M" => moment(caption.at),
        "Reason" => text_string(caption.reason),
        // Nothing may be changed any more: whoever adds something voids the seal in every reader that looks.
        "Reference" => vec![Object::Dictionary(dictionary! {
            "Type" => "SigRef",
            "TransformMethod" => "DocMDP",
            "TransformParams" => dictionary! { "Type" => "TransformParams", "P" => 1, "V" => "1.2" },
        })],
    };
    if !caption.firm.is_empty() {
        seal.set("Name", text_string(caption.firm));
    }
    seal
}

fn moment(at: DateTime<Utc>) -> Object {
    Object::string_literal(at.format("D:%Y%m%d%H%M%SZ").to_string())
}

/// Appends the pages and answers the first.
fn append_pages(update: &mut IncrementalDocument, certificate: &[u8]) -> Result<ObjectId, SealError> {
    let mut drawn =
        Document::load_mem_with_options(certificate, LoadOptions::default()).map_err(SealError::writing)?;
    drawn.renumber_objects_with(update.new_document.max_id + 1);
    let sheets: Vec<ObjectId> = drawn.page_iter().collect();
    let first = *sheets.first().ok_or_else(|| SealError::writing("a certificate without a page"))?;
    update.new_document.max_id = drawn.max_id;
    // The frame around them stays behind.
    let frame =
        |object: &Object| matches!(object.type_name(), Ok(b"Catalog" | b"Pages" | b"ObjStm" | b"XRef"));
    update.new_document.objects.extend(drawn.objects.into_iter().filter(|(_, object)| !frame(object)));
    let root = update.get_prev_documents().catalog().and_then(|catalog| catalog.get(b"Pages"));
    let root = root.and_then(Object::as_reference).map_err(SealError::writing)?;
    for sheet in &sheets {
        let sheet = update.new_document.get_dictionary_mut(*sheet).map_err(SealError::writing)?;
        let size = sheet.get(b"MediaBox").map_err(SealError::writing)?.clone();
        sheet.set("Parent", root);
        // Said outright, since the root's own values would be inherited.
        sheet.set("CropBox", size);
        sheet.set("Rotate", 0);
    }
    let previous = update.get_prev_documents();
    let node = previous.get_dictionary(root).map_err(SealError::writing)?;
    let kids = node.get_deref(b"Kids", previous).and_then(Object::as_array).map_err(SealError::writing)?;
    let mut kids = kids.clone();
    let count = i64::try_from(previous.page_iter().count() + sheets.len()).unwrap_or(i64::MAX);
    kids.extend(sheets.iter().map(|sheet| Object::Reference(*sheet)));
    let mut node = node.clone();
    node.set("Kids", kids);
    node.set("Count", count);
    update.new_document.set_object(root, node);
    Ok(first)
}

/// Writes into the catalog where the seal and the facts are.
fn describe(
    update: &mut IncrementalDocument,
    seal: ObjectId,
    field: ObjectId,
    facts: &[u8],
    at: DateTime<Utc>,
) -> Result<(), SealError> {
    let previous = update.get_prev_documents();
    let root = previous.trailer.get(b"Root").and_then(Object::as_reference).map_err(SealError::writing)?;
    let mut catalog = previous.get_dictionary(root).map_err(SealError::writing)?.clone();
    let part = |name: &[u8]| catalog.get_deref(name, previous).and_then(Object::as_dict).cloned();
    let mut form = part(b"AcroForm").unwrap_or_default();
    let mut fields =
        form.get_deref(b"Fields", previous).and_then(Object::as_array).cloned().unwrap_or_default();
    let mut attached =
        catalog.get_deref(b"AF", previous).and_then(Object::as_array).cloned().unwrap_or_default();
    let named = part(b"Names");

    fields.push(Object::Reference(field));
    form.set("Fields", fields);
    form.set("SigFlags", 3);
    catalog.set("AcroForm", form);
    catalog.set("Perms", dictionary! { "DocMDP" => seal });

    let size = i64::try_from(facts.len()).unwrap_or(i64::MAX);
    let stream = dictionary! {
        "Type" => "EmbeddedFile", "Subtype" => "application/json",
        "Params" => dictionary! { "Size" => size, "ModDate" => moment(at) },
    };
    let stream = update.new_document.add_object(Stream::new(stream, facts.to_vec()).with_compression(false));
    let file = update.new_document.add_object(dictionary! {
        "Type" => "Filespec", "F" => text_string(FACTS), "UF" => text_string(FACTS), "AFRelationship" => "Data",
        "EF" => dictionary! { "F" => stream, "UF" => stream },
    });
    attached.push(Object::Reference(file));
    catalog.set("AF", attached);
    // People find it among the attachments, unless the document has a list of its own there.
    let mut names = named.unwrap_or_default();
    if !names.has(b"EmbeddedFiles") {
        let listed = vec![text_string(FACTS), Object::Reference(file)];
        names.set("EmbeddedFiles", dictionary! { "Names" => listed });
        catalog.set("Names", names);
    }
    update.new_document.set_object(root, catalog);
    Ok(())
}

/// Finds the room in the new revision and writes its offsets into the byte range.
fn settle(mut bytes: Vec<u8>, before: usize, room: usize) -> Result<Prepared, SealError> {
    let find = |needle: &[u8]| {
        let tail = &bytes[before..];
        let at = tail.windows(needle.len()).position(|window| window == needle)?;
        Some(before + at)
    };
    let blank = [b"/Contents<".as_slice(), &vec![b'0'; 2 * room], b">"].concat();
    let start = find(&blank).ok_or_else(|| SealError::writing("the seal's room was not written"))?;
    let hole = start + "/Contents".len()..start + blank.len();
    let range = format!("/ByteRange[0 {UNKNOWN} {UNKNOWN} {UNKNOWN}]");
    let at = find(range.as_bytes()).ok_or_else(|| SealError::writing("the byte range was not written"))?;
    let known = format!("/ByteRange[0 {} {} {}", hole.start, hole.end, bytes.len() - hole.end);
    let known = format!("{known:<width$}]", width = range.len() - 1);
    bytes[at..at + range.len()].copy_from_slice(known.as_bytes());
    Ok(Prepared { bytes, hole })
}

/// The facts in a sealed file: what its last attachment holds.
pub(super) fn facts(bytes: &[u8]) -> Option<Vec<u8>> {
    let document = crate::content::load_pdf(bytes).ok()?;
    let attached = document.catalog().ok()?.get_deref(b"AF", &document).and_then(Object::as_array).ok()?;
    let file = document.dereference(attached.last()?).ok()?.1.as_dict().ok()?;
    let files = file.get_deref(b"EF", &document).and_then(Object::as_dict).ok()?;
    let stream = files.get_deref(b"F", &document).and_then(Object::as_stream).ok()?;
    Some(stream.content.clone())
}
