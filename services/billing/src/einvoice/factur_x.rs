//! Factur-X: the CII within the PDF.

use portico_paper::Embedded;

use super::{cii, possible};
use crate::domain::document::IssuedDocument;

/// The name that readers look for.
const NAME: &str = "factur-x.xml";
/// The names that the metadata use, and where they are explained.
const SPACE: &str = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";
/// The properties of that space, each with what it means.
const PROPERTIES: [(&str, &str, &str); 4] = [
    ("DocumentFileName", NAME, "The name of the file for machines"),
    ("DocumentType", "INVOICE", "The kind of the document"),
    ("Version", "1.0", "The version of the standard"),
    ("ConformanceLevel", "EN 16931", "The profile of the standard"),
];

/// What is put into the PDF of a document; nothing where it cannot be said to machines.
pub(crate) fn embedded(document: &IssuedDocument) -> Option<Embedded> {
    possible(document).then(|| Embedded {
        name: NAME.to_owned(),
        description: "Factur-X invoice".to_owned(),
        xml: cii(document),
        metadata: metadata(),
    })
}

/// The properties, and their schema as PDF/A asks for it.
fn metadata() -> String {
    let values: String =
        PROPERTIES.iter().map(|(name, value, _)| format!("<fx:{name}>{value}</fx:{name}>")).collect();
    let schema: String = PROPERTIES
        .iter()
        .map(|(name, _, meaning)| {
            format!(
                "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
                 <pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>\
                 <pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
            )
        })
        .collect();
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:fx=\"{SPACE}\">{values}</rdf:Description>\
         <rdf:Description rdf:about=\"\" xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
         xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\
         <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>{SPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>\
         <pdfaSchema:property><rdf:Seq>{schema}</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\
         </rdf:Description>"
    )
}
