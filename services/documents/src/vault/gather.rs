//! Files written in few, large pieces.

use std::{
    fs::File,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{blobs::BlobError, disk::in_background};

/// Bytes that go to a file at once where few are written. Each time costs a turn of a thread that may block, so a chunk at a time
/// would cost more than its encryption.
const MOST: usize = 512 * 1024;
/// Bytes that go to a file at once where very many are written.
const LEAST: usize = 64 * 1024;
/// Bytes that wait in memory for all files together, as long as [`LEAST`] for each is not more. It binds from two thousand files on:
/// smaller pieces for fewer take more turns than their memory is worth, and a thousand files that end at once then wait too long.
const TOGETHER: usize = 1024 * 1024 * 1024;

/// The files that are being written, which share the memory for what waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Writing(Arc<AtomicUsize>);

impl Writing {
    /// Begins to write where the file stands.
    pub(super) fn begin(&self, file: File) -> Gather {
        self.0.fetch_add(1, Ordering::Relaxed);
        Gather { file: Arc::new(file), waiting: Vec::new(), writing: self.clone() }
    }

    fn at_once(&self) -> usize {
        (TOGETHER / self.0.load(Ordering::Relaxed).max(1)).clamp(LEAST, MOST)
    }
}

/// A file that is being written. Dropped, what waits is lost and what is on its way may still arrive.
pub(super) struct Gather {
    file: Arc<File>,
    waiting: Vec<u8>,
    writing: Writing,
}

impl Gather {
    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let at_once = self.writing.at_once();
        let all = self.waiting.len() + bytes.len();
        if self.waiting.capacity() < all {
            self.waiting.reserve_exact(at_once.max(all) - self.waiting.len());
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() < at_once {
            return Ok(());
        }
        let (file, mut waiting) = (Arc::clone(&self.file), std::mem::take(&mut self.waiting));
        self.waiting = in_background(move || {
            (&*file).write_all(&waiting)?;
            waiting.clear();
            Ok(waiting)
        })
        .await?;
        // More may be writing by now than when this was taken.
        self.waiting.shrink_to(at_once);
        Ok(())
    }

    /// Writes what still waits; all of it is durable once this answers.
    pub(super) async fn finish(mut self) -> Result<(), BlobError> {
        let (file, waiting) = (Arc::clone(&self.file), std::mem::take(&mut self.waiting));
        in_background(move || {
            (&*file).write_all(&waiting)?;
            Ok(file.sync_all()?)
        })
        .await
    }
}

impl Drop for Gather {
    fn drop(&mut self) {
        self.writing.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_share_what_few_have_for_themselves() {
        let writing = Writing::default();
        let one = writing.begin(tempfile::tempfile().unwrap());
        assert_eq!(writing.at_once(), MOST);
        writing.0.fetch_add(4_095, Ordering::Relaxed);
        assert_eq!(writing.at_once() * 4_096, TOGETHER);
        writing.0.fetch_sub(4_095, Ordering::Relaxed);
        drop(one);
        assert_eq!(writing.at_once(), MOST);
    }

    #[tokio::test]
    async fn what_comes_in_odd_pieces_stands_in_the_file_in_order() {
        use std::io::{Read as _, Seek as _};

        let bytes: Vec<u8> =
            (0..3_000_017_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let mut file = tempfile::tempfile().unwrap();
        let mut gather = Writing::default().begin(file.try_clone().unwrap());
        for piece in bytes.chunks(65_552) {
            gather.write(piece).await.unwrap();
        }
        gather.finish().await.unwrap();
        let mut written = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut written).unwrap();
        assert!(written == bytes);
    }
}
