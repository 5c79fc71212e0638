//! The page that records who signed.

use chrono::{DateTime, Utc};
use portico_core::EnvelopeId;

use super::{
    canvas::{Colour, HAIRLINE, INK, MUTED, Mark, Sheet},
    fonts::{Fonts, Style},
};

/// What the page says about itself. It claims nothing beyond what is there.
pub const CLAIM: &str =
    "This page records who signed, when and from where. The file is not sealed cryptographically.";

/// What the certificate page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Which envelope it is.
    pub envelope: EnvelopeId,
    /// The document's name, as the signers saw it.
    pub document_name: String,
    /// SHA-256 of the PDF that the signers read.
    pub read_sha256: [u8; 32],
    /// The firm that sent the document; its name stands in the file's metadata as well. Empty for none.
    pub firm: String,
    /// Those who sign, in order, with those who have not yet.
    pub signers: Vec<CertifiedSigner>,
    /// What happened, first to last.
    pub events: Vec<CertifiedEvent>,
    /// When the file was made.
    pub made_at: DateTime<Utc>,
}

/// One signer, as the certificate shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedSigner {
    /// Their name.
    pub name: String,
    /// For whom or as what they sign, such as `Client, Acme GmbH`.
    pub role: String,
    /// Their e-mail address, masked or whole as the firm decides.
    pub email: String,
    /// How it was known who they are, such as `Signed in with a link sent to this address`.
    pub identified: String,
    /// When they agreed to sign electronically.
    pub consented_at: Option<DateTime<Utc>>,
    /// When they signed; nothing while they have not.
    pub signed_at: Option<DateTime<Utc>>,
    /// The address of the network they came from.
    pub address: Option<String>,
    /// What their browser called itself. At most 300 characters are shown.
    pub user_agent: Option<String>,
}

/// Something that happened to the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What, such as `Ana Ruiz opened the document`.
    pub what: String,
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
    layout.paragraph(Style::Bold, 18.0, INK, "Signature certificate");
    layout.y += 4.0;
    layout.paragraph(Style::Regular, TEXT, MUTED, CLAIM);
    layout.rule();

    layout.pair("Document", &certificate.document_name);
    layout.pair("Envelope", &certificate.envelope.to_string());
    layout.sized_pair("SHA-256 of the document that was read", &hex::encode(certificate.read_sha256), HASH);
    if !certificate.firm.is_empty() {
        layout.pair("Sent by", &certificate.firm);
    }
    layout.pair("Certificate made", &moment(certificate.made_at));

    for signer in &certificate.signers {
        layout.rule();
        layout.keep_together(8.0 * LEADING);
        layout.paragraph(Style::Bold, 11.5, INK, &signer.name);
        layout.pair("Role", &signer.role);
        layout.pair("E-mail", &signer.email);
        layout.pair("Identified by", &signer.identified);
        layout.pair("Agreed to sign electronically", &signer.consented_at.map_or_else(not_recorded, moment));
        layout.pair("Signed", &signer.signed_at.map_or_else(|| "Not yet".to_owned(), moment));
        if signer.signed_at.is_some() {
            layout.pair("IP address", &signer.address.clone().unwrap_or_else(not_recorded));
            layout.pair("Browser", &signer.user_agent.clone().unwrap_or_else(not_recorded));
        }
    }
    if !certificate.events.is_empty() {
        layout.rule();
        layout.keep_together(4.0 * LEADING);
        layout.paragraph(Style::Bold, 11.5, INK, "What happened");
        for event in &certificate.events {
            layout.pair(&moment(event.at), &event.what);
        }
    }
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
