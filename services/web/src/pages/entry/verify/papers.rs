//! How files that were brought together belong together. Only what a seal that holds says is believed, and only hashes of the files
//! themselves are compared with it.

use super::Verdict;

/// A file that was brought, and what documents says about it.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) verdict: Verdict,
}

/// What a sealed file says about another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// It is, byte for byte, the paper of this title as it was read. The second is the file that says so, as in the others.
    Read(&'a str, &'a str),
    /// It is, byte for byte, the paper of this title with everything entered, before its seal.
    Entered(&'a str, &'a str),
    /// Both are sealed, and each names the other: they were signed in one act.
    Together(&'a str),
}

impl Verdict {
    /// Whether the whole file is as it was sealed, and the seal proves it.
    pub(super) fn holds(&self) -> bool {
        self.verdict == "sealed" && !self.out_of_time && self.coherent && self.facts.is_some()
    }
}

/// What the sealed files among `files` say about the one at `place`.
pub(super) fn named(files: &[Checked], place: usize) -> Vec<Named<'_>> {
    let Some(file) = files.get(place) else { return Vec::new() };
    let hash = file.verdict.sha256.as_str();
    let own = file.verdict.facts.as_ref().filter(|_| file.verdict.holds());
    let mut told = Vec::new();
    for (_, other) in files.iter().enumerate().filter(|(at, other)| *at != place && other.verdict.holds()) {
        let (Some(facts), by) = (&other.verdict.facts, other.name.as_str()) else { continue };
        let papers = || std::iter::once(&facts.paper).chain(&facts.beside);
        if let Some(paper) = papers().find(|paper| is(hash, &paper.original_sha256)) {
            told.push(Named::Read(&paper.title, by));
        } else if let Some(paper) = papers().find(|paper| is(hash, &paper.signed_sha256)) {
            told.push(Named::Entered(&paper.title, by));
        } else if own.is_some_and(|own| {
            own.envelope == facts.envelope
                && facts.beside.iter().any(|paper| paper.is(&own.paper))
                && own.beside.iter().any(|paper| paper.is(&facts.paper))
        }) {
            told.push(Named::Together(by));
        }
    }
    told
}

/// The file among `files` that is a paper which another one names, in whichever form.
pub(super) fn brought<'a>(files: &'a [Checked], paper: &super::Paper) -> Option<&'a str> {
    let is_it = |file: &&Checked| {
        let (hash, facts) = (&file.verdict.sha256, &file.verdict.facts);
        is(hash, &paper.original_sha256)
            || is(hash, &paper.signed_sha256)
            || file.verdict.holds() && facts.as_ref().is_some_and(|facts| facts.paper.is(paper))
    };
    files.iter().find(is_it).map(|file| file.name.as_str())
}

fn is(hash: &str, named: &str) -> bool {
    !named.is_empty() && hash == named
}

impl super::Paper {
    fn is(&self, other: &Self) -> bool {
        is(&self.signed_sha256, &other.signed_sha256) && self.original_sha256 == other.original_sha256
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sealed(name: &str, paper: &str, beside: &[&str]) -> Checked {
        let beside: Vec<_> = beside
            .iter()
            .map(|of| json!({"title": of, "original_sha256": format!("{of}-read"), "signed_sha256": format!("{of}-entered")}))
            .collect();
        let verdict = json!({
            "verdict": "sealed", "coherent": true, "sha256": format!("{name}-file"),
            "facts": {
                "envelope": "e1", "title": paper, "original_sha256": format!("{paper}-read"),
                "signed_sha256": format!("{paper}-entered"), "beside": beside, "made_at": "2026-11-22T09:00:00Z",
            },
        });
        Checked { name: name.to_owned(), verdict: serde_json::from_value(verdict).unwrap() }
    }

    fn bare(name: &str, hash: &str) -> Checked {
        let verdict = json!({"verdict": "unsealed", "sha256": hash});
        Checked { name: name.to_owned(), verdict: serde_json::from_value(verdict).unwrap() }
    }

    #[test]
    fn a_paper_is_known_by_the_hash_that_a_sealed_file_names() {
        let files = [
            sealed("a.pdf", "Contract", &["Annex"]),
            bare("b.pdf", "Annex-read"),
            bare("c.pdf", "Contract-read"),
            bare("d.pdf", "Annex-entered"),
            bare("e.pdf", "else"),
            bare("f.pdf", ""),
        ];
        assert_eq!(named(&files, 1), [Named::Read("Annex", "a.pdf")]);
        assert_eq!(named(&files, 2), [Named::Read("Contract", "a.pdf")]);
        assert_eq!(named(&files, 3), [Named::Entered("Annex", "a.pdf")]);
        for other in [0, 4, 5, 6] {
            assert!(named(&files, other).is_empty(), "{other}");
        }
        let annex = &files[0].verdict.facts.as_ref().unwrap().beside[0];
        assert_eq!(brought(&files, annex), Some("b.pdf"));
        assert_eq!(brought(&files[4..], annex), None);
    }

    #[test]
    fn sealed_files_belong_together_only_where_each_names_the_other() {
        let (a, b) = (sealed("a.pdf", "Contract", &["Annex"]), sealed("b.pdf", "Annex", &["Contract"]));
        let alone = sealed("c.pdf", "Annex", &[]);
        let mut other = sealed("d.pdf", "Annex", &["Contract"]);
        other.verdict.facts.as_mut().unwrap().envelope = "e2".to_owned();
        let mut spoiled = sealed("e.pdf", "Annex", &["Contract"]);
        spoiled.verdict.coherent = false;
        let files = [a, b, alone, other, spoiled];
        assert_eq!(named(&files, 0), [Named::Together("b.pdf")]);
        assert_eq!(named(&files, 1), [Named::Together("a.pdf")]);
        for other in 2..5 {
            assert!(named(&files, other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_seal_that_does_not_hold_names_nothing() {
        for spoil in [
            |verdict: &mut Verdict| verdict.out_of_time = true,
            |verdict: &mut Verdict| verdict.coherent = false,
            |verdict: &mut Verdict| verdict.verdict = "extended".to_owned(),
            |verdict: &mut Verdict| verdict.facts = None,
        ] {
            let mut a = sealed("a.pdf", "Contract", &["Annex"]);
            spoil(&mut a.verdict);
            assert!(named(&[a, bare("b.pdf", "Annex-read")], 1).is_empty());
        }
    }
}
