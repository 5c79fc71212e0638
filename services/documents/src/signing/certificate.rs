//! The pages that record who signed.

use chrono::{DateTime, Utc};
use portico_core::EnvelopeId;

use super::{
    canvas::{Colour, HAIRLINE, INK, MUTED, Mark, Sheet},
    fonts::{Fonts, Style},
};

/// What the certificate says about the seal. It claims nothing beyond what is there.
pub const SEAL_CLAIM: &str = "This file carries one digital seal over all of it, which shows whether anything was changed after \
the last signature. The signatures are simple electronic signatures: this certificate records who gave them, when and from where.";
/// What it says where the seal is one for trying things out.
pub const DEVELOPMENT_CLAIM: &str = "The seal was made with a development certificate, which this installation made for itself. \
It is good for trying things out and proves nothing to others.";

/// What the certificate pages say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Which envelope it is.
    pub envelope: EnvelopeId,
    /// The document's name, as the signers saw it.
    pub document_name: String,
    /// SHA-256 of the PDF that the signers read.
    pub read_sha256: [u8; 32],
    /// SHA-256 of the document with everything entered, and of how many of the file's first bytes that is.
    pub signed: ([u8; 32], usize),
    /// The documents that were signed in the same act: their names, and their hashes as read and with everything entered.
    pub beside: Vec<(String, [u8; 32], [u8; 32])>,
    /// The firm that sent the document; its name stands in the file's metadata as well. Empty for none.
    pub firm: String,
    /// Those who took part, in order.
    pub signers: Vec<CertifiedSigner>,
    /// What happened, first to last.
    pub events: Vec<CertifiedEvent>,
    /// The seal that the file gets.
    pub seal: CertifiedSeal,
    /// When the file was made.
    pub made_at: DateTime<Utc>,
}

/// The seal, as the certificate shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedSeal {
    /// Whose it is, as its certificate says.
    pub subject: String,
    /// Whether it is one for trying things out.
    pub development: bool,
    /// Where anybody can have the file checked; empty for nowhere.
    pub verify_link: String,
}

/// Somebody who took part, as the certificate shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertifiedSigner {
    /// Their name.
    pub name: String,
    /// For whom or as what they act, such as `Client, Acme GmbH`.
    pub role: String,
    /// As what they took part, such as `Signer` or `Approver`.
    pub part: String,
    /// Their place in the order, from 1.
    pub order: i32,
    /// Their e-mail address, masked or whole as the firm decides.
    pub email: String,
    /// How it was known who they are, such as `Signed in with a link sent to this address`.
    pub identified: String,
    /// SHA-256 of the sentence that they agreed to, in hexadecimal digits; empty where none was recorded.
    pub consent_sha256: String,
    /// Who gave their place to them; empty for nobody.
    pub delegated_by: String,
    /// When they were asked.
    pub sent_at: Option<DateTime<Utc>>,
    /// When they first opened the document.
    pub opened_at: Option<DateTime<Utc>>,
    /// When they agreed to sign electronically.
    pub consented_at: Option<DateTime<Utc>>,
    /// When they signed; nothing while they have not.
    pub signed_at: Option<DateTime<Utc>>,
    /// The address of the network they came from.
    pub address: Option<String>,
    /// What their browser called itself. At most 300 characters are shown.
    pub user_agent: Option<String>,
    /// Whether they were to act at all, and not only to see.
    pub acts: bool,
}

/// Something that happened to the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What, such as `Opened: Ana Ruiz`.
    pub what: String,
    /// The hash over this entry and the one before, in hexadecimal digits.
    pub sha256: String,
}

/// A4 in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 56.0;
const BOTTOM: f32 = HEIGHT - 64.0;
/// Where values begin, to the right of their labels.
const VALUES: f32 = MARGIN + 128.0;
const TEXT: f32 = 9.5;
const LEADING: f32 = 13.0;
/// The font size at which a hash stands on one line, so that it can be copied whole.
const HASH: f32 = 8.4;
/// Text from outside is shown up to here, in characters.
const LONGEST: usize = 300;

/// Lays the certificate out on as many pages as it takes. Characters that no font has stand there as their code points.
pub(super) fn pages(fonts: &Fonts, certificate: &Certificate) -> Vec<Sheet> {
    let mut layout = Layout { fonts, pages: Vec::new(), y: BOTTOM };
    layout.paragraph(Style::Bold, 18.0, INK, "Certificate of completion");
    layout.y += 4.0;
    layout.paragraph(Style::Regular, TEXT, MUTED, SEAL_CLAIM);
    if certificate.seal.development {
        layout.paragraph(Style::Bold, TEXT, INK, DEVELOPMENT_CLAIM);
    }
    layout.rule();

    let (signed, length) = &certificate.signed;
    layout.pair("Document", &certificate.document_name);
    layout.pair("Envelope", &certificate.envelope.to_string());
    layout.sized_pair("SHA-256 of the document that was read", &hex::encode(certificate.read_sha256), HASH);
    layout.sized_pair("SHA-256 with everything entered", &hex::encode(signed), HASH);
    layout.pair("", &format!("over the first {length} bytes of this file"));
    if !certificate.firm.is_empty() {
        layout.pair("Sent by", &certificate.firm);
    }
    layout.pair("Sealed with", &certificate.seal.subject);
    layout.pair("Certificate made", &moment(certificate.made_at));
    if !certificate.seal.verify_link.is_empty() {
        layout.pair("Check this file at", &certificate.seal.verify_link);
    }
    if !certificate.beside.is_empty() {
        layout.rule();
        layout.keep_together(6.0 * LEADING);
        layout.paragraph(Style::Bold, 11.5, INK, "Signed in the same act");
    }
    for (name, read, signed) in &certificate.beside {
        layout.pair("Document", name);
        layout.sized_pair("SHA-256 of the document that was read", &hex::encode(read), HASH);
        layout.sized_pair("SHA-256 with everything entered", &hex::encode(signed), HASH);
    }
    for signer in &certificate.signers {
        layout.person(signer);
    }
    layout.events(&certificate.events);
    layout.finish(certificate)
}

