//! Who has read a document, as pages show it, and what a browser tells of its reader.

use portico_proto::{
    documents::v1::{ListReadingsRequest, PageReading, Reading},
    time::moment,
};

use crate::{ask::Ask, error::PageError, layout::Shell};

/// Somebody's reading of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) name: String,
    /// "Version 2 · last 5 minutes ago"
    pub(crate) meta: String,
    /// "Page 1: 2 min, page 3: 10 s"; empty where no page was before them for long.
    pub(crate) pages: String,
    /// "downloaded once, printed twice"; may be empty.
    pub(crate) taken: String,
}

/// Who has read a document, as far as the reader of the page may know.
pub(crate) async fn of(ask: &Ask, document: &str) -> Result<Vec<Read>, PageError> {
    let asked = ListReadingsRequest { document_id: document.to_owned() };
    let found = ask.library().list_readings(asked).await?.into_inner().readings;
    Ok(found.iter().map(|reading| read(&ask.shell, reading)).collect())
}

fn read(s: &Shell, reading: &Reading) -> Read {
    let version = s.say("version").arg("number", reading.number).to_string();
    let last = reading.last_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let pages = reading.pages.iter().filter(|page| page.seconds > 0).map(|page| {
        let time = time(s, page.seconds);
        s.say("reading-page").arg("page", page.page).arg("time", time).to_string()
    });
    let times = |key: &str, count: i32| (count > 0).then(|| s.say(key).arg("count", count).to_string());
    let taken = [times("reading-downloads", reading.downloads), times("reading-prints", reading.prints)];
    Read {
        name: reading.person_name.clone(),
        meta: format!("{version} · {last}"),
        pages: pages.collect::<Vec<_>>().join(", "),
        taken: taken.into_iter().flatten().collect::<Vec<_>>().join(", "),
    }
}

fn time(s: &Shell, seconds: i32) -> String {
    if seconds < 60 {
        s.say("reading-seconds").arg("count", seconds).to_string()
    } else {
        s.say("reading-minutes").arg("count", (seconds + 30) / 60).to_string()
    }
}

/// The pages that a browser tells of: `page-2=15`. What is neither page nor time is left out.
pub(crate) fn told(pairs: &[(String, String)]) -> Vec<PageReading> {
    let one = |(name, value): &(String, String)| {
        let page = name.strip_prefix("page-")?.parse().ok()?;
        Some(PageReading { page, seconds: value.parse().ok()? })
    };
    pairs.iter().filter_map(one).take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_reading_says_which_pages_how_long_and_what_was_taken_away() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let reading = Reading {
                person_name: "Ana Souza".to_owned(),
                number: 2,
                downloads: 1,
                prints: 2,
                pages: [(1, 125), (2, 0), (3, 10)]
                    .map(|(page, seconds)| PageReading { page, seconds })
                    .into(),
                ..Reading::default()
            };
            let shown = read(&s, &reading);
            assert!(
                shown.pages.contains('2')
                    && shown.pages.contains("10")
                    && shown.pages.matches(',').count() == 1
            );
            assert!(!shown.taken.is_empty() && !format!("{shown:?}").contains("reading-"), "{shown:?}");
        }
    }

    #[test]
    fn only_pages_and_times_are_passed_on() {
        let pairs: Vec<_> =
            [("page-1", "15"), ("page-x", "3"), ("page-2", "long"), ("_csrf", "t"), ("page-3", "0")]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .into();
        let told = told(&pairs);
        assert_eq!(told.iter().map(|page| (page.page, page.seconds)).collect::<Vec<_>>(), [(1, 15), (3, 0)]);
    }
}
