//! The vault over a real disk, a bucket of a server that is not ours, and a real keyring: what goes in comes out, and nothing else does.

use std::{
    io::{Error, ErrorKind},
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use portico_core::{DocumentId, SeededEntropy, SharedEntropy, TenantId, VersionId};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::io::StreamReader;

use super::{
    format::TAG,
    testing::{Shelf, over_both},
    *,
};

struct House {
    shelf: Shelf,
    folder: TempDir,
    entropy: SharedEntropy,
    kms: Arc<KeyringFile>,
    vault: Vault,
    tenant: TenantId,
    document: DocumentId,
}

impl House {
    fn new(shelf: Shelf) -> Self {
        let folder = TempDir::new().unwrap();
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(7));
        let kms = Arc::new(KeyringFile::new(folder.path().join("keys/keyring.json"), entropy.clone()));
        let vault = Vault::new(shelf.blobs(), kms.clone(), entropy.clone());
        let tenant = TenantId::new(moment(), entropy.as_ref());
        let document = DocumentId::new(moment(), entropy.as_ref());
        Self { shelf, folder, entropy, kms, vault, tenant, document }
    }

    fn version(&self) -> VersionId {
        VersionId::new(moment(), self.entropy.as_ref())
    }

    async fn keep(&self, bytes: &[u8]) -> Received {
        self.vault.write(self.tenant, self.document, self.version(), bytes, u64::MAX).await.unwrap()
    }

    async fn fetch(&self, stored: &Stored, range: Option<ByteRange>) -> Result<Vec<u8>, VaultError> {
        let pieces: Vec<Bytes> = self.vault.read(stored, range).await?.try_collect().await?;
        Ok(pieces.concat())
    }

    async fn sealed(&self, stored: &Stored) -> Vec<u8> {
        self.shelf.sealed(stored.tenant, stored.version).await
    }

    async fn forge(&self, stored: &Stored, bytes: impl Into<Vec<u8>>) {
        self.shelf.forge(stored.tenant, stored.version, bytes.into()).await;
    }

    async fn files(&self) -> Vec<String> {
        self.shelf.everything().await
    }
}

fn moment() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn sample(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index % 251) as u8 ^ (index / CHUNK) as u8).collect()
}

async fn what_was_stored_reads_back_at_every_edge_of_a_chunk(shelf: Shelf) {
    let house = House::new(shelf);
    for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
        let bytes = sample(size);
        let received = house.keep(&bytes).await;
        assert_eq!(received.stored.size, size as u64);
        assert_eq!(received.stored.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(received.head, &bytes[..size.min(CHUNK)]);
        assert_eq!(received.tail, &bytes[size - size.min(CHUNK)..]);
        assert_eq!(house.fetch(&received.stored, None).await.unwrap(), bytes, "{size} bytes");
        let chunks = size.div_ceil(CHUNK).max(1);
        let blob = house.sealed(&received.stored).await.len();
        assert_eq!(blob, HEADER + size + chunks * TAG, "no chunk more or less than {size} bytes need");
    }
}

async fn nothing_readable_lies_there(shelf: Shelf) {
    let house = House::new(shelf);
    let secret = b"the merger closes on Friday".repeat(50);
    let stored = house.keep(&secret).await.stored;
    let blob = house.sealed(&stored).await;
    assert!(!blob.windows(10).any(|window| window == &secret[..10]));
    let again = house.keep(&secret).await.stored;
    assert_ne!(blob[HEADER..], house.sealed(&again).await[HEADER..], "each version has its own key");
}

async fn cut_altered_and_reordered_files_are_refused(shelf: Shelf) {
    let house = House::new(shelf);
    let stored = house.keep(&sample(3 * CHUNK)).await.stored;
    let whole = house.sealed(&stored).await;
    let sealed = CHUNK + TAG;
    let chunk = |n: usize| &whole[HEADER + n * sealed..HEADER + (n + 1) * sealed];
    let mut altered = whole.clone();
    altered[HEADER] ^= 1;
    let mut header = whole.clone();
    header[HEADER - 1] ^= 1;
    let reordered = [&whole[..HEADER], chunk(1), chunk(0), chunk(2)].concat();
    for (what, bytes) in [
        ("cut in a chunk", whole[..whole.len() - 1].to_vec()),
        ("cut between chunks", whole[..HEADER + 2 * sealed].to_vec()),
        ("cut to nothing", Vec::new()),
        ("longer", [whole.as_slice(), b"x"].concat()),
        ("first byte altered", altered),
        ("header altered", header),
        ("reordered", reordered),
    ] {
        house.forge(&stored, bytes).await;
        let refused = house.vault.read(&stored, None).await.err();
        assert!(matches!(refused, Some(VaultError::Damaged)), "{what}: {refused:?}");
    }
}

