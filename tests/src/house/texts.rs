//! What no file of the house may say: where one person's machine keeps things, and where packages are fetched from.

use super::{Case, exactly, none, tree};

/// Files that a tool writes, with addresses of its own.
const WRITTEN_BY_TOOLS: [&str; 1] = ["Cargo.lock"];

/// Text that ties a file to one machine or one mirror. Put together here, so that this file does not hold it either.
fn banned() -> Vec<(String, &'static str)> {
    let machine = "a path of one machine";
    let registry = "the host of a package registry";
    let of = |parts: &[&str], why| (parts.concat(), why);
    vec![
        of(&["/wo", "rk/main"], machine),
        of(&["/wo", "rk/shared"], machine),
        of(&["/wo", "rk/target"], machine),
        of(&["/ro", "ot/"], machine),
        of(&["/tm", "p/"], machine),
        of(&["crates", ".io"], registry),
        of(&["registry", ".npmjs"], registry),
        of(&["pypi", ".org"], registry),
        of(&["pythonhosted", ".org"], registry),
        of(&["deb.debian", ".org"], registry),
        of(&["proxy.golang", ".org"], registry),
        of(&["repo.maven", ".apache"], registry),
        of(&["repo1.maven", ".org"], registry),
    ]
}

/// Each line that holds banned text.
fn banned_text(path: &str, text: &str) -> Vec<String> {
    if WRITTEN_BY_TOOLS.contains(&path) {
        return Vec::new();
    }
    let banned = banned();
    let mut offences = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (word, why) in &banned {
            if line.contains(word.as_str()) {
                offences.push(format!("{path}:{} names {why}: {word}", index + 1));
            }
        }
    }
    offences
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "house::texts",
            run: || {
                let files = tree::text_files("")?;
                none(files.iter().flat_map(|file| banned_text(&file.path, &file.text)).collect())
            },
        },
        Case {
            name: "house::texts_refuse_banned_words",
            run: || {
                let all: Vec<String> = banned().into_iter().map(|(word, _)| word).collect();
                let text = all.join("\n");
                let expected: Vec<&str> = all.iter().map(String::as_str).collect();
                exactly(&banned_text("a.md", &text), &expected)?;
                none(banned_text("Cargo.lock", &text))?;
                none(banned_text("a.md", "/work/queue and /home are pages"))
            },
        },
    ]
}
