//! From a text to a definition that holds, or to what is wrong with it.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    Definition, Finding,
    finding::{nearest, suggestion},
    model::shared_keys,
    source::{self, Node, Position, Problem, ReadError},
};

/// The longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Reads a definition from YAML (or JSON, which is YAML) and validates it.
///
/// # Errors
/// What is wrong, in the order of the text, each finding with its line and column. A text that cannot be read at
/// all (no YAML, an unknown or repeated key, a missing one, a value of the wrong kind) gives the first such
/// finding alone; otherwise every finding of [`Definition::validate`] is given at once.
pub fn parse(yaml: &str) -> Result<Definition, Vec<Finding>> {
    if yaml.len() > MAX_BYTES {
        return Err(vec![Finding {
            path: String::new(),
            line: 1,
            column: 1,
            message: format!("a definition has at most 1 MiB; this one has {} bytes", yaml.len()),
            hint: Some("keep pictures and documents beside the definition, not in it".to_owned()),
        }]);
    }
    match source::from_yaml(yaml) {
        Ok(root) => from_node(&root),
        Err(error) => {
            let at = error.at.unwrap_or(Position { line: 1, column: 1 });
            Err(vec![Finding {
                path: String::new(),
                line: at.line,
                column: at.column,
                message: error.message,
                hint: None,
            }])
        }
    }
}

/// Reads a definition from JSON, as builders send it, and validates it.
///
/// # Errors
/// As [`parse`], with paths but without lines.
pub fn from_json(value: Value) -> Result<Definition, Vec<Finding>> {
    from_node(&Node::from_json(value))
}

fn from_node(root: &Node) -> Result<Definition, Vec<Finding>> {
    let definition: Definition = source::read(root).map_err(|error| vec![unread(&error)])?;
    let mut findings = definition.validate();
    if findings.is_empty() {
        return Ok(definition);
    }
    let index = root.index();
    for finding in &mut findings {
        if let Some(at) = place(&finding.path, &index) {
            (finding.line, finding.column) = (at.line, at.column);
        }
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Err(findings)
}

/// The place of a path, or of the nearest one around it.
fn place(path: &str, index: &HashMap<String, Position>) -> Option<Position> {
    let mut path = path;
    loop {
        if let Some(at) = index.get(path) {
            return Some(*at);
        }
        path = &path[..path.rfind(['.', '['])?];
    }
}

fn unread(error: &ReadError) -> Finding {
    let path = error.path();
    let hint = match &error.problem {
        Problem::UnknownKey { key, known } => {
            let keys = known.iter().chain(shared_keys(&path)).copied();
            match nearest(key, keys.clone()) {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => suggestion(key, keys),
            }
        }
        Problem::UnknownWord { word, known } => suggestion(word, known.iter().copied()),
        Problem::MissingKey(_) | Problem::Other(_) => None,
    };
    let at = error.at.unwrap_or(Position { line: 0, column: 0 });
    Finding { path, line: at.line, column: at.column, message: error.to_string(), hint }
}
