//! A ZIP archive as it is written to somebody who waits: from front to back, with no more in memory than the piece at hand and
//! the table at its end.
//!
//! The bytes of files are not compressed: most are already. They stand in DEFLATE's stored blocks, so that programs that read from
//! front to back find each end as well.

use bytes::{BufMut as _, Bytes, BytesMut};
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

/// The most bytes in a stored block.
const BLOCK: usize = 65_535;
/// From here on a size or place takes eight bytes.
const LONG: u64 = 0xffff_ffff;
/// A file of this size may come near [`LONG`] with the heads of its blocks.
const LARGE: u64 = 0xf000_0000;
/// Names are UTF-8, and sizes follow the bytes.
const FLAGS: u16 = 0x0808;

/// What the table at the end says of a file.
struct Entry {
    name: String,
    at: u64,
    crc: u32,
    packed: u64,
    size: u64,
    large: bool,
    stamp: u32,
}

/// An archive in the making. Each call answers the bytes to send next.
#[derive(Default)]
pub(crate) struct Archive {
    entries: Vec<Entry>,
    sent: u64,
    open: Option<(crc32fast::Hasher, Entry)>,
}

impl Archive {
    /// Begins a file of `size` bytes. The one before must have ended.
    pub(crate) fn begin(&mut self, name: &str, size: u64, changed: DateTime<Utc>) -> Bytes {
        let large = size >= LARGE;
        let entry = Entry {
            name: name.to_owned(),
            at: self.sent,
            crc: 0,
            packed: 0,
            size: 0,
            large,
            stamp: stamp(changed),
        };
        let mut head = BytesMut::new();
        head.put_u32_le(0x0403_4b50);
        head.put_u16_le(version(large));
        head.put_u16_le(FLAGS);
        head.put_u16_le(8);
        head.put_u32_le(entry.stamp);
        head.put_u32_le(0);
        let unknown = if large { u32::MAX } else { 0 };
        head.put_u32_le(unknown);
        head.put_u32_le(unknown);
        head.put_u16_le(length(name.len()));
        head.put_u16_le(if large { 20 } else { 0 });
        head.put_slice(name.as_bytes());
        if large {
            head.put_u16_le(1);
            head.put_u16_le(16);
            head.put_u128_le(0);
        }
        self.open = Some((crc32fast::Hasher::new(), entry));
        self.sending(head)
    }

    /// The next bytes of the file that is open.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Bytes {
        let mut blocks = BytesMut::with_capacity(bytes.len() + 5 * (bytes.len() / BLOCK + 1));
        for block in bytes.chunks(BLOCK) {
            let length = length(block.len());
            blocks.put_u8(0);
            blocks.put_u16_le(length);
            blocks.put_u16_le(!length);
            blocks.put_slice(block);
        }
        if let Some((crc, entry)) = &mut self.open {
            crc.update(bytes);
            entry.size += bytes.len() as u64;
            entry.packed += blocks.len() as u64;
        }
        self.sending(blocks)
    }

    /// Ends the file that is open.
    pub(crate) fn end(&mut self) -> Bytes {
        let mut tail = BytesMut::new();
        if let Some((crc, mut entry)) = self.open.take() {
            tail.put_slice(&[1, 0, 0, 0xff, 0xff]);
            entry.packed += tail.len() as u64;
            entry.crc = crc.finalize();
            tail.put_u32_le(0x0807_4b50);
            tail.put_u32_le(entry.crc);
            if entry.large {
                tail.put_u64_le(entry.packed);
                tail.put_u64_le(entry.size);
            } else {
                tail.put_u32_le(short(entry.packed));
                tail.put_u32_le(short(entry.size));
            }
            self.entries.push(entry);
        }
        self.sending(tail)
    }

    /// The table at the end.
    pub(crate) fn finish(self) -> Bytes {
        let mut table = BytesMut::new();
        for entry in &self.entries {
            entry.describe(&mut table);
        }
        let (size, count) = (table.len() as u64, self.entries.len() as u64);
        let end = self.sent + size;
        if count >= 0xffff || self.sent >= LONG || size >= LONG {
            table.put_u32_le(0x0606_4b50);
            table.put_u64_le(44);
            table.put_u16_le(45);
            table.put_u16_le(45);
            table.put_u64_le(0);
            table.put_u64_le(count);
            table.put_u64_le(count);
            table.put_u64_le(size);
            table.put_u64_le(self.sent);
            table.put_u32_le(0x0706_4b50);
            table.put_u32_le(0);
            table.put_u64_le(end);
            table.put_u32_le(1);
        }
        table.put_u32_le(0x0605_4b50);
        table.put_u32_le(0);
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        table.put_u16_le(count);
        table.put_u16_le(count);
        table.put_u32_le(short(size));
        table.put_u32_le(short(self.sent));
        table.put_u16_le(0);
        table.freeze()
    }

    fn sending(&mut self, bytes: BytesMut) -> Bytes {
        self.sent += bytes.len() as u64;
        bytes.freeze()
    }
}

