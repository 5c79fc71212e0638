//! Files to seal, and keys to seal them with.

use chrono::{DateTime, TimeDelta, Utc};
use lopdf::{Document, Object, SaveOptions, dictionary};
use portico_core::{Clock as _, EnvelopeId, OsEntropy, SystemClock};
use portico_documents::{
    DATA_AGREEMENT,
    seal::{Draft, FORMAT, Facts, FileKey, Sealed, make_development_seal, seal_with},
    signing::{Certificate, CertifiedSeal, CertifiedSigner, FontConfig, Fonts, Imprint, certify, enter},
};

/// A key with the certificate that others would have to trust.
pub(super) struct Key {
    pub(super) key: FileKey,
    pub(super) root: String,
}

impl Key {
    /// A development seal that is valid from the day before `at` for so many days.
    pub(super) fn new(at: DateTime<Utc>, days: u64) -> anyhow::Result<Self> {
        let made = make_development_seal(at, days)?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("seal.pem");
        std::fs::write(&path, made.seal.as_bytes())?;
        Ok(Self { key: FileKey::read(&path, None, true)?, root: made.authority })
    }

    pub(super) fn today() -> anyhow::Result<Self> {
        Self::new(now(), 365)
    }
}

pub(super) fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// A draft around this original.
pub(super) fn draft(original: &[u8], at: DateTime<Utc>) -> anyhow::Result<Draft> {
    let envelope = EnvelopeId::new(at, &OsEntropy);
    let fonts = Fonts::load(&FontConfig::default())?;
    let imprint =
        Imprint { firm: "Northwind Consulting".to_owned(), title: "Data agreement".to_owned(), made_at: at };
    let document = enter(&fonts, original, &[], &imprint)?;
    let certificate = Certificate {
        beside: Vec::new(),
        envelope,
        document_name: imprint.title.clone(),
        read_sha256: [1; 32],
        signed: ([2; 32], document.len()),
        firm: imprint.firm.clone(),
        signers: vec![CertifiedSigner {
            name: "Ana Souza".to_owned(),
            acts: true,
            ..CertifiedSigner::default()
        }],
        events: Vec::new(),
        seal: CertifiedSeal { subject: String::new(), development: true, verify_link: String::new() },
        made_at: at,
    };
    let facts = Facts {
        format: FORMAT,
        tenant: String::new(),
        firm: imprint.firm.clone(),
        envelope: envelope.to_string(),
        title: imprint.title.clone(),
        original_sha256: String::new(),
        signed_sha256: String::new(),
        signed_bytes: 0,
        beside: Vec::new(),
        people: Vec::new(),
        events: Vec::new(),
        made_at: at,
        development: true,
    };
    Ok(Draft {
        document,
        certificate: certify(&fonts, &certificate)?,
        facts: serde_json::to_vec(&facts)?,
        field: envelope.to_string(),
        firm: imprint.firm,
        at,
    })
}

/// The shipped agreement, sealed.
pub(super) async fn sealed(key: &FileKey, at: DateTime<Utc>) -> anyhow::Result<Sealed> {
    Ok(seal_with(key, None, [7; 8], draft(DATA_AGREEMENT, at)?).await?)
}

/// Originals of different makes: what each is, and its bytes.
pub(super) fn originals() -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let changed = |change: &dyn Fn(&mut Document) -> anyhow::Result<()>| {
        let mut document = Document::load_mem(DATA_AGREEMENT)?;
        change(&mut document)?;
        let mut bytes = Vec::new();
        document.save_to(&mut bytes)?;
        anyhow::Ok(bytes)
    };
    let with_form = changed(&|document| {
        let page = document.page_iter().next().unwrap_or_default();
        let field = document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "T" => Object::string_literal("note"),
            "Rect" => vec![50.into(), 50.into(), 200.into(), 70.into()], "P" => page,
        });
        document.get_dictionary_mut(page)?.set("Annots", vec![Object::Reference(field)]);
        let form = document.add_object(dictionary! { "Fields" => vec![Object::Reference(field)] });
        document.catalog_mut()?.set("AcroForm", form);
        Ok(())
    })?;
    let with_names = changed(&|document| {
        let names = document.add_object(dictionary! {
            "EmbeddedFiles" => dictionary! { "Names" => Vec::<Object>::new() },
        });
        document.catalog_mut()?.set("Names", names);
        document.catalog_mut()?.set("AF", Vec::<Object>::new());
        Ok(())
    })?;
    let turned = changed(&|document| {
        for page in document.page_iter().collect::<Vec<_>>() {
            document.get_dictionary_mut(page)?.set("Rotate", 90);
        }
        Ok(())
    })?;
    let mut packed = Vec::new();
    Document::load_mem(DATA_AGREEMENT)?.save_with_options(
        &mut packed,
        SaveOptions::builder().use_object_streams(true).use_xref_streams(true).build(),
    )?;
    Ok(vec![
        ("the shipped agreement", DATA_AGREEMENT.to_vec()),
        ("one with a form", with_form),
        ("one with attachments of its own", with_names),
        ("one with turned pages", turned),
        ("one with packed objects", packed),
    ])
}

/// The original with text on its first page, appended behind whatever it is: what somebody does who adds a clause.
pub(super) fn stamped(pdf: &[u8]) -> anyhow::Result<Vec<u8>> {
    let document = Document::load_mem(pdf)?;
    let page = document.page_iter().next().unwrap_or_default();
    let mut update = lopdf::IncrementalDocument::create_from(pdf.to_vec(), document);
    let words = b"q BT /F1 24 Tf 100 500 Td (Paid in full) Tj ET Q".to_vec();
    let words = update.new_document.add_object(lopdf::Stream::new(lopdf::Dictionary::new(), words));
    update.opt_clone_object_to_new_document(page)?;
    let page = update.new_document.get_dictionary_mut(page)?;
    let mut contents = match page.get(b"Contents")? {
        Object::Array(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    contents.push(Object::Reference(words));
    page.set("Contents", contents);
    let mut bytes = Vec::new();
    update.save_to(&mut bytes)?;
    Ok(bytes)
}

/// The file with the seal of another in place of its own. Both must have been sealed with the same key.
pub(super) fn with_seal_of(pdf: &[u8], other: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (own, theirs) = (room(pdf)?, room(other)?);
    anyhow::ensure!(own.len() == theirs.len(), "the two seals have different room");
    let mut bytes = pdf.to_vec();
    bytes[own].copy_from_slice(&other[theirs]);
    Ok(bytes)
}

fn room(pdf: &[u8]) -> anyhow::Result<std::ops::Range<usize>> {
    let name = b"/Contents<";
    let start = pdf.windows(name.len()).rposition(|window| window == name);
    let start = start.ok_or_else(|| anyhow::anyhow!("no seal"))? + name.len();
    let length = pdf[start..].iter().position(|byte| *byte == b'>').unwrap_or_default();
    Ok(start..start + length)
}

/// So many days earlier.
pub(super) fn days_before(at: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    at - TimeDelta::days(days)
}
