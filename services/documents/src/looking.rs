//! Looks into a file that has just arrived: what in it acts, and whether an archive is what it says.

use std::{
    io::{self, Read},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::TryStreamExt as _;
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, time::Instant};

use crate::{
    content::{
        Active, Kind, OfficeFormat, Trap, active_in_old_office, active_in_pdf, archive_parts, believable,
        list_place, unpack,
    },
    domain::document::size_text,
    error::DocumentsError,
    vault::{ByteRange, Plaintext, Received, Vault},
};

/// How long one file is looked into. What has not been seen by then counts as what cannot be looked into.
const PATIENCE: Duration = Duration::from_secs(30);

/// What in a file acts. Bytes are read once, in constant memory, away from the threads that answer.
///
/// # Errors
/// [`DocumentsError::File`] for an archive that is a trap.
pub(crate) async fn look_into(
    vault: &Vault,
    received: &Received,
    kind: Kind,
    place: OwnedSemaphorePermit,
) -> Result<Vec<Active>, DocumentsError> {
    let stored = &received.stored;
    let unread = || vec![Active::Unread];
    match kind {
        Kind::Pdf => {
            let found = seen(vault.read(stored, None).await?, place, active_in_pdf).await?;
            Ok(found.unwrap_or_else(unread))
        }
        Kind::Office(OfficeFormat::Legacy) => {
            let found = seen(vault.read(stored, None).await?, place, active_in_old_office).await?;
            Ok(found.unwrap_or_else(unread))
        }
        Kind::Zip | Kind::Office(_) => {
            // An archive whose list cannot be read opens nowhere else either.
            let Some(list) = list_place(&received.tail, stored.size) else {
                return Ok(if kind == Kind::Zip { Vec::new() } else { unread() });
            };
            let range = ByteRange { start: list.start, end: list.end };
            let list = match list.start == list.end {
                true => Vec::new(),
                false => gathered(vault.read(stored, Some(range)).await?).await?,
            };
            let parts = archive_parts(&list);
            believable(&parts, stored.size).map_err(|trap| refused(&trap))?;
            if parts.is_empty() && kind != Kind::Zip {
                return Ok(unread());
            }
            let bytes = vault.read(stored, None).await?;
            let found = seen(bytes, place, move |source| unpack(source, &parts)).await?;
            found.unwrap_or_else(|| Ok(unread())).map_err(|trap| refused(&trap))
        }
        _ => Ok(Vec::new()),
    }
}

/// The words for an archive that is a trap.
fn refused(trap: &Trap) -> DocumentsError {
    DocumentsError::File(match trap {
        Trap::TooMuch(unpacked) => format!(
            "This archive unpacks to {}, far more than a real one of its size. Please upload the files themselves.",
            size_text(*unpacked)
        ),
        Trap::Lies => "This archive unpacks to more than it says, as no real one does. Please pack the files anew, or upload the \
                       files themselves."
            .to_owned(),
    })
}

async fn gathered(bytes: Plaintext) -> Result<Vec<u8>, DocumentsError> {
    let list = bytes.try_fold(Vec::new(), |mut whole, part| async move {
        whole.extend_from_slice(&part);
        Ok(whole)
    });
    Ok(list.await?)
}

/// What a look tells; nothing where it took too long. Its place is taken until its thread is done, whoever still waits for it.
async fn seen<T: Send + 'static>(
    bytes: Plaintext,
    place: OwnedSemaphorePermit,
    look: impl FnOnce(Waiting) -> io::Result<T> + Send + 'static,
) -> Result<Option<T>, DocumentsError> {
    let until = Instant::now() + PATIENCE;
    let source = Waiting { bytes, part: Bytes::new(), runtime: Handle::current(), until };
    let looked = tokio::task::spawn_blocking(move || {
        let _place = place;
        look(source)
    });
    let looked = looked
        .await
        .map_err(|error| DocumentsError::Unreadable(format!("a file could not be looked into: {error}")))?;
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(None),
        Err(error) => Err(DocumentsError::Unreadable(format!("a file could not be read: {error}"))),
    }
}