fn not_recorded() -> String {
    "Not recorded".to_owned()
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

struct Layout<'a> {
    fonts: &'a Fonts,
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl Layout<'_> {
    /// Begins a page where less than `height` is left.
    fn keep_together(&mut self, height: f32) {
        if self.pages.is_empty() || self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn paragraph(&mut self, style: Style, size: f32, colour: Colour, text: &str) {
        let leading = size * LEADING / TEXT;
        for line in self.fonts.wrap(style, text, (WIDTH - 2.0 * MARGIN) / size) {
            self.keep_together(leading);
            let y = self.y + size;
            self.put(Mark::Text { line, x: MARGIN, y, size, colour, slanted: false });
            self.y += leading;
        }
    }

    fn pair(&mut self, label: &str, value: &str) {
        self.sized_pair(label, value, TEXT);
    }

    fn sized_pair(&mut self, label: &str, value: &str, size: f32) {
        let value: String = value.chars().take(LONGEST).collect();
        let labels = self.fonts.wrap(Style::Regular, label, (VALUES - MARGIN - 10.0) / (TEXT - 1.0));
        let values = self.fonts.wrap(Style::Regular, &value, (WIDTH - MARGIN - VALUES) / size);
        let height = labels.len().max(values.len()) as f32 * LEADING;
        self.keep_together(height);
        let columns = [(labels, MARGIN, TEXT - 1.0, MUTED), (values, VALUES, size, INK)];
        for (lines, x, size, colour) in columns {
            for (index, line) in lines.into_iter().enumerate() {
                let y = self.y + TEXT + index as f32 * LEADING;
                self.put(Mark::Text { line, x, y, size, colour, slanted: false });
            }
        }
        self.y += height + 2.0;
    }

    fn person(&mut self, signer: &CertifiedSigner) {
        self.rule();
        self.keep_together(10.0 * LEADING);
        self.paragraph(Style::Bold, 11.5, INK, &signer.name);
        self.pair("Role", &format!("{} ({}, place {})", signer.role, signer.part, signer.order));
        if !signer.email.is_empty() {
            self.pair("E-mail", &signer.email);
        }
        if !signer.delegated_by.is_empty() {
            self.pair("In the place of", &signer.delegated_by);
        }
        let at = |at: Option<DateTime<Utc>>| at.map_or_else(not_recorded, moment);
        self.pair("Sent", &at(signer.sent_at));
        if !signer.acts {
            return;
        }
        self.pair("Identified by", &signer.identified);
        self.pair("Opened", &at(signer.opened_at));
        self.pair("Agreed to sign electronically", &at(signer.consented_at));
        if !signer.consent_sha256.is_empty() {
            self.sized_pair("SHA-256 of the sentence agreed to", &signer.consent_sha256, HASH);
        }
        self.pair("Signed", &signer.signed_at.map_or_else(|| "Not yet".to_owned(), moment));
        if signer.signed_at.is_some() {
            self.pair("IP address", &signer.address.clone().unwrap_or_else(not_recorded));
            self.pair("Browser", &signer.user_agent.clone().unwrap_or_else(not_recorded));
        }
    }

    fn events(&mut self, events: &[CertifiedEvent]) {
        if events.is_empty() {
            return;
        }
        self.rule();
        self.keep_together(5.0 * LEADING);
        self.paragraph(Style::Bold, 11.5, INK, "What happened");
        self.paragraph(
            Style::Regular,
            TEXT - 1.0,
            MUTED,
            "Each entry carries a hash over itself and the entry before, so that none can be changed or left out unseen.",
        );
        for event in events {
            self.pair(&moment(event.at), &event.what);
            if !event.sha256.is_empty() {
                self.y -= 2.0;
                self.sized_pair("", &event.sha256, HASH - 1.5);
            }
        }
    }

    fn rule(&mut self) {
        self.y += 8.0;
        let y = self.y;
        self.put(Mark::Rule { x: MARGIN, y, width: WIDTH - 2.0 * MARGIN, colour: HAIRLINE });
        self.y += 10.0;
    }

    /// The pages, each with the envelope and its number at the foot.
    fn finish(self, certificate: &Certificate) -> Vec<Sheet> {
        let total = self.pages.len();
        let fonts = self.fonts;
        let sheets = self.pages.into_iter().enumerate().map(|(index, mut marks)| {
            let foot =
                format!("Envelope {} · certificate page {} of {total}", certificate.envelope, index + 1);
            let line = fonts.shape(Style::Regular, &foot);
            marks.push(Mark::Text {
                line,
                x: MARGIN,
                y: HEIGHT - 36.0,
                size: 7.5,
                colour: MUTED,
                slanted: false,
            });
            Sheet { width: WIDTH, height: HEIGHT, marks }
        });
        sheets.collect()
    }
}
