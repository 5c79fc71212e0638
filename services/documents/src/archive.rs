//! A ZIP archive as it is written to somebody who waits: from front to back, with no more in memory than the piece at hand and
//! the table at its end.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// A file of this size may not fit the four bytes that a size has in a plain entry, whatever packing makes of it.
const LARGE: u64 = 0xf000_0000;
/// The least work: what people keep is mostly packed already.
const EFFORT: i64 = 1;

/// What was written and not yet sent.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive in the making. Each call answers the bytes to send next, which may be none.
pub(crate) struct Archive {
    writer: ZipWriter<StreamWriter<Written>>,
    written: Written,
}

impl Default for Archive {
    fn default() -> Self {
        let written = Written::default();
        Self { writer: ZipWriter::new_stream(written.clone()), written }
    }
}

impl Archive {
    /// Begins a file of `size` bytes, and ends the one before.
    ///
    /// # Errors
    ///
    /// Where a file of this name is in the archive.
    pub(crate) fn begin(&mut self, name: &str, size: u64, changed: DateTime<Utc>) -> io::Result<Bytes> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(EFFORT))
            .last_modified_time(stamp(changed))
            .large_file(size >= LARGE);
        self.writer.start_file(name, options)?;
        Ok(self.written.take())
    }

    /// The next bytes of the file that is open.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        self.writer.write_all(bytes)?;
        Ok(self.written.take())
    }

    /// Ends the last file and writes the table at the end.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        self.writer.finish()?;
        Ok(self.written.take())
    }
}

/// A moment as ZIP knows it: from 1980 to 2107, to two seconds.
fn stamp(at: DateTime<Utc>) -> zip::DateTime {
    let part = |value: u32| u8::try_from(value).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let (date, time) =
        ([part(at.month()), part(at.day())], [part(at.hour()), part(at.minute()), part(at.second())]);
    zip::DateTime::from_date_and_time(year, date[0], date[1], time[0], time[1], time[2]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn another_program_reads_what_was_written() {
        let at = "2026-11-22T10:20:30Z".parse().unwrap();
        let mut archive = Archive::default();
        let large: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (name, bytes) in [("Übersicht/a.txt", b"one".as_slice()), ("empty", b""), ("large.bin", &large)]
        {
            file.write_all(&archive.begin(name, bytes.len() as u64, at).unwrap()).unwrap();
            for piece in bytes.chunks(70_001) {
                file.write_all(&archive.add(piece).unwrap()).unwrap();
            }
        }
        // One whose sizes take eight bytes, as far as anybody can tell in advance.
        file.write_all(&archive.begin("huge", LARGE, at).unwrap()).unwrap();
        file.write_all(&archive.add(b"not so huge").unwrap()).unwrap();
        file.write_all(&archive.finish().unwrap()).unwrap();
        let script = "import sys, zipfile, hashlib\n\
            z = zipfile.ZipFile(sys.argv[1])\n\
            assert z.testzip() is None\n\
            print([(i.filename, i.file_size, hashlib.sha256(z.read(i)).hexdigest(), i.date_time) for i in z.infolist()])";
        let judged = Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap();
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
        assert!(said.contains("('Übersicht/a.txt', 3, ") && said.contains("('empty', 0, "), "{said}");
        assert!(
            said.contains(&format!("('large.bin', 800000, '{}'", hex::encode(Sha256::digest(&large)))),
            "{said}"
        );
        assert!(said.contains("('huge', 11, ") && said.contains("(2026, 11, 22, 10, 20, 30)"), "{said}");
    }
}
