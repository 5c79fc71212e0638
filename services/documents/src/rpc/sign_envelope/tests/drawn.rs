//! Signatures drawn by hand, and names that no font can print.

use std::{io::Cursor, path::PathBuf};

use image::{ImageFormat, Rgba, RgbaImage};

use super::*;
use crate::{DocumentsConfig, signing::FontConfig};

/// A picture with these pixels drawn.
fn png(width: u32, height: u32, ink: impl Iterator<Item = (u32, u32)>) -> Vec<u8> {
    let mut picture = RgbaImage::new(width, height);
    for (x, y) in ink {
        picture.put_pixel(x, y, Rgba([20, 30, 120, 255]));
    }
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

fn strokes() -> Vec<u8> {
    png(400, 120, (10..390).map(|x| (x, 20 + x % 80)))
}

/// Everything that was printed on the signed file's pages.
async fn printed(fixture: &Fixture, ctx: &Ctx, version: &str) -> String {
    let bytes = fixture.get(ctx, &format!("/versions/{version}")).await.unwrap().into_body();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let text = Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output().unwrap().stdout;
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_drawn_signature_is_taken_and_a_bad_one_changes_nothing() {
    let (fixture, step) = prepared().await;
    let (ana, manager) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    let with = |drawn: Vec<u8>| SignEnvelopeRequest { drawn, ..signature(&open, "Ana Ruiz") };
    for (drawn, words) in [
        (b"GIF89a".to_vec(), "did not arrive as a picture"),
        (strokes()[..90].to_vec(), "did not arrive as a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "did not arrive as a picture"),
        (vec![0; 256 * 1024 + 1], "too large"),
        (png(2001, 10, [(0, 1)].into_iter()), "too large"),
        (png(10, 1001, [(0, 1)].into_iter()), "too large"),
        (png(400, 120, std::iter::empty()), "is empty"),
    ] {
        let problem = refused(fixture.documents(&ana).sign_envelope(with(drawn)).await);
        assert_eq!((problem.code, problem.fields.len()), (ErrorCode::InvalidArgument, 1));
        assert_eq!(problem.fields[0].field, "drawn");
        assert!(problem.fields[0].description.contains(words), "{}", problem.fields[0].description);
    }
    assert_eq!(envelope(&fixture, &ana, &step).await, open);
    assert_eq!(fixture.blobs(), 2);

    fixture.documents(&ana).sign_envelope(with(strokes())).await.unwrap();
    let last = SignEnvelopeRequest { drawn: strokes(), ..signature(&open, "Tom Weber") };
    let done = fixture.documents(&manager).sign_envelope(last).await.unwrap().into_inner().envelope.unwrap();
    assert_eq!(done.state, "completed");
    let text = printed(&fixture, &ana, &done.signed.unwrap().id).await;
    let (agreement, certificate) = text.split_once("Certificate of completion").unwrap();
    assert!(!agreement.contains("Ana Ruiz"), "drawn, not typed: {agreement}");
    assert!(certificate.contains("Ana Ruiz") && certificate.contains("Tom Weber"), "{certificate}");
}

/// Fonts without Arabic, and with a fallback that has it or without.
fn fonts(fallback: bool) -> DocumentsConfig {
    let dejavu = |name: &str| PathBuf::from("/usr/share/fonts/truetype/dejavu").join(name);
    let fonts = FontConfig {
        regular: dejavu("DejaVuSerif.ttf"),
        bold: dejavu("DejaVuSerif-Bold.ttf"),
        signature: dejavu("DejaVuSerif.ttf"),
        fallbacks: fallback.then(|| dejavu("DejaVuSans.ttf")).into_iter().collect(),
    };
    DocumentsConfig { fonts, ..DocumentsConfig::default() }
}

async fn prepared_with(config: DocumentsConfig) -> (Fixture, Envelope, Ctx) {
    let fixture = Fixture::with(config).await;
    fixture.upload_template().await;
    let step = fixture.activate("agreement").await;
    let signer = fixture.client("signatory");
    let open = envelope(&fixture, &signer, &step).await;
    (fixture, open, signer)
}

const NAME: &str = "محمد";

#[tokio::test]
async fn a_name_without_letters_is_drawn_and_stands_in_the_certificate_by_its_code_points() {
    let (fixture, open, signer) = prepared_with(fonts(false)).await;
    let typed = refused(fixture.documents(&signer).sign_envelope(signature(&open, NAME)).await);
    assert_eq!((typed.code, typed.fields.len()), (ErrorCode::InvalidArgument, 1));
    assert_eq!(typed.fields[0].field, "typed_name");
    let words = &typed.fields[0].description;
    assert!(words.contains('ح') && words.contains("draw your signature"), "{words}");

    let drawn = SignEnvelopeRequest { drawn: strokes(), ..signature(&open, NAME) };
    fixture.documents(&signer).sign_envelope(drawn).await.unwrap();
    let last = signature(&open, "Tom Weber");
    let done = fixture
        .documents(&fixture.manager())
        .sign_envelope(last)
        .await
        .unwrap()
        .into_inner()
        .envelope
        .unwrap();
    let text = printed(&fixture, &signer, &done.signed.unwrap().id).await;
    assert!(text.contains("[U+0645][U+062D][U+0645][U+062F]"), "{text}");
    assert!(!text.contains('\u{fffd}'), "{text}");
}

#[tokio::test]
async fn a_fallback_font_that_has_the_letters_prints_them() {
    let (fixture, open, signer) = prepared_with(fonts(true)).await;
    fixture.documents(&signer).sign_envelope(signature(&open, NAME)).await.unwrap();
    let last = signature(&open, "Tom Weber");
    let done = fixture
        .documents(&fixture.manager())
        .sign_envelope(last)
        .await
        .unwrap()
        .into_inner()
        .envelope
        .unwrap();
    let text = printed(&fixture, &signer, &done.signed.unwrap().id).await;
    assert!(!text.contains("[U+"), "{text}");
    let letters = text.matches(['ح', 'ﺣ', 'ﺤ']).count();
    assert!(letters >= 2, "in its place and in the certificate: {text}");
}
