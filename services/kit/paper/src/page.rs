//! What layout hands to writing: marks on pages, and the tree that says what they mean.

use crate::{block::Colour, shaping::Line};

/// The size of A4 in points.
pub(crate) const WIDTH: f32 = 595.28;
/// The size of A4 in points.
pub(crate) const HEIGHT: f32 = 841.89;

/// Something drawn on a page. Places are in points from the page's top-left corner.
pub(crate) enum Mark {
    /// A line of text, by the start of its base line.
    Text {
        line: Line,
        x: f32,
        y: f32,
        size: f32,
        colour: Colour,
        /// The leaf of the tree that it belongs to; nothing where it is mere decoration.
        leaf: Option<usize>,
    },
    /// A filled rectangle.
    Bar { x: f32, y: f32, width: f32, height: f32, colour: Colour },
}

/// What a part of the paper is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Heading(u8, String),
    Paragraph,
    Table(String),
    Row,
    ColumnHead,
    RowHead,
    Cell,
    List,
    Item,
    ItemBody,
}

/// The tree of what the paper means.
pub(crate) enum Node {
    Part(Kind, Vec<Node>),
    Leaf(usize),
}

/// A paper laid out.
pub(crate) struct Laid {
    pub(crate) pages: Vec<Vec<Mark>>,
    pub(crate) tree: Vec<Node>,
    /// How many leaves there are.
    pub(crate) leaves: usize,
}
