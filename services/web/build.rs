//! Prepares the assets: joins the style sheets and the scripts, checks what is vendored against its checksums, names
//! every file by its content, compresses it once, and writes the table that `src/assets.rs` serves from.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The scripts of every page, in the order in which they are joined.
const PAGE_SCRIPTS: [&str; 11] = [
    "words",
    "confirm",
    "submit-once",
    "fragment",
    "glide",
    "live",
    "resume",
    "upload",
    "autosave",
    "presence",
    "shortcuts",
];

/// The scripts that only some pages ask for.
const SCRIPTS_OF_ONE_PAGE: [&str; 5] = ["signature", "pins", "reading", "plan", "placing"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=templates");
    let source = PathBuf::from("assets");
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?).join("assets");
    let _ = fs::remove_dir_all(&target);
    fs::create_dir_all(&target)?;

    let mut table = Table { target, rows: String::new() };
    table.add("css/app.css", join_styles(&source.join("css"))?.as_bytes(), "text/css; charset=utf-8")?;
    let mut script = String::new();
    for name in PAGE_SCRIPTS {
        script.push_str(&bare_script(&fs::read_to_string(source.join(format!("js/{name}.js")))?));
    }
    let javascript = "text/javascript; charset=utf-8";
    table.add("js/app.js", script.as_bytes(), javascript)?;
    for name in SCRIPTS_OF_ONE_PAGE {
        let own = bare_script(&fs::read_to_string(source.join(format!("js/{name}.js")))?);
        table.add(&format!("js/{name}.js"), own.as_bytes(), javascript)?;
    }
    for (file, sum) in checksums(&source.join("vendor/SHA256SUMS"))? {
        let bytes = fs::read(source.join("vendor").join(&file))?;
        if hex::encode(Sha256::digest(&bytes)) != sum {
            return Err(io::Error::other(format!("assets/vendor/{file} is not what SHA256SUMS says")));
        }
        let library = file.split('-').next().unwrap_or(&file).to_owned();
        table.add(&format!("vendor/{library}.js"), &bytes, javascript)?;
    }
    table.write()
}

/// The generated Rust table and the folder its files lie in.
struct Table {
    target: PathBuf,
    rows: String,
}

impl Table {
    fn add(&mut self, name: &str, bytes: &[u8], content_type: &str) -> io::Result<()> {
        let hash = &hex::encode(Sha256::digest(bytes))[..12];
        let leaf = name.rsplit('/').next().unwrap_or(name);
        let (stem, extension) = leaf.rsplit_once('.').unwrap_or((leaf, "bin"));
        let file = format!("{stem}-{hash}.{extension}");
        fs::write(self.target.join(&file), bytes)?;
        fs::write(self.target.join(format!("{file}.br")), compress(bytes)?)?;
        let plain = self.target.join(&file);
        let compressed = self.target.join(format!("{file}.br"));
        self.rows.push_str(&format!(
            "    Asset {{ name: {name:?}, file: {file:?}, etag: \"\\\"{hash}\\\"\", content_type: {content_type:?}, \
             plain: include_bytes!({plain:?}), brotli: include_bytes!({compressed:?}) }},\n"
        ));
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let table = format!("static ASSETS: &[Asset] = &[\n{}];\n", self.rows);
        fs::write(self.target.join("table.rs"), table)
    }
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, 11, 22);
    writer.write_all(bytes)?;
    writer.flush()?;
    drop(writer);
    Ok(packed)
}

/// All style sheets in the order of their names, without comments and indentation.
fn join_styles(folder: &Path) -> io::Result<String> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut joined = String::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let mut rest = text.as_str();
        let mut bare = String::new();
        while let Some((before, after)) = rest.split_once("/*") {
            bare.push_str(before);
            rest = after.split_once("*/").map_or("", |(_, after)| after);
        }
        bare.push_str(rest);
        for line in bare.lines().map(str::trim).filter(|line| !line.is_empty()) {
            joined.push_str(line);
            joined.push('\n');
        }
    }
    Ok(joined)
}

/// One script as part of a joined module: without whole-line comments, imports and exports. The modules' top-level
/// names are unique (a test sees to it), so joined they still find each other.
fn bare_script(text: &str) -> String {
    let mut bare = String::new();
    let mut in_comment = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if in_comment || trimmed.starts_with("/**") {
            in_comment = !trimmed.contains("*/");
            let after = trimmed.rsplit_once("*/").map_or("", |(_, after)| after.trim());
            if in_comment || after.is_empty() {
                continue;
            }
            bare.push_str(after);
        } else if trimmed.is_empty() || trimmed.starts_with("//") || trimmed.starts_with("import ") {
            continue;
        } else {
            bare.push_str(trimmed.strip_prefix("export ").unwrap_or(trimmed));
        }
        bare.push('\n');
    }
    bare
}

fn checksums(file: &Path) -> io::Result<Vec<(String, String)>> {
    let text = fs::read_to_string(file)?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect())
}
