//! What the world reads about a sender's domain, judged: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX.
//!
//! A finding's reason is a word; pages have a sentence for each.

use super::dkim::{DkimKey, KeyState};

/// The most terms of an SPF record that ask name servers again.
const MOST_SPF_LOOKUPS: usize = 10;

/// What name servers answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// These texts stand there.
    Found(Vec<String>),
    /// Nothing does.
    Nothing,
    /// They did not answer.
    Away,
}

impl Lookup {
    /// The texts that begin with `version`, in whatever case.
    fn records(&self, version: &str) -> Vec<&str> {
        let texts = if let Self::Found(texts) = self { texts.as_slice() } else { &[] };
        let is_one = |text: &&str| {
            let start = text.get(..version.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(version)
                && text[version.len()..].chars().next().is_none_or(|next| next == ' ' || next == ';')
        };
        texts.iter().map(|text| text.trim()).filter(is_one).collect()
    }
}

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    /// It works, and could be better.
    Advice,
    /// Mail suffers from it.
    Wrong,
}

impl Verdict {
    /// The word in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Advice => "advice",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) subject: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) reason: &'static str,
    pub(crate) record_name: String,
    pub(crate) found: String,
    /// Empty where nothing is to be changed.
    pub(crate) wanted: String,
}

impl Finding {
    fn new(subject: &'static str, verdict: Verdict, reason: &'static str, name: impl Into<String>) -> Self {
        let (found, wanted) = (String::new(), String::new());
        Self { subject, verdict, reason, record_name: name.into(), found, wanted }
    }

    fn found(self, found: impl Into<String>) -> Self {
        Self { found: found.into(), ..self }
    }

    fn wanted(self, wanted: impl Into<String>) -> Self {
        Self { wanted: wanted.into(), ..self }
    }
}

/// Judges the SPF record of a domain. `servers` are hosts that mail leaves through, as far as they are known.
pub(crate) fn spf(domain: &str, answer: &Lookup, servers: &[&str]) -> Finding {
    let finding = |verdict, reason| Finding::new("spf", verdict, reason, domain);
    let records = answer.records("v=spf1");
    let suggestion = || {
        let hosts: String = servers.iter().map(|host| format!(" a:{host}")).collect();
        format!("v=spf1{hosts} mx ~all")
    };
    let record = match (answer, records.as_slice()) {
        (Lookup::Away, _) => return finding(Verdict::Advice, "dns_away"),
        (_, []) => return finding(Verdict::Wrong, "spf_missing").wanted(suggestion()),
        (_, [record]) => *record,
        (_, several) => {
            return finding(Verdict::Wrong, "spf_twice").found(several.join("\n")).wanted(several[0]);
        }
    };
    let terms: Vec<String> = record.split_whitespace().skip(1).map(str::to_ascii_lowercase).collect();
    let asks_again = |term: &&String| {
        let term = term.trim_start_matches(['+', '-', '~', '?']);
        ["include:", "redirect=", "exists:"].iter().any(|start| term.starts_with(start))
            || ["a", "mx", "ptr"].iter().any(|name| {
                term.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            })
    };
    let ends = |term: &String| {
        term.trim_start_matches(['+', '-', '~', '?']) == "all" || term.starts_with("redirect=")
    };
    let (verdict, reason) = if terms.iter().any(|term| term == "all" || term == "+all") {
        (Verdict::Wrong, "spf_open")
    } else if terms.iter().filter(asks_again).count() > MOST_SPF_LOOKUPS {
        (Verdict::Wrong, "spf_too_long")
    } else if !terms.iter().any(ends) {
        (Verdict::Advice, "spf_no_end")
    } else {
        (Verdict::Ok, "spf_ok")
    };
    let closed = || {
        let kept = record.split_whitespace().filter(|term| !matches!(*term, "all" | "+all"));
        format!("{} ~all", kept.collect::<Vec<_>>().join(" "))
    };
    let wanted = if matches!(reason, "spf_open" | "spf_no_end") { closed() } else { String::new() };
    finding(verdict, reason).found(record).wanted(wanted)
}

