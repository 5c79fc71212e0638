//! Uploads in several goes, over a disk and a bucket of a server that is not ours.

use std::sync::Arc;

use portico_core::{Clock as _, Entropy as _, MockClock, SeededEntropy};

use super::*;
use crate::vault::{
    KeyringFile,
    testing::{Shelf, over_both},
};

struct Place {
    vault: Vault,
    shelf: Shelf,
    _home: tempfile::TempDir,
    entropy: Arc<SeededEntropy>,
    clock: MockClock,
}

impl Place {
    fn new(shelf: Shelf) -> Self {
        let home = tempfile::tempdir().unwrap();
        let entropy = Arc::new(SeededEntropy::new(7));
        let keyring = KeyringFile::new(home.path().join("keyring.json"), entropy.clone());
        let vault = Vault::new(shelf.blobs(), Arc::new(keyring), entropy.clone());
        let clock = MockClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self { vault, shelf, _home: home, entropy, clock }
    }

    async fn part(&self, size: usize) -> Part {
        let id = || self.entropy.uuid(self.clock.now());
        self.vault.begin_part(TenantId(id()), DocumentId(id()), VersionId(id()), size as u64).await.unwrap()
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|place| u8::try_from(place * 31 % 251).unwrap()).collect()
}

async fn read(place: &Place, received: &Received) -> Vec<u8> {
    place.vault.read_all(&received.stored, u64::MAX).await.unwrap()
}

over_both![
    whatever_the_goes_the_whole_is_the_same_and_so_is_its_hash,
    what_a_crash_tears_comes_again_and_what_was_durable_stays,
    nothing_lies_in_the_clear_and_a_foreign_rest_is_refused,
    a_late_go_replaces_no_rest_of_its_successor,
    what_is_not_as_large_as_it_should_be_is_not_published,
];

async fn a_late_go_replaces_no_rest_of_its_successor(shelf: Shelf) {
    let place = Place::new(shelf);
    let (whole, part) = (bytes(2 * CHUNK), place.part(2 * CHUNK).await);
    let mut go = place.vault.resume_part(&part, None).await.unwrap();
    go.push(&whole[..100]).await.unwrap();
    go.pause().await.unwrap();
    // Neither brings a full chunk, so that only their rests can tell who was first.
    let mut late = place.vault.resume_part(&part, None).await.unwrap();
    late.push(&whole[100..150]).await.unwrap();
    let mut successor = place.vault.resume_part(&part, None).await.unwrap();
    successor.push(&whole[100..300]).await.unwrap();
    assert_eq!(successor.pause().await.unwrap().0, 300);
    let refused = late.pause().await;
    assert!(matches!(refused, Err(VaultError::Blobs(BlobError::Exists))), "{refused:?}");
    assert_eq!(place.vault.part_offset(&part).await.unwrap(), 300);
    // Nor does one bring back what has gone with its part.
    let mut late = place.vault.resume_part(&part, None).await.unwrap();
    late.push(&whole[300..400]).await.unwrap();
    place.vault.delete_part(part.tenant, part.version).await.unwrap();
    assert!(late.pause().await.is_err());
    assert_eq!(place.vault.part_offset(&part).await.unwrap(), 0);
}

async fn what_is_not_as_large_as_it_should_be_is_not_published(shelf: Shelf) {
    let place = Place::new(shelf);
    let (whole, part, blobs) = (bytes(CHUNK + 9), place.part(CHUNK + 9).await, place.shelf.blobs());
    let mut go = place.vault.resume_part(&part, None).await.unwrap();
    go.push(&whole).await.unwrap();
    go.pause().await.unwrap();
    let there = blobs.part_size(part.place()).await.unwrap();
    for wrong in [there - 1, there + 1, 0] {
        let refused = blobs.publish(part.place(), wrong).await;
        assert!(matches!(refused, Err(BlobError::Io(_))), "{wrong}: {refused:?}");
        assert!(matches!(blobs.size(part.place()).await, Err(BlobError::Missing)), "{wrong}");
    }
    let received = place.vault.finish_part(&part, None).await.unwrap();
    assert_eq!(read(&place, &received).await, whole);
}

