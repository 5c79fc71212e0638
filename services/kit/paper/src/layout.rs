//! The flow of blocks over pages.

use crate::{
    block::{Block, Colour, Frame, Table},
    fonts::Weight,
    page::{HEIGHT, Kind, Laid, Mark, Node, WIDTH},
    shaping::{Line, Shaper},
};

const INK: Colour = [22, 25, 29];
const MUTED: Colour = [82, 90, 102];
const HAIRLINE: Colour = [195, 201, 210];

/// The margins to the left and right.
const MARGIN: f32 = 56.0;
const CONTENT: f32 = WIDTH - 2.0 * MARGIN;
const TOP: f32 = 56.0;
/// The lowest place of the flow on a page.
const BOTTOM: f32 = HEIGHT - 104.0;
/// Where the foot begins.
const FOOT: f32 = HEIGHT - 88.0;
const BODY: f32 = 9.5;
const SMALL: f32 = 7.5;
/// The height of a line beside its font size.
const LEADING: f32 = 1.4;
/// The space above and below what stands in a row.
const PADDING: f32 = 3.5;
/// The space between columns.
const GAP: f32 = 8.0;
/// The part of the width that names of facts take.
const NAMES: f32 = 0.36;

/// How a text is set.
#[derive(Clone, Copy)]
struct Set {
    weight: Weight,
    size: f32,
    colour: Colour,
}

const PLAIN: Set = Set { weight: Weight::Regular, size: BODY, colour: INK };
const STRONG: Set = Set { weight: Weight::Bold, size: BODY, colour: INK };
const NOTE: Set = Set { weight: Weight::Regular, size: 8.5, colour: MUTED };

impl Set {
    const fn leading(self) -> f32 {
        self.size * LEADING
    }
}

struct Flow<'a> {
    shaper: Shaper<'a>,
    frame: &'a Frame,
    pages: Vec<Vec<Mark>>,
    /// The next free place on the page.
    y: f32,
    leaves: usize,
}

/// Lays a paper out.
pub(crate) fn lay(shaper: Shaper<'_>, frame: &Frame, blocks: &[Block]) -> Laid {
    let mut flow = Flow { shaper, frame, pages: Vec::new(), y: TOP, leaves: 0 };
    flow.turn();
    let mut tree = Vec::new();
    for block in blocks {
        flow.block(block, &mut tree);
    }
    flow.number();
    Laid { pages: flow.pages, tree, leaves: flow.leaves }
}

