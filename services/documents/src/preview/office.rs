//! Office files as PDF, where LibreOffice is installed.
//!
//! LibreOffice follows links in a document: to pictures on the network, and to any file that its process may read. So it runs in a
//! box of its own (`bwrap`) that has no network and none of this machine's files but its programs, its fonts and the one document.

use std::{ffi::OsString, path::Path, time::Duration};

use super::{
    error::PreviewError,
    process::{Caps, Tool},
    worker::{PreviewConfig, PreviewWorker, Source},
};

/// What the folder with the document is called within the box.
const DESK: &str = "/desk";
/// The folder for what was drawn, and the file in it.
const DRAWN: &str = "drawn/source.pdf";

/// LibreOffice and the box around it.
#[derive(Debug)]
pub(super) struct Office {
    bwrap: Tool,
    soffice: Tool,
}

impl Office {
    fn find(config: &PreviewConfig) -> Result<Self, PreviewError> {
        Ok(Self {
            bwrap: Tool::find("bwrap", "bubblewrap", &config.programs)?,
            soffice: Tool::find("soffice", "libreoffice-writer-nogui", &config.programs)?,
        })
    }

    /// The arguments of the box, with the program in it.
    fn boxed(&self, folder: &Path, (file, filter): (&str, Option<&str>)) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
            .map(OsString::from)
            .to_vec();
        for seen in ["/usr", "/etc/fonts"] {
            words.extend(["--ro-bind", seen, seen].map(OsString::from));
        }
        for (to, from) in [("usr/bin", "/bin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64")] {
            words.extend(["--symlink", to, from].map(OsString::from));
        }
        for may_be in ["/etc/libreoffice", "/etc/alternatives"] {
            words.extend(["--ro-bind-try", may_be, may_be].map(OsString::from));
        }
        words.extend(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind"].map(OsString::from));
        words.push(folder.into());
        words.extend([DESK, "--chdir", DESK, "--setenv", "HOME", DESK].map(OsString::from));
        words.push(self.soffice.program().into());
        words.extend(
            ["--headless", "--nologo", "--norestore", "--nodefault", "--nofirststartwizard"]
                .map(OsString::from),
        );
        words.push(format!("-env:UserInstallation=file://{DESK}/profile").into());
        words.extend(filter.map(|filter| format!("--infilter={filter}").into()));
        words.extend(["--convert-to", "pdf", "--outdir"].map(OsString::from));
        words.extend([format!("{DESK}/drawn"), format!("{DESK}/{file}")].map(OsString::from));
        words
    }
}

/// What a file of this type is called, and the filter that LibreOffice has to read it with: a broken one would else become a page of signs.
fn named(media_type: &str) -> (&'static str, Option<&'static str>) {
    match media_type {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
            ("source.docx", Some("MS Word 2007 XML"))
        }
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            ("source.xlsx", Some("Calc MS Excel 2007 XML"))
        }
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => {
            ("source.pptx", Some("Impress MS PowerPoint 2007 XML"))
        }
        "application/vnd.oasis.opendocument.text" => ("source.odt", Some("writer8")),
        "application/vnd.oasis.opendocument.spreadsheet" => ("source.ods", Some("calc8")),
        "application/vnd.oasis.opendocument.presentation" => ("source.odp", Some("impress8")),
        // Word, Excel and PowerPoint before 2007 are told apart by what is in them.
        _ => ("source.doc", None),
    }
}

/// What LibreOffice may use: it takes seconds to start, and reserves far more addresses than memory.
fn caps(config: &PreviewConfig) -> Caps {
    Caps {
        memory: 4 * 1024 * 1024 * 1024,
        processor: Duration::from_secs(60),
        wall_clock: Duration::from_secs(120),
        output: config.largest_file,
        files: 512,
    }
}

impl PreviewWorker {
    /// Whether office files can be drawn here.
    pub fn draws_office(&self) -> bool {
        Office::find(self.config()).is_ok()
    }

