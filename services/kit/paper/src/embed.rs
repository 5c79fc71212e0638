//! A file within the paper: its content for machines.

use krilla::{
    Data,
    embed::{AssociationKind, EmbeddedFile, MimeType},
    metadata::DateTime,
};
use lopdf::{Document, Object};

use crate::PaperError;

/// An XML file that says for machines what the paper says for people.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The name that readers look for.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// The XML.
    pub xml: Vec<u8>,
    /// What the metadata of the PDF say of it: an `rdf:Description`, and the schema that PDF/A asks for where it uses names of its own.
    pub metadata: String,
}

impl Embedded {
    pub(crate) fn file(&self, date: DateTime) -> EmbeddedFile {
        EmbeddedFile {
            path: self.name.clone(),
            mime_type: MimeType::new("text/xml"),
            description: Some(self.description.clone()),
            association_kind: AssociationKind::Alternative,
            data: Data::from(self.xml.clone()),
            modification_date: Some(date),
            compress: Some(true),
            location: None,
        }
    }
}

/// Adds `metadata` to what the PDF says of itself.
///
/// # Errors
/// [`PaperError::Writing`] where the file is not as it was written.
pub(crate) fn describe(pdf: &[u8], metadata: &str) -> Result<Vec<u8>, PaperError> {
    let wrong = |what: &str| PaperError::Writing(what.to_owned());
    let read = |error: lopdf::Error| PaperError::Writing(error.to_string());
    let mut document = Document::load_mem(pdf).map_err(read)?;
    let at = document.catalog().and_then(|catalog| catalog.get(b"Metadata")?.as_reference()).map_err(read)?;
    let Ok(Object::Stream(stream)) = document.get_object_mut(at) else {
        return Err(wrong("there are no metadata"));
    };
    let text = std::str::from_utf8(&stream.content).map_err(|_| wrong("the metadata are no text"))?;
    let (before, after) = text.rsplit_once("</rdf:RDF>").ok_or_else(|| wrong("the metadata have no end"))?;
    stream.set_content(format!("{before}{metadata}</rdf:RDF>{after}").into_bytes());
    let mut written = Vec::with_capacity(pdf.len() + metadata.len());
    document.save_to(&mut written).map_err(|error| PaperError::Writing(error.to_string()))?;
    Ok(written)
}