impl Flow<'_> {
    /// Begins a page.
    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.mark(Mark::Bar { x: 0.0, y: 0.0, width: WIDTH, height: 6.0, colour: self.frame.brand });
        self.y = TOP;
        if self.pages.len() > 1 {
            let line = self.shaper.line(Weight::Regular.font(), &self.frame.title);
            self.put(line, (MARGIN, 36.0), SMALL, MUTED, None);
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn put(&mut self, line: Line, (x, y): (f32, f32), size: f32, colour: Colour, leaf: Option<usize>) {
        self.mark(Mark::Text { line, x, y, size, colour, leaf });
    }

    /// Turns the page where less than `height` is left of it.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.turn();
        }
    }

    fn leaf(&mut self) -> usize {
        self.leaves += 1;
        self.leaves - 1
    }

    /// Text over the whole width, or a part of it; a line that does not fit stands on the next page.
    fn text(&mut self, text: &str, set: Set, (x, width): (f32, f32)) -> Node {
        let leaf = self.leaf();
        for line in self.shaper.wrap(set.weight.font(), text, width / set.size) {
            self.need(set.leading());
            self.put(line, (x, self.y + set.size), set.size, set.colour, Some(leaf));
            self.y += set.leading();
        }
        Node::Leaf(leaf)
    }

    fn block(&mut self, block: &Block, tree: &mut Vec<Node>) {
        match block {
            Block::Space(height) => self.y += height,
            Block::Heading { level, text } => {
                let size = if *level == 1 { 17.0 } else { 11.5 };
                let set = Set { weight: Weight::Bold, size, colour: INK };
                self.y += if *level == 1 { 6.0 } else { 12.0 };
                // A heading never stands alone at the foot of a page.
                self.need(set.leading() + 3.0 * PLAIN.leading());
                let leaf = self.text(text, set, (MARGIN, CONTENT));
                self.y += 4.0;
                tree.push(Node::Part(Kind::Heading(*level, text.clone()), vec![leaf]));
            }
            Block::Text(text) => {
                let leaf = self.text(text, PLAIN, (MARGIN, CONTENT));
                self.y += 5.0;
                tree.push(Node::Part(Kind::Paragraph, vec![leaf]));
            }
            Block::Note(text) => {
                let leaf = self.text(text, NOTE, (MARGIN, CONTENT));
                self.y += 5.0;
                tree.push(Node::Part(Kind::Paragraph, vec![leaf]));
            }
            Block::Sides { left, right, strong } => self.sides(left, right, *strong, tree),
            Block::Facts(facts) => self.facts(facts, tree),
            Block::Table(table) => self.table(table, tree),
        }
    }

    fn sides(&mut self, left: &[String], right: &[String], strong: bool, tree: &mut Vec<Node>) {
        let half = (CONTENT - GAP) / 2.0;
        self.need(left.len().max(right.len()) as f32 * PLAIN.leading());
        let top = self.y;
        let mut paragraph = Vec::new();
        for (place, text) in left.iter().enumerate() {
            let set = if strong && place == 0 { STRONG } else { PLAIN };
            paragraph.push(self.text(text, set, (MARGIN, half)));
        }
        if !paragraph.is_empty() {
            tree.push(Node::Part(Kind::Paragraph, paragraph));
        }
        let ended = std::mem::replace(&mut self.y, top);
        let mut paragraph = Vec::new();
        for text in right {
            let leaf = self.leaf();
            for line in self.shaper.wrap(Weight::Regular.font(), text, half / BODY) {
                let x = WIDTH - MARGIN - line.width() * BODY;
                self.put(line, (x, self.y + BODY), BODY, INK, Some(leaf));
                self.y += PLAIN.leading();
            }
            paragraph.push(Node::Leaf(leaf));
        }
        if !paragraph.is_empty() {
            tree.push(Node::Part(Kind::Paragraph, paragraph));
        }
        self.y = self.y.max(ended) + 6.0;
    }

    fn facts(&mut self, facts: &[(String, String)], tree: &mut Vec<Node>) {
        let mut items = Vec::new();
        let values = MARGIN + CONTENT * NAMES + GAP;
        for (name, value) in facts {
            self.need(2.0 * PLAIN.leading());
            let (top, page) = (self.y, self.pages.len());
            let name = self.text(name, NOTE, (MARGIN, CONTENT * NAMES));
            let named = self.y;
            if self.pages.len() == page {
                self.y = top;
            }
            let value = self.text(value, PLAIN, (values, WIDTH - MARGIN - values));
            if self.pages.len() == page {
                self.y = self.y.max(named);
            }
            self.y += 2.0;
            items.push(Node::Part(Kind::Item, vec![Node::Part(Kind::ItemBody, vec![name, value])]));
        }
        self.y += 4.0;
        if !items.is_empty() {
            tree.push(Node::Part(Kind::List, items));
        }
    }

    fn table(&mut self, table: &Table, tree: &mut Vec<Node>) {
        let left = MARGIN + CONTENT * table.indent;
        let whole = WIDTH - MARGIN - left;
        let shares: f32 = table.columns.iter().map(|column| column.share).sum();
        let gaps = GAP * table.columns.len().saturating_sub(1) as f32;
        let mut places = Vec::new();
        let mut x = left;
        for column in &table.columns {
            let width = (whole - gaps) * column.share / shares;
            places.push((x, width, column.right));
            x += width + GAP;
        }
        let titles: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
        let mut rows = Vec::new();
        if table.head {
            let head = self.shape_row(&titles, Set { size: 8.0, ..STRONG }, &places);
            let first = table.rows.first().map_or(0.0, |row| {
                height(&self.shape_row(&row.cells, PLAIN, &places), PLAIN) + 2.0 * PADDING
            });
            self.need(height(&head, STRONG) + 2.0 * PADDING + first.min(BOTTOM - TOP - 60.0));
            rows.push(self.head(head, &places, (left, whole), true));
        }
        for row in &table.rows {
            let set = if row.strong { STRONG } else { PLAIN };
            let cells = self.shape_row(&row.cells, set, &places);
            rows.push(self.row(cells, set, &places, (left, whole), table, &titles));
        }
        self.y += 6.0;
        tree.push(Node::Part(Kind::Table(table.summary.clone()), rows));
    }

    fn shape_row(&self, cells: &[String], set: Set, places: &[(f32, f32, bool)]) -> Vec<Vec<Line>> {
        cells
            .iter()
            .zip(places)
            .map(|(text, (_, width, _))| self.shaper.wrap(set.weight.font(), text, width / set.size))
            .collect()
    }

    /// The names of the columns: part of the table where it begins, mere repetition on the pages that follow.
    fn head(
        &mut self,
        cells: Vec<Vec<Line>>,
        places: &[(f32, f32, bool)],
        (left, whole): (f32, f32),
        first: bool,
    ) -> Node {
        let set = Set { size: 8.0, ..STRONG };
        let height = height(&cells, set);
        let mut nodes = Vec::new();
        for (lines, place) in cells.into_iter().zip(places) {
            let leaf = first.then(|| self.leaf());
            self.cell(lines, set, *place, leaf);
            nodes.push(Node::Part(Kind::ColumnHead, leaf.map(Node::Leaf).into_iter().collect()));
        }
        self.y += height + PADDING;
        self.mark(Mark::Bar { x: left, y: self.y, width: whole, height: 1.2, colour: self.frame.brand });
        self.y += 1.2;
        Node::Part(Kind::Row, nodes)
    }

    fn row(
        &mut self,
        mut cells: Vec<Vec<Line>>,
        set: Set,
        places: &[(f32, f32, bool)],
        line: (f32, f32),
        table: &Table,
        titles: &[String],
    ) -> Node {
        let leaves: Vec<usize> = cells.iter().map(|_| self.leaf()).collect();
        let (left, whole) = line;
        loop {
            if self.y + height(&cells, set).min(BOTTOM - TOP - 60.0) + 2.0 * PADDING > BOTTOM {
                self.turn();
                if table.head {
                    let head = self.shape_row(titles, Set { size: 8.0, ..STRONG }, places);
                    self.head(head, places, line, false);
                }
            }
            // A row that is taller than a page goes on on the next one.
            let room = ((BOTTOM - self.y - 2.0 * PADDING) / set.leading()).floor().max(1.0) as usize;
            let rest: Vec<Vec<Line>> =
                cells.iter_mut().map(|lines| lines.split_off(room.min(lines.len()))).collect();
            let height = height(&cells, set);
            self.y += PADDING;
            for ((lines, place), leaf) in cells.into_iter().zip(places).zip(&leaves) {
                self.cell(lines, set, *place, Some(*leaf));
            }
            self.y += height + PADDING;
            self.mark(Mark::Bar { x: left, y: self.y, width: whole, height: 0.5, colour: HAIRLINE });
            self.y += 0.5;
            if rest.iter().all(Vec::is_empty) {
                break;
            }
            cells = rest;
        }
        let kinds = std::iter::once(if table.head { Kind::Cell } else { Kind::RowHead })
            .chain(std::iter::repeat(Kind::Cell));
        let parts =
            leaves.into_iter().zip(kinds).map(|(leaf, kind)| Node::Part(kind, vec![Node::Leaf(leaf)]));
        Node::Part(Kind::Row, parts.collect())
    }

    /// Draws a cell from the present place down, which it leaves as it is.
    fn cell(&mut self, lines: Vec<Line>, set: Set, (x, width, right): (f32, f32, bool), leaf: Option<usize>) {
        let mut y = self.y + set.size;
        for line in lines {
            let x = if right { x + width - line.width() * set.size } else { x };
            self.put(line, (x, y), set.size, set.colour, leaf);
            y += set.leading();
        }
    }

    /// Writes the foot of every page, now that it is known how many there are.
    fn number(&mut self) {
        let pages = self.pages.len();
        let column = (CONTENT - 2.0 * GAP) / 3.0;
        for page in 0..pages {
            let text = self
                .frame
                .numbering
                .replace("{page}", &(page + 1).to_string())
                .replace("{pages}", &pages.to_string());
            let line = self.shaper.line(Weight::Regular.font(), &text);
            let x = WIDTH - MARGIN - line.width() * SMALL;
            let mut marks = vec![
                Mark::Bar { x: MARGIN, y: FOOT, width: CONTENT, height: 0.5, colour: HAIRLINE },
                Mark::Text { line, x, y: HEIGHT - 24.0, size: SMALL, colour: MUTED, leaf: None },
            ];
            for (place, lines) in self.frame.foot.iter().take(3).enumerate() {
                let x = MARGIN + (column + GAP) * place as f32;
                let mut y = FOOT + 12.0;
                for line in lines {
                    for line in self.shaper.wrap(Weight::Regular.font(), line, column / SMALL) {
                        if y < HEIGHT - 34.0 {
                            marks.push(Mark::Text { line, x, y, size: SMALL, colour: MUTED, leaf: None });
                        }
                        y += SMALL * 1.35;
                    }
                }
            }
            if let Some(page) = self.pages.get_mut(page) {
                page.extend(marks);
            }
        }
    }
}

fn height(cells: &[Vec<Line>], set: Set) -> f32 {
    cells.iter().map(Vec::len).max().unwrap_or(1).max(1) as f32 * set.leading()
}
