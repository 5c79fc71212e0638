//! What is really in an archive: its parts are unfolded, counted and thrown away. An archive whose list lies about their sizes is
//! made to harm whoever opens it.

use std::io::{self, Read};

use flate2::read::DeflateDecoder;

use super::{
    active::{Active, Found},
    zip::{FAIR, MOST_TIMES},
};

/// The largest list of parts that is read, in bytes.
const LARGEST_LIST: u64 = 16 * 1024 * 1024;
/// Bytes that are unfolded at most; what lies behind them is believed.
const COUNTED: u64 = 2 * 1024 * 1024 * 1024;
/// The most of a part with links that is read, in bytes.
const LINKS: u64 = 1024 * 1024;
/// Parts that overlap may pretend to have this many bytes together, packed; real archives have none that do.
const SHARED: u64 = 64 * 1024 * 1024;

/// Where an archive's list of parts lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPlace {
    /// The first byte.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
}

/// Why an archive is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// It unpacks to this many bytes, far more than anything real of its size.
    TooMuch(u64),
    /// A part is larger than the list says, or several share the same bytes many times over.
    Lies,
}

/// A part as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    name: String,
    method: u16,
    packed: u64,
    unpacked: u64,
    place: u64,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let mut whole = [0; 8];
    whole.get_mut(..N)?.copy_from_slice(bytes.get(at..at.checked_add(N)?)?);
    Some(u64::from_le_bytes(whole))
}

/// Finds the list by the archive's last bytes; nothing where there is none that can be read.
pub fn list_place(tail: &[u8], size: u64) -> Option<ListPlace> {
    let last = |mark: &[u8]| tail.windows(4).rposition(|bytes| bytes == mark);
    let end = last(b"PK\x05\x06")?;
    let (mut length, mut start) = (number::<4>(tail, end + 12)?, number::<4>(tail, end + 16)?);
    if length == 0xffff_ffff || start == 0xffff_ffff {
        let large = last(b"PK\x06\x06")?;
        (length, start) = (number::<8>(tail, large + 40)?, number::<8>(tail, large + 48)?);
    }
    let end = start.checked_add(length).filter(|end| *end <= size)?;
    (length <= LARGEST_LIST).then_some(ListPlace { start, end })
}

/// The parts of a list, in the order in which they lie in the archive.
pub fn parts(list: &[u8]) -> Vec<Part> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while let Some((part, next)) = part(list, at) {
        parts.push(part);
        at = next;
    }
    parts.sort_by_key(|part| part.place);
    parts
}

fn part(list: &[u8], at: usize) -> Option<(Part, usize)> {
    if list.get(at..at + 4)? != b"PK\x01\x02" {
        return None;
    }
    let short = |from: usize| number::<2>(list, at + from).and_then(|short| usize::try_from(short).ok());
    let (name, extra, note) = (short(28)?, short(30)?, short(32)?);
    let name_end = at + 46 + name;
    let extra_end = name_end + extra;
    let mut part = Part {
        name: String::from_utf8_lossy(list.get(at + 46..name_end)?).into_owned(),
        method: u16::try_from(number::<2>(list, at + 10)?).ok()?,
        packed: number::<4>(list, at + 20)?,
        unpacked: number::<4>(list, at + 24)?,
        place: number::<4>(list, at + 42)?,
    };
    large(&mut part, list.get(name_end..extra_end)?);
    Some((part, extra_end + note))
}

