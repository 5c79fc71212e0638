//! Pages of stored versions: drawn when asked for, and kept in memory for a while.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use moka::future::Cache;
use portico_core::VersionId;
use tokio::sync::Semaphore;
use tokio_util::io::StreamReader;

use crate::{
    content::{Active, ImageFormat, Kind, PdfError, check_pdf},
    domain::document::FileFacts,
    error::DocumentsError,
    looking::look_into,
    preview::{
        PageLayout, PreviewConfig, PreviewError, PreviewWorker, Source, image_preview, tiff_page, tiff_pages,
    },
    signing::{Fonts, mark_picture},
    vault::{Plaintext, Received, Stored, Vault},
};

/// The largest picture that is decoded for a preview, in bytes.
const LARGEST_PICTURE: u64 = 50 * 1024 * 1024;
/// The longer side of a picture's preview, in pixels.
const PICTURE_SIDE: u32 = 1600;
/// What scanners make, with several pages in a file.
const TIFF: &str = "image/tiff";
/// Pages whose words are read together with the one that was asked for.
const READ_AHEAD: u32 = 9;
/// Files that lie in the clear at the same time.
const LAID_READY: usize = 4;
/// Files that are looked into at the same time.
const LOOKED_INTO: usize = 4;
/// Pictures that are decoded at the same time: each may take half a gigabyte of memory.
const DECODED: usize = 1;

/// A page as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) bytes: Bytes,
    pub(crate) mime: &'static str,
}

/// Draws pages and remembers them.
pub(crate) struct Previews {
    config: PreviewConfig,
    worker: OnceLock<PreviewWorker>,
    places: Semaphore,
    pictures: Semaphore,
    looked: Arc<Semaphore>,
    pages: Cache<(VersionId, u32), Page>,
    layouts: Cache<(VersionId, u32), Arc<PageLayout>>,
    /// Pages with somebody's words across them.
    marked: Cache<(VersionId, u32, String), Page>,
}

impl Previews {
    pub(crate) fn new(config: PreviewConfig, cache_bytes: u64) -> Self {
        let pages = Cache::builder()
            .max_capacity(cache_bytes)
            .weigher(|_, page: &Page| u32::try_from(page.bytes.len()).unwrap_or(u32::MAX))
            .build();
        // Words weigh less than pictures.
        let layouts = Cache::builder()
            .max_capacity(cache_bytes / 4)
            .weigher(|_, layout: &Arc<PageLayout>| weight(layout))
            .build();
        let marked = Cache::builder()
            .max_capacity(cache_bytes / 2)
            .weigher(|_, page: &Page| u32::try_from(page.bytes.len()).unwrap_or(u32::MAX))
            .build();
        Self {
            config,
            worker: OnceLock::new(),
            places: Semaphore::new(LAID_READY),
            pictures: Semaphore::new(DECODED),
            looked: Arc::new(Semaphore::new(LOOKED_INTO)),
            pages,
            layouts,
            marked,
        }
    }

    /// The worker. Where its programs are missing, each use looks again.
    pub(crate) fn worker(&self) -> Result<&PreviewWorker, PreviewError> {
        if let Some(worker) = self.worker.get() {
            return Ok(worker);
        }
        let worker = PreviewWorker::new(self.config.clone())?;
        Ok(self.worker.get_or_init(|| worker))
    }

    /// Page `number` (the first is 1) of a PDF or a TIFF; any other picture is its own only page.
    pub(crate) async fn page(
        &self,
        vault: &Vault,
        file: &FileFacts,
        stored: &Stored,
        number: u32,
    ) -> Result<Page, DocumentsError> {
        let key = (stored.version, number);
        if let Some(known) = self.pages.get(&key).await {
            return Ok(known);
        }
        let page = match file.kind.as_str() {
            "pdf" => {
                let _place =
                    self.places.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
                let worker = self.worker()?;
                let source = lay_ready(worker, vault.read(stored, None).await?).await?;
                Page { bytes: worker.page_image(&source, number).await?.into(), mime: "image/png" }
            }
            "image" if number == 1 || file.media_type == TIFF => {
                let _place =
                    self.pictures.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
                self.picture(vault, file, stored, number).await?
            }
            "image" => return Err(PreviewError::NoSuchPage { pages: 1 }.into()),
            _ => return Err(PreviewError::Unsupported.into()),
        };
        self.pages.insert(key, page.clone()).await;
        Ok(page)
    }

