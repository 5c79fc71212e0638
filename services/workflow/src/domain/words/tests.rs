use super::*;

const ALL: [Words; 2] = [Words::English, Words::German];

fn at(moment: &str) -> DateTime<Utc> {
    moment.parse().unwrap()
}

/// Everything that can be told, in one language.
fn everything(words: Words) -> Vec<Told> {
    let (title, turn) = ("NDA", Assignment::default());
    let (moment, zone) = (at("2026-12-03T09:00:00Z"), Tz::Europe__Berlin);
    let due = words.due(Some(moment), zone);
    let wanted = ["Passport".to_owned()];
    let changes = [Change::Waived, Change::DueMoved, Change::Paused, Change::Resumed, Change::Cancelled];
    let news = [
        News::Booked,
        News::Moved { from: at("2026-05-05T09:00:00Z") },
        News::Cancelled { reason: "" },
        News::Cancelled { reason: "Ill" },
    ];
    let mut told = vec![
        words.task(title, ""),
        words.task(title, &due),
        words.tasks(2, &format!("- {title}{due}")),
        words.offer_times(title, &due, false),
        words.offer_times(title, &due, true),
        words.choose_time(title, &due),
        words.missing("Acme", "NDA page", title, ""),
        words.missing("Acme", "NDA page", title, "It burned"),
        words.reminder(title, &due, &[]),
        words.reminder(title, "", &wanted),
        words.escalation(title, &turn, &due),
        words.returned(title, "Page 3 blank"),
        words.deliverable(title, "NDA.pdf", 2, &due),
        words.declined("Acme", title, "Ask Sam"),
    ];
    told.extend(changes.map(|what| words.changed(what, title, "NDA record", &due)));
    told.extend(news.map(|news| words.meeting(news, "Ana NDA", moment, zone)));
    told
}

#[test]
fn every_locale_of_the_pages_has_words_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/locales");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut locales: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    locales.sort();
    let mut codes = ALL.map(Words::code);
    codes.sort_unstable();
    assert_eq!(locales, codes);
    assert_eq!(ALL.iter().filter(|words| **words != Words::English).count(), Words::OTHERS.len());
}

#[test]
fn everything_is_said_in_every_language_and_in_none_by_accident_in_english() {
    let english = everything(Words::English);
    for words in Words::OTHERS {
        let other = everything(words);
        assert_eq!(english.len(), other.len());
        for (one, other) in english.iter().zip(&other) {
            assert!(!one.subject.is_empty() && !one.body.is_empty() && !one.link_text.is_empty(), "{one:?}");
            // A subject may be the title alone, which is the definition's.
            assert!(one.subject == "NDA" || one.subject != other.subject, "{one:?} / {other:?}");
            assert!(one.subject != "NDA" || other.subject == "NDA", "{one:?} / {other:?}");
            assert!(one.body != other.body && one.link_text != other.link_text, "{one:?} / {other:?}");
            assert!((one.body.clone() + &one.subject).contains("NDA"), "{one:?}");
            assert!((other.body.clone() + &other.subject).contains("NDA"), "{other:?}");
            let text = format!("{} {} {}", other.subject, other.body, other.link_text);
            for word in text.split(|c: char| !c.is_alphabetic()) {
                let slipped = ["the", "is", "on", "for", "you", "your", "please", "with", "and", "open"];
                assert!(!slipped.contains(&word.to_lowercase().as_str()), "{word} in {text}");
            }
        }
    }
}

#[test]
fn what_people_and_clients_said_is_told_in_every_language() {
    for words in ALL {
        assert!(words.missing("Acme", "x", "y", "It burned").body.ends_with("\n\nIt burned"));
        assert!(words.reminder("y", "", &["Passport".to_owned()]).body.ends_with(":\n- Passport"));
        assert!(words.returned("y", "Page 3").body.contains("Page 3"));
        let told = words.declined("Acme", "y", "Ask Sam").body;
        assert!(told.contains("Acme") && told.contains("Ask Sam"));
        let told =
            words.meeting(News::Cancelled { reason: "Ill" }, "Ana", at("2026-12-03T09:00:00Z"), Tz::UTC);
        assert!(told.body.ends_with(": Ill") && told.body.contains("Ana"));
    }
}

#[test]
fn a_time_names_its_zone_and_follows_its_clocks() {
    let (winter, summer) = (at("2026-12-03T09:00:00Z"), at("2026-03-29T22:30:00Z"));
    let (berlin, york) = (Tz::Europe__Berlin, Tz::America__New_York);
    assert_eq!(Words::English.moment(winter, berlin), "Thursday, 3 December 2026, 10:00 (Europe/Berlin)");
    assert_eq!(
        Words::German.moment(winter, berlin),
        "Donnerstag, 3. Dezember 2026, 10:00 Uhr (Europe/Berlin)"
    );
    assert_eq!(Words::German.moment(summer, berlin), "Montag, 30. März 2026, 00:30 Uhr (Europe/Berlin)");
    assert_eq!(Words::English.moment(summer, york), "Sunday, 29 March 2026, 18:30 (America/New_York)");
    assert_eq!(Words::English.day(summer, berlin), "30 March 2026");
    assert_eq!(Words::German.day(summer, york), "29. März 2026");
}