async fn good_chunks_before_a_bad_one_come_out_and_nothing_of_the_bad_one(shelf: Shelf) {
    let house = House::new(shelf);
    let bytes = sample(3 * CHUNK);
    let stored = house.keep(&bytes).await.stored;
    let mut blob = house.sealed(&stored).await;
    blob[HEADER + 2 * CHUNK] ^= 1;
    house.forge(&stored, blob).await;
    let pieces: Vec<_> = house.vault.read(&stored, None).await.unwrap().collect().await;
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[0].as_ref().unwrap(), &bytes[..CHUNK]);
    assert!(matches!(pieces[1], Err(VaultError::Damaged)));
    let third = ByteRange { start: 2 * CHUNK as u64, end: 3 * CHUNK as u64 };
    assert_eq!(
        house.fetch(&stored, Some(third)).await.unwrap(),
        &bytes[2 * CHUNK..],
        "a good chunk stays readable"
    );
}

async fn a_file_cut_between_chunks_is_refused_even_where_the_row_agrees_with_the_cut(shelf: Shelf) {
    let house = House::new(shelf);
    let stored = house.keep(&sample(2 * CHUNK)).await.stored;
    let blob = house.sealed(&stored).await;
    house.forge(&stored, &blob[..HEADER + CHUNK + TAG]).await;
    let shorter = Stored { size: CHUNK as u64, ..stored };
    assert!(matches!(house.vault.read(&shorter, None).await.err(), Some(VaultError::Damaged)));
}

async fn bytes_do_not_open_for_another_version_document_or_tenant(shelf: Shelf) {
    let house = House::new(shelf);
    let first = house.keep(b"first").await.stored;
    let other = house.keep(b"other").await.stored;
    house.forge(&first, house.sealed(&other).await).await;
    assert!(matches!(house.fetch(&first, None).await, Err(VaultError::Damaged)), "a swapped file");

    let document = DocumentId::new(moment(), house.entropy.as_ref());
    let elsewhere = Stored { document, ..other.clone() };
    assert!(matches!(house.fetch(&elsewhere, None).await, Err(VaultError::Key(KmsError::Refused))));

    let stranger = TenantId::new(moment(), house.entropy.as_ref());
    house.kms.current_key(stranger).await.unwrap();
    let theirs = Stored { tenant: stranger, ..other.clone() };
    house.forge(&theirs, house.sealed(&other).await).await;
    assert!(matches!(house.fetch(&theirs, None).await, Err(VaultError::Key(KmsError::Refused))));
    assert_eq!(house.fetch(&other, None).await.unwrap(), b"other");
}

async fn a_cut_upload_leaves_nothing_behind(shelf: Shelf) {
    let house = House::new(shelf);
    let pieces = stream::iter([
        Ok(Bytes::from(sample(2 * CHUNK))),
        Err(Error::new(ErrorKind::ConnectionReset, "the browser went away")),
    ]);
    let cut =
        house.vault.write(house.tenant, house.document, house.version(), StreamReader::new(pieces), u64::MAX);
    assert!(matches!(cut.await, Err(VaultError::Interrupted(_))));
    assert_eq!(house.files().await, Vec::<String>::new());

    let hanging = stream::iter([Ok::<_, Error>(Bytes::from(sample(2 * CHUNK)))]).chain(stream::pending());
    let write = house.vault.write(
        house.tenant,
        house.document,
        house.version(),
        StreamReader::new(hanging),
        u64::MAX,
    );
    assert!(tokio::time::timeout(Duration::from_millis(200), write).await.is_err());
    assert_eq!(house.files().await, Vec::<String>::new(), "a dropped upload is gone as well");
}

