//! What only an object store can do wrong: parts, lost answers, uploads that nobody goes on with.

use std::time::Duration;

use portico_core::{DocumentId, SeededEntropy, SharedEntropy};
use tokio::io::AsyncReadExt as _;

use super::{
    testing::{Fault, TestBucket, Toll},
    *,
};
use crate::vault::{CHUNK, KeyringFile, PartStore as _, Received, Vault};

struct House {
    bucket: TestBucket,
    home: tempfile::TempDir,
    entropy: SharedEntropy,
    tenant: TenantId,
    document: DocumentId,
}

impl House {
    async fn new() -> Option<Self> {
        let bucket = TestBucket::new().await?;
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(11));
        let (tenant, document) =
            (TenantId::new(moment(), entropy.as_ref()), DocumentId::new(moment(), entropy.as_ref()));
        Some(Self { bucket, home: tempfile::tempdir().unwrap(), entropy, tenant, document })
    }

    /// A process that uses this bucket.
    fn vault(&self, bucket: &TestBucket) -> Vault {
        let keyring = KeyringFile::new(self.home.path().join("keyring.json"), self.entropy.clone());
        Vault::new(bucket.blobs.clone(), Arc::new(keyring), self.entropy.clone())
    }

    fn version(&self) -> VersionId {
        VersionId::new(moment(), self.entropy.as_ref())
    }

    async fn read(&self, received: &Received) -> Vec<u8> {
        self.vault(&self.bucket).read_all(&received.stored, u64::MAX).await.unwrap()
    }

    /// Waits until nothing is left: what is dropped is cleared away behind its owner's back.
    async fn becomes_empty(&self) {
        for _ in 0..200 {
            if self.bucket.everything().await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("left behind: {:?}", self.bucket.everything().await);
    }
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn sample(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place % 251) as u8 ^ (place / CHUNK) as u8).collect()
}

const LARGE: usize = 12 * 1024 * 1024 + 345;