    /// The same page with `words` across it, burnt into the picture.
    pub(crate) async fn marked_page(
        &self,
        vault: &Vault,
        (file, stored): (&FileFacts, &Stored),
        number: u32,
        fonts: Arc<Fonts>,
        words: &str,
    ) -> Result<Page, DocumentsError> {
        let key = (stored.version, number, words.to_owned());
        if let Some(known) = self.marked.get(&key).await {
            return Ok(known);
        }
        let plain = self.page(vault, file, stored, number).await?;
        let _place = self.places.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
        let across = words.to_owned();
        let drawn = tokio::task::spawn_blocking(move || mark_picture(&fonts, &plain.bytes, &across)).await;
        let sheet = drawn.map_err(|error| DocumentsError::Unreadable(error.to_string()))??;
        let worker = self.worker()?;
        let source = worker.receive(sheet.as_slice()).await?;
        let page = Page { bytes: worker.page_image(&source, 1).await?.into(), mime: "image/png" };
        self.marked.insert(key, page.clone()).await;
        Ok(page)
    }

    /// The words of a PDF's page with their places. Whoever reads one page reads the next ones too: they are read together.
    pub(crate) async fn layout(
        &self,
        vault: &Vault,
        file: &FileFacts,
        stored: &Stored,
        number: u32,
    ) -> Result<Arc<PageLayout>, DocumentsError> {
        if file.kind != "pdf" {
            return Err(PreviewError::Unsupported.into());
        }
        let key = (stored.version, number);
        if let Some(known) = self.layouts.get(&key).await {
            return Ok(known);
        }
        let _place = self.places.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
        let worker = self.worker()?;
        // Another request may have read it while this one waited.
        if let Some(known) = self.layouts.get(&key).await {
            return Ok(known);
        }
        let source = lay_ready(worker, vault.read(stored, None).await?).await?;
        let read = worker.layouts(&source, number, number.saturating_add(READ_AHEAD)).await?;
        for (page, layout) in (number..).zip(read) {
            self.layouts.insert((stored.version, page), Arc::new(layout)).await;
        }
        self.layouts.get(&key).await.ok_or_else(|| PreviewError::Broken.into())
    }

    /// An office file as PDF, laid ready. It is drawn anew each time: whoever asks keeps it.
    pub(crate) async fn office_pdf(
        &self,
        vault: &Vault,
        stored: &Stored,
        media_type: &str,
    ) -> Result<Source, DocumentsError> {
        let _place = self.places.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
        let worker = self.worker()?;
        let source = lay_ready(worker, vault.read(stored, None).await?).await?;
        Ok(worker.pdf_of_office(source, media_type).await?)
    }

    /// What in a file that has just arrived acts; see [`look_into`].
    ///
    /// # Errors
    /// [`DocumentsError::File`] for an archive that is a trap.
    pub(crate) async fn look_into(
        &self,
        vault: &Vault,
        received: &Received,
        kind: Kind,
    ) -> Result<Vec<Active>, DocumentsError> {
        let place = Arc::clone(&self.looked).acquire_owned().await;
        let place = place.map_err(io::Error::other).map_err(PreviewError::from)?;
        look_into(vault, received, kind, place).await
    }

