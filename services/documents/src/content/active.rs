//! What in a file acts by itself when somebody opens it: scripts, macros, programs, files within files.
//!
//! Bytes are looked at as they go by, in constant memory and with a bound on what is unfolded. What cannot be looked into is said
//! to be so, and counts as active.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// Something in a file that acts, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Active {
    /// A script of a PDF.
    Script,
    /// Macros of an office file.
    Macros,
    /// A program that is to be started.
    Program,
    /// Further files within the file.
    Files,
    /// Films, sounds and what plays them.
    Media,
    /// A form of the kind that brings its own program (XFA).
    Form,
    /// What sends entries somewhere, or fetches some.
    Sends,
    /// What is fetched from elsewhere when the file is opened.
    Linked,
    /// Parts that could not be looked into.
    Unread,
}

impl Active {
    const ALL: [Self; 9] = [
        Self::Script,
        Self::Macros,
        Self::Program,
        Self::Files,
        Self::Media,
        Self::Form,
        Self::Sends,
        Self::Linked,
        Self::Unread,
    ];

    /// The word that stands in the database and in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Macros => "macros",
            Self::Program => "program",
            Self::Files => "files",
            Self::Media => "media",
            Self::Form => "form",
            Self::Sends => "sends",
            Self::Linked => "linked",
            Self::Unread => "unread",
        }
    }

    /// What people call it.
    pub const fn called(self) -> &'static str {
        match self {
            Self::Script => "a script",
            Self::Macros => "macros",
            Self::Program => "a program to start",
            Self::Files => "other files",
            Self::Media => "a film or sound",
            Self::Form => "a form with a program of its own (XFA)",
            Self::Sends => "a form that sends itself",
            Self::Linked => "parts that are fetched from elsewhere",
            Self::Unread => "parts that cannot be looked into",
        }
    }

    /// Those of a stored list, words separated by spaces.
    pub fn of_words(words: &str) -> Vec<Self> {
        words
            .split_whitespace()
            .filter_map(|word| Self::ALL.into_iter().find(|active| active.word() == word))
            .collect()
    }
}

/// The list as it is stored.
pub fn active_words(found: &[Active]) -> String {
    found.iter().map(|active| active.word()).collect::<Vec<_>>().join(" ")
}

/// What was found, each once and in order.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Active>);

impl Found {
    pub(super) fn add(&mut self, active: Active) {
        if let Err(place) = self.0.binary_search(&active) {
            self.0.insert(place, active);
        }
    }

    pub(super) fn list(self) -> Vec<Active> {
        self.0
    }
}

/// The most that the packed objects of one PDF may unfold to while they are looked at, in bytes.
const UNFOLDED: u64 = 64 * 1024 * 1024;
/// Streams that are unfolded side by side. Real ones follow one another.
const SIDE_BY_SIDE: usize = 8;
/// Streams that are begun in one PDF at most: real ones of any length have fewer.
const BEGUN: u32 = 200_000;
/// The first unfolded bytes that tell packed objects, which begin with a list of numbers, from pictures and text.
const TELLING: usize = 32;
/// The shortest list of numbers: one, a blank, another and a blank.
const SHORTEST_LIST: usize = 4;
/// The longest name that matters here.
const NAME: usize = 32;

/// What acts in a PDF. Names are found wherever they stand, in objects that are packed in streams as well, and however they are spelt.
///
/// # Errors
/// Whatever the reader fails with.
pub fn active_in_pdf(source: impl Read) -> io::Result<Vec<Active>> {
    look_through(source, UNFOLDED)
}

fn look_through(mut source: impl Read, room: u64) -> io::Result<Vec<Active>> {
    let mut look = PdfLook { room, ..PdfLook::default() };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok(look.found.list());
        }
        look.feed(buffer.get(..read).unwrap_or_default());
    }
}

#[derive(Default)]
struct PdfLook {
    found: Found,
    names: Names,
    /// What was said of the stream that begins next.
    about: About,
    /// The last eight bytes.
    last: u64,
    open: Vec<Packed>,
    /// Streams that were begun.
    begun: u32,
    /// Bytes that may still be unfolded.
    room: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct About {
    objects: bool,
    filtered: bool,
    predicted: bool,
}

impl PdfLook {
    fn feed(&mut self, chunk: &[u8]) {
        self.unfold(0, chunk);
        for (at, byte) in chunk.iter().copied().enumerate() {
            if let Some(name) = self.names.next(byte) {
                match name {
                    b"ObjStm" => self.about.objects = true,
                    b"Filter" | b"F" => self.about.filtered = true,
                    b"Predictor" => self.about.predicted = true,
                    _ => judge(name, &mut self.found),
                }
            }
            // Blanks between the word and the end of its line are passed over by readers as well.
            if !(matches!(byte, b' ' | b'\t') && self.last.to_be_bytes().ends_with(b"stream")) {
                self.last = (self.last << 8) | u64::from(byte);
            }
            if byte == b':' {
                self.address();
            }
            // A line ends behind the word, or the bytes would not begin.
            if matches!(byte, b'\n' | b'\r') && self.begins() {
                let about = std::mem::take(&mut self.about);
                if about.objects && about.predicted {
                    self.found.add(Active::Unread);
                }
                if self.open.len() == SIDE_BY_SIDE || self.begun == BEGUN {
                    self.found.add(Active::Unread);
                } else {
                    self.begun += 1;
                    self.open.push(Packed::new(about));
                    let place = self.open.len() - 1;
                    self.unfold(place, chunk.get(at + 1..).unwrap_or_default());
                }
            }
        }
    }

