//! The product's sentences, from the Fluent files under `locales/`, one folder a language.

use std::{borrow::Cow, collections::HashMap, fmt, sync::LazyLock};

use fluent_templates::{LanguageIdentifier, Loader as _, fluent_bundle::FluentValue};

fluent_templates::static_loader! {
    static SENTENCES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English, complete.
    #[default]
    En,
    /// German.
    De,
}

impl Locale {
    /// Every language there is, the default first.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The BCP 47 tag, as it stands in `lang="…"` and in a person's settings.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language in its own words, for a list to choose from.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The language for a tag such as `de-AT`; nothing for one that we do not speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` header; English where none fits.
    pub fn negotiate(accept_language: &str) -> Self {
        let mut wishes: Vec<(f32, Self)> = accept_language
            .split(',')
            .filter_map(|wish| {
                let (tag, weight) = wish.split_once(";q=").unwrap_or((wish, "1"));
                let weight = weight.trim().parse().unwrap_or(0.0);
                Some((weight, Self::from_tag(tag)?)).filter(|(weight, _)| *weight > 0.0)
            })
            .collect();
        wishes.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        wishes.first().map_or_else(Self::default, |(_, locale)| *locale)
    }

    fn identifier(self) -> &'static LanguageIdentifier {
        static EN: LazyLock<LanguageIdentifier> =
            LazyLock::new(|| Locale::En.tag().parse().unwrap_or_default());
        static DE: LazyLock<LanguageIdentifier> =
            LazyLock::new(|| Locale::De.tag().parse().unwrap_or_default());
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }
}

/// The sentences in one language.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts {
    /// The reader's language.
    pub locale: Locale,
}

impl Texts {
    /// Sentences in `locale`, in English where a sentence is not translated yet.
    pub const fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// The sentence `key`. A key that does not exist gives the key itself; a test holds all templates to existing
    /// ones.
    pub fn t(&self, key: &str) -> String {
        self.say(key).to_string()
    }

    /// The sentence `key` with values: `texts.say("due-in").arg("days", 3)`. It displays as the sentence.
    pub fn say<'a>(&self, key: &'a str) -> Phrase<'a> {
        Phrase { locale: self.locale, key, values: HashMap::new() }
    }
}

/// A sentence that is still taking its values; displaying it gives the text.
#[derive(Debug, Clone)]
pub struct Phrase<'a> {
    locale: Locale,
    key: &'a str,
    values: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl Phrase<'_> {
    /// Sets `$name`: a text, or a number that the sentence can choose its plural by.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Value) -> Self {
        self.values.insert(Cow::Borrowed(name), value.value());
        self
    }
}

impl fmt::Display for Phrase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SENTENCES.try_lookup_with_args(self.locale.identifier(), self.key, &self.values) {
            Some(text) => f.write_str(&text),
            None => f.write_str(self.key),
        }
    }
}

/// What a sentence can take in. Implemented for references too, since templates hand over references.
pub trait Value {
    /// The value in Fluent's terms.
    fn value(&self) -> FluentValue<'static>;
}

impl<T: Value + ?Sized> Value for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

impl Value for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Value for String {
    fn value(&self) -> FluentValue<'static> {
        self.as_str().value()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}

numbers!(i32, i64, u32, u64, usize);

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// The keys of all files of one language.
    fn keys(locale: Locale) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(locale.tag());
        let mut keys = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
                let key =
                    line.split_once('=').unwrap_or_else(|| panic!("no message: {line}")).0.trim().to_owned();
                assert!(keys.insert(key.clone()), "{key} stands twice in {}", locale.tag());
            }
        }
        keys
    }

    #[test]
    fn every_language_has_the_same_sentences() {
        let english = keys(Locale::En);
        for locale in Locale::ALL {
            let own = keys(locale);
            let missing: Vec<_> = english.symmetric_difference(&own).collect();
            assert!(missing.is_empty(), "{} differs: {missing:?}", locale.tag());
        }
    }

    #[test]
    fn every_sentence_that_templates_and_code_name_exists() {
        let english = keys(Locale::En);
        let mut named = 0;
        for (path, text) in crate::sources(&["templates", "src"]) {
            for call in [".t(\"", ".say(\""] {
                for (at, _) in text.match_indices(call) {
                    let key = text[at + call.len()..].split('"').next().unwrap();
                    assert!(english.contains(key) || key == "no-such-sentence", "{path} names {key}");
                    named += 1;
                }
            }
        }
        assert!(named > 30, "{named}");
    }

    /// Sentences that stand in code on purpose, each with the reason.
    const IN_CODE: [&str; 0] = [];

    /// The text literals of a source, without comments and without its tests.
    fn literals(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]").next().unwrap();
        let mut found = Vec::new();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let mut letters = line.chars();
            while letters.by_ref().any(|letter| letter == '"') {
                let mut literal = String::new();
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    literal.push(if letter == '\\' { letters.next().unwrap_or(' ') } else { letter });
                }
                found.push(literal);
            }
        }
        found
    }

    /// Whether a literal reads like something said to a person: a capital letter, then words.
    fn is_sentence(literal: &str) -> bool {
        let mut letters = literal.trim_start_matches(['“', '(']).chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(|letter| letter.is_lowercase() || letter == ' ')
            && literal.split(' ').filter(|word| word.chars().all(char::is_alphabetic)).count() >= 2
    }

    #[test]
    fn no_sentence_stands_in_code() {
        for sentence in ["Choose a day.", "This was not a form."] {
            let source = format!(
                "let told = \"{sentence}\";\n// \"A remark of ours\"\n#[cfg(test)]\nmod tests {{ \"A test's own\" }}"
            );
            assert_eq!(
                literals(&source).into_iter().filter(|each| is_sentence(each)).collect::<Vec<_>>(),
                [sentence]
            );
        }
        for fine in ["application/json", "GET", "Europe/Berlin", "a page was refused", "Set-Cookie"] {
            assert!(!is_sentence(fine), "{fine}");
        }
        let mut read = 0;
        for (path, text) in crate::sources(&["src"]) {
            if path.ends_with("walk.rs") {
                continue;
            }
            for literal in literals(&text) {
                read += 1;
                assert!(
                    !is_sentence(&literal) || IN_CODE.contains(&literal.as_str()),
                    "{path} says {literal:?} itself"
                );
            }
        }
        assert!(read > 1000, "{read}");
    }

    #[test]
    fn the_readers_language_is_found_by_weight() {
        assert_eq!(Locale::negotiate("fr-FR, de-AT;q=0.8, en;q=0.5"), Locale::De);
        assert_eq!(Locale::negotiate("de;q=0.2, en-GB"), Locale::En);
        assert_eq!(Locale::negotiate("de;q=0, *"), Locale::En);
        assert_eq!(Locale::negotiate("\u{0},;q=,=="), Locale::En);
    }

    #[test]
    fn sentences_choose_their_plural() {
        let english = Texts::new(Locale::En);
        assert_eq!(english.say("due-overdue").arg("days", 1).to_string(), "1 day overdue");
        assert_eq!(english.say("due-overdue").arg("days", 3_u32).to_string(), "3 days overdue");
        assert_eq!(Texts::new(Locale::De).say("due-overdue").arg("days", 3).to_string(), "3 Tage überfällig");
        assert_eq!(english.t("no-such-sentence"), "no-such-sentence");
    }
}
