//! Photos and pictures made small.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat as Codec, ImageReader, Limits,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};

use super::error::PreviewError;
use crate::content::{ImageFormat, Kind};

/// The largest side that is decoded, in pixels; beyond the largest cameras.
const LARGEST_SIDE: u32 = 20_000;
/// Memory that decoding may take, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// Quality of JPEG previews, of 100.
const QUALITY: u8 = 80;

/// A picture made for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePreview {
    /// The encoded picture.
    pub bytes: Vec<u8>,
    /// `image/png` where it is transparent in places, else `image/jpeg`.
    pub mime: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Decodes a picture of a known kind, turns it upright, makes it fit into a square of `side` pixels (never larger
/// than it was) and encodes it anew, without whatever else its file carried. Takes processor time: run it where
/// blocking is allowed.
///
/// # Errors
/// [`PreviewError::Unsupported`] for HEIC and what is no image; [`PreviewError::TooLarge`] and
/// [`PreviewError::Broken`].
pub fn image_preview(bytes: &[u8], kind: Kind, side: u32) -> Result<ImagePreview, PreviewError> {
    let codec = match kind {
        Kind::Image(ImageFormat::Png) => Codec::Png,
        Kind::Image(ImageFormat::Jpeg) => Codec::Jpeg,
        Kind::Image(ImageFormat::Gif) => Codec::Gif,
        Kind::Image(ImageFormat::Webp) => Codec::WebP,
        Kind::Image(ImageFormat::Tiff) => Codec::Tiff,
        _ => return Err(PreviewError::Unsupported),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), codec);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(meaning)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) * 4 > MEMORY {
        return Err(PreviewError::TooLarge);
    }
    let orientation = decoder.orientation().map_err(meaning)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(meaning)?;
    picture.apply_orientation(orientation);
    if picture.width() > side || picture.height() > side {
        picture = picture.resize(side, side, FilterType::Triangle);
    }
    encode(&picture)
}

fn encode(picture: &DynamicImage) -> Result<ImagePreview, PreviewError> {
    let mut bytes = Vec::new();
    let mime = if picture.color().has_alpha() {
        DynamicImage::from(picture.to_rgba8())
            .write_to(&mut Cursor::new(&mut bytes), Codec::Png)
            .map_err(meaning)?;
        "image/png"
    } else {
        picture
            .to_rgb8()
            .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
            .map_err(meaning)?;
        "image/jpeg"
    };
    Ok(ImagePreview { bytes, mime, width: picture.width(), height: picture.height() })
}

fn meaning(error: ImageError) -> PreviewError {
    match error {
        ImageError::Limits(_) => PreviewError::TooLarge,
        ImageError::Unsupported(_) => PreviewError::Unsupported,
        ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            PreviewError::Io(error)
        }
        _ => PreviewError::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, alpha: bool) -> Vec<u8> {
        let picture = DynamicImage::new_rgba8(width, height);
        let picture = if alpha { picture } else { picture.to_rgb8().into() };
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), Codec::Png).unwrap();
        bytes
    }

    const PNG: Kind = Kind::Image(ImageFormat::Png);

    #[test]
    fn pictures_are_made_to_fit_and_never_blown_up() {
        let preview = image_preview(&png(1600, 400, false), PNG, 800).unwrap();
        assert_eq!((preview.width, preview.height, preview.mime), (800, 200, "image/jpeg"));
        let preview = image_preview(&png(30, 20, true), PNG, 800).unwrap();
        assert_eq!((preview.width, preview.height, preview.mime), (30, 20, "image/png"));
    }

    #[test]
    fn hidden_data_of_a_photo_is_left_behind() {
        let mut jpeg = Vec::new();
        DynamicImage::new_rgb8(40, 20).write_to(&mut Cursor::new(&mut jpeg), Codec::Jpeg).unwrap();
        // An EXIF block that says "turned by 90 degrees" and names a place in a comment behind it.
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0HOMEADDRESS";
        let mut with = jpeg[..2].to_vec();
        with.extend_from_slice(&[0xff, 0xe1, 0, exif.len() as u8 + 2]);
        with.extend_from_slice(exif);
        with.extend_from_slice(&jpeg[2..]);
        let preview = image_preview(&with, Kind::Image(ImageFormat::Jpeg), 100).unwrap();
        assert_eq!((preview.width, preview.height), (20, 40), "it is turned upright");
        assert!(!preview.bytes.windows(11).any(|window| window == b"HOMEADDRESS"));
    }

    #[test]
    fn bombs_and_broken_pictures_are_refused() {
        let mut bomb = png(1, 1, false);
        bomb[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
        let refused = image_preview(&bomb, PNG, 100).unwrap_err();
        assert!(matches!(refused, PreviewError::TooLarge | PreviewError::Broken), "{refused:?}");
        let whole = png(200, 200, true);
        assert!(matches!(image_preview(&whole[..60], PNG, 100), Err(PreviewError::Broken)));
        assert!(matches!(
            image_preview(b"", Kind::Image(ImageFormat::Heic), 100),
            Err(PreviewError::Unsupported)
        ));
    }
}