/// Stored bytes for a thread that may wait.
struct Waiting {
    bytes: Plaintext,
    part: Bytes,
    runtime: Handle,
    until: Instant,
}

impl Read for Waiting {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if Instant::now() > self.until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        while self.part.is_empty() {
            match self.runtime.block_on(self.bytes.try_next()).map_err(io::Error::other)? {
                Some(part) => self.part = part,
                None => return Ok(0),
            }
        }
        let some = room.len().min(self.part.len());
        self.part.copy_to_slice(room.get_mut(..some).unwrap_or_default());
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use portico_proto::documents::v1::GetDocumentRequest;
    use zip::{ZipWriter, write::SimpleFileOptions};

    use crate::{DATA_AGREEMENT, testing::Fixture};

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn scripted() -> Vec<u8> {
        // What stands between objects is read by nobody, but by those who look for what acts.
        let end = DATA_AGREEMENT.windows(9).rposition(|bytes| bytes == b"startxref").unwrap();
        let (body, rest) = DATA_AGREEMENT.split_at(end);
        [body, b"% << /S /J#61vaScript /JS (app.alert) >>\n", rest].concat()
    }

    #[tokio::test]
    async fn what_acts_is_kept_said_and_never_shown_by_the_browser() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let macros = archive(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("word/document.xml", b"<document/>"),
            ("word/vbaProject.bin", b"x"),
        ]);
        let path = format!("/attachments?record_id={}", fixture.record);
        for (name, bytes, found) in [
            ("script.pdf", scripted(), vec!["script"]),
            ("letter.docm", macros, vec!["macros"]),
            ("plain.pdf", DATA_AGREEMENT.to_vec(), vec![]),
        ] {
            let answer = fixture.upload(&client, &path, name, &bytes).await.unwrap();
            let text = |key: &str| answer[key].as_str().unwrap().to_owned();
            let asked = GetDocumentRequest { document_id: text("document_id"), ..Default::default() };
            let document = fixture.documents(&client).get_document(asked).await.unwrap().into_inner();
            assert_eq!(document.document.unwrap().latest.unwrap().active, found, "{name}");
            let way = format!("/versions/{}?inline=1", text("version_id"));
            let got = fixture.get(&client, &way).await.unwrap();
            let shown = got.headers()["content-disposition"].to_str().unwrap().starts_with("inline");
            assert_eq!((shown, got.body()), (found.is_empty(), &bytes), "{name}");
            // Its pages are pictures and can be looked at.
            if name.ends_with(".pdf") {
                let page = format!("/versions/{}/pages/1", text("version_id"));
                assert!(fixture.get(&client, &page).await.unwrap().body().starts_with(b"\x89PNG"), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_to_sign_what_acts() {
        let fixture = Fixture::new().await;
        let doors = [
            (fixture.admin(), "/templates/templates/data-agreement.pdf"),
            (fixture.manager(), "/paper-templates"),
        ];
        for (who, path) in doors {
            let refused = fixture.upload(&who, path, "paper.pdf", &scripted()).await.unwrap_err();
            assert!(refused.message.contains("a script") && refused.message.contains("sign"), "{refused:?}");
        }
        assert_eq!(fixture.blobs(), 0);
    }

    #[tokio::test]
    async fn an_archive_that_lies_about_its_parts_is_refused_and_leaves_nothing() {
        let fixture = Fixture::new().await;
        let mut lying = archive(&[("zeros.bin", &vec![0; 3_000_000])]);
        let entry = lying.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        lying[entry + 24..entry + 28].copy_from_slice(&100_u32.to_le_bytes());
        let path = format!("/attachments?record_id={}", fixture.record);
        let refused = fixture.upload(&fixture.client("client"), &path, "a.zip", &lying).await.unwrap_err();
        assert!(refused.message.contains("more than it says"), "{refused:?}");
        assert_eq!((fixture.blobs(), fixture.rows("versions").await), (0, 0));
    }
}
