//! Signing real PDFs, judged by the programs that people read them with.

mod agreement;

use std::{path::PathBuf, process::Command};

use chrono::{DateTime, NaiveDate, Utc};
use image::GenericImageView;
use lopdf::{Document, Object, dictionary};
use portico_core::{EnvelopeId, SeededEntropy};
use sha2::{Digest, Sha256};

use super::*;
use crate::{
    content::PdfError,
    domain::envelope::FieldBox,
    preview::{PreviewConfig, PreviewWorker},
};

const CLIENT: FieldBox = FieldBox { page: 1, x: 0.10, y: 0.78, width: 0.35, height: 0.06 };
const DATE: FieldBox = FieldBox { page: 1, x: 0.55, y: 0.78, width: 0.20, height: 0.04 };
const FIRM: FieldBox = FieldBox { page: 1, x: 0.10, y: 0.88, width: 0.35, height: 0.06 };

fn template_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../kit/definition/definitions/templates/data-agreement.pdf")
}

fn template() -> Vec<u8> {
    std::fs::read(template_path()).unwrap()
}

fn fonts() -> Fonts {
    Fonts::load(&FontConfig::default()).unwrap()
}

fn at(minute: u32) -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap().and_hms_opt(14, minute, 5).unwrap().and_utc()
}

fn certificate(read: &[u8]) -> Certificate {
    let signer = |name: &str, role: &str, email: &str, minute| CertifiedSigner {
        name: name.into(),
        role: role.into(),
        email: email.into(),
        identified: "Signed in with a link sent to this address".into(),
        consented_at: Some(at(minute)),
        signed_at: Some(at(minute + 1)),
        address: Some("203.0.113.7".into()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".into()),
        part: "Signer".into(),
        order: 1,
        consent_sha256: "c0".repeat(32),
        sent_at: Some(at(minute - 2)),
        opened_at: Some(at(minute - 1)),
        delegated_by: String::new(),
        acts: true,
    };
    Certificate {
        beside: Vec::new(),
        envelope: EnvelopeId::new(at(0), &SeededEntropy::new(3)),
        document_name: "Data agreement – Acme GmbH".into(),
        read_sha256: Sha256::digest(read).into(),
        firm: "Northwind Consulting".into(),
        signers: vec![
            signer("Влада Олійник", "Client, Acme GmbH", "v…@acme.example", 10),
            signer("Tom Weber", "Project manager, Northwind Consulting", "t…@northwind.example", 20),
        ],
        events: vec![
            CertifiedEvent {
                at: at(1), what: "Sent to Влада Олійник".into(), sha256: "ab".repeat(32)
            },
            CertifiedEvent {
                at: at(11), what: "Влада Олійник signed".into(), sha256: "cd".repeat(32)
            },
        ],
        signed: ([7; 32], 4711),
        seal: CertifiedSeal {
            subject: "CN=Northwind Consulting".into(),
            development: true,
            verify_link: "https://northwind.example/verify".into(),
        },
        made_at: at(21),
    }
}

/// The file as it is before its seal is put in: the document with everything entered, and its certificate behind.
fn compose(
    fonts: &Fonts,
    original: &[u8],
    filled: &[Filled],
    certificate: &Certificate,
) -> Result<Vec<u8>, SigningError> {
    let Certificate { firm, document_name, made_at, .. } = certificate.clone();
    let document =
        enter(fonts, original, filled, &Imprint { firm: firm.clone(), title: document_name, made_at })?;
    let pages = certify(fonts, certificate)?;
    let caption = crate::seal::Caption { field: "x", firm: &firm, reason: "", at: made_at };
    Ok(crate::seal::prepare(document, &pages, b"{}", &caption, 16).unwrap().finish(&[]).unwrap())
}

fn filled(field: &str, place: FieldBox, value: FieldValue) -> Filled {
    Filled { field: field.into(), place, value }
}

fn everything() -> Vec<Filled> {
    let drawn = drawn::tests::png(400, 120, &(10..390).map(|x| (x, 20 + x % 80)).collect::<Vec<_>>());
    vec![
        filled("client_signature", CLIENT, FieldValue::Typed("Влада Олійник".into())),
        filled("client_date", DATE, FieldValue::Date(NaiveDate::from_ymd_opt(2026, 11, 21).unwrap())),
        filled("firm_signature", FIRM, FieldValue::Drawn(DrawnSignature::from_png(&drawn).unwrap())),
    ]
}

fn worker() -> PreviewWorker {
    PreviewWorker::new(PreviewConfig::default()).unwrap()
}

async fn text(pdf: &[u8], page: u32) -> String {
    let worker = worker();
    let source = worker.receive(pdf).await.unwrap();
    worker.page_text(&source, page).await.unwrap()
}

async fn picture(pdf: &[u8], page: u32) -> image::DynamicImage {
    let worker = worker();
    let source = worker.receive(pdf).await.unwrap();
    image::load_from_memory(&worker.page_image(&source, page).await.unwrap()).unwrap()
}

/// What a program says about a PDF, its complaints included.
fn tool(name: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("in.pdf");
    std::fs::write(&file, pdf).unwrap();
    let answer = Command::new(name).args(arguments).arg(&file).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr))
}