async fn whatever_the_goes_the_whole_is_the_same_and_so_is_its_hash(shelf: Shelf) {
    let (place, mut kept) = (Place::new(shelf), 0);
    // Over a network each go takes its time.
    let goes: &[usize] = if matches!(place.shelf, Shelf::Disk(_)) {
        &[1_000_000, CHUNK, CHUNK - 1, 40_001]
    } else {
        &[1_000_000, 50_001]
    };
    for size in [1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77] {
        for go in goes.iter().copied() {
            for remember in [true, false] {
                if remember && go > size && !matches!(place.shelf, Shelf::Disk(_)) {
                    continue;
                }
                let (part, whole) = (place.part(size).await, bytes(size));
                let mut known = None;
                for piece in whole.chunks(go) {
                    let mut writer = place.vault.resume_part(&part, known.take()).await.unwrap();
                    assert_eq!(writer.push(piece).await.unwrap(), piece.len());
                    let (offset, hashed) = writer.pause().await.unwrap();
                    assert_eq!(place.vault.part_offset(&part).await.unwrap(), offset);
                    known = hashed.filter(|_| remember);
                }
                let received = place.vault.finish_part(&part, known).await.unwrap();
                assert_eq!(read(&place, &received).await, whole, "{size} bytes in goes of {go}");
                assert_eq!(received.stored.sha256, <[u8; 32]>::from(Sha256::digest(&whole)));
                assert_eq!(received.head, whole[..size.min(CHUNK)]);
                assert_eq!(received.tail, whole[size.saturating_sub(CHUNK)..]);
                let again = place.vault.finish_part(&part, None).await.unwrap();
                assert_eq!(again.stored, received.stored);
                assert_eq!(place.vault.part_offset(&part).await.unwrap(), size as u64);
                kept += 1;
                assert_eq!(place.shelf.everything().await.len(), kept, "nothing waits any more");
            }
        }
    }
}

async fn what_a_crash_tears_comes_again_and_what_was_durable_stays(shelf: Shelf) {
    let place = Place::new(shelf);
    let (part, whole) = (place.part(3 * CHUNK + 500).await, bytes(3 * CHUNK + 500));
    let mut writer = place.vault.resume_part(&part, None).await.unwrap();
    writer.push(&whole[..CHUNK + 9]).await.unwrap();
    writer.pause().await.unwrap();
    // A go that never ended: nothing of it need be there.
    let mut lost = place.vault.resume_part(&part, None).await.unwrap();
    lost.push(&whole[CHUNK + 9..2 * CHUNK]).await.unwrap();
    drop(lost);
    assert_eq!(place.vault.part_offset(&part).await.unwrap(), (CHUNK + 9) as u64);
    place.shelf.tear(part.place());
    let mut writer = place.vault.resume_part(&part, None).await.unwrap();
    assert_eq!(writer.offset(), (CHUNK + 9) as u64);
    writer.push(&whole[CHUNK + 9..]).await.unwrap();
    assert!(writer.is_whole() && writer.push(b"more").await.unwrap() == 0);
    writer.pause().await.unwrap();
    let received = place.vault.finish_part(&part, None).await.unwrap();
    assert_eq!(read(&place, &received).await, whole);
}

async fn nothing_lies_in_the_clear_and_a_foreign_rest_is_refused(shelf: Shelf) {
    let place = Place::new(shelf);
    let blobs = place.shelf.blobs();
    let secret = b"the terms of the offer".repeat(10);
    let part = place.part(CHUNK * 2).await;
    let mut writer = place.vault.resume_part(&part, None).await.unwrap();
    writer.push(&secret).await.unwrap();
    writer.pause().await.unwrap();
    let sealed = blobs.read_rest(part.place()).await.unwrap().bytes;
    assert!(!sealed.windows(10).any(|window| window == &secret[..10]));
    let mut again = place.vault.resume_part(&part, None).await.unwrap();
    again.push(b"!").await.unwrap();
    again.pause().await.unwrap();
    let Rest { bytes: next, tag } = blobs.read_rest(part.place()).await.unwrap();
    assert_ne!(next[4..11], sealed[4..11], "a prefix seals once");
    let mut damaged = next;
    damaged[20] ^= 1;
    blobs.write_rest(part.place(), damaged, tag.as_deref()).await.unwrap();
    assert!(matches!(place.vault.part_offset(&part).await, Err(VaultError::Damaged)));
    let unfinished = place.vault.finish_part(&part, None).await;
    assert!(matches!(unfinished, Err(VaultError::Interrupted(_))));
    place.vault.delete_part(part.tenant, part.version).await.unwrap();
    assert_eq!(place.vault.part_offset(&part).await.unwrap(), 0);
    assert_eq!(place.shelf.everything().await, Vec::<String>::new());
}
