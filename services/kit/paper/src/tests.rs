//! Papers as other programs read them.

use std::{path::PathBuf, process::Command};

use proptest::prelude::*;

use super::*;

fn fonts() -> Fonts {
    Fonts::load(&FontFiles::default()).unwrap()
}

fn frame() -> Frame {
    Frame {
        title: "Invoice INV-00001".to_owned(),
        language: "en".to_owned(),
        author: "Northwind".to_owned(),
        date: "2027-01-15".parse().unwrap(),
        brand: [12, 90, 160],
        foot: vec![vec!["Northwind Consulting GmbH".to_owned()]],
        numbering: "Page {page} of {pages}".to_owned(),
    }
}

fn table(rows: usize) -> Block {
    Block::Table(Table {
        columns: vec![Column::words("Item", 3.0), Column::amounts("Amount", 1.0)],
        rows: (0..rows)
            .map(|row| Row::plain([format!("Consulting, day {row}"), format!("{row}.00")]))
            .collect(),
        summary: "Items".to_owned(),
        indent: 0.0,
        head: true,
    })
}

fn saved(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn said(program: &str, arguments: &[&str], bytes: &[u8]) -> String {
    let (_folder, path) = saved(bytes);
    let arguments = arguments.iter().map(|part| part.replace("FILE", &path.display().to_string()));
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text} {}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn a_long_table_goes_on_with_its_head_and_every_page_is_numbered() {
    let blocks = [Block::Heading { level: 1, text: "Invoice INV-00001".to_owned() }, table(120)];
    let pdf = write(&fonts(), &frame(), &blocks, None).unwrap();
    said("qpdf", &["--check", "FILE"], &pdf);
    let text = said("pdftotext", &["-layout", "FILE", "-"], &pdf);
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(pages.len() >= 3, "{} pages", pages.len());
    for (place, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", place + 1, pages.len())), "{page}");
        assert!(page.contains("Item") && page.contains("Amount"), "{page}");
    }
    for row in 0..120 {
        assert_eq!(text.matches(&format!("day {row} ")).count(), 1, "row {row}");
    }
}

#[test]
fn it_says_that_it_is_tagged_and_can_be_read_in_order() {
    let blocks = [
        Block::Heading { level: 1, text: "Title".to_owned() },
        Block::Text("A text.".to_owned()),
        Block::Facts(vec![("Number".to_owned(), "1".to_owned())]),
        table(2),
    ];
    let pdf = write(&fonts(), &frame(), &blocks, None).unwrap();
    let info = said("pdfinfo", &["FILE"], &pdf);
    assert!(info.contains("Tagged:          yes") && info.contains("A4"), "{info}");
    let tree = said("pdfinfo", &["-struct-text", "FILE"], &pdf);
    for part in ["H1", "Table", "TH", "TD", "LBody", "\"A text.\""] {
        assert!(tree.contains(part), "{part} is not in {tree}");
    }
    assert!(!tree.contains("Page 1"), "what is repeated on pages is read out: {tree}");
}

#[test]
fn the_same_paper_is_the_same_file() {
    let blocks = [Block::Heading { level: 1, text: "Title".to_owned() }, table(9)];
    let embedded = Embedded {
        name: "data.xml".to_owned(),
        description: "For machines".to_owned(),
        xml: b"<a/>".to_vec(),
        metadata: "<rdf:Description rdf:about=\"\" xmlns:x=\"urn:x\"><x:Kept>yes</x:Kept></rdf:Description>"
            .to_owned(),
    };
    for embedded in [None, Some(&embedded)] {
        let once = write(&fonts(), &frame(), &blocks, embedded).unwrap();
        let twice = write(&fonts(), &frame(), &blocks, embedded).unwrap();
        assert!(once == twice);
        said("qpdf", &["--check", "FILE"], &once);
        let metadata = said("pdfinfo", &["-meta", "FILE"], &once);
        assert!(metadata.contains("pdfaid:part") && metadata.contains("pdfuaid:part"), "{metadata}");
        assert_eq!(metadata.contains("<x:Kept>yes</x:Kept>"), embedded.is_some());
    }
}

#[test]
fn a_row_taller_than_a_page_goes_on() {
    let long = "word ".repeat(4_000);
    let table = Table {
        columns: vec![Column::words("A", 1.0), Column::words("B", 1.0)],
        rows: vec![Row::plain([long, "short".to_owned()])],
        summary: "Long".to_owned(),
        indent: 0.0,
        head: true,
    };
    let pdf = write(&fonts(), &frame(), &[Block::Table(table)], None).unwrap();
    let text = said("pdftotext", &["FILE", "-"], &pdf);
    assert_eq!(text.matches("word").count(), 4_000);
    assert_eq!(text.matches("short").count(), 1);
}

#[test]
fn a_missing_font_names_its_package() {
    let files = FontFiles { bold: "/nowhere/bold.ttf".into(), ..FontFiles::default() };
    let message = Fonts::load(&files).err().unwrap().to_string();
    assert!(message.contains("/nowhere/bold.ttf") && message.contains("fonts-dejavu-core"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_people_type_becomes_a_paper(text in prop::collection::vec(any::<char>(), 0..60)) {
        let text: String = text.into_iter().chain("\u{feff}\u{0}\u{e000}\u{202e}مرحبا 王\u{fffe}".chars()).collect();
        let blocks = [
            Block::Heading { level: 1, text: text.clone() },
            Block::Text(text.clone()),
            Block::Sides { left: vec![text.clone(), String::new()], right: vec![text.clone()], strong: true },
            Block::Facts(vec![(text.clone(), text.clone())]),
            Block::Table(Table {
                columns: vec![Column::words(text.clone(), 1.0), Column::amounts(String::new(), 1.0)],
                rows: vec![Row::strong([text.clone(), text])],
                summary: String::new(),
                indent: 0.4,
                head: true,
            }),
        ];
        prop_assert!(write(&fonts(), &frame(), &blocks, None).is_ok());
    }
}