async fn the_limit_is_exact_and_an_upload_beyond_it_leaves_nothing(shelf: Shelf) {
    let house = House::new(shelf);
    for limit in [10, CHUNK as u64, 2 * CHUNK as u64] {
        let fits = sample(limit as usize);
        let write = |bytes| house.vault.write(house.tenant, house.document, house.version(), bytes, limit);
        write(fits.as_slice()).await.unwrap();
        let before = house.files().await.len();
        let over = sample(limit as usize + 1);
        assert!(
            matches!(write(over.as_slice()).await, Err(VaultError::TooLarge { limit: told }) if told == limit)
        );
        assert_eq!(house.files().await.len(), before);
    }
}

async fn a_version_is_written_once(shelf: Shelf) {
    let house = House::new(shelf);
    let stored = house.keep(b"signed by both").await.stored;
    let again = house.vault.write(house.tenant, house.document, stored.version, &b"altered"[..], 100).await;
    assert!(matches!(again, Err(VaultError::Blobs(BlobError::Exists))));
    assert_eq!(house.fetch(&stored, None).await.unwrap(), b"signed by both");
    house.vault.delete(house.tenant, stored.version).await.unwrap();
    house.vault.delete(house.tenant, stored.version).await.unwrap();
    assert!(matches!(house.fetch(&stored, None).await, Err(VaultError::Blobs(BlobError::Missing))));
}

async fn rotation_rewraps_keys_and_leaves_files_alone(shelf: Shelf) {
    let house = House::new(shelf);
    let old = house.keep(b"kept for ten years").await.stored;
    let blob = house.sealed(&old).await;
    assert_eq!(house.kms.rotate(house.tenant).await.unwrap(), KeyId("k2".into()));
    let new = house.vault.rewrap(&old).await.unwrap();
    assert_eq!((old.key.key_id.0.as_str(), new.key.key_id.0.as_str()), ("k1", "k2"));
    assert_eq!(house.sealed(&old).await, blob);
    for stored in [&old, &new] {
        assert_eq!(house.fetch(stored, None).await.unwrap(), b"kept for ten years");
    }
}

async fn firms_and_their_versions_are_listed(shelf: Shelf) {
    let house = House::new(shelf);
    let blobs = house.shelf.blobs();
    assert_eq!(blobs.tenants().await.unwrap(), []);
    let mut kept = Vec::new();
    for size in 0..5 {
        kept.push(house.keep(&sample(size)).await.stored.version);
    }
    assert_eq!(blobs.tenants().await.unwrap(), [house.tenant]);
    let mut listed = Vec::new();
    for shard in 0..=u8::MAX {
        if kept.iter().any(|version| version.0.as_bytes()[15] == shard) {
            listed.extend(blobs.versions(house.tenant, shard).await.unwrap());
        }
    }
    listed.sort_unstable();
    kept.sort_unstable();
    assert_eq!(listed, kept);
    let elsewhere = TenantId::new(moment(), house.entropy.as_ref());
    assert_eq!(blobs.versions(elsewhere, 0).await.unwrap(), []);
}

over_both![
    what_was_stored_reads_back_at_every_edge_of_a_chunk,
    nothing_readable_lies_there,
    cut_altered_and_reordered_files_are_refused,
    good_chunks_before_a_bad_one_come_out_and_nothing_of_the_bad_one,
    a_file_cut_between_chunks_is_refused_even_where_the_row_agrees_with_the_cut,
    bytes_do_not_open_for_another_version_document_or_tenant,
    a_cut_upload_leaves_nothing_behind,
    the_limit_is_exact_and_an_upload_beyond_it_leaves_nothing,
    a_version_is_written_once,
    rotation_rewraps_keys_and_leaves_files_alone,
    firms_and_their_versions_are_listed,
    ranges_that_end_within_chunks_read_as_their_bytes,
];

