//! The gallery's data agreement: where its text lives, and how the shipped file was made from it.

use crate::signing::{
    canvas::{HAIRLINE, INK, MUTED, Mark, Sheet, write},
    fonts::{Fonts, Style},
};

const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 0.1 * WIDTH;
const TEXT: f32 = 10.2;
const LEADING: f32 = 14.2;

const PURPOSE: &[(&str, &str)] = &[
    (
        "1. What this agreement is about",
        "The client hands data to the firm so that the firm can carry out the engagement agreed between them. This \
         agreement says what the firm may do with that data, how it keeps the data safe and what happens to the data \
         afterwards. It stands beside the engagement letter; where the two differ on personal data, this agreement \
         prevails.",
    ),
    (
        "2. Purpose and duration",
        "The firm uses the data for the engagement only and on the client's written instructions. It does not sell the \
         data, does not use it to train models and does not combine it with data of other clients. The agreement \
         begins when both parties have signed and ends when the engagement ends and the data has been returned or \
         deleted.",
    ),
    (
        "3. What data is meant",
        "Names and business contact details of the client's staff; documentation of systems and processes; records \
         that the client chooses to share, which may contain personal data of customers and suppliers. The client \
         does not share health data or other special categories of personal data unless both parties agree in writing.",
    ),
    (
        "4. Confidentiality",
        "Only people who need the data for the engagement have access to it. They are bound to confidentiality, and \
         the duty outlasts both their employment and this agreement.",
    ),
    (
        "5. Other processors",
        "The firm engages another processor only after telling the client at least fourteen days ahead. The client may \
         object for good reason. The firm answers for its processors as it does for itself.",
    ),
    (
        "6. Incidents and requests",
        "The firm tells the client without undue delay, and within 48 hours at the latest, of any incident that \
         concerns the data. It helps the client to answer people who ask about their data, and does not answer them \
         itself.",
    ),
    (
        "7. Return and deletion",
        "Within thirty days after the engagement the firm returns the data or deletes it, as the client chooses, and \
         confirms this in writing. Copies that the law obliges the firm to keep stay blocked until they may be deleted.",
    ),
];

const MEASURES: &[(&str, &str)] = &[
    (
        "Access",
        "Every person has an account of their own and signs in with two factors. Access is granted by role, reviewed \
         every quarter and withdrawn on the day somebody leaves. Administrators use separate accounts for their work.",
    ),
    (
        "Encryption",
        "Data is encrypted on its way and where it rests. Keys are kept apart from the data they open, and are \
         exchanged at least once a year. Laptops and phones that can reach the data have encrypted disks.",
    ),
    (
        "Separation",
        "The client's data is kept apart from that of other clients. Test systems hold no real data.",
    ),
    (
        "Records",
        "Reading, changing and handing on data is logged with time and person. Logs are kept for twelve months and are \
         protected against change.",
    ),
    (
        "Availability",
        "Backups are made every day, kept in a second place and encrypted. Restoring from them is rehearsed twice a \
         year. Software is kept up to date; serious flaws are mended within seven days.",
    ),
    (
        "People",
        "Staff are trained in data protection when they begin and once a year. A named person answers for data \
         protection and can be reached by the client at any time during business hours.",
    ),
    (
        "Audit",
        "The firm shows the client on request how it keeps these measures. The client may have them checked once a \
         year, with thirty days' notice, by an auditor who is bound to confidentiality.",
    ),
    (
        "Changes",
        "The firm may improve these measures. It may not lower the level of protection they give, and tells the client \
         of changes that matter.",
    ),
];

/// The agreement as a PDF: two pages of A4, its places to sign where the shipped definition has its boxes.
pub(super) fn data_agreement(fonts: &Fonts) -> Vec<u8> {
    let mut first = Column { fonts, y: 52.0, marks: Vec::new() };
    first.paragraph(Style::Bold, 19.0, "Data agreement");
    first.paragraph(
        Style::Regular,
        TEXT,
        "between the client and the firm, on the handling of data during their engagement",
    );
    first.y += 6.0;
    first.sections(PURPOSE);
    assert!(first.y < 0.765 * HEIGHT, "the text reaches into the places to sign: {}", first.y);
    first.place(0.10, 0.84, 0.35, "For the client: signature");
    first.place(0.55, 0.82, 0.20, "Date");
    first.place(0.10, 0.94, 0.35, "For the firm: signature");

    let mut second = Column { fonts, y: 52.0, marks: Vec::new() };
    second.paragraph(Style::Bold, 15.0, "Annex: how the data is kept safe");
    second.paragraph(
        Style::Regular,
        TEXT,
        "The firm keeps to these measures for as long as it holds the client's data.",
    );
    second.y += 6.0;
    second.sections(MEASURES);
    assert!(second.y < 0.93 * HEIGHT, "the annex does not fit its page: {}", second.y);

    let pages = [(first, 1), (second, 2)].map(|(mut column, number)| {
        column.line(WIDTH - MARGIN - 30.0, HEIGHT - 22.0, 7.5, &format!("{number} of 2"));
        Sheet { width: WIDTH, height: HEIGHT, marks: column.marks }
    });
    write(&pages).unwrap()
}

struct Column<'a> {
    fonts: &'a Fonts,
    y: f32,
    marks: Vec<Mark>,
}

impl Column<'_> {
    fn sections(&mut self, sections: &[(&str, &str)]) {
        for (heading, text) in sections {
            self.paragraph(Style::Bold, TEXT + 0.6, heading);
            self.paragraph(Style::Regular, TEXT, text);
            self.y += 6.5;
        }
    }

    fn paragraph(&mut self, style: Style, size: f32, text: &str) {
        for line in self.fonts.wrap(style, text, (WIDTH - 2.0 * MARGIN) / size) {
            let y = self.y + size;
            self.marks.push(Mark::Text { line, x: MARGIN, y, size, colour: INK, slanted: false });
            self.y += size * LEADING / TEXT;
        }
    }

    fn line(&mut self, x: f32, y: f32, size: f32, text: &str) {
        let line = self.fonts.shape(Style::Regular, text);
        self.marks.push(Mark::Text { line, x, y, size, colour: MUTED, slanted: false });
    }

    /// A rule to sign above, at fractions of the page, with its label below.
    fn place(&mut self, x: f32, y: f32, width: f32, label: &str) {
        let (x, y) = (x * WIDTH, y * HEIGHT);
        self.marks.push(Mark::Rule { x, y, width: width * WIDTH, colour: HAIRLINE });
        self.line(x, y + 11.0, 8.0, label);
    }
}