    /// Whether the last bytes are `stream` and the end of its line, and not `endstream`.
    fn begins(&self) -> bool {
        matches!(self.last.to_be_bytes(), [before, b's', b't', b'r', b'e', b'a', b'm', _] if before != b'd')
    }

    /// Notes an address that names a file of whoever opens it.
    fn address(&mut self) {
        if self.last.to_be_bytes().get(2..).is_some_and(|end| end.eq_ignore_ascii_case(b"(file:")) {
            self.found.add(Active::Linked);
        }
    }

    /// Hands bytes to the streams that are open, from the one at `from`, and drops those that are over.
    fn unfold(&mut self, from: usize, bytes: &[u8]) {
        let mut at = from;
        while let Some(packed) = self.open.get_mut(at) {
            let goes_on = packed.feed(bytes, &mut self.room, &mut self.found);
            if goes_on {
                at += 1;
            } else {
                self.open.remove(at);
            }
        }
    }
}

/// A stream that may hold objects.
struct Packed {
    about: About,
    inflate: Decompress,
    names: Names,
    /// The first unfolded bytes, until they have told what it is.
    head: Vec<u8>,
    told: bool,
    begun: bool,
}

impl Packed {
    fn new(about: About) -> Self {
        let told = about.objects;
        Self {
            about,
            inflate: Decompress::new(true),
            names: Names::default(),
            head: Vec::new(),
            told,
            begun: false,
        }
    }

    /// Unfolds further bytes; `false` where it is over, or no concern of ours.
    fn feed(&mut self, mut bytes: &[u8], left: &mut u64, found: &mut Found) -> bool {
        if !self.begun {
            while let [b'\n' | b'\r', rest @ ..] = bytes {
                bytes = rest;
            }
            self.begun = !bytes.is_empty();
        }
        let mut room = [0; 16 * 1024];
        while !bytes.is_empty() {
            let (taken, given) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(bytes, &mut room, FlushDecompress::None);
            let given = usize::try_from(self.inflate.total_out() - given).unwrap_or_default();
            let taken = usize::try_from(self.inflate.total_in() - taken).unwrap_or_default();
            bytes = bytes.get(taken..).unwrap_or_default();
            let Some(rest) = left.checked_sub(given as u64) else {
                found.add(Active::Unread);
                return false;
            };
            *left = rest;
            if !self.look(room.get(..given).unwrap_or_default(), found) {
                return false;
            }
            match status {
                Ok(Status::StreamEnd) => return false,
                Ok(_) if taken == 0 && given == 0 => return false,
                Ok(_) => {}
                Err(_) => {
                    // Bytes that are not packed were seen as they went by; all else is hidden.
                    if self.about.objects && self.about.filtered && self.inflate.total_out() == 0 {
                        found.add(Active::Unread);
                    }
                    return false;
                }
            }
        }
        true
    }

    fn look(&mut self, bytes: &[u8], found: &mut Found) -> bool {
        if !self.told {
            let missing = TELLING.saturating_sub(self.head.len()).min(bytes.len());
            self.head.extend(bytes.iter().take(missing));
            let numbers = self
                .head
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace() || **byte == 0);
            let numbers = numbers.count();
            match self.head.get(numbers) {
                // Behind the list objects begin, or a comment.
                Some(b'<' | b'[' | b'%' | b'/' | b'(') | None => {}
                // A pair of numbers and a word: an object that is one, such as `true`.
                Some(_) if numbers >= SHORTEST_LIST => {}
                Some(_) => return false,
            }
            self.told = self.head.len() >= TELLING;
        }
        for byte in bytes {
            if let Some(name) = self.names.next(*byte) {
                judge(name, found);
            }
        }
        true
    }
}

/// Names of a PDF, one byte after the other. `#4a` is a letter in them as well.
#[derive(Default)]
struct Names {
    name: Vec<u8>,
    inside: bool,
    whole: Vec<u8>,
}

impl Names {
    /// The name that this byte ends.
    fn next(&mut self, byte: u8) -> Option<&[u8]> {
        let ends = byte.is_ascii_whitespace()
            || matches!(byte, 0 | b'/' | b'<' | b'>' | b'[' | b']' | b'(' | b')' | b'{' | b'}' | b'%');
        if !ends {
            if self.inside && self.name.len() <= 3 * NAME {
                self.name.push(byte);
            }
            return None;
        }
        let ended = self.inside && !self.name.is_empty();
        if ended {
            self.whole = spelt(&self.name);
        }
        self.name.clear();
        self.inside = byte == b'/';
        ended.then_some(self.whole.as_slice())
    }
}