async fn ranges_that_end_within_chunks_read_as_their_bytes(shelf: Shelf) {
    let house = House::new(shelf);
    let bytes = sample(3 * CHUNK + 17);
    let stored = house.keep(&bytes).await.stored;
    let edges =
        [0, 1, 500, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK, 3 * CHUNK + 16, 3 * CHUNK + 17];
    for (place, start) in edges[..edges.len() - 1].iter().enumerate() {
        for end in &edges[place..] {
            let range = ByteRange { start: *start as u64, end: *end as u64 };
            assert_eq!(house.fetch(&stored, Some(range)).await.unwrap(), &bytes[*start..*end], "{range:?}");
        }
    }
}

#[tokio::test]
async fn the_keyring_survives_a_restart_and_is_its_owners_alone() {
    let house = House::new(Shelf::on_disk());
    let stored = house.keep(b"kept").await.stored;
    let path = house.folder.path().join("keys/keyring.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let files = house.shelf.blobs();
    let reopen = || {
        let kms = Arc::new(KeyringFile::new(&path, house.entropy.clone()));
        Vault::new(files.clone(), kms, house.entropy.clone())
    };
    assert_eq!(reopen().read_all(&stored, 100).await.unwrap(), b"kept");

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = reopen().read_all(&stored, 100).await;
    assert!(matches!(exposed, Err(VaultError::Key(KmsError::Exposed { mode: 0o644, .. }))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();

    std::fs::write(&path, "{\"format\": 1, \"tenants\": {").unwrap();
    let broken = reopen().write(house.tenant, house.document, house.version(), &b"x"[..], 1).await;
    assert!(matches!(broken, Err(VaultError::Key(KmsError::Malformed { .. }))));
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "{\"format\": 1, \"tenants\": {",
        "never overwritten"
    );
}

#[tokio::test]
async fn two_processes_make_one_first_key() {
    let house = House::new(Shelf::on_disk());
    let path = house.folder.path().join("shared.json");
    let rings: Vec<_> = (0..4).map(|_| KeyringFile::new(&path, house.entropy.clone())).collect();
    let ids = futures_util::future::join_all(rings.iter().map(|ring| ring.current_key(house.tenant))).await;
    assert!(ids.iter().all(|id| id.as_ref().unwrap().0 == "k1"), "{ids:?}");
    let rotated = rings[0].rotate(house.tenant).await.unwrap();
    let key = DataKey::fresh(house.entropy.as_ref());
    let wrapped = rings[0].wrap(house.tenant, &key, b"x").await.unwrap();
    assert_eq!(wrapped.key_id, rotated);
    assert_eq!(rings[3].unwrap(house.tenant, &wrapped, b"x").await.unwrap().expose(), key.expose());
    assert!(rings[3].unwrap(house.tenant, &wrapped, b"y").await.is_err());
}

#[tokio::test]
async fn leftovers_of_a_crash_are_swept_when_they_are_old() {
    let house = House::new(Shelf::on_disk());
    let blobs = DiskBlobs::new(house.folder.path().join("files"));
    let folder = house.folder.path().join("files/.incoming");
    assert_eq!(blobs.sweep(Duration::ZERO).await.unwrap(), 0);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("left.part"), b"half").unwrap();
    assert_eq!(blobs.sweep(Duration::from_secs(3600)).await.unwrap(), 0, "an upload may still be running");
    assert_eq!(blobs.sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_range_of_any_file_is_the_same_range_of_its_bytes(
        size in prop_oneof![0..200_usize, (CHUNK - 3)..(CHUNK + 3), 0..(3 * CHUNK)],
        edges in (0.0..1.1_f64, 0.0..1.3_f64),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new(Shelf::on_disk());
            let bytes = sample(size);
            let stored = house.keep(&bytes).await.stored;
            let (start, end) = ((edges.0 * size as f64) as u64, (edges.1 * size as f64) as u64);
            let answer = house.fetch(&stored, Some(ByteRange { start, end })).await;
            let inside = start <= end.min(size as u64) && (size == 0 || start < size as u64);
            if inside {
                prop_assert_eq!(answer.unwrap(), &bytes[start as usize..(end as usize).min(size)]);
            } else {
                let refused = matches!(answer, Err(VaultError::OutOfRange { .. }));
                prop_assert!(refused, "a range outside of the file");
            }
            Ok(())
        })?;
    }
}