/// The original, changed through the PDF library.
fn changed(change: impl FnOnce(&mut Document)) -> Vec<u8> {
    let mut document = Document::load_mem(&template()).unwrap();
    change(&mut document);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn first_page(document: &mut Document) -> &mut lopdf::Dictionary {
    let page = document.page_iter().next().unwrap();
    document.get_dictionary_mut(page).unwrap()
}

/// The part of the shown page that differs, as fractions: left, top, right, bottom.
async fn difference(before: &[u8], after: &[u8], page: u32) -> (f32, f32, f32, f32) {
    let (before, after) = (picture(before, page).await, picture(after, page).await);
    assert_eq!(before.dimensions(), after.dimensions());
    let (width, height) = before.dimensions();
    let changed: Vec<(u32, u32)> = before
        .pixels()
        .zip(after.pixels())
        .filter(|(old, new)| old.2 != new.2)
        .map(|((x, y, _), _)| (x, y))
        .collect();
    assert!(changed.len() > 20, "nothing to be seen");
    let part = |place: u32, whole: u32| place as f32 / whole as f32;
    (
        part(changed.iter().map(|(x, _)| *x).min().unwrap(), width),
        part(changed.iter().map(|(_, y)| *y).min().unwrap(), height),
        part(changed.iter().map(|(x, _)| *x).max().unwrap() + 1, width),
        part(changed.iter().map(|(_, y)| *y).max().unwrap() + 1, height),
    )
}

fn assert_within((left, top, right, bottom): (f32, f32, f32, f32), place: &FieldBox, what: &str) {
    let slack = 0.004;
    let inside = left >= place.x - slack
        && top >= place.y - slack
        && right <= place.x + place.width + slack
        && bottom <= place.y + place.height + slack;
    assert!(inside, "{what}: {left} {top} {right} {bottom} is outside of {place:?}");
}

#[tokio::test]
async fn a_signed_document_shows_who_signed_and_records_it() {
    let original = template();
    let signed = compose(&fonts(), &original, &everything(), &certificate(&original)).unwrap();

    let worker = worker();
    let source = worker.receive(signed.as_slice()).await.unwrap();
    assert_eq!(worker.page_count(&source).await.unwrap(), 4);
    let first = worker.page_text(&source, 1).await.unwrap();
    for words in ["Data agreement", "Влада Олійник", "21 November 2026", "For the firm: signature"]
    {
        assert!(first.contains(words), "{words} is missing from:\n{first}");
    }
    assert!(worker.page_text(&source, 2).await.unwrap().contains("Annex"));

    let record = worker.page_text(&source, 3).await.unwrap() + &worker.page_text(&source, 4).await.unwrap();
    let flat = record.split_whitespace().collect::<Vec<_>>().join(" ");
    let certificate = certificate(&original);
    for words in [
        "Certificate of completion",
        SEAL_CLAIM,
        DEVELOPMENT_CLAIM,
        "over the first 4711 bytes of this file",
        "CN=Northwind Consulting",
        "https://northwind.example/verify",
        "Client, Acme GmbH (Signer, place 1)",
        "2026-11-21 14:08:05 UTC",
        "Data agreement – Acme GmbH",
        &certificate.envelope.to_string(),
        "Влада Олійник",
        "Client, Acme GmbH",
        "v…@acme.example",
        "Signed in with a link sent to this address",
        "2026-11-21 14:11:05 UTC",
        "Tom Weber",
        "203.0.113.7",
        "Firefox/140.0",
        "Влада Олійник signed",
    ] {
        assert!(flat.contains(words), "{words} is missing from:\n{record}");
    }
    let hash = hex::encode(certificate.read_sha256);
    assert!(record.contains(&hash), "the hash of what was read, on one line:\n{record}");
    for page in 1..=3 {
        assert!(worker.page_image(&source, page).await.unwrap().starts_with(b"\x89PNG"));
    }
}

#[tokio::test]
async fn each_value_lands_in_its_box_and_nowhere_else() {
    let original = template();
    for field in everything() {
        let place = field.place;
        let signed =
            compose(&fonts(), &original, std::slice::from_ref(&field), &certificate(&original)).unwrap();
        assert_within(difference(&original, &signed, 1).await, &place, &field.field);
        assert_eq!(picture(&original, 2).await, picture(&signed, 2).await, "the other page stays as it was");
    }
}

#[tokio::test]
async fn turned_cut_and_shifted_pages_take_the_signature_where_it_is_shown() {
    for turn in [90, 180, 270, -90, 450] {
        let original = changed(|document| first_page(document).set("Rotate", turn));
        let signature = filled("client_signature", CLIENT, FieldValue::Typed("Ana Ruiz".into()));
        let signed = compose(&fonts(), &original, &[signature], &certificate(&original)).unwrap();
        let (left, top, right, bottom) = difference(&original, &signed, 1).await;
        assert_within((left, top, right, bottom), &CLIENT, &format!("turned by {turn}"));
        let sideways = turn % 180 != 0;
        let shown = if sideways { (842.0, 595.0) } else { (595.0, 842.0) };
        assert!(
            (right - left) * shown.0 > (bottom - top) * shown.1,
            "turned by {turn}: the name stands upright"
        );
    }
    let edges = |edges: [i64; 4]| edges.into_iter().map(Object::Integer).collect::<Vec<_>>();
    let original = changed(|document| {
        let page = first_page(document);
        page.set("MediaBox", edges([-100, -50, 700, 900]));
        page.set("CropBox", edges([20, 400, 595, 30]));
        page.set("Rotate", 90);
    });
    let signature = filled("client_signature", CLIENT, FieldValue::Typed("Ana Ruiz".into()));
    let signed = compose(&fonts(), &original, &[signature], &certificate(&original)).unwrap();
    assert_within(difference(&original, &signed, 1).await, &CLIENT, "cut, shifted and turned");
}

#[tokio::test]
async fn content_that_leaves_its_state_unrestored_does_not_move_the_signature() {
    let original = changed(|document| {
        let page = document.page_iter().next().unwrap();
        document.add_page_contents(page, b"q q 0.5 0 0 0.5 90 90 cm".to_vec()).unwrap();
    });
    let signature = filled("client_signature", CLIENT, FieldValue::Typed("Ana Ruiz".into()));
    let signed = compose(&fonts(), &original, &[signature], &certificate(&original)).unwrap();
    assert_within(difference(&original, &signed, 1).await, &CLIENT, "unbalanced");
}

#[tokio::test]
async fn attributes_that_pages_inherit_are_kept_and_not_passed_to_the_certificate() {
    let original = changed(|document| {
        let (resources, size) = {
            let page = first_page(document);
            (page.remove(b"Resources").unwrap(), page.remove(b"MediaBox").unwrap())
        };
        let root = document.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
        let root = document.get_dictionary_mut(root).unwrap();
        root.set("Resources", resources);
        root.set("MediaBox", size);
        root.set("Rotate", 180);
    });
    let signature = filled("client_signature", CLIENT, FieldValue::Typed("Ana Ruiz".into()));
    let signed = compose(&fonts(), &original, &[signature], &certificate(&original)).unwrap();
    assert!(
        text(&signed, 1).await.contains("Ana Ruiz")
            && text(&signed, 1).await.contains("Purpose and duration")
    );
    assert_within(difference(&original, &signed, 1).await, &CLIENT, "inherited");
    assert!(tool("pdfinfo", &["-f", "3", "-l", "3"], &signed).contains("Page    3 rot:   0"));
}

#[test]
fn the_file_names_the_firm_and_no_tool() {
    let original = changed(|document| {
        let info = document.add_object(dictionary! {
            "Title" => Object::string_literal("Agreement"), "Producer" => Object::string_literal("SomeWriter 9"),
        });
        document.trailer.set("Info", info);
    });
    let signed = compose(&fonts(), &original, &everything(), &certificate(&original)).unwrap();
    let info = tool("pdfinfo", &[], &signed);
    assert!(info.contains("Producer:        Northwind Consulting"), "{info}");
    assert!(info.contains("Title:           Agreement"), "{info}");
    let plain = tool(
        "qpdf",
        &["--qdf", "--object-streams=disable", "--stream-data=uncompress", "--to-json"],
        &signed,
    );
    let without =
        compose(&fonts(), &original, &[], &Certificate { firm: String::new(), ..certificate(&original) })
            .unwrap();
    let info_without = tool("pdfinfo", &[], &without);
    assert!(!info_without.contains("Producer:") && !info_without.contains("Creator:"), "{info_without}");
    let mut unpacked = Document::load_mem(&signed).unwrap();
    unpacked.decompress();
    let mut bytes = Vec::new();
    unpacked.save_to(&mut bytes).unwrap();
    let all = format!("{info}{plain}{}", String::from_utf8_lossy(&bytes)).to_lowercase();
    for word in ["portico", "krilla", "lopdf", "somewriter"] {
        assert!(!all.contains(word), "{word}");
    }
}

#[test]
fn the_file_is_sound() {
    let original = template();
    let signed = compose(&fonts(), &original, &everything(), &certificate(&original)).unwrap();
    let checked = tool("qpdf", &["--check"], &signed);
    assert!(checked.contains("No syntax or stream encoding errors"), "{checked}");
}

#[test]
fn locked_broken_and_sealed_originals_are_refused_by_name() {
    let original = template();
    let refused =
        |original: &[u8]| compose(&fonts(), original, &everything(), &certificate(original)).unwrap_err();
    let lock = |password: &str| {
        let folder = tempfile::TempDir::new().unwrap();
        let (source, target) = (template_path(), folder.path().join("locked.pdf"));
        let status = Command::new("qpdf")
            .args(["--encrypt", password, "owner", "256", "--modify=none", "--"])
            .arg(source)
            .arg(&target)
            .status();
        assert!(status.unwrap().success());
        std::fs::read(target).unwrap()
    };
    for password in ["secret", ""] {
        assert!(
            matches!(refused(&lock(password)), SigningError::Pdf(PdfError::Locked)),
            "password {password:?}"
        );
    }
    for length in [0, 100, original.len() / 2, original.len() - 20] {
        let error = refused(&original[..length]);
        assert!(matches!(error, SigningError::Pdf(PdfError::Broken)), "{length} bytes: {error:?}");
    }
    assert!(matches!(refused(b"not a pdf at all %%EOF"), SigningError::Pdf(PdfError::Broken)));
    let sealed = changed(|document| {
        document.add_object(dictionary! {
            "Type" => "Sig", "ByteRange" => vec![0.into(), 1.into(), 2.into(), 3.into()],
            "Contents" => Object::string_literal("x"),
        });
    });
    assert!(matches!(refused(&sealed), SigningError::Sealed));
}

#[test]
fn values_that_do_not_fit_are_named() {
    let original = template();
    let one = |place, value| {
        compose(&fonts(), &original, &[filled("note", place, value)], &certificate(&original)).unwrap_err()
    };
    let long = FieldValue::Text("word ".repeat(390));
    assert!(matches!(one(DATE, long), SigningError::DoesNotFit { field } if field == "note"));
    assert!(matches!(one(DATE, FieldValue::Typed("A".repeat(121))), SigningError::DoesNotFit { .. }));
    let elsewhere = FieldBox { page: 3, ..DATE };
    assert!(matches!(one(elsewhere, FieldValue::Text("x".into())), SigningError::OffPage { pages: 2, .. }));
    let private_use = FieldValue::Typed("A\u{e9f3}".into());
    assert!(matches!(one(CLIENT, private_use), SigningError::Unprintable { .. }));
}

#[tokio::test]
async fn a_long_certificate_takes_more_pages() {
    let original = template();
    let mut certificate = certificate(&original);
    certificate.events = (0..80)
        .map(|n| CertifiedEvent { at: at(n % 60), what: format!("Reminder {n} sent"), sha256: String::new() })
        .collect();
    certificate.signers[0].user_agent = Some(format!("Agent \u{e9f3}\r\n{}", "x".repeat(5000)));
    let signed = compose(&fonts(), &original, &[], &certificate).unwrap();
    assert!(text(&signed, 3).await.contains("certificate page 1 of 3"));
    assert!(text(&signed, 5).await.contains("Reminder 79 sent"));
}

#[tokio::test]
async fn the_shipped_agreement_is_the_one_written_here() {
    let shipped = template();
    assert!(shipped.len() < 60_000, "{} bytes", shipped.len());
    let made = agreement::data_agreement(&fonts());
    for page in 1..=2 {
        assert_eq!(
            text(&shipped, page).await,
            text(&made, page).await,
            "write it anew, see write_the_agreement"
        );
    }
    let info = tool("pdfinfo", &[], &shipped);
    assert!(info.contains("Pages:           2") && info.contains("(A4)"), "{info}");
    assert!(!info.contains("Producer") && !info.contains("Creator"), "{info}");
}

/// Run by hand (`cargo test … write_the_agreement -- --ignored`) when the agreement's text has changed.
#[test]
#[ignore = "writes the shipped file anew"]
fn write_the_agreement() {
    std::fs::write(template_path(), agreement::data_agreement(&fonts())).unwrap();
}
