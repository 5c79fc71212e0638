//! Pages run under `script-src 'self'; style-src 'self'`: no template may hold script or style of its own.

use super::{Case, exactly, none, tree};

/// What the template of a page may not hold, with the line of each offence.
fn inline_code(path: &str, text: &str) -> Vec<String> {
    let html = without_expressions(text).to_ascii_lowercase();
    let mut offences = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find('<').map(|offset| at + offset) {
        let close = end_of_tag(&html, open);
        let tag = &html[open + 1..close];
        let line = html[..open].matches('\n').count() + 1;
        offences.extend(judge(tag).into_iter().map(|what| format!("{path}:{line} {what}")));
        at = close.max(open + 1);
    }
    offences
}

fn judge(tag: &str) -> Vec<String> {
    let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
    let attributes = attributes(&tag[name.len()..]);
    let mut offences = Vec::new();
    match name.as_str() {
        "" => return offences,
        "style" => offences.push("holds a <style>: put it into a style sheet".to_owned()),
        "script" if !attributes.iter().any(|(name, _)| name == "src") => {
            offences.push("holds a script: put it into an asset".to_owned());
        }
        _ => {}
    }
    for (name, value) in attributes {
        if name == "style" {
            offences.push("has style=: use a class".to_owned());
        } else if name.starts_with("on") || name.starts_with("hx-on") {
            offences.push(format!("has {name}=: listen from an asset"));
        } else if value.trim_start().starts_with("javascript:")
            || (name.starts_with("hx-") && value.trim_start().starts_with("js:"))
        {
            offences.push(format!("has script in {name}="));
        }
    }
    offences
}

/// Names and values of the attributes of a tag, from the text after its name.
fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        if rest.is_empty() {
            return found;
        }
        let (name, after) = rest.split_at(length);
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            found.push((name.to_owned(), String::new()));
            rest = after;
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        found.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
}

/// The place of the `>` that ends the tag opened at `open`, past any within quotes.
fn end_of_tag(html: &str, open: usize) -> usize {
    let mut quote = None;
    for (offset, c) in html[open..].char_indices() {
        match quote {
            Some(mark) if c == mark => quote = None,
            None if c == '>' => return open + offset,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
    }
    html.len()
}

/// The template with all its expressions and statements blanked out, lines kept.
fn without_expressions(text: &str) -> String {
    let mut html = text.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
        let mut kept = String::with_capacity(html.len());
        let mut rest = html.as_str();
        while let Some((before, after)) = rest.split_once(open) {
            let (inside, after) = after.split_once(close).unwrap_or((after, ""));
            kept.push_str(before);
            kept.push(' ');
            kept.extend(inside.chars().filter(|c| *c == '\n'));
            rest = after;
        }
        kept.push_str(rest);
        html = kept;
    }
    html
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "house::templates",
            run: || {
                let mut offences = Vec::new();
                for room in ["services/web/templates", "services/gateway/templates"] {
                    for file in tree::text_files(room)?.iter().filter(|file| file.path.ends_with(".html")) {
                        offences.extend(inline_code(&file.path, &file.text));
                    }
                }
                none(offences)
            },
        },
        Case {
            name: "house::templates_refuse_inline_code",
            run: || {
                let page = "<p>\n<script>alert(1)</script>\n<style>p{}</style><b STYLE='x'>\n<a onclick=\"go()\" href=\"javascript:go()\">\n\
                            <i hx-on::load=\"x\" hx-vals='js:{a:1}'>";
                let expected = [
                    "p:2 holds a script",
                    "p:3 holds a <style>",
                    "p:3 has style=",
                    "p:4 has onclick=",
                    "p:4 has script in href=",
                    "p:5 has hx-on::load=",
                    "p:5 has script in hx-vals=",
                ];
                exactly(&inline_code("p", page), &expected)
            },
        },
        Case {
            name: "house::templates_allow_plain_pages",
            run: || {
                let page = "{% if a < b %}{# <style> #}<script src=\"{{ asset(\"app.js\") }}\" defer></script>{% endif %}\n\
                            <p class=\"one\" data-on=\"x\" title=\"1 > 0 style='x'\">3 < 4, on=5 and style=7</p>{% let only = 1 %}";
                none(inline_code("p", page))
            },
        },
    ]
}
