//! Pictures that are larger than they look, or end too early.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

use super::{
    Fate::{Either, Harmless},
    Hostile,
};

/// A picture in PNG that is what it says.
fn png() -> Vec<u8> {
    let (mut bytes, pixels) = (Vec::new(), vec![120_u8; 64 * 64 * 3]);
    // Writing to memory cannot fail.
    let _ = PngEncoder::new(&mut bytes).write_image(&pixels, 64, 64, ExtendedColorType::Rgb8);
    bytes
}

/// The same with another width and height in its head, and the sum that belongs to them.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

pub(super) fn all() -> Vec<Hostile> {
    let mut files = Vec::new();
    for (width, height) in [
        (0, 0),
        (1, 0),
        (65_535, 65_535),
        (20_001, 1),
        (1, 2_000_000_000),
        (u32::MAX, u32::MAX),
        (19_000, 19_000),
    ] {
        files.push(Hostile::new(
            format!("a PNG of {width} by {height}"),
            "a.png",
            png_of(width, height),
            Harmless,
        ));
    }
    let whole = png();
    for part in 1..10 {
        let cut = whole[..whole.len() * part / 10].to_vec();
        files.push(Hostile::new(format!("a PNG cut after {part} of 10 parts"), "a.png", cut, Either));
    }
    let mut wrong = whole.clone();
    wrong[30] ^= 0xff;
    files.push(Hostile::new("a PNG with a wrong sum", "a.png", wrong, Harmless));
    let tail = [whole.as_slice(), b"<?php system($_GET['a']); ?><script>alert(1)</script>"].concat();
    files.push(Hostile::new("a PNG with a script behind it", "a.php.png", tail, Harmless));
    let mut jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    jpeg.extend_from_slice(b"\xff\xfe\0\x20<script>alert(document)</scr--");
    for side in [0_u16, 65_535] {
        let mut huge = jpeg.clone();
        huge.extend_from_slice(b"\xff\xc0\0\x11\x08");
        huge.extend_from_slice(&side.to_be_bytes());
        huge.extend_from_slice(&side.to_be_bytes());
        huge.extend_from_slice(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9");
        files.push(Hostile::new(format!("a JPEG of {side} by {side}"), "a.jpg", huge, Harmless));
    }
    files.push(Hostile::new("a JPEG that is only its head", "a.jpg", jpeg, Harmless));
    let screen = |side: u16, frames: usize| {
        let mut gif = b"GIF89a".to_vec();
        gif.extend_from_slice(&side.to_le_bytes());
        gif.extend_from_slice(&side.to_le_bytes());
        gif.extend_from_slice(b"\x80\0\0\0\0\0\xff\xff\xff");
        for _ in 0..frames {
            gif.extend_from_slice(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0");
        }
        gif.push(b';');
        gif
    };
    files.push(Hostile::new("a GIF of 65,535 by 65,535", "a.gif", screen(65_535, 1), Harmless));
    files.push(Hostile::new("a GIF of fifty thousand frames", "a.gif", screen(8, 50_000), Harmless));
    files.push(Hostile::new("a GIF without a frame", "a.gif", screen(8, 0), Harmless));
    for (what, name, bytes) in [
        ("a WebP that ends at once", "a.webp", &b"RIFF\x10\0\0\0WEBPVP8 "[..]),
        (
            "a WebP of the largest size",
            "a.webp",
            b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
        ),
        (
            "a TIFF whose list is itself",
            "a.tif",
            b"II*\0\x08\0\0\0\x01\0\0\x01\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
        ),
        ("an icon", "a.ico", b"\0\0\x01\0\x01\0\xff\xff\0\0\x01\0 \0\x04\0\0\0\x16\0\0\0"),
        ("a bitmap", "a.bmp", b"BM\xff\xff\xff\x7f\0\0\0\0\x36\0\0\0(\0\0\0\xff\xff\xff\x7f\xff\xff\xff\x7f"),
        ("a HEIC that ends at once", "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    ] {
        files.push(Hostile::new(what, name, bytes, Harmless));
    }
    let photo = STANDARD.decode("AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAA").unwrap_or_default();
    for length in [30, 36] {
        files.push(Hostile::new(format!("{length} bytes of a HEIC"), "a.heic", &photo[..length], Harmless));
    }
    files
}
