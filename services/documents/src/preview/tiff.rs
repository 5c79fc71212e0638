//! TIFF, what scanners make: a chain of pages, each a picture of its own.
//!
//! The decoder reads the first page of a file. So the file is told that the page which is wanted is its first one.

use super::error::PreviewError;

/// Pages of one file that are looked for; a chain that is longer leads nowhere.
const MOST_PAGES: usize = 2_000;

/// How many pages there are.
///
/// # Errors
/// [`PreviewError::Broken`] for a chain that leads out of the file or back into itself.
pub fn tiff_pages(bytes: &[u8]) -> Result<u32, PreviewError> {
    let count = chain(bytes)?.map_or(1, |pages| pages.len());
    u32::try_from(count).map_err(|_| PreviewError::Broken)
}

/// Makes page `number` (the first is 1) the first of its file.
///
/// # Errors
/// [`PreviewError::NoSuchPage`], and as [`tiff_pages`].
pub fn tiff_page(bytes: &mut [u8], number: u32) -> Result<(), PreviewError> {
    let wanted = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(pages) = chain(bytes)? else {
        return if number == 1 { Ok(()) } else { Err(PreviewError::NoSuchPage { pages: 1 }) };
    };
    let Some(place) = wanted.and_then(|wanted| pages.get(wanted)) else {
        return Err(PreviewError::NoSuchPage { pages: u32::try_from(pages.len()).unwrap_or_default() });
    };
    let place = if is_little(bytes) { place.to_le_bytes() } else { place.to_be_bytes() };
    bytes.get_mut(4..8).ok_or(PreviewError::Broken)?.copy_from_slice(&place);
    Ok(())
}

fn is_little(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II")
}

/// Where the pages begin, in their order. None for the large form of TIFF, of which the first page alone is known.
fn chain(bytes: &[u8]) -> Result<Option<Vec<u32>>, PreviewError> {
    let little = is_little(bytes);
    let short = |at: usize| -> Result<u16, PreviewError> {
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(PreviewError::Broken)?;
        Ok(if little { u16::from_le_bytes(*found) } else { u16::from_be_bytes(*found) })
    };
    let long = |at: usize| -> Result<u32, PreviewError> {
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(PreviewError::Broken)?;
        Ok(if little { u32::from_le_bytes(*found) } else { u32::from_be_bytes(*found) })
    };
    if short(2)? == 43 {
        return Ok(None);
    }
    let (mut pages, mut next) = (Vec::new(), long(4)?);
    while next != 0 {
        if pages.len() == MOST_PAGES || pages.contains(&next) {
            return Err(PreviewError::Broken);
        }
        pages.push(next);
        let at = usize::try_from(next).map_err(|_| PreviewError::Broken)?;
        next = long(at.saturating_add(2 + 12 * usize::from(short(at)?)))?;
    }
    if pages.is_empty() { Err(PreviewError::Broken) } else { Ok(Some(pages)) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        content::{ImageFormat, Kind, sniff},
        preview::image_preview,
    };

    const TIFF: Kind = Kind::Image(ImageFormat::Tiff);

    /// Sides, bits of a pixel, compression, what 0 is, and the bytes of a page.
    type Sheet<'a> = (u16, u16, u16, u16, u16, &'a [u8]);

    fn file(sheets: &[Sheet<'_>]) -> Vec<u8> {
        let mut bytes = b"II*\0\0\0\0\0".to_vec();
        let mut link = 4;
        for (width, height, bits, compression, zero, pixels) in sheets {
            let strip = u32::try_from(bytes.len()).unwrap();
            bytes.extend_from_slice(pixels);
            bytes.resize(bytes.len().next_multiple_of(2), 0);
            let here = u32::try_from(bytes.len()).unwrap();
            bytes[link..link + 4].copy_from_slice(&here.to_le_bytes());
            let tags = [
                (256, u32::from(*width)),
                (257, u32::from(*height)),
                (258, u32::from(*bits)),
                (259, u32::from(*compression)),
                (262, u32::from(*zero)),
                (273, strip),
                (277, 1),
                (278, u32::from(*height)),
                (279, u32::try_from(pixels.len()).unwrap()),
            ];
            bytes.extend_from_slice(&u16::try_from(tags.len()).unwrap().to_le_bytes());
            for (tag, value) in tags {
                bytes.extend_from_slice(&u16::to_le_bytes(tag));
                bytes.extend_from_slice(&4_u16.to_le_bytes());
                bytes.extend_from_slice(&1_u32.to_le_bytes());
                bytes.extend_from_slice(&u32::to_le_bytes(value));
            }
            link = bytes.len();
            bytes.extend_from_slice(&[0; 4]);
        }
        bytes
    }

    /// A scan of two pages: one of 8 by 8 pixels, one of 6 by 4.
    pub(crate) fn scan() -> Vec<u8> {
        file(&[(8, 8, 8, 1, 1, &[200; 64]), (6, 4, 8, 1, 1, &[30; 24])])
    }

    #[test]
    fn every_page_of_a_scan_is_a_picture_of_its_own() {
        let scan = scan();
        assert_eq!(sniff(&scan, &scan).kind, TIFF);
        assert_eq!(tiff_pages(&scan).unwrap(), 2);
        for (number, sides) in [(1, (8, 8)), (2, (6, 4))] {
            let mut page = scan.clone();
            tiff_page(&mut page, number).unwrap();
            let shown = image_preview(&page, TIFF, 1600).unwrap();
            assert_eq!((shown.width, shown.height, shown.mime), (sides.0, sides.1, "image/jpeg"));
        }
        for wrong in [0, 3] {
            let refused = tiff_page(&mut scan.clone(), wrong);
            assert!(matches!(refused, Err(PreviewError::NoSuchPage { pages: 2 })), "{refused:?}");
        }
    }

    #[test]
    fn what_fax_machines_make_is_shown_as_well() {
        // Eight white rows by T.6, each as the one above it, and the end of the block.
        let fax = file(&[(8, 8, 1, 4, 0, &[0xff, 0x00, 0x10, 0x01])]);
        let shown = image_preview(&fax, TIFF, 1600).unwrap();
        let pixels = image::load_from_memory(&shown.bytes).unwrap().to_luma8();
        assert!(pixels.pixels().all(|pixel| pixel.0[0] > 250), "it is not white");
    }

    #[test]
    fn a_chain_that_leads_nowhere_is_broken() {
        let mut around = scan();
        let second = u32::from_le_bytes(*around[4..].first_chunk().unwrap());
        let end = around.len() - 4;
        around[end..].copy_from_slice(&second.to_le_bytes());
        let mut outside = scan();
        outside[end..].copy_from_slice(&u32::MAX.to_le_bytes());
        let whole = scan();
        for broken in [&around, &outside, &whole[..20].to_vec(), &b"II*\0\0\0\0\0".to_vec(), &b"II".to_vec()]
        {
            assert!(matches!(tiff_pages(broken), Err(PreviewError::Broken)));
        }
        let large = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0".to_vec();
        assert_eq!(tiff_pages(&large).unwrap(), 1);
        assert!(tiff_page(&mut large.clone(), 2).is_err());
    }
}
