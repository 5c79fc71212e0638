//! Signatures drawn by hand, as a browser sends them.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

/// The largest picture of a signature, in bytes.
const LARGEST: usize = 256 * 1024;
/// The widest and the highest, in pixels.
const WIDEST: u32 = 2000;
const HIGHEST: u32 = 1000;

/// Why a drawn signature cannot be used; the texts are for the person who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawnError {
    /// It is no PNG image.
    #[error("Your drawn signature did not arrive as a picture. Please draw it again.")]
    NotAPicture,
    /// It has too many bytes or pixels.
    #[error("The picture of your signature is too large. Use one of at most 2000 by 1000 pixels and 256 KB.")]
    TooLarge,
    /// It is empty: one colour all over.
    #[error("Your signature is empty. Please draw it.")]
    Blank,
}

/// A signature drawn by hand: pixels that were checked, cut to the strokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnSignature {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green, blue and opacity of each pixel, by rows from the top.
    pub(super) pixels: Vec<u8>,
}

impl DrawnSignature {
    /// Reads what a signature pad sends: `data:image/png;base64,…`.
    ///
    /// # Errors
    /// [`DrawnError`].
    pub fn from_data_url(url: &str) -> Result<Self, DrawnError> {
        let text = url.trim().strip_prefix("data:image/png;base64,").ok_or(DrawnError::NotAPicture)?;
        if text.len() > LARGEST.div_ceil(3) * 4 {
            return Err(DrawnError::TooLarge);
        }
        Self::from_png(&STANDARD.decode(text).map_err(|_| DrawnError::NotAPicture)?)
    }

    /// Reads a PNG image.
    ///
    /// # Errors
    /// [`DrawnError`].
    pub fn from_png(bytes: &[u8]) -> Result<Self, DrawnError> {
        if bytes.len() > LARGEST {
            return Err(DrawnError::TooLarge);
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(WIDEST);
        limits.max_image_height = Some(HIGHEST);
        limits.max_alloc = Some(64 * 1024 * 1024);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
        reader.limits(limits);
        let picture = reader.decode().map_err(|error| match error {
            image::ImageError::Limits(_) => DrawnError::TooLarge,
            _ => DrawnError::NotAPicture,
        })?;
        trimmed(&picture).ok_or(DrawnError::Blank)
    }
}

/// Cuts the picture to what differs from its top-left pixel; nothing where nothing does.
fn trimmed(picture: &DynamicImage) -> Option<DrawnSignature> {
    let pixels = picture.to_rgba8();
    let paper = *pixels.get_pixel_checked(0, 0)?;
    // A transparent pixel is paper whatever its colour.
    let is_ink = |pixel: &image::Rgba<u8>| *pixel != paper && !(pixel.0[3] == 0 && paper.0[3] == 0);
    let mut bounds: Option<(u32, u32, u32, u32)> = None;
    for (x, y, _) in pixels.enumerate_pixels().filter(|(_, _, pixel)| is_ink(pixel)) {
        let (left, top, right, bottom) = bounds.unwrap_or((x, y, x, y));
        bounds = Some((left.min(x), top.min(y), right.max(x), bottom.max(y)));
    }
    let (left, top, right, bottom) = bounds?;
    let (width, height) = (right - left + 1, bottom - top + 1);
    let cut = image::imageops::crop_imm(&pixels, left, top, width, height).to_image();
    Some(DrawnSignature { width, height, pixels: cut.into_raw() })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    pub(in crate::signing) fn png(width: u32, height: u32, ink: &[(u32, u32)]) -> Vec<u8> {
        let mut picture = RgbaImage::new(width, height);
        for (x, y) in ink {
            picture.put_pixel(*x, *y, Rgba([20, 30, 120, 255]));
        }
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn a_drawing_is_cut_to_its_strokes() {
        let url = format!("data:image/png;base64,{}", STANDARD.encode(png(300, 100, &[(10, 20), (200, 60)])));
        let drawn = DrawnSignature::from_data_url(&url).unwrap();
        assert_eq!((drawn.width, drawn.height), (191, 41));
        assert_eq!(drawn.pixels.len(), 191 * 41 * 4);
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let refused = |bytes: &[u8]| DrawnSignature::from_png(bytes).unwrap_err();
        assert_eq!(refused(&png(300, 100, &[])), DrawnError::Blank);
        assert_eq!(refused(&png(2001, 10, &[(0, 1)])), DrawnError::TooLarge);
        assert_eq!(refused(&png(10, 1001, &[(0, 1)])), DrawnError::TooLarge);
        assert_eq!(refused(&vec![0; LARGEST + 1]), DrawnError::TooLarge);
        assert_eq!(refused(b"\xff\xd8\xff\xe0 a photo"), DrawnError::NotAPicture);
        assert_eq!(refused(&png(50, 50, &[(1, 1)])[..60]), DrawnError::NotAPicture);
        for url in [
            "",
            "data:image/svg+xml;base64,PHN2Zz4=",
            "data:image/png;base64,%%%",
            "https://example.com/a.png",
        ] {
            assert_eq!(DrawnSignature::from_data_url(url), Err(DrawnError::NotAPicture), "{url}");
        }
    }
}
