//! The layout of a stored blob, and the arithmetic of its chunks.
//!
//! ```text
//! header   magic "SEAL" · format version (1 byte) · chunk size (u32, big endian) · nonce prefix (7 bytes)
//! chunk 0  64 KiB of ciphertext · tag (16 bytes)
//! …
//! chunk n  the last one, 0 to 64 KiB of ciphertext · tag
//! ```
//!
//! Every file has a last chunk and it alone carries the last flag: an empty file is one empty chunk, and a file that
//! is an exact multiple of the chunk size ends in a full one.

/// Plaintext bytes in a chunk.
pub const CHUNK: usize = 64 * 1024;
/// Bytes before the first chunk.
pub const HEADER: usize = 16;
/// Bytes of the authentication tag that ends each chunk.
pub(super) const TAG: usize = 16;
/// Bytes of the nonce that are drawn once a blob; the counter and the last flag make up the rest.
pub(super) const NONCE_PREFIX: usize = 7;
/// The largest file that the 32-bit chunk counter could carry: 256 TiB less one chunk. Real limits are far below.
pub const LARGEST: u64 = (u32::MAX as u64) * CHUNK as u64;

const MAGIC: [u8; 4] = *b"SEAL";
const VERSION: u8 = 1;

/// What stands before the first chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The part of every chunk's nonce that is this blob's own.
    pub(super) nonce_prefix: [u8; NONCE_PREFIX],
}

impl Header {
    /// The header as it is written.
    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5..9].copy_from_slice(&(CHUNK as u32).to_be_bytes());
        bytes[9..].copy_from_slice(&self.nonce_prefix);
        bytes
    }

    /// Reads a header; nothing where it is not one that this version of the format writes.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let mut nonce_prefix = [0; NONCE_PREFIX];
        nonce_prefix.copy_from_slice(&bytes[9..]);
        let header = Self { nonce_prefix };
        (header.to_bytes() == *bytes).then_some(header)
    }
}

/// Where the chunks of a file of a known plaintext size lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    size: u64,
}

impl Geometry {
    /// The geometry of a file of `size` plaintext bytes; nothing where no blob can hold it.
    pub(super) fn new(size: u64) -> Option<Self> {
        (size <= LARGEST).then_some(Self { size })
    }

    /// The position of the last chunk.
    pub(super) fn last(self) -> u32 {
        u32::try_from(self.size.saturating_sub(1) / CHUNK as u64).unwrap_or(u32::MAX)
    }

    /// Plaintext bytes in the chunk at `position`.
    pub(super) fn plain_len(self, position: u32) -> usize {
        let before = u64::from(position) * CHUNK as u64;
        usize::try_from(self.size.saturating_sub(before)).unwrap_or(CHUNK).min(CHUNK)
    }

    /// Where the chunk at `position` begins in the blob.
    pub(super) fn offset(self, position: u32) -> u64 {
        HEADER as u64 + u64::from(position) * (CHUNK + TAG) as u64
    }

    /// Where the chunk at `position` ends in the blob.
    pub(super) fn end(self, position: u32) -> u64 {
        self.offset(position) + (self.plain_len(position) + TAG) as u64
    }

    /// The whole blob's length.
    pub(super) fn blob_len(self) -> u64 {
        HEADER as u64 + self.size + (u64::from(self.last()) + 1) * TAG as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_any_other_is_refused() {
        let header = Header { nonce_prefix: [1, 2, 3, 4, 5, 6, 7] };
        assert_eq!(Header::parse(&header.to_bytes()), Some(header));
        for damaged in 0..9 {
            let mut bytes = header.to_bytes();
            bytes[damaged] ^= 1;
            assert_eq!(Header::parse(&bytes), None, "byte {damaged}");
        }
    }

    #[test]
    fn the_last_chunk_of_empty_full_and_odd_files() {
        let chunk = CHUNK as u64;
        for (size, last, length) in
            [(0, 0, 0), (1, 0, 1), (chunk, 0, CHUNK), (chunk + 1, 1, 1), (3 * chunk, 2, CHUNK)]
        {
            let geometry = Geometry::new(size).unwrap();
            assert_eq!((geometry.last(), geometry.plain_len(last)), (last, length), "{size} bytes");
        }
        assert_eq!(Geometry::new(LARGEST + 1), None);
        assert_eq!(Geometry::new(0).unwrap().blob_len(), (HEADER + TAG) as u64);
    }
}