/// Whether the address that bounces come back to belongs to the same organisation as the sender's, as DMARC asks for.
pub(crate) fn alignment(domain: &str, bounces: &str) -> Option<Finding> {
    let within = |inner: &str, outer: &str| inner == outer || inner.ends_with(&format!(".{outer}"));
    let aligned = within(domain, bounces) || within(bounces, domain) || {
        let parent = |name: &str| name.split_once('.').map(|(_, parent)| parent.to_owned());
        parent(domain).is_some_and(|parent_of| parent_of.contains('.') && parent(bounces) == Some(parent_of))
    };
    (!aligned).then(|| Finding::new("spf", Verdict::Advice, "spf_not_aligned", bounces).found(domain))
}

/// Judges a key by what is published under its name.
pub(crate) fn dkim(key: &DkimKey, answer: &Lookup) -> Finding {
    let finding = |verdict, reason| Finding::new("dkim", verdict, reason, key.record_name());
    let texts = match answer {
        Lookup::Away => return finding(Verdict::Advice, "dns_away"),
        Lookup::Nothing => &[],
        Lookup::Found(texts) => texts.as_slice(),
    };
    let published = texts.iter().any(|text| key.is_published_by(text));
    let (verdict, reason) = match (key.state, published, texts.is_empty()) {
        (KeyState::Active, true, _) => (Verdict::Ok, "dkim_ok"),
        (KeyState::Active, false, true) => (Verdict::Wrong, "dkim_gone"),
        (KeyState::Active, false, false) => (Verdict::Wrong, "dkim_other"),
        (KeyState::Pending, true, _) => (Verdict::Advice, "dkim_ready"),
        (KeyState::Pending, false, true) => (Verdict::Advice, "dkim_pending"),
        (KeyState::Pending, false, false) => (Verdict::Wrong, "dkim_other"),
        (KeyState::Retired, _, false) => (Verdict::Ok, "dkim_retired"),
        (KeyState::Retired, _, true) => (Verdict::Ok, "dkim_removed"),
    };
    let wanted = if published || key.state == KeyState::Retired { String::new() } else { key.record_text() };
    finding(verdict, reason).found(texts.join("\n")).wanted(wanted)
}

/// What is said of a domain that nothing signs for.
pub(crate) fn without_dkim(domain: &str) -> Finding {
    Finding::new("dkim", Verdict::Wrong, "dkim_missing", format!("*._domainkey.{domain}"))
}

/// The names that may hold a domain's policy: its own, then those of the domains above it.
pub(crate) fn dmarc_names(domain: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = domain;
    // A policy never stands at a top-level domain, and nobody has domains deeper than this.
    while rest.contains('.') && names.len() < 6 {
        names.push(format!("_dmarc.{rest}"));
        rest = rest.split_once('.').map_or("", |(_, parent)| parent);
    }
    names
}

/// Judges the policy. `answers` belong to [`dmarc_names`], as far as they were asked for.
pub(crate) fn dmarc(domain: &str, answers: &[(String, Lookup)], reports_to: &str) -> Finding {
    let own = format!("_dmarc.{domain}");
    let finding = |verdict, reason, name: &str| Finding::new("dmarc", verdict, reason, name);
    for (name, answer) in answers {
        if *answer == Lookup::Away {
            return finding(Verdict::Advice, "dns_away", name);
        }
        let records = answer.records("v=DMARC1");
        let record = match records.as_slice() {
            [] => continue,
            [record] => *record,
            several => {
                return finding(Verdict::Wrong, "dmarc_twice", name)
                    .found(several.join("\n"))
                    .wanted(several[0]);
            }
        };
        let policy = tag(record, "p").unwrap_or_default();
        let (verdict, reason) = match (policy.as_str(), *name == own) {
            ("quarantine" | "reject", true) => (Verdict::Ok, "dmarc_ok"),
            ("quarantine" | "reject", false) => (Verdict::Ok, "dmarc_parent"),
            ("none", _) => (Verdict::Advice, "dmarc_none"),
            _ => (Verdict::Wrong, "dmarc_broken"),
        };
        let wanted = match reason {
            "dmarc_none" => record.replacen("p=none", "p=quarantine", 1),
            "dmarc_broken" => first_policy(reports_to),
            _ => String::new(),
        };
        return finding(verdict, reason, name).found(record).wanted(wanted);
    }
    finding(Verdict::Wrong, "dmarc_missing", &own).wanted(first_policy(reports_to))
}