/// Reads the numbers that have no room in four bytes from where they stand instead.
fn large(part: &mut Part, mut extra: &[u8]) {
    while let (Some(kind), Some(length)) = (number::<2>(extra, 0), number::<2>(extra, 2)) {
        let Ok(length) = usize::try_from(length) else { return };
        let Some(body) = extra.get(4..4 + length) else { return };
        if kind == 1 {
            let mut at = 0;
            for value in [&mut part.unpacked, &mut part.packed, &mut part.place] {
                if *value == 0xffff_ffff
                    && let Some(whole) = number::<8>(body, at)
                {
                    *value = whole;
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
}

/// What the whole list says of an archive of this size.
///
/// # Errors
/// [`Trap`], where no real archive says such a thing.
pub fn believable(parts: &[Part], size: u64) -> Result<(), Trap> {
    let sum = |of: fn(&Part) -> u64| parts.iter().fold(0_u64, |sum, part| sum.saturating_add(of(part)));
    let unpacked = sum(|part| part.unpacked);
    if unpacked > FAIR && unpacked / MOST_TIMES > size {
        return Err(Trap::TooMuch(unpacked));
    }
    if sum(|part| part.packed) > size.saturating_add(SHARED) {
        return Err(Trap::Lies);
    }
    Ok(())
}

/// Unfolds the parts one after the other, and says what in them acts. `source` is the archive from its first byte.
///
/// # Errors
/// Whatever the reader fails with. A trap is no error of the reader: it is the inner one.
pub fn unpack(mut source: impl Read, parts: &[Part]) -> io::Result<Result<Vec<Active>, Trap>> {
    let (mut found, mut at, mut counted) = (Found::default(), 0_u64, 0_u64);
    for part in parts {
        name(&part.name, &mut found);
        // One that begins within another was counted with it, and what lies behind all that is counted is believed.
        if part.place < at || counted >= COUNTED {
            found.add(Active::Unread);
            continue;
        }
        at += io::copy(&mut (&mut source).take(part.place - at), &mut io::sink())?;
        let mut head = Vec::new();
        at += (&mut source).take(30).read_to_end(&mut head)? as u64;
        let (Some(name), Some(extra)) = (number::<2>(&head, 26), number::<2>(&head, 28)) else { break };
        if !head.starts_with(b"PK\x03\x04") {
            continue;
        }
        at += io::copy(&mut (&mut source).take(name + extra), &mut io::sink())?;
        let mut body = (&mut source).take(part.packed);
        if part.method == 8 {
            let mut unfolded = DeflateDecoder::new(&mut body);
            let mut links = Vec::new();
            let mut first = 0;
            if part.name.ends_with(".rels") {
                first = unfold(&mut unfolded, LINKS, &mut links)?;
                linked(&String::from_utf8_lossy(&links), &mut found);
            }
            let room = part.unpacked.saturating_sub(first).saturating_add(1).min(COUNTED - counted);
            let given = first + unfold(&mut unfolded, room, &mut io::sink())?;
            if given > part.unpacked {
                return Ok(Err(Trap::Lies));
            }
            counted += given;
        } else if part.name.ends_with(".rels") {
            let mut links = Vec::new();
            (&mut body).take(LINKS).read_to_end(&mut links)?;
            linked(&String::from_utf8_lossy(&links), &mut found);
        }
        io::copy(&mut body, &mut io::sink())?;
        at += part.packed - body.limit();
    }
    Ok(Ok(found.list()))
}

/// Unfolds at most `most` bytes. What is not packed as it says ends there: it harms nobody.
fn unfold(source: &mut impl Read, most: u64, into: &mut impl io::Write) -> io::Result<u64> {
    let mut into = Counting { into, count: 0 };
    match io::copy(&mut source.take(most), &mut into) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            Err(error)
        }
        _ => Ok(into.count),
    }
}

struct Counting<'a, W> {
    into: &'a mut W,
    count: u64,
}

impl<W: io::Write> io::Write for Counting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

/// What a part of an office file is by its name.
fn name(name: &str, found: &mut Found) {
    let name = name.to_ascii_lowercase();
    let macros = name.ends_with("vbaproject.bin")
        || name.contains("/macrosheets/")
        || name.contains("/activex/")
        || name.starts_with("basic/") && !name.ends_with('/')
        || name.starts_with("scripts/") && !name.ends_with('/');
    if macros {
        found.add(Active::Macros);
    }
    if name.contains("/embeddings/") && name.ends_with(".bin") {
        found.add(Active::Files);
    }
}

/// Templates, objects and frames that an office file fetches from elsewhere. Links that wait for somebody's click are none.
fn linked(links: &str, found: &mut Found) {
    let fetched = ["attachedTemplate", "oleObject", "subDocument", "/frame", "/image"];
    let any = links
        .split('<')
        .any(|link| link.contains("External") && fetched.iter().any(|kind| link.contains(kind)));
    if any {
        found.add(Active::Linked);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, bytes) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn looked(bytes: &[u8]) -> Result<Vec<Active>, Trap> {
        let size = bytes.len() as u64;
        let place = list_place(bytes, size).unwrap();
        let parts = parts(&bytes[place.start as usize..place.end as usize]);
        believable(&parts, size)?;
        unpack(bytes, &parts).unwrap()
    }

    #[test]
    fn what_acts_in_an_office_file_is_named() {
        assert_eq!(looked(&archive(&[("word/document.xml", b"<w:document/>")])), Ok(vec![]));
        assert_eq!(looked(&archive(&[("word/vbaProject.bin", b"x")])), Ok(vec![Active::Macros]));
        assert_eq!(looked(&archive(&[("Basic/Standard/Module1.xml", b"x")])), Ok(vec![Active::Macros]));
        assert_eq!(looked(&archive(&[("xl/embeddings/oleObject1.bin", b"x")])), Ok(vec![Active::Files]));
        let template = br#"<Relationships><Relationship Type="http://x/attachedTemplate" Target="http://evil.example/a.dotm" TargetMode="External"/></Relationships>"#;
        assert_eq!(looked(&archive(&[("word/_rels/settings.xml.rels", template)])), Ok(vec![Active::Linked]));
        let link = br#"<Relationships><Relationship Type="http://x/hyperlink" Target="http://firm.example/" TargetMode="External"/></Relationships>"#;
        assert_eq!(looked(&archive(&[("word/_rels/document.xml.rels", link)])), Ok(vec![]));
    }

    #[test]
    fn a_list_that_lies_is_found_out() {
        let honest = archive(&[("a.txt", &[b'a'; 4_000]), ("zeros.bin", &vec![0; 3_000_000])]);
        assert_eq!(looked(&honest), Ok(vec![]));
        let mut lying = honest.clone();
        // The list's own entries say how large they are; the last one is the large file's.
        let entry = lying.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        lying[entry + 24..entry + 28].copy_from_slice(&100_u32.to_le_bytes());
        assert_eq!(looked(&lying), Err(Trap::Lies));
        let mut huge = honest.clone();
        huge[entry + 24..entry + 28].copy_from_slice(&3_000_000_000_u32.to_le_bytes());
        assert_eq!(looked(&huge), Err(Trap::TooMuch(3_000_004_000)));
        let mut shared = honest;
        shared[entry + 20..entry + 24].copy_from_slice(&900_000_000_u32.to_le_bytes());
        assert_eq!(looked(&shared), Err(Trap::Lies));
    }

    #[test]
    fn nonsense_is_looked_at_calmly() {
        assert_eq!(list_place(b"PK\x05\x06", 4), None);
        assert_eq!(list_place(&[0xff; 100], 100), None);
        let honest = archive(&[("a.rels", &[b'a'; 4_000]), ("b.txt", &[b'b'; 4_000])]);
        for at in 0..honest.len() {
            let mut altered = honest.clone();
            altered[at] ^= 0xff;
            if let Some(place) = list_place(&altered, altered.len() as u64) {
                let parts = parts(&altered[place.start as usize..place.end as usize]);
                let _ = believable(&parts, altered.len() as u64);
                let _ = unpack(altered.as_slice(), &parts);
            }
        }
    }
}
