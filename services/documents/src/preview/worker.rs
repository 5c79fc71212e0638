//! Pages of PDFs as images and text.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::{
    fs::OpenOptions,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, SemaphorePermit},
};

use super::{
    error::PreviewError,
    layout::{self, PageLayout},
    leftovers::PREFIX,
    process::{Answer, Caps, Tool, arguments},
};

/// The Debian package of the tools that draw pages.
const PACKAGE: &str = "poppler-utils";
/// Dots per inch of a page's image: sharp on a phone, and a page of A4 is 910 by 1287.
pub(crate) const RESOLUTION: u32 = 110;
/// The longest side of a page's image in pixels. A page that would be larger is drawn at a lower resolution.
const LONGEST_SIDE: f64 = 4000.0;

/// What the preview worker may use, and where things lie.
#[derive(Debug, Clone)]
pub struct PreviewConfig {
    /// What one child process may use.
    pub caps: Caps,
    /// Child processes at the same time; others wait.
    pub processes: usize,
    /// The largest file in bytes.
    pub largest_file: u64,
    /// Pages beyond this are not shown.
    pub most_pages: u32,
    /// Where a file lies in the clear while it is drawn, in a folder of its own that is removed with its [`Source`].
    /// A folder in memory (`/dev/shm`) keeps it off the disk.
    pub scratch: PathBuf,
    /// Where programs are looked for.
    pub programs: Vec<PathBuf>,
}

impl Default for PreviewConfig {
    fn default() -> Self {
        Self {
            caps: Caps::default(),
            processes: 2,
            largest_file: 200 * 1024 * 1024,
            most_pages: 500,
            scratch: std::env::temp_dir(),
            programs: ["/usr/bin", "/usr/local/bin", "/bin"].map(PathBuf::from).to_vec(),
        }
    }
}

/// A PDF that lies ready to be drawn. Dropping it removes the file.
#[derive(Debug)]
pub struct Source {
    folder: TempDir,
    file: PathBuf,
}

impl Source {
    /// The folder that is the child process' own.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file itself.
    pub(crate) fn path(&self) -> &Path {
        &self.file
    }

    /// Another file of the same folder, which takes this one's place.
    pub(super) fn in_place_of(self, file: PathBuf) -> Self {
        Self { folder: self.folder, file }
    }
}

/// Draws pages, one child process each.
#[derive(Debug)]
pub struct PreviewWorker {
    config: PreviewConfig,
    info: Tool,
    draw: Tool,
    text: Tool,
    places: Semaphore,
}

/// What `pdfinfo` says about a document and one of its pages.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Facts {
    pages: u32,
    /// The page's longer side in points (1/72 inch), where a page was asked for.
    longer_side: Option<f64>,
}

impl PreviewWorker {
    /// A worker with its tools found.
    ///
    /// # Errors
    /// [`PreviewError::ToolMissing`] names what to install.
    pub fn new(config: PreviewConfig) -> Result<Self, PreviewError> {
        let find = |name| Tool::find(name, PACKAGE, &config.programs);
        let (info, draw, text) = (find("pdfinfo")?, find("pdftoppm")?, find("pdftotext")?);
        let places = Semaphore::new(config.processes.max(1));
        Ok(Self { config, info, draw, text, places })
    }