/// A policy to begin with: it changes nothing and sends reports.
fn first_policy(reports_to: &str) -> String {
    format!("v=DMARC1; p=none; rua=mailto:{reports_to}")
}

fn tag(record: &str, name: &str) -> Option<String> {
    record.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
    })
}

/// Judges whether a domain takes mail: without, answers to the sender get lost, and some servers refuse what comes from it.
pub(crate) fn mx(domain: &str, answer: &Lookup) -> Finding {
    let finding = |verdict, reason| Finding::new("mx", verdict, reason, domain);
    match answer {
        Lookup::Found(hosts) => finding(Verdict::Ok, "mx_ok").found(hosts.join("\n")),
        Lookup::Nothing => finding(Verdict::Wrong, "mx_missing"),
        Lookup::Away => finding(Verdict::Advice, "dns_away"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::dkim::Algorithm;

    const DOMAIN: &str = "northwind.example";

    fn found(texts: &[&str]) -> Lookup {
        Lookup::Found(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    fn judged(finding: &Finding) -> (Verdict, &'static str) {
        (finding.verdict, finding.reason)
    }

    #[test]
    fn an_spf_record_is_one_that_ends_and_is_not_open() {
        use Verdict::{Advice, Ok, Wrong};
        let many =
            format!("v=spf1 {} -all", (0..11).map(|n| format!("include:{n}.example ")).collect::<String>());
        let unrelated = "google-site-verification=x";
        for (texts, verdict, reason) in [
            (vec!["v=spf1 include:_spf.example.com ~all", unrelated], Ok, "spf_ok"),
            (vec!["V=SPF1 redirect=_spf.example.com"], Ok, "spf_ok"),
            (vec![unrelated, "v=spf10 -all"], Wrong, "spf_missing"),
            (vec!["v=spf1 -all", "v=spf1 mx -all"], Wrong, "spf_twice"),
            (vec!["v=spf1 mx +all"], Wrong, "spf_open"),
            (vec!["v=spf1 mx all"], Wrong, "spf_open"),
            (vec!["v=spf1 mx a:mail.northwind.example"], Advice, "spf_no_end"),
            (vec![many.as_str()], Wrong, "spf_too_long"),
        ] {
            assert_eq!(judged(&spf(DOMAIN, &found(&texts), &[])), (verdict, reason), "{texts:?}");
        }
        let missing = spf(DOMAIN, &Lookup::Nothing, &["smtp.example.com"]);
        assert_eq!(missing.wanted, "v=spf1 a:smtp.example.com mx ~all");
        assert_eq!(spf(DOMAIN, &found(&["v=spf1 mx +all"]), &[]).wanted, "v=spf1 mx ~all");
        assert_eq!(judged(&spf(DOMAIN, &Lookup::Away, &[])), (Advice, "dns_away"));
    }

    #[test]
    fn the_envelope_belongs_to_the_senders_organisation() {
        for aligned in [DOMAIN, "mail.northwind.example"] {
            assert_eq!(alignment(DOMAIN, aligned), None, "{aligned}");
        }
        assert_eq!(alignment("portal.northwind.example", "mail.northwind.example"), None);
        for foreign in ["mail.example", "othernorthwind.example", "contoso.example"] {
            assert_eq!(alignment(DOMAIN, foreign).unwrap().reason, "spf_not_aligned", "{foreign}");
        }
    }

    #[test]
    fn a_key_is_judged_by_what_is_published() {
        let key = |state| DkimKey {
            id: Uuid::nil(),
            domain: DOMAIN.to_owned(),
            selector: "s1".to_owned(),
            algorithm: Algorithm::Ed25519,
            public_key: "QUJD".to_owned(),
            private_key: None,
            state,
            created_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            activated_at: None,
            retired_at: None,
        };
        let (right, other) = (found(&["v=DKIM1; k=ed25519; p=QUJD"]), found(&["v=DKIM1; k=ed25519; p=QQ=="]));
        for (state, answer, reason) in [
            (KeyState::Active, &right, "dkim_ok"),
            (KeyState::Active, &other, "dkim_other"),
            (KeyState::Active, &Lookup::Nothing, "dkim_gone"),
            (KeyState::Pending, &right, "dkim_ready"),
            (KeyState::Pending, &Lookup::Nothing, "dkim_pending"),
            (KeyState::Retired, &right, "dkim_retired"),
            (KeyState::Retired, &Lookup::Nothing, "dkim_removed"),
            (KeyState::Active, &Lookup::Away, "dns_away"),
        ] {
            assert_eq!(dkim(&key(state), answer).reason, reason, "{state:?} {answer:?}");
        }
        assert_eq!(dkim(&key(KeyState::Active), &other).wanted, "v=DKIM1; k=ed25519; p=QUJD");
        assert_eq!(without_dkim(DOMAIN).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_policy_may_stand_at_a_domain_above() {
        assert_eq!(dmarc_names("a.b.example"), ["_dmarc.a.b.example", "_dmarc.b.example"]);
        let at = |name: &str, texts: &[&str]| (name.to_owned(), found(texts));
        let none = || ("_dmarc.northwind.example".to_owned(), Lookup::Nothing);
        let own = "_dmarc.northwind.example";
        for (answers, reason) in [
            (vec![at(own, &["v=DMARC1; p=reject; rua=mailto:x@y.example"])], "dmarc_ok"),
            (vec![at(own, &["v=DMARC1;p=Quarantine"])], "dmarc_ok"),
            (vec![none(), at("_dmarc.example", &["v=DMARC1; p=reject"])], "dmarc_parent"),
            (vec![at(own, &["v=DMARC1; p=none"])], "dmarc_none"),
            (vec![at(own, &["v=DMARC1; rua=mailto:x@y.example"])], "dmarc_broken"),
            (vec![at(own, &["v=DMARC1; p=none", "v=DMARC1; p=reject"])], "dmarc_twice"),
            (vec![none()], "dmarc_missing"),
            (vec![(own.to_owned(), Lookup::Away)], "dns_away"),
        ] {
            assert_eq!(dmarc(DOMAIN, &answers, "office@northwind.example").reason, reason, "{answers:?}");
        }
        let missing = dmarc(DOMAIN, &[none()], "office@northwind.example");
        assert_eq!(missing.wanted, "v=DMARC1; p=none; rua=mailto:office@northwind.example");
        let weak = dmarc(DOMAIN, &[at(own, &["v=DMARC1; p=none; sp=reject"])], "");
        assert_eq!(weak.wanted, "v=DMARC1; p=quarantine; sp=reject");
    }

    #[test]
    fn a_sender_takes_mail() {
        assert_eq!(mx(DOMAIN, &found(&["mx.northwind.example"])).verdict, Verdict::Ok);
        assert_eq!(mx(DOMAIN, &Lookup::Nothing).reason, "mx_missing");
        assert_eq!(mx(DOMAIN, &Lookup::Away).verdict, Verdict::Advice);
    }
}
