//! What stands around every page: the firm, the reader, the navigation.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_core::TenantId;

use crate::{
    components::initials,
    format::{Due, Formats},
    text::{Locale, Phrase, Texts},
    theme::{Color, Theme},
};

/// The sentences that scripts show; each stands as `js-<name>` in the locales.
const SCRIPT_WORDS: &[&str] = &[
    "network",
    "retry",
    "confirm-yes",
    "confirm-no",
    "draft-saving",
    "draft-saved",
    "draft-failed",
    "draft-offline",
    "draft-changed",
    "draft-load",
    "draft-signed-out",
    "upload-waiting",
    "upload-started",
    "upload-done",
    "upload-arrived",
    "upload-failed",
    "upload-lost",
    "upload-too-large",
    "upload-unfinished",
    "upload-stop",
    "upload-stopped",
    "upload-take-off",
    "upload-taken-off",
    "upload-then-send",
    "upload-folder",
    "upload-empty",
    "upload-wrong-type",
];

/// Which of the three frames a page stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// A client's portal: masthead, a bar of five at the thumb.
    Portal,
    /// The staff's console: navigation at the side.
    Console,
    /// One card in a quiet room: sign-in, set-up, errors before anybody is known.
    Plain,
}

/// Whose portal it is. Nothing else is ever named to a client.
#[derive(Debug, Clone)]
pub struct Firm {
    /// The name in the masthead, in titles and on the home screen of a phone.
    pub name: String,
    /// The address of the logo on our own host.
    pub logo: Option<String>,
    /// The address of the theme's style sheet; without one the sober default shows.
    pub theme: Option<String>,
    /// The colour for the browser's own frame.
    pub color: Color,
}

impl Firm {
    /// A firm with its theme.
    pub fn new(tenant: TenantId, name: impl Into<String>, logo: Option<String>, theme: &Theme) -> Self {
        Self { name: name.into(), logo, theme: Some(theme.url(tenant)), color: theme.light.solid }
    }

    /// A host that is no firm's: the first run, or an address nobody has.
    pub fn unnamed(texts: Texts) -> Self {
        let color = Theme::default().light.solid;
        Self { name: texts.t("portal-name"), logo: None, theme: None, color }
    }
}

/// The person who reads the page.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The name they go by.
    pub name: String,
    /// Their address, so that they know which of their accounts they are in.
    pub email: String,
}

/// A company that the reader belongs to.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// Where choosing it leads. A plain link: the choice is a page's address, not hidden state.
    pub href: String,
    /// Whether the reader is there now.
    pub current: bool,
}

/// One place in the navigation. On a phone a portal shows at most five.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// What pages call it: [`crate::render::Page::at`] marks the current one by this.
    pub id: &'static str,
    /// The word shown.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// An icon's name, see [`crate::components::icon`].
    pub icon: &'static str,
    /// How much is new there; 0 shows nothing.
    pub count: u32,
    /// The letter that goes there after `g`.
    pub key: Option<char>,
}

/// Everything around a page, made once a request by whoever resolves host and session, and put into the request's
/// extensions as `Arc<Shell>`. Templates reach texts and formats through it.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The frame.
    pub area: Area,
    /// Whose portal it is.
    pub firm: Firm,
    /// Who reads; nobody before sign-in.
    pub reader: Option<Reader>,
    /// The reader's companies; a switcher shows from two on.
    pub companies: Vec<Company>,
    /// The navigation, in order.
    pub nav: Vec<NavItem>,
    /// The session's form token, see [`crate::csrf`].
    pub csrf: String,
    /// Sentences in the reader's language.
    pub texts: Texts,
    /// Dates and numbers as the reader has them.
    pub formats: Formats,
    /// Whether the page listens to the live stream at `/live`: not where it answers a form that was posted.
    pub live: bool,
    /// The largest file that goes with a message, an answer or a record, in bytes; 0 where that is not known.
    pub largest_attachment: u64,
    /// The person whose view a member of staff looks at.
    pub viewing_as: Option<String>,
    /// The person whom a client can ask, for the "not here" page and the footer.
    pub contact: Option<String>,
}

impl Shell {
    /// A shell for somebody who is not signed in.
    pub fn visitor(
        firm: Firm,
        locale: Locale,
        zone: Tz,
        now: DateTime<Utc>,
        csrf: impl Into<String>,
    ) -> Self {
        let texts = Texts::new(locale);
        Self {
            area: Area::Plain,
            firm,
            reader: None,
            companies: Vec::new(),
            nav: Vec::new(),
            csrf: csrf.into(),
            texts,
            formats: Formats::new(texts, zone, now),
            live: false,
            largest_attachment: 0,
            viewing_as: None,
            contact: None,
        }
    }

    /// The sentence `key`: `{{ s.t("save") }}`.
    pub fn t(&self, key: &str) -> String {
        self.texts.t(key)
    }

    /// The sentence `key` with values: `{{ s.say("unread").arg("count", n) }}`.
    pub fn say<'a>(&self, key: &'a str) -> Phrase<'a> {
        self.texts.say(key)
    }

    /// "3 December 2026", where the reader is.
    pub fn date(&self, moment: &DateTime<Utc>) -> String {
        self.formats.date(moment)
    }

    /// "3 December 2026, 14:30", where the reader is.
    pub fn date_time(&self, moment: &DateTime<Utc>) -> String {
        self.formats.date_time(moment)
    }

    /// "5 minutes ago", "yesterday, 14:30", "3 Dec".
    pub fn ago(&self, moment: &DateTime<Utc>) -> String {
        self.formats.ago(moment)
    }

    /// "due tomorrow", "3 days overdue".
    pub fn due(&self, moment: &DateTime<Utc>) -> Due {
        self.formats.due(moment)
    }

    /// The company the reader is in, where there are several to choose from.
    pub(crate) fn company(&self) -> Option<&Company> {
        if self.companies.len() < 2 {
            return None;
        }
        self.companies.iter().find(|company| company.current).or_else(|| self.companies.first())
    }

    /// The firm's first letters, where it has no logo.
    pub(crate) fn mark(&self) -> String {
        initials(&self.firm.name)
    }

    /// The scripts' sentences as JSON, without the prefix they have in the locales. They stand in every page, so each language's are
    /// put together once.
    pub(crate) fn script_words(&self) -> &'static str {
        static EN: LazyLock<String> = LazyLock::new(|| script_words(Locale::En));
        static DE: LazyLock<String> = LazyLock::new(|| script_words(Locale::De));
        match self.texts.locale {
            Locale::En => &EN,
            Locale::De => &DE,
        }
    }
}

fn script_words(locale: Locale) -> String {
    let texts = Texts::new(locale);
    let words: BTreeMap<_, _> =
        SCRIPT_WORDS.iter().map(|key| (*key, texts.t(&format!("js-{key}")))).collect();
    serde_json::to_string(&words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_get_every_sentence_they_ask_for() {
        for (path, text) in crate::sources(&["assets/js"]) {
            for (at, _) in text.match_indices("say(\"") {
                let key = text[at + 5..].split('"').next().unwrap();
                assert!(SCRIPT_WORDS.contains(&key), "{path} says {key}");
            }
        }
        for key in SCRIPT_WORDS {
            let key = format!("js-{key}");
            assert_ne!(Texts::default().t(&key), key);
        }
        assert!(Texts::default().t("js-upload-arrived").starts_with("{name}"));
    }
}