    /// Lays a PDF ready. The bytes are read to their end.
    ///
    /// # Errors
    /// [`PreviewError::TooLarge`], or [`PreviewError::Io`] where the bytes or the disk fail.
    pub async fn receive(&self, source: impl AsyncRead + Send) -> Result<Source, PreviewError> {
        let scratch = self.config.scratch.clone();
        let folder =
            tokio::task::spawn_blocking(move || tempfile::Builder::new().prefix(PREFIX).tempdir_in(scratch))
                .await
                .map_err(std::io::Error::other)??;
        let file = folder.path().join("source.pdf");
        let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).await?;
        let mut source = std::pin::pin!(source.take(self.config.largest_file + 1));
        let size = tokio::io::copy(&mut source, &mut target).await?;
        target.flush().await?;
        if size > self.config.largest_file {
            Err(PreviewError::TooLarge)
        } else {
            Ok(Source { folder, file })
        }
    }

    /// How many pages the document has; also the check that it is readable at all.
    ///
    /// # Errors
    /// [`PreviewError::Broken`], [`PreviewError::Locked`], [`PreviewError::TimedOut`], or
    /// [`PreviewError::TooLarge`], also for more pages than are shown.
    pub async fn page_count(&self, source: &Source) -> Result<u32, PreviewError> {
        Ok(self.facts(source, None).await?.pages)
    }

    /// Page `page` (the first is 1) as a PNG image, as a reader would show it: turned and cut as the document says.
    ///
    /// # Errors
    /// As for [`PreviewWorker::page_count`], and [`PreviewError::NoSuchPage`].
    pub async fn page_image(&self, source: &Source, page: u32) -> Result<Vec<u8>, PreviewError> {
        let facts = self.existing(source, page).await?;
        let page = page.to_string();
        let too_wide = |points: f64| points * f64::from(RESOLUTION) / 72.0 > LONGEST_SIDE;
        let (option, value) = if facts.longer_side.is_none_or(too_wide) {
            ("-scale-to", LONGEST_SIDE.to_string())
        } else {
            ("-r", RESOLUTION.to_string())
        };
        let words: [&dyn AsRef<std::ffi::OsStr>; 11] = [
            &"-q",
            &"-png",
            &"-cropbox",
            &option,
            &value,
            &"-f",
            &page,
            &"-l",
            &page,
            &"-singlefile",
            &source.file,
        ];
        let answer = self.run(&self.draw, source, &arguments(words)).await?;
        // The tool leaves out what it has no memory for and calls that success: a page that lacks a part is none.
        let whole = !answer.complaint.contains("out of memory");
        if whole && answer.output.starts_with(b"\x89PNG") { Ok(answer.output) } else { Err(failed(&answer)) }
    }

    /// The text of page `page` (the first is 1) in the order of reading; empty for a scan.
    ///
    /// # Errors
    /// As for [`PreviewWorker::page_image`].
    pub async fn page_text(&self, source: &Source, page: u32) -> Result<String, PreviewError> {
        let layouts = self.layouts(source, page, page).await?;
        Ok(layouts.first().map(PageLayout::text).unwrap_or_default())
    }

    /// The words of the pages `first` to `last` with their places, as far as the document has them.
    ///
    /// # Errors
    /// As for [`PreviewWorker::page_image`], where there is no page `first`.
    pub async fn layouts(
        &self,
        source: &Source,
        first: u32,
        last: u32,
    ) -> Result<Vec<PageLayout>, PreviewError> {
        let facts = self.existing(source, first).await?;
        let (first, last) = (first.to_string(), last.min(facts.pages).to_string());
        let words: [&dyn AsRef<std::ffi::OsStr>; 10] =
            [&"-q", &"-bbox-layout", &"-enc", &"UTF-8", &"-f", &first, &"-l", &last, &source.file, &"-"];
        let answer = self.run(&self.text, source, &arguments(words)).await?;
        Ok(layout::read(&String::from_utf8_lossy(&answer.output)))
    }

    async fn existing(&self, source: &Source, page: u32) -> Result<Facts, PreviewError> {
        let facts = match self.facts(source, Some(page.max(1))).await {
            // Asked for a page behind the last one, the tool fails and does not say how many there are.
            Err(PreviewError::Broken) if page > 1 => self.facts(source, None).await?,
            other => other?,
        };
        if page == 0 || page > facts.pages {
            Err(PreviewError::NoSuchPage { pages: facts.pages })
        } else {
            Ok(facts)
        }
    }

    async fn facts(&self, source: &Source, page: Option<u32>) -> Result<Facts, PreviewError> {
        if !has_its_end(&source.file).await? {
            return Err(PreviewError::Broken);
        }
        let page = page.unwrap_or(1).to_string();
        let words: [&dyn AsRef<std::ffi::OsStr>; 6] = [&"-f", &page, &"-l", &page, &"-box", &source.file];
        let answer = self.run(&self.info, source, &arguments(words)).await?;
        let facts = parse(&String::from_utf8_lossy(&answer.output)).ok_or_else(|| failed(&answer))?;
        if facts.pages > self.config.most_pages { Err(PreviewError::TooLarge) } else { Ok(facts) }
    }

    pub(super) const fn config(&self) -> &PreviewConfig {
        &self.config
    }

    pub(super) async fn run(
        &self,
        tool: &Tool,
        source: &Source,
        words: &[std::ffi::OsString],
    ) -> Result<Answer, PreviewError> {
        self.run_within(tool, source, words, &self.config.caps).await
    }

    pub(super) async fn run_within(
        &self,
        tool: &Tool,
        source: &Source,
        words: &[std::ffi::OsString],
        caps: &Caps,
    ) -> Result<Answer, PreviewError> {
        let _place: SemaphorePermit<'_> = self.places.acquire().await.map_err(std::io::Error::other)?;
        tool.run(source.folder.path(), words, caps).await
    }
}