    /// An office file of this media type as PDF, laid ready in its place.
    ///
    /// # Errors
    /// [`PreviewError::ToolMissing`] where LibreOffice or the box is not installed, [`PreviewError::Unconfined`] where this machine
    /// lets nobody make the box; [`PreviewError::Broken`], [`PreviewError::TooLarge`] and [`PreviewError::TimedOut`].
    pub async fn pdf_of_office(&self, source: Source, media_type: &str) -> Result<Source, PreviewError> {
        // It is of use to few, so it is looked for when it is needed.
        let office = Office::find(self.config())?;
        let (name, filter) = named(media_type);
        tokio::fs::rename(source.path(), source.folder().join(name)).await?;
        let words = office.boxed(source.folder(), (name, filter));
        self.run_within(&office.bwrap, &source, &words, &caps(self.config())).await?;
        let drawn = source.folder().join(DRAWN);
        let facts = tokio::fs::symlink_metadata(&drawn).await.map_err(|_| PreviewError::Broken)?;
        if facts.is_file() { Ok(source.in_place_of(drawn)) } else { Err(PreviewError::Broken) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// A Word document of two pages: `text` and a second one.
    pub(crate) fn word_document(text: &str) -> Vec<u8> {
        let types = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
        let parts = [
            (
                "[Content_Types].xml",
                format!(
                    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
                     <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                     <Override PartName=\"/word/document.xml\" ContentType=\"{types}\"/></Types>"
                ),
            ),
            (
                "_rels/.rels",
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
                 Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
                 Target=\"word/document.xml\"/></Relationships>"
                    .to_owned(),
            ),
            (
                "word/document.xml",
                format!(
                    "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>\
                     <w:p><w:r><w:t>{text}</w:t></w:r></w:p><w:p><w:r><w:br w:type=\"page\"/><w:t>The second page</w:t></w:r></w:p>\
                     </w:body></w:document>"
                ),
            ),
        ];
        packed(&parts.map(|(name, text)| (name, text.into_bytes())))
    }

    /// A text in OpenDocument's format with a part that is linked from the file `target`.
    fn linking_document(target: &str) -> Vec<u8> {
        let mime = "application/vnd.oasis.opendocument.text";
        let manifest = format!(
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">\
             <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"{mime}\"/>\
             <manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>"
        );
        let content = format!(
            "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
             xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\
             <office:body><office:text><text:p>Before the link</text:p><text:section text:name=\"s\">\
             <text:section-source xlink:type=\"simple\" xlink:href=\"file://{target}\" text:filter-name=\"Text\"/>\
             <text:p>What was kept of it</text:p></text:section></office:text></office:body></office:document-content>"
        );
        packed(&[
            ("mimetype", mime.as_bytes().to_vec()),
            ("META-INF/manifest.xml", manifest.into_bytes()),
            ("content.xml", content.into_bytes()),
        ])
    }

    fn packed(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in parts {
            archive.start_file(*name, stored).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// A worker that can draw office files; nothing, with a word on the standard error, where this machine cannot.
    pub(crate) fn able() -> Option<PreviewWorker> {
        let worker = PreviewWorker::new(PreviewConfig::default()).ok()?;
        if worker.draws_office() {
            return Some(worker);
        }
        eprintln!("skipped: LibreOffice or bubblewrap is not installed");
        None
    }

    const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const TEXT: &str = "application/vnd.oasis.opendocument.text";

    #[tokio::test]
    async fn a_word_document_becomes_pages_and_a_broken_one_is_named() {
        let Some(worker) = able() else { return };
        let source = worker.receive(word_document("Statement of work").as_slice()).await.unwrap();
        let drawn = worker.pdf_of_office(source, WORD).await.unwrap();
        assert_eq!(worker.page_count(&drawn).await.unwrap(), 2);
        assert!(worker.page_text(&drawn, 1).await.unwrap().contains("Statement of work"));
        let cut = &word_document("Statement of work")[..300];
        let source = worker.receive(cut).await.unwrap();
        let refused = worker.pdf_of_office(source, WORD).await;
        assert!(matches!(refused, Err(PreviewError::Broken)), "{refused:?}");
    }

    #[tokio::test]
    async fn nothing_of_this_machine_gets_into_a_document() {
        let Some(worker) = able() else { return };
        let mut secret = tempfile::NamedTempFile::new().unwrap();
        secret.write_all(b"tenant key 4711").unwrap();
        let path = secret.path().to_str().unwrap();
        let source = worker.receive(linking_document(path).as_slice()).await.unwrap();
        let drawn = worker.pdf_of_office(source, TEXT).await.unwrap();
        let text = worker.page_text(&drawn, 1).await.unwrap();
        assert!(text.contains("Before the link") && !text.contains("4711"), "{text}");
    }
}