impl Entry {
    fn describe(&self, table: &mut BytesMut) {
        let mut long = BytesMut::new();
        if self.large {
            long.put_u64_le(self.size);
            long.put_u64_le(self.packed);
        }
        if self.at >= LONG {
            long.put_u64_le(self.at);
        }
        table.put_u32_le(0x0201_4b50);
        table.put_u16_le(version(true));
        table.put_u16_le(version(!long.is_empty()));
        table.put_u16_le(FLAGS);
        table.put_u16_le(8);
        table.put_u32_le(self.stamp);
        table.put_u32_le(self.crc);
        let sizes = if self.large { [u32::MAX; 2] } else { [short(self.packed), short(self.size)] };
        table.put_u32_le(sizes[0]);
        table.put_u32_le(sizes[1]);
        table.put_u16_le(length(self.name.len()));
        table.put_u16_le(if long.is_empty() { 0 } else { length(long.len() + 4) });
        table.put_u16_le(0);
        table.put_u16_le(0);
        table.put_u16_le(0);
        table.put_u32_le(0);
        table.put_u32_le(short(self.at));
        table.put_slice(self.name.as_bytes());
        if !long.is_empty() {
            table.put_u16_le(1);
            table.put_u16_le(length(long.len()));
            table.put_slice(&long);
        }
    }
}

const fn version(large: bool) -> u16 {
    if large { 45 } else { 20 }
}

/// A length that its caller keeps below 65,536.
fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

/// A size in four bytes, or the mark that it stands elsewhere.
fn short(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A moment as ZIP knows it: from 1980, to two seconds; the date in the higher half.
fn stamp(at: DateTime<Utc>) -> u32 {
    let years = u32::try_from(at.year() - 1980).unwrap_or_default().min(127);
    let date = (years << 9) | (at.month() << 5) | at.day();
    let time = (at.hour() << 11) | (at.minute() << 5) | (at.second() / 2);
    (date << 16) | time
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, process::Command};

    use super::*;

    #[test]
    fn another_program_reads_what_was_written() {
        let at = "2026-11-22T10:20:30Z".parse().unwrap();
        let mut archive = Archive::default();
        let large: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (name, bytes) in [("Übersicht/a.txt", b"one".as_slice()), ("empty", b""), ("large.bin", &large)]
        {
            file.write_all(&archive.begin(name, bytes.len() as u64, at)).unwrap();
            for piece in bytes.chunks(70_001) {
                file.write_all(&archive.add(piece)).unwrap();
            }
            file.write_all(&archive.end()).unwrap();
        }
        // One whose sizes take eight bytes, as far as anybody can tell in advance.
        file.write_all(&archive.begin("huge", LARGE, at)).unwrap();
        file.write_all(&archive.add(b"not so huge")).unwrap();
        file.write_all(&archive.end()).unwrap();
        file.write_all(&archive.finish()).unwrap();
        let script = "import sys, zipfile, zlib\n\
            z = zipfile.ZipFile(sys.argv[1])\n\
            assert z.testzip() is None\n\
            print([(i.filename, i.file_size, zlib.crc32(z.read(i)), i.date_time) for i in z.infolist()])";
        let judged = Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap();
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
        assert!(said.contains("('Übersicht/a.txt', 3, ") && said.contains("('empty', 0, 0, "), "{said}");
        assert!(said.contains(&format!("('large.bin', 800000, {}", crc32fast::hash(&large))), "{said}");
        assert!(said.contains("('huge', 11, ") && said.contains("(2026, 11, 22, 10, 20, 30)"), "{said}");
    }
}
