//! What is in a folder as one ZIP, or some documents of it: as much of it as the caller may download. It is sent while it is
//! packed, in constant memory.

use std::io;

use axum::{
    body::Body,
    extract::{Path, Query, State},
    response::Response,
};
use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use http::{HeaderValue, header};
use portico_core::{DocumentId, ErrorCode, FolderId, Problem};
use portico_rpc::Incoming;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{self, Sender};

use super::{Refusal, download::protect};
use crate::{
    access,
    archive::Archive,
    content::{Disposition, ScanPolicy, content_disposition, may_open},
    domain::{
        document::Version,
        library::{Folder, Level, key},
        packing::Names,
    },
    error::DocumentsError,
    events::publish,
    peers,
    service::{Call, Service, SharedService},
    store,
};

/// Files in one archive.
const MOST: usize = 10_000;
/// Documents that can be chosen one by one.
const MOST_CHOSEN: usize = 200;
/// Documents that are listed at once.
const PAGE: i64 = 200;
/// Pieces that may wait for a slow reader.
const IN_BETWEEN: usize = 4;

#[derive(Deserialize)]
pub(super) struct Of {
    /// Ids parted by commas; empty for all that is in the folder.
    #[serde(default)]
    documents: String,
}

/// A file of the archive.
struct Packed {
    name: String,
    version: Version,
}

