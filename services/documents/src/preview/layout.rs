//! The words of a page with their places, read from what `pdftotext -bbox-layout` writes.
//!
//! The tool escapes every word, so that nothing in a document can look like its own marks: a line that begins with `<word` is one.

/// The most that is kept of one page, in bytes of its words; a page of print has about four thousand.
const MOST_TEXT: usize = 256 * 1024;

/// A line of words.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    /// The words, parted by spaces.
    pub text: String,
    /// Left, top, width and height as fractions of the page's.
    pub area: [f64; 4],
}

/// A paragraph, heading or cell: lines that belong together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextBlock {
    /// From top to bottom.
    pub lines: Vec<TextLine>,
}

/// The text of one page, in the order of reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageLayout {
    /// Width over height; 0 where it is unknown.
    pub aspect: f64,
    /// Empty for a scan.
    pub blocks: Vec<TextBlock>,
}

impl TextBlock {
    /// The block as one flowing paragraph; a word that was parted at the end of a line is whole again.
    pub fn paragraph(&self) -> String {
        let mut paragraph = String::new();
        for line in &self.lines {
            let parted = paragraph.ends_with('-')
                && paragraph.chars().rev().nth(1).is_some_and(char::is_alphabetic)
                && line.text.starts_with(char::is_lowercase);
            if parted {
                paragraph.pop();
            } else if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(&line.text);
        }
        paragraph
    }
}

impl PageLayout {
    /// The page's paragraphs, parted by blank lines.
    pub fn text(&self) -> String {
        self.blocks.iter().map(TextBlock::paragraph).collect::<Vec<_>>().join("\n\n")
    }
}

/// Reads the tool's answer: one layout a page, in order.
pub(super) fn read(answer: &str) -> Vec<PageLayout> {
    let mut pages: Vec<PageLayout> = Vec::new();
    let (mut size, mut kept) = ([1.0, 1.0], 0);
    for line in answer.lines().map(str::trim_start) {
        if line.starts_with("<page ") {
            size = [number(line, "width").unwrap_or(0.0), number(line, "height").unwrap_or(0.0)];
            kept = 0;
            let aspect = if size[1] > 0.0 { size[0] / size[1] } else { 0.0 };
            pages.push(PageLayout { aspect, blocks: Vec::new() });
            continue;
        }
        let Some(page) = pages.last_mut() else { continue };
        if line.starts_with("<block ") {
            page.blocks.push(TextBlock::default());
        } else if line.starts_with("<line ") {
            let area = area(line, size);
            if let Some(block) = page.blocks.last_mut() {
                block.lines.push(TextLine { text: String::new(), area });
            }
        } else if line.starts_with("<word ") {
            let word = word(line);
            kept += word.len();
            let line = page.blocks.last_mut().and_then(|block| block.lines.last_mut());
            if let Some(line) = line.filter(|_| kept <= MOST_TEXT) {
                if !line.text.is_empty() {
                    line.text.push(' ');
                }
                line.text.push_str(&word);
            }
        }
    }
    for page in &mut pages {
        for block in &mut page.blocks {
            block.lines.retain(|line| !line.text.is_empty());
        }
        page.blocks.retain(|block| !block.lines.is_empty());
    }
    pages
}

/// A place as fractions of the page: a word that lies outside is moved to its edge.
fn area(mark: &str, [width, height]: [f64; 2]) -> [f64; 4] {
    let part = |name: &str, whole: f64| {
        let value = number(mark, name).unwrap_or(0.0) / whole;
        if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
    };
    let (left, top) = (part("xMin", width), part("yMin", height));
    [left, top, (part("xMax", width) - left).max(0.0), (part("yMax", height) - top).max(0.0)]
}

fn number(mark: &str, name: &str) -> Option<f64> {
    let (_, rest) = mark.split_once(&format!("{name}=\""))?;
    rest.split('"').next()?.parse().ok()
}

/// A word without its mark, with what was escaped as it was, and without what would steer a reader's screen.
fn word(mark: &str) -> String {
    let inner = mark.split_once('>').map_or("", |(_, rest)| rest);
    let inner = inner.strip_suffix("</word>").unwrap_or(inner);
    let plain = inner
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let steers = |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    plain.chars().filter(|c| !steers(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<html><head><title>&lt;page width="1"&gt;</title></head><body><doc>
  <page width="600.000000" height="800.000000">
    <flow>
      <block xMin="60" yMin="80" xMax="300" yMax="120">
        <line xMin="60" yMin="80" xMax="300" yMax="100">
          <word xMin="60" yMin="80" xMax="110" yMax="100">Terms</word>
          <word xMin="116" yMin="80" xMax="300" yMax="100">&amp; condi-</word>
        </line>
        <line xMin="60" yMin="100" xMax="700" yMax="120">
          <word xMin="60" yMin="100" xMax="700" yMax="120">tions &lt;word&gt;</word>
        </line>
      </block>
      <block xMin="0" yMin="0" xMax="1" yMax="1"></block>
    </flow>
  </page>
  <page width="800" height="600"></page>
</doc></body></html>"#;

    #[test]
    fn words_keep_their_places_and_paragraphs_flow() {
        let pages = read(ANSWER);
        assert_eq!(pages.len(), 2);
        assert!((pages[0].aspect - 0.75).abs() < 1e-9);
        let line = &pages[0].blocks[0].lines[0];
        let rounded = line.area.map(|part| (part * 1000.0).round());
        assert_eq!((line.text.as_str(), rounded), ("Terms & condi-", [100.0, 100.0, 400.0, 25.0]));
        let right = pages[0].blocks[0].lines[1].area;
        assert!((right[0] + right[2] - 1.0).abs() < 1e-9, "what lies outside ends at the edge");
        assert_eq!(pages[0].text(), "Terms & conditions <word>");
        assert_eq!((pages[0].blocks.len(), pages[1].text().as_str()), (1, ""));
    }

    #[test]
    fn nothing_in_a_document_passes_for_a_mark_or_steers_the_screen() {
        let answer = "<page width=\"a\" height=\"0\">\n<block >\n<line xMin=\"nan\">\n<word x=\"1\">a\u{202e}b\u{7}</word>\nfree text <word >";
        let pages = read(answer);
        assert_eq!((pages[0].aspect.to_bits(), pages[0].text().as_str()), (0, "ab"));
        assert!(pages[0].blocks[0].lines[0].area.iter().all(|part| part.is_finite()));
        assert!(read("<word >x</word>").is_empty());
        let long = format!(
            "<page width=\"1\" height=\"1\">\n<block >\n<line >\n{}",
            "<word >wwwwwwwwww</word>\n".repeat(60_000)
        );
        assert!(read(&long)[0].text().len() <= MOST_TEXT * 2);
    }
}
