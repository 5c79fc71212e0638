//! What stands on a paper.

use chrono::NaiveDate;

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// What all pages have in common, and what the file says of itself.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The title of the file, such as "Invoice INV-00001".
    pub title: String,
    /// The language of the text, as a tag such as `en`.
    pub language: String,
    /// Who the paper is from.
    pub author: String,
    /// The day on it. The file says that it was made then, so that the same paper is always the same file.
    pub date: NaiveDate,
    /// The colour of the bar at the top and of rules.
    pub brand: Colour,
    /// Lines beside one another at the foot of every page, at most three columns.
    pub foot: Vec<Vec<String>>,
    /// How pages are numbered; `{page}` and `{pages}` are filled in.
    pub numbering: String,
}

/// A piece of the flow.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading: the first of a paper has level 1, those below it level 2.
    Heading {
        /// 1 or 2.
        level: u8,
        /// One line or more.
        text: String,
    },
    /// Text; a line feed begins a new line.
    Text(String),
    /// Text that explains, smaller and paler.
    Note(String),
    /// Addresses or the like side by side: lines, of which the first may be strong.
    Sides {
        /// Begins at the left margin.
        left: Vec<String>,
        /// Ends at the right margin.
        right: Vec<String>,
        /// Whether the first line of the left side stands out.
        strong: bool,
    },
    /// Names with what they are, one below the other.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// Free space, in points.
    Space(f32),
}

/// A table, whose head is repeated on every page that it reaches.
#[derive(Debug, Clone)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// What it is about, for whoever cannot see it.
    pub summary: String,
    /// Where it begins, as a part of the width of the page; 0 is the left margin.
    pub indent: f32,
    /// Whether names of columns are shown. They are read out in any case.
    pub head: bool,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub title: String,
    /// Its width beside the others'.
    pub share: f32,
    /// Whether it is flush right, as amounts are.
    pub right: bool,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// One for each column.
    pub cells: Vec<String>,
    /// Whether it stands out, as a sum does.
    pub strong: bool,
}

impl Row {
    /// A row like any other.
    #[must_use]
    pub fn plain<const N: usize>(cells: [String; N]) -> Self {
        Self { cells: cells.into(), strong: false }
    }

    /// A row that stands out.
    #[must_use]
    pub fn strong<const N: usize>(cells: [String; N]) -> Self {
        Self { cells: cells.into(), strong: true }
    }
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn words(title: impl Into<String>, share: f32) -> Self {
        Self { title: title.into(), share, right: false }
    }

    /// A column of amounts.
    #[must_use]
    pub fn amounts(title: impl Into<String>, share: f32) -> Self {
        Self { title: title.into(), share, right: true }
    }
}
