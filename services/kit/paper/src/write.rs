//! A paper as the bytes of a file.

use std::num::NonZeroU16;

use chrono::Datelike as _;
use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect, Transform},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node as TagNode, SpanTag,
        TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
    },
};

use crate::{
    Block, Embedded, Fonts, Frame, PaperError,
    block::Colour,
    embed, layout,
    page::{HEIGHT, Kind, Laid, Mark, Node, WIDTH},
};

/// Writes a paper, with a file for machines in it where there is one.
///
/// # Errors
/// [`PaperError::Writing`] where the format refuses what was laid out.
pub fn write(
    fonts: &Fonts,
    frame: &Frame,
    blocks: &[Block],
    embedded: Option<&Embedded>,
) -> Result<Vec<u8>, PaperError> {
    let laid = layout::lay(fonts.shaper(), frame, blocks);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PaperError::Writing(format!("{error:?}")))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let date = date(frame);
    document.set_metadata(
        Metadata::new()
            .title(frame.title.clone())
            .language(frame.language.clone())
            .authors(vec![frame.author.clone()])
            .creator("Portico".to_owned())
            .creation_date(date),
    );
    let identifiers = draw(&mut document, &laid)?;
    let mut tree = TagTree::new().with_lang(Some(frame.language.clone()));
    for node in &laid.tree {
        tree.push(tagged(node, &identifiers));
    }
    document.set_tag_tree(tree);
    let mut outline = Outline::new();
    outline
        .push_child(OutlineNode::new(frame.title.clone(), XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    document.set_outline(outline);
    if let Some(embedded) = embedded {
        document
            .embed_file(embedded.file(date))
            .ok_or_else(|| PaperError::Writing("two files have the same name".to_owned()))?;
    }
    let pdf = document.finish().map_err(|error| PaperError::Writing(format!("{error:?}")))?;
    match embedded {
        Some(embedded) => embed::describe(&pdf, &embedded.metadata),
        None => Ok(pdf),
    }
}

fn date(frame: &Frame) -> DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    DateTime::new(u16::try_from(frame.date.year()).unwrap_or_default())
        .month(part(frame.date.month()))
        .day(part(frame.date.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
}

/// Draws all pages; answers what belongs to each leaf.
fn draw(document: &mut Document, laid: &Laid) -> Result<Vec<Vec<Identifier>>, PaperError> {
    let mut identifiers: Vec<Vec<Identifier>> = (0..laid.leaves).map(|_| Vec::new()).collect();
    for marks in &laid.pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT)
            .ok_or_else(|| PaperError::Writing("a page without a size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            match mark {
                Mark::Text { leaf: Some(leaf), .. } => {
                    let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
                    text(&mut surface, mark);
                    surface.end_tagged();
                    if let Some(of_leaf) = identifiers.get_mut(*leaf) {
                        of_leaf.push(identifier);
                    }
                }
                Mark::Text { leaf: None, .. } => {
                    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
                        ArtifactType::PaginationOther,
                    )));
                    text(&mut surface, mark);
                    surface.end_tagged();
                }
                Mark::Bar { x, y, width, height, colour } => {
                    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
                    let mut path = PathBuilder::new();
                    if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                        path.push_rect(area);
                    }
                    surface.set_fill(Some(fill(*colour)));
                    surface.set_stroke(None);
                    if let Some(path) = path.finish() {
                        surface.draw_path(&path);
                    }
                    surface.end_tagged();
                }
            }
        }
        surface.finish();
        page.finish();
    }
    Ok(identifiers)
}

fn text(surface: &mut Surface<'_>, mark: &Mark) {
    let Mark::Text { line, x, y, size, colour, .. } = mark else { return };
    surface.set_stroke(None);
    surface.set_fill(Some(fill(*colour)));
    surface.push_transform(&Transform::from_translate(*x, *y));
    let mut at = 0.0;
    for run in &line.runs {
        surface.draw_glyphs(Point::from_xy(at, 0.0), &run.glyphs, run.font.clone(), &line.text, *size, false);
        at += run.width * size;
    }
    surface.pop();
}

fn fill([red, green, blue]: Colour) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn tagged(node: &Node, identifiers: &[Vec<Identifier>]) -> TagNode {
    match node {
        // A leaf is always within a part, which takes its pieces in.
        Node::Leaf(_) => TagNode::Group(TagGroup::new(Tag::P)),
        Node::Part(kind, nodes) => {
            let mut group = TagGroup::new(kind_of(kind));
            for node in nodes {
                match node {
                    Node::Leaf(leaf) => {
                        for identifier in identifiers.get(*leaf).into_iter().flatten() {
                            group.push(*identifier);
                        }
                    }
                    part => group.push(tagged(part, identifiers)),
                }
            }
            TagNode::Group(group)
        }
    }
}

fn kind_of(kind: &Kind) -> TagKind {
    match kind {
        Kind::Heading(level, title) => {
            let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::Table(summary) => Tag::Table.with_summary(Some(summary.clone())).into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::Item => Tag::LI.into(),
        Kind::ItemBody => Tag::LBody.into(),
    }
}