pub(super) async fn get(
    State(service): State<SharedService>,
    Path(id): Path<String>,
    Query(of): Query<Of>,
    incoming: Incoming,
) -> Result<Response, Refusal> {
    let call = Call::of(&incoming)?;
    let id: FolderId = id.parse().map_err(DocumentsError::from)?;
    let folder = access::folder(&service, &call, id).await?;
    let files = gather(&service, &call, &folder, &of.documents).await?;
    if files.is_empty() {
        return Err(DocumentsError::Invalid(Problem::new(
            ErrorCode::FailedPrecondition,
            "nothing_to_pack",
            "There is nothing here that you can download.",
        ))
        .into());
    }
    let (sender, mut receiver) = mpsc::channel(IN_BETWEEN);
    let file_name = format!("{}.zip", folder.name);
    tokio::spawn(async move {
        let outcome = pack(&service, &call, id, files, &sender).await;
        if let Err(error) = outcome {
            tracing::warn!(folder = %id, %error, "an archive broke off");
            // The reader sees that it is not whole. One who went away needs no word.
            let _ = sender.send(Err(io::Error::other("the archive broke off"))).await;
        }
    });
    let mut response =
        Response::new(Body::from_stream(stream::poll_fn(move |context| receiver.poll_recv(context))));
    let fields = response.headers_mut();
    protect(fields);
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Ok(value) = HeaderValue::from_str(&content_disposition(Disposition::Attachment, &file_name)) {
        fields.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// What the caller may download of a folder and the folders in it, or of the documents in it that are `chosen`.
async fn gather(
    service: &Service,
    call: &Call,
    folder: &Folder,
    chosen: &str,
) -> Result<Vec<Packed>, DocumentsError> {
    let chosen: Vec<DocumentId> =
        chosen.split(',').filter(|id| !id.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
    if chosen.len() > MOST_CHOSEN {
        let text = format!("Choose at most {MOST_CHOSEN} documents, or download the whole folder.");
        return Err(DocumentsError::invalid("documents", text));
    }
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let (mut names, mut files) = (Names::default(), Vec::new());
    let mut ahead = vec![(folder.clone(), String::new())];
    let mut tx = service.store.begin(&call.ctx).await?;
    while let Some((folder, around)) = ahead.pop() {
        if chosen.is_empty() {
            for child in store::folders::children(&mut tx, folder.id).await? {
                let name = names.folder(&around, &child.name);
                ahead.push((child, name));
            }
        }
        let mut after: Option<String> = None;
        loop {
            let page = store::filed::list(&mut tx, &folder, after.as_deref(), PAGE).await?;
            let full = i64::try_from(page.len()).is_ok_and(|count| count == PAGE);
            after = page.last().map(|last| key(&last.document.title));
            for filed in page {
                let wanted = chosen.is_empty() || chosen.contains(&filed.document.id);
                if !wanted || !may_pack(filed.level, filed.watermark, &filed.latest, policy) {
                    continue;
                }
                if files.len() == MOST {
                    let text = format!(
                        "There are more than {MOST} files here. Download the folders in it one by one."
                    );
                    return Err(DocumentsError::invalid("documents", text));
                }
                let name = names.file(&around, &filed.document.title, &filed.latest.file.name);
                files.push(Packed { name, version: filed.latest });
            }
            if !full {
                break;
            }
        }
    }
    Ok(files)
}

/// Whether somebody may have a file's bytes as they are.
fn may_pack(level: Level, watermark: bool, version: &Version, policy: ScanPolicy) -> bool {
    level >= Level::View && !watermark && may_open(version.scan, policy).is_allowed()
}

/// Sends file after file, each with its entry in the audit, and the table at the end. What is withdrawn while the archive is
/// under way is left out.
async fn pack(
    service: &SharedService,
    call: &Call,
    folder: FolderId,
    files: Vec<Packed>,
    to: &Sender<Result<Bytes, io::Error>>,
) -> Result<(), DocumentsError> {
    let mut archive = Archive::default();
    for Packed { name, version } in files {
        let policy = peers::firm(service, &call.ctx).await?.policy;
        let (document, now, right) = match access::version(service, call, version.id).await {
            Err(DocumentsError::NotFound) => continue,
            found => found?,
        };
        let in_sight = document.shelf.folder.is_some() && document.shelf.trashed_at.is_none();
        if !in_sight || !may_pack(right.level, right.watermark, &now, policy) {
            continue;
        }
        let mut tx = service.store.begin(&call.ctx).await?;
        let details = json!({ "archive": folder, "name": name });
        publish::version_audited(service, &mut tx, "document.downloaded", &document, &version, details)
            .await?;
        tx.commit().await?;
        let mut bytes = service.vault.read(&version.stored(call.ctx.tenant), None).await?;
        if !send(to, archive.begin(&name, version.file.size, version.added_at).map_err(unpackable)?).await {
            return Ok(());
        }
        while let Some(piece) = bytes.try_next().await? {
            if !send(to, archive.add(&piece).map_err(unpackable)?).await {
                return Ok(());
            }
        }
    }
    send(to, archive.finish().map_err(unpackable)?).await;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the error over")]
fn unpackable(error: io::Error) -> DocumentsError {
    DocumentsError::Unreadable(format!("an archive could not be written: {error}"))
}

/// Hands a piece on; `false` where nobody reads any more.
async fn send(to: &Sender<Result<Bytes, io::Error>>, piece: Bytes) -> bool {
    piece.is_empty() || to.send(Ok(piece)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, process::Command};

    use portico_core::{ErrorCode, Problem};
    use portico_proto::documents::v1::{Grant, SetSharingRequest};

    use crate::testing::Fixture;

    /// The names in an archive with what each file says, as another program reads them.
    fn unpacked(archive: &[u8]) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(archive).unwrap();
        let script = "import sys, zipfile\n\
            z = zipfile.ZipFile(sys.argv[1])\n\
            assert z.testzip() is None\n\
            print('\\n'.join(sorted(i.filename + '=' + z.read(i).decode() for i in z.infolist())))";
        let judged = Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap();
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
        String::from_utf8(judged.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_folder_is_packed_as_far_as_its_reader_may_have_it() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let top = fixture.folder("Papers", "view").await;
        let inner = fixture.folder_in(&top, "../Board").await;
        let closed = fixture.folder_in(&top, "Closed").await;
        let (chosen, _) = fixture.file(&top, "a.txt", b"one").await;
        fixture.file(&inner, "b.txt", b"two").await;
        let (shown, _) = fixture.file(&top, "only seen.txt", b"three").await;
        fixture.file(&closed, "c.txt", b"four").await;
        let everyone = Grant { subject: "everyone".to_owned(), level: "view_only".to_owned() };
        let mut library = fixture.library(&fixture.manager());
        for asked in [
            SetSharingRequest { folder_id: closed, ..SetSharingRequest::default() },
            SetSharingRequest { document_id: shown, grants: vec![everyone], ..SetSharingRequest::default() },
        ] {
            library.set_sharing(asked).await.unwrap();
        }
        let path = format!("/folders/{top}/archive");
        let before = fixture.audited().await.len();
        let answer = fixture.get(&client, &path).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/zip");
        assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("Papers.zip"));
        assert_eq!(unpacked(answer.body()), ["Board/b.txt=two", "a.txt=one"]);
        let audited = fixture.audited().await;
        assert_eq!(&audited[before..], ["document.downloaded"; 2], "one entry a file");
        let all = fixture.get(&fixture.manager(), &path).await.unwrap();
        assert_eq!(unpacked(all.body()).len(), 4);
        let some = fixture.get(&client, &format!("{path}?documents={chosen}")).await.unwrap();
        assert_eq!(unpacked(some.body()), ["a.txt=one"]);
        let wrong = fixture.get(&client, &format!("{path}?documents=x")).await.unwrap_err();
        assert_eq!(wrong, Problem::not_found());
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get(&stranger, &path).await.unwrap_err(), Problem::not_found());
        }
    }

    #[tokio::test]
    async fn what_nobody_has_scanned_is_left_out_where_the_firm_says_so() {
        let fixture = Fixture::new().await;
        fixture.world.lock().unwrap().scanned_only = true;
        let top = fixture.folder("Papers", "view").await;
        fixture.file(&top, "a.txt", b"one").await;
        let problem =
            fixture.get(&fixture.client("client"), &format!("/folders/{top}/archive")).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.reason.as_str()),
            (ErrorCode::FailedPrecondition, "nothing_to_pack")
        );
    }
}
