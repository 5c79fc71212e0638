//! Whether a file is one of those that were asked for.

use super::kind::{Kind, Sniffed};

/// A group of types that a request names, as definitions write them: `pdf`, `image`, `office`, `zip`, `text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accept {
    /// PDF documents.
    Pdf,
    /// Photos and scans.
    Image,
    /// Word, Excel, PowerPoint and OpenDocument files.
    Office,
    /// ZIP archives.
    Zip,
    /// Plain text and CSV.
    Text,
}

impl Accept {
    /// Reads the word that definitions use; nothing for any other.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "pdf" => Self::Pdf,
            "image" => Self::Image,
            "office" => Self::Office,
            "zip" => Self::Zip,
            "text" => Self::Text,
            _ => return None,
        })
    }

    /// What people call it, with its article.
    pub const fn called(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF",
            Self::Image => "an image",
            Self::Office => "an Office document",
            Self::Zip => "a ZIP archive",
            Self::Text => "a text file",
        }
    }

    const fn covers(self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Pdf, Kind::Pdf)
                | (Self::Image, Kind::Image(_))
                | (Self::Office, Kind::Office(_))
                | (Self::Zip, Kind::Zip)
                | (Self::Text, Kind::Text)
        )
    }
}

/// A file that was not asked for; the text is for the person who chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// Whether the file is of a type that was asked for, by its bytes and whatever it is named. Its name only helps to
/// say what is wrong. An empty list asks for nothing in particular: then all is taken but programs.
///
/// # Errors
/// [`Refusal`], with what the file looks like and what to upload instead.
pub fn accepts(accepted: &[Accept], file: &Sniffed, file_name: &str) -> Result<(), Refusal> {
    let wanted = if accepted.is_empty() {
        "another file".to_owned()
    } else {
        list(&accepted.iter().map(|accept| accept.called()).collect::<Vec<_>>())
    };
    if file.empty {
        return Err(Refusal(format!("This file is empty. Please upload {wanted}.")));
    }
    let fits = if accepted.is_empty() {
        file.kind != Kind::Program
    } else {
        accepted.iter().any(|accept| accept.covers(file.kind))
    };
    if fits {
        return Ok(());
    }
    let disguise = match claimed(file_name) {
        Some((claim, as_what)) if Some(claim) != group(file.kind) => format!(" named as {as_what}"),
        _ => String::new(),
    };
    Err(Refusal(format!("This looks like {}{disguise}. Please upload {wanted}.", file.called)))
}

/// The group that a file's extension claims, and what people call it.
fn claimed(file_name: &str) -> Option<(Accept, &'static str)> {
    let (_, extension) = file_name.rsplit_once('.')?;
    let claim = match extension.to_ascii_lowercase().as_str() {
        "pdf" => Accept::Pdf,
        "png" | "jpg" | "jpeg" | "heic" | "heif" | "webp" | "gif" | "tif" | "tiff" => Accept::Image,
        "doc" | "docx" | "xls" | "xlsx" | "ppt" | "pptx" | "odt" | "ods" | "odp" => Accept::Office,
        "zip" => Accept::Zip,
        "txt" | "csv" => Accept::Text,
        _ => return None,
    };
    Some((claim, claim.called()))
}

/// The group a kind belongs to; programs, web pages and the unknown belong to none, which no claim equals.
fn group(kind: Kind) -> Option<Accept> {
    [Accept::Pdf, Accept::Image, Accept::Office, Accept::Zip, Accept::Text]
        .into_iter()
        .find(|accept| accept.covers(kind))
}

/// `a PDF, an image or a ZIP archive`.
fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{sniff, zip::tests::archive};

    fn refused(accepted: &[Accept], bytes: &[u8], name: &str) -> String {
        accepts(accepted, &sniff(bytes, bytes), name).unwrap_err().to_string()
    }

    #[test]
    fn a_disguise_is_named_in_plain_words() {
        let mut program = b"MZ\x90\0".to_vec();
        program.resize(100, 0);
        assert_eq!(
            refused(&[Accept::Pdf, Accept::Image], &program, "invoice.pdf"),
            "This looks like a Windows program named as a PDF. Please upload a PDF or an image."
        );
        assert_eq!(
            refused(&[Accept::Image], b"%PDF-1.4\n", "scan.pdf"),
            "This looks like a PDF. Please upload an image."
        );
        assert_eq!(
            refused(&[Accept::Office, Accept::Pdf], &archive(&["holiday.jpg"]), "report.DOCX"),
            "This looks like a ZIP archive named as an Office document. Please upload an Office document or a PDF."
        );
        assert_eq!(refused(&[Accept::Text], b"", "a.txt"), "This file is empty. Please upload a text file.");
    }

    #[test]
    fn bytes_decide_and_names_do_not() {
        let pdf = sniff(b"%PDF-1.4\n", b"");
        assert_eq!(accepts(&[Accept::Pdf], &pdf, "scan0001.bin"), Ok(()));
        let page = sniff(b"<html><script>", b"");
        assert!(accepts(&[Accept::Text], &page, "notes.txt").is_err());
        assert!(accepts(&[Accept::Image], &sniff(b"<svg>", b""), "logo.png").is_err());
    }

    #[test]
    fn nothing_in_particular_means_all_but_programs() {
        assert_eq!(accepts(&[], &sniff(b"\0\x01", b""), "model.step"), Ok(()));
        assert!(refused(&[], b"\x7fELF", "tool").contains("a program"));
    }
}