#[tokio::test]
async fn a_large_blob_arrives_whole_through_failing_parts_and_lost_answers() {
    let Some(house) = House::new().await else { return };
    let toll = Toll::new(vec![
        ("partNumber=1", Fault::Cut),
        ("partNumber=2", Fault::Busy),
        ("partNumber=2", Fault::Lost),
        ("POST uploads=", Fault::Busy),
        ("POST uploadId=", Fault::Cut),
    ])
    .await;
    let bytes = sample(LARGE);
    let vault = house.vault(&house.bucket.by(&toll));
    let received =
        vault.write(house.tenant, house.document, house.version(), &*bytes, u64::MAX).await.unwrap();
    assert_eq!((toll.left(), house.read(&received).await == bytes), (0, true));
    let there = house.bucket.everything().await;
    assert!(there.len() == 1 && !there[0].contains("unfinished"), "{there:?}");
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_has_happened_once() {
    let Some(house) = House::new().await else { return };
    for (size, request) in [(LARGE, "POST uploadId="), (100, "PUT /")] {
        let toll = Toll::new(vec![(request, Fault::Lost)]).await;
        let (bytes, vault) = (sample(size), house.vault(&house.bucket.by(&toll)));
        let written = vault.write(house.tenant, house.document, house.version(), &*bytes, u64::MAX).await;
        assert!(house.read(&written.unwrap()).await == bytes && toll.left() == 0, "{size} bytes");
    }
    let there = house.bucket.everything().await;
    assert!(there.len() == 2 && !there.iter().any(|key| key.contains("unfinished")), "{there:?}");
}

#[tokio::test]
async fn a_write_that_fails_or_is_given_up_leaves_nothing() {
    let Some(house) = House::new().await else { return };
    let toll = Toll::new(vec![("partNumber=2", Fault::Busy); 4]).await;
    let (bytes, vault) = (sample(LARGE), house.vault(&house.bucket.by(&toll)));
    let version = house.version();
    let failed = vault.write(house.tenant, house.document, version, &*bytes, u64::MAX).await;
    assert!(matches!(failed, Err(crate::vault::VaultError::Blobs(BlobError::Io(_)))), "{failed:?}");
    house.becomes_empty().await;

    let key = BlobKey { tenant: house.tenant, version };
    let mut writer = house.bucket.blobs.create(key).await.unwrap();
    for _ in 0..11 {
        writer.write(&sample(1024 * 1024)).await.unwrap();
    }
    assert_eq!(house.bucket.everything().await.len(), 1, "an upload that is not finished");
    assert!(matches!(house.bucket.blobs.size(key).await, Err(BlobError::Missing)), "and no blob");
    drop(writer);
    house.becomes_empty().await;
}

#[tokio::test]
async fn a_process_that_is_killed_in_a_long_go_loses_less_than_two_parts() {
    let Some(house) = House::new().await else { return };
    let bytes = sample(LARGE);
    let vault = house.vault(&house.bucket);
    let part = vault.begin_part(house.tenant, house.document, house.version(), LARGE as u64).await.unwrap();
    let mut go = vault.resume_part(&part, None).await.unwrap();
    go.push(&bytes[..100]).await.unwrap();
    go.pause().await.unwrap();
    let mut killed = vault.resume_part(&part, None).await.unwrap();
    killed.push(&bytes[100..LARGE - 1000]).await.unwrap();
    drop(killed);

    let vault = house.vault(&house.bucket);
    let reached = vault.part_offset(&part).await.unwrap();
    assert!(reached >= 5 * 1024 * 1024 && reached < LARGE as u64, "{reached} bytes are there");
    assert_eq!(house.bucket.blobs.sweep(Duration::ZERO).await.unwrap(), 0, "somebody may go on with it");
    let mut go = vault.resume_part(&part, None).await.unwrap();
    assert_eq!(go.offset(), reached);
    go.push(&bytes[usize::try_from(reached).unwrap()..]).await.unwrap();
    assert!(go.is_whole());
    go.pause().await.unwrap();
    let received = vault.finish_part(&part, None).await.unwrap();
    assert!(house.read(&received).await == bytes);
    let there = house.bucket.everything().await;
    assert!(there.len() == 1 && !there[0].contains("unfinished"), "{there:?}");
}

#[tokio::test]
async fn uploads_of_dead_processes_are_swept_and_those_that_wait_go_with_their_row() {
    let Some(house) = House::new().await else { return };
    let (vault, bytes) = (house.vault(&house.bucket), sample(6 * 1024 * 1024));
    let part = vault.begin_part(house.tenant, house.document, house.version(), LARGE as u64).await.unwrap();
    let mut go = vault.resume_part(&part, None).await.unwrap();
    go.push(&bytes).await.unwrap();
    go.pause().await.unwrap();
    let dead = house.bucket.blobs.blob(BlobKey { tenant: house.tenant, version: house.version() });
    house.bucket.blobs.client.begin(&dead).await.unwrap();
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    assert_eq!(house.bucket.blobs.sweep(century).await.unwrap(), 0, "it may still be under way");
    assert_eq!(house.bucket.blobs.sweep(Duration::from_secs(24 * 3600)).await.unwrap(), 1);
    assert_eq!(vault.part_offset(&part).await.unwrap(), bytes.len() as u64);
    vault.delete_part(part.tenant, part.version).await.unwrap();
    assert_eq!(house.bucket.everything().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_go_that_was_taken_over_overwrites_nothing_and_a_lost_answer_is_no_successor() {
    let Some(house) = House::new().await else { return };
    let toll = Toll::new(vec![("PUT .parts", Fault::Lost)]).await;
    let (vault, bytes) = (house.vault(&house.bucket.by(&toll)), sample(300_000));
    let part = vault.begin_part(house.tenant, house.document, house.version(), 300_000).await.unwrap();
    let mut late = vault.resume_part(&part, None).await.unwrap();
    late.push(&bytes[..100_000]).await.unwrap();
    let mut go = vault.resume_part(&part, None).await.unwrap();
    go.push(&bytes[..200_000]).await.unwrap();
    assert_eq!((go.pause().await.unwrap().0, toll.left()), (200_000, 0));
    let refused = late.pause().await;
    assert!(matches!(refused, Err(crate::vault::VaultError::Blobs(BlobError::Exists))), "{refused:?}");
    assert_eq!(vault.part_offset(&part).await.unwrap(), 200_000);
}

#[tokio::test]
async fn an_upload_that_the_store_has_given_up_begins_anew() {
    let Some(house) = House::new().await else { return };
    let (vault, bytes) = (house.vault(&house.bucket), sample(LARGE));
    let part = vault.begin_part(house.tenant, house.document, house.version(), LARGE as u64).await.unwrap();
    let mut go = vault.resume_part(&part, None).await.unwrap();
    go.push(&bytes[..6 * 1024 * 1024]).await.unwrap();
    go.pause().await.unwrap();
    let (blobs, key) = (&house.bucket.blobs, BlobKey { tenant: part.tenant, version: part.version });
    let upload = blobs.waiting_upload(key).await.unwrap().unwrap();
    blobs.client.abort(&blobs.blob(key), &upload).await.unwrap();
    assert_eq!(vault.part_offset(&part).await.unwrap(), 0);
    assert_eq!(house.bucket.everything().await, Vec::<String>::new());
    let mut go = vault.resume_part(&part, None).await.unwrap();
    go.push(&bytes).await.unwrap();
    go.pause().await.unwrap();
    let received = vault.finish_part(&part, None).await.unwrap();
    assert!(house.read(&received).await == bytes);
}

#[tokio::test]
async fn reading_goes_on_where_the_connection_breaks() {
    let Some(house) = House::new().await else { return };
    let key = BlobKey { tenant: house.tenant, version: house.version() };
    let bytes = sample(3_000_000);
    house.bucket.put(&house.bucket.blobs.blob(key), bytes.clone()).await;
    let toll = Toll::new(vec![
        ("GET /", Fault::Short(900_000)),
        ("GET /", Fault::Cut),
        ("GET /", Fault::Short(1_000_000)),
    ]);
    let toll = toll.await;
    let blobs = house.bucket.by(&toll).blobs;
    let mut read = Vec::new();
    blobs.open(key, 17..2_900_000).await.unwrap().read_to_end(&mut read).await.unwrap();
    assert!(read == bytes[17..2_900_000] && toll.left() == 0);
    let beyond = blobs.open(key, 0..3_000_001).await.unwrap().read_to_end(&mut Vec::new()).await;
    assert!(beyond.is_err(), "a blob that is too short is no file");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_named_at_the_start() {
    let Some(house) = House::new().await else { return };
    house.bucket.blobs.check().await.unwrap();
    let unmade = house.bucket.unmade();
    let error = format!("{:#}", unmade.blobs.check().await.unwrap_err());
    assert!(error.contains(&unmade.config.address.bucket) && error.contains("404"), "{error}");
    let key = BlobKey { tenant: house.tenant, version: house.version() };
    assert!(matches!(house.bucket.blobs.part_head(key).await, Err(BlobError::Missing)));
}

#[test]
fn parts_are_as_small_as_stores_take_them_until_a_file_needs_larger_ones() {
    const GIB: u64 = 1024 * MIB;
    for (largest, part) in [(1, 5), (5 * GIB, 5), (48 * GIB, 5), (500 * GIB, 52), (5000 * GIB, 518)] {
        assert_eq!(part_size(largest) as u64, part * MIB, "{largest} bytes");
        // What sealing adds: 16 bytes to each chunk, and the header.
        let sealed = largest + largest.div_ceil(CHUNK as u64) * 16 + 16;
        assert!(sealed.div_ceil(part_size(largest) as u64) <= 10_000, "{largest} bytes");
    }
}