    async fn picture(
        &self,
        vault: &Vault,
        file: &FileFacts,
        stored: &Stored,
        number: u32,
    ) -> Result<Page, DocumentsError> {
        let format = match file.media_type.as_str() {
            "image/png" => ImageFormat::Png,
            "image/jpeg" | "image/heic" => ImageFormat::Jpeg,
            "image/gif" => ImageFormat::Gif,
            "image/webp" => ImageFormat::Webp,
            TIFF => ImageFormat::Tiff,
            _ => return Err(PreviewError::Unsupported.into()),
        };
        if stored.size > LARGEST_PICTURE {
            return Err(PreviewError::TooLarge.into());
        }
        let mut bytes = if file.media_type == "image/heic" {
            let worker = self.worker()?;
            let source = lay_ready(worker, vault.read(stored, None).await?).await?;
            worker.jpeg_of_heic(&source).await?
        } else {
            vault.read_all(stored, LARGEST_PICTURE).await?
        };
        let drawn = tokio::task::spawn_blocking(move || {
            if format == ImageFormat::Tiff {
                tiff_page(&mut bytes, number)?;
            }
            image_preview(&bytes, Kind::Image(format), PICTURE_SIDE)
        })
        .await;
        let preview = drawn.map_err(|error| DocumentsError::Unreadable(error.to_string()))??;
        Ok(Page { bytes: preview.bytes.into(), mime: preview.mime })
    }

    /// Counts the pages of a TIFF; 0 where it is too large for that, or where its pages cannot be told.
    pub(crate) async fn count_sheets(&self, vault: &Vault, stored: &Stored) -> Result<i32, DocumentsError> {
        if stored.size > LARGEST_PICTURE {
            return Ok(0);
        }
        let _place = self.pictures.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
        let bytes = vault.read_all(stored, LARGEST_PICTURE).await?;
        Ok(tiff_pages(&bytes).ok().and_then(|pages| i32::try_from(pages).ok()).unwrap_or_default())
    }

    /// Reads the structure of a PDF that has just arrived and counts its pages; 0 where it is too large for that.
    ///
    /// # Errors
    /// [`DocumentsError::File`] for one that is broken or locked.
    pub(crate) async fn count_pages(
        &self,
        vault: &Vault,
        stored: &Stored,
        checked_here: u64,
    ) -> Result<i32, DocumentsError> {
        let _place = self.places.acquire().await.map_err(io::Error::other).map_err(PreviewError::from)?;
        if stored.size <= checked_here {
            let bytes = vault.read_all(stored, checked_here).await?;
            let checked = tokio::task::spawn_blocking(move || check_pdf(&bytes)).await;
            match checked.map_err(|error| DocumentsError::Unreadable(error.to_string()))? {
                Ok(facts) => return Ok(i32::try_from(facts.pages).unwrap_or_default()),
                Err(PdfError::TooLarge) => {}
                Err(error) => return Err(DocumentsError::File(error.to_string())),
            }
        }
        let Ok(worker) = self.worker() else { return Ok(0) };
        let source = match lay_ready(worker, vault.read(stored, None).await?).await {
            Err(DocumentsError::Preview(PreviewError::TooLarge)) => return Ok(0),
            other => other?,
        };
        match worker.page_count(&source).await {
            Ok(pages) => Ok(i32::try_from(pages).unwrap_or_default()),
            Err(PreviewError::Broken) => Err(DocumentsError::File(PdfError::Broken.to_string())),
            Err(PreviewError::Locked) => Err(DocumentsError::File(PdfError::Locked.to_string())),
            // It can still be downloaded.
            Err(PreviewError::TooLarge | PreviewError::TimedOut) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a layout takes in memory, in bytes, about.
fn weight(layout: &PageLayout) -> u32 {
    let lines = layout.blocks.iter().flat_map(|block| &block.lines);
    let bytes: usize = lines.map(|line| line.text.len() + 80).sum();
    u32::try_from(bytes + 200).unwrap_or(u32::MAX)
}

async fn lay_ready(worker: &PreviewWorker, bytes: Plaintext) -> Result<Source, DocumentsError> {
    Ok(worker.receive(StreamReader::new(bytes.map_err(io::Error::other))).await?)
}