fn spelt(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let mut byte = [0];
        match tail.get(..2) {
            Some(digits) if *first == b'#' && hex::decode_to_slice(digits, &mut byte).is_ok() => {
                bytes.push(byte[0]);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

fn judge(name: &[u8], found: &mut Found) {
    found.add(match name {
        b"JavaScript" => Active::Script,
        b"Launch" => Active::Program,
        b"EmbeddedFile" | b"EmbeddedFiles" | b"FileAttachment" | b"GoToE" => Active::Files,
        b"RichMedia" | b"RichMediaContent" | b"Rendition" => Active::Media,
        b"XFA" => Active::Form,
        b"SubmitForm" | b"ImportData" => Active::Sends,
        b"GoToR" => Active::Linked,
        _ => return,
    });
}

/// What acts in an office file from before 2007.
///
/// # Errors
/// Whatever the reader fails with.
pub fn active_in_old_office(mut source: impl Read) -> io::Result<Vec<Active>> {
    // Names stand in the container in two bytes a letter.
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let wanted = [
        (wide("_VBA_PROJECT"), Active::Macros),
        (wide("Ole10Native"), Active::Files),
        (wide("EncryptedPackage"), Active::Unread),
    ];
    let longest = wanted.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let (mut found, mut window) = (Found::default(), Vec::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok(found.list());
        }
        window.extend_from_slice(buffer.get(..read).unwrap_or_default());
        for (name, active) in &wanted {
            if window.windows(name.len()).any(|bytes| bytes == name) {
                found.add(*active);
            }
        }
        window.drain(..window.len().saturating_sub(longest));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;
    use crate::DATA_AGREEMENT;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
        let head = format!("9 0 obj\n<< {dictionary} /Length {} >>\nstream\r\n", bytes.len());
        [head.as_bytes(), bytes, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn names_are_found_however_they_are_spelt() {
        assert_eq!(active_in_pdf(DATA_AGREEMENT).unwrap(), []);
        let found = |text: &str| active_in_pdf(text.as_bytes()).unwrap();
        assert_eq!(found("<< /S /JavaScript /JS (x) >>"), [Active::Script]);
        assert_eq!(found("<< /S /J#61v#61Script>>"), [Active::Script]);
        assert_eq!(found("<</S/Launch/F(cmd.exe)>> /EmbeddedFiles 4 0 R"), [Active::Program, Active::Files]);
        assert_eq!(found("<< /XFA 3 0 R >> << /S /SubmitForm >>"), [Active::Form, Active::Sends]);
        assert_eq!(found("/Subtype /RichMedia "), [Active::Media]);
        assert_eq!(found("<< /S /URI /URI (file:///c:/a.exe) >>"), [Active::Linked]);
        assert_eq!(found("<< /S /URI /URI (https://firm.example/) >> /Launching /JavaScripts "), []);
    }

    #[test]
    fn packed_objects_are_unfolded() {
        let objects = b"4 0 7 40 << /S /JavaScript /JS (app.alert(1)) >> << /S /Launch >> ";
        for dictionary in
            ["/Type /ObjStm /N 2 /First 9 /Filter /FlateDecode", "/N 2 /First 9 /Filter /FlateDecode"]
        {
            let file = stream(dictionary, &packed(objects));
            assert_eq!(active_in_pdf(&*file).unwrap(), [Active::Script, Active::Program], "{dictionary}");
            // Whatever the pieces in which they come.
            struct Slow<'a>(&'a [u8]);
            impl Read for Slow<'_> {
                fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
                    let some = room.len().min(7);
                    self.0.read(&mut room[..some])
                }
            }
            assert_eq!(active_in_pdf(Slow(&file)).unwrap(), [Active::Script, Active::Program]);
        }
        let words = stream("/Filter /FlateDecode", &packed(b"BT (see /JavaScript ) Tj ET"));
        assert_eq!(active_in_pdf(&*words).unwrap(), [], "what a page says does nothing");
        let hidden = stream("/Type /ObjStm /Filter /LZWDecode", b"\x80\x0b\x60\x50\x22");
        assert_eq!(active_in_pdf(&*hidden).unwrap(), [Active::Unread]);
    }

    #[test]
    fn a_bomb_of_objects_ends_at_its_bound() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let spaces = vec![b' '; 1 << 20];
        for _ in 0..4 {
            encoder.write_all(&spaces).unwrap();
        }
        let bomb = stream("/Type /ObjStm /Filter /FlateDecode", &encoder.finish().unwrap());
        assert!(bomb.len() < 1 << 20);
        assert_eq!(look_through(&*bomb, 3 << 20).unwrap(), [Active::Unread]);
    }

    #[test]
    fn macros_of_old_office_files_are_found() {
        let mut file = vec![0; 70_000];
        file.extend("_VBA_PROJECT".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(active_in_old_office(&*file).unwrap(), [Active::Macros]);
        assert_eq!(active_in_old_office(&file[..70_000]).unwrap(), []);
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        let all = active_words(&Active::ALL);
        assert_eq!(Active::of_words(&all), Active::ALL);
        assert_eq!(Active::of_words(""), []);
    }
}