/// What an answer without a result means.
fn failed(answer: &Answer) -> PreviewError {
    if answer.complaint.contains("incorrect password") {
        PreviewError::Locked
    } else if answer.complaint.contains("out of memory")
        || answer.complaint.contains("bogus memory allocation")
    {
        PreviewError::TooLarge
    } else {
        PreviewError::Broken
    }
}

/// Whether the file's end is there. The tools repair a cut file and show fewer pages than were sent.
async fn has_its_end(file: &Path) -> Result<bool, PreviewError> {
    use tokio::io::AsyncSeekExt;
    let mut file = tokio::fs::File::open(file).await?;
    let size = file.metadata().await?.len();
    file.seek(std::io::SeekFrom::Start(size.saturating_sub(2048))).await?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).await?;
    Ok(end.windows(5).any(|window| window == b"%%EOF"))
}

fn parse(text: &str) -> Option<Facts> {
    let (mut pages, mut longer_side) = (None, None);
    for line in text.lines() {
        let Some((label, value)) = line.split_once(':') else { continue };
        let mut label = label.split_whitespace();
        match (label.next(), label.next(), label.next()) {
            (Some("Pages"), None, None) => pages = value.trim().parse().ok(),
            (Some("Page"), Some(_), Some("CropBox")) => {
                let edges: Vec<f64> = value.split_whitespace().filter_map(|edge| edge.parse().ok()).collect();
                if let [left, bottom, right, top] = edges[..] {
                    longer_side = Some((right - left).abs().max((top - bottom).abs()));
                }
            }
            _ => {}
        }
    }
    pages.filter(|pages| *pages > 0).map(|pages| Facts { pages, longer_side })
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn facts_come_from_lines_that_a_title_cannot_forge() {
        let text = "Title:          Pages: 9\nPages:          2\nPage    1 size: 595 x 842 pts (A4)\n\
                    Page    1 CropBox:     0.00     0.00   595.00   842.00\n";
        assert_eq!(parse(text), Some(Facts { pages: 2, longer_side: Some(842.0) }));
        assert_eq!(parse("Title: x\nPages: 0\n"), None);
    }

    #[test]
    fn a_missing_tool_is_named_with_its_package() {
        let config = PreviewConfig { programs: vec!["/nowhere".into()], ..PreviewConfig::default() };
        let missing = PreviewWorker::new(config).unwrap_err().to_string();
        assert!(missing.contains("util-linux") || missing.contains("poppler-utils"), "{missing}");
    }
}
