//! Signing in four steps under one address: who, read, adopt, review. The last two are in `review` and `sign`.

use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use portico_proto::{
    documents::v1::{Envelope, GetEnvelopeRequest, GetPageTextRequest, Signer, SignerState, Version},
    time::moment,
};

use super::{Body, Task, Tried, drafts, fields};
use crate::{
    ask::Ask,
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    signers::SignerRow,
    wording::{html, is_open},
};

/// Pages of one document whose text stands beneath them in the reading step; that of later ones is a click away, in the viewer.
const PAGES_READ: i32 = 60;
/// Pages of one document that the reading step shows; of a longer one it says that it goes on in the viewer.
const PAGES_SHOWN: i32 = 500;

#[derive(Template)]
#[template(path = "pages/task/esign.html")]
struct View<'a> {
    s: &'a Shell,
    /// Where its forms go: the address of the task, or of the envelope itself.
    base: &'a str,
    envelope: &'a Envelope,
    steps: [String; 4],
    at: usize,
    signers: Vec<SignerRow>,
    reader: (&'a str, &'a str),
    papers: Vec<PaperOf>,
    /// The hashes of the documents after the first.
    others: String,
    /// The one sentence to tick, where one clear act is enough; empty for the four steps.
    act: String,
    /// What to say where the reader cannot sign now.
    notice: Option<(&'static str, String)>,
    typed: &'a str,
    /// The drawing so far as a data URL; empty where there is none.
    drawn: &'a str,
    /// Why they would decline, as far as it is written.
    reason: &'a str,
    /// The reader's place in the envelope; empty where they have none.
    own: String,
    /// What the firm asks for on the pages.
    sheets: Vec<fields::Sheet>,
    errors: &'a Errors,
    /// Who else may sign instead of the reader; nothing where another part of the page asks that.
    instead: Option<Instead<'a>>,
}

/// To whom the reader may give their place.
pub(in crate::pages::portal) struct Instead<'a> {
    pub(in crate::pages::portal) place: String,
    pub(in crate::pages::portal) colleagues: Vec<Choice>,
    pub(in crate::pages::portal) typed: &'a Tried,
}

/// Where somebody signs: on the page of a task, or on the page of the envelope itself.
pub(in crate::pages::portal) struct Place {
    /// The address that the steps are under.
    pub(in crate::pages::portal) base: String,
    asked: GetEnvelopeRequest,
    /// What the pages are called; empty for the name of the paper.
    pub(super) title: String,
}

impl Place {
    /// The page of a task.
    pub(super) fn task(step: &str, title: &str) -> Self {
        let asked = GetEnvelopeRequest { step_id: step.to_owned(), ..GetEnvelopeRequest::default() };
        Self { base: format!("/tasks/{step}"), asked, title: title.to_owned() }
    }

    /// The page of an envelope.
    pub(in crate::pages::portal) fn envelope(id: &str) -> Self {
        let asked = GetEnvelopeRequest { envelope_id: id.to_owned(), ..GetEnvelopeRequest::default() };
        Self { base: format!("/sign/{id}"), asked, title: String::new() }
    }

    /// The envelope, with the note that its pages are about to be shown where `opening`.
    pub(in crate::pages::portal) async fn load(
        &self,
        ask: &Ask,
        opening: bool,
    ) -> Result<Envelope, PageError> {
        let asked = GetEnvelopeRequest { opening, ..self.asked.clone() };
        Ok(ask.documents().get_envelope(asked).await?.into_inner().envelope.unwrap_or_default())
    }
}

/// A document of the envelope, to read.
struct PaperOf {
    title: String,
    original: Version,
    pages: Vec<PageOf>,
    /// The first page that is not shown here; 0 where all are.
    goes_on: i32,
}

struct PageOf {
    number: i32,
    text: String,
    /// Whether its text is to be had in the viewer alone.
    elsewhere: bool,
}

/// The hashes of the documents after the first, as the forms carry them.
pub(super) fn other_hashes(envelope: &Envelope) -> String {
    let hashes = envelope.others.iter().filter_map(|paper| paper.original.as_ref());
    hashes.map(|original| original.sha256.as_str()).collect::<Vec<_>>().join(",")
}

/// The four steps, by their names in the address.
pub(super) const STEPS: [&str; 4] = ["who", "read", "adopt", "review"];

/// The labels of the four steps.
pub(super) fn labels(s: &Shell) -> [String; 4] {
    STEPS.map(|step| s.t(&format!("sign-step-{step}")))
}

/// Whether the reader is the signer whose turn it is.
pub(in crate::pages::portal) fn may_sign(envelope: &Envelope) -> bool {
    envelope.state == "open" && envelope.signers.iter().any(|signer| signer.is_caller)
}

/// The sentence to tick, where one clear act is asked of the reader instead of the four steps: for simple papers, and of
/// those who approve without a signature of theirs in the document. Empty otherwise.
pub(in crate::pages::portal) fn one_act(s: &Shell, envelope: &Envelope) -> String {
    let approves = envelope.signers.iter().any(|signer| signer.is_caller && signer.part == "approver");
    let key = match (approves, envelope.level.as_str()) {
        (true, _) => "sign-approve",
        (false, "acknowledge") => "sign-acknowledge",
        (false, _) => return String::new(),
    };
    s.say(key).arg("title", &envelope.title).to_string()
}

/// Under what the browser keeps what this reader types in the place in which they sign, or have signed; empty where there is none. Another
/// who may sign in the same place is another reader.
pub(super) fn own_place(reader: &str, envelope: &Envelope) -> String {
    let own = envelope.signers.iter().find(|signer| signer.is_caller || signer.is_own);
    own.map_or_else(String::new, |signer| format!("{reader}/{}", signer.id))
}

/// When the reader's time to sign was over, where it is.
fn time_over(envelope: &Envelope) -> Option<DateTime<Utc>> {
    envelope
        .signers
        .iter()
        .find(|signer| signer.is_own && signer.expired)?
        .expires_at
        .as_ref()
        .and_then(moment)
}

/// Why the reader, who holds `roles`, cannot sign now, with the tone to say it in.
fn notice(s: &Shell, envelope: &Envelope, open: bool, roles: &[String]) -> Option<(&'static str, String)> {
    let has_signed = |signer: &Signer| signer.state() == SignerState::Signed && roles.contains(&signer.role);
    match envelope.state.as_str() {
        "completed" => Some(("ok", s.t("sign-completed"))),
        "declined" => Some(("warn", s.say("sign-declined").arg("reason", &envelope.reason).to_string())),
        "withdrawn" => Some(("info", s.t("sign-withdrawn"))),
        _ if !open => Some(("warn", s.t("sign-closed"))),
        _ if may_sign(envelope) => None,
        _ if let Some(until) = time_over(envelope) => {
            Some(("warn", s.say("sign-expired").arg("date", s.date(&until)).to_string()))
        }
        _ if envelope.signers.iter().any(has_signed) => {
            Some(("ok", s.say("sign-others-turn").arg("who", &envelope.waiting_for).to_string()))
        }
        _ => Some(("info", s.say("sign-not-your-turn").arg("who", &envelope.waiting_for).to_string())),
    }
}

pub(super) async fn body(ask: &Ask, task: &Task, at: &str, tried: &Tried) -> Result<Body, PageError> {
    let place = Place::task(&task.step.id, &task.step.title);
    Ok(steps(ask, &place, is_open(&task.step), at, tried, None).await?.0)
}

/// The step that somebody is at, and the envelope.
pub(in crate::pages::portal) async fn steps(
    ask: &Ask,
    place: &Place,
    open: bool,
    at: &str,
    tried: &Tried,
    instead: Option<Instead<'_>>,
) -> Result<(Body, Envelope), PageError> {
    let s = &*ask.shell;
    let mut envelope = place.load(ask, matches!(at, "read" | "adopt") && tried.errors.is_empty()).await?;
    if at != "read" && !one_act(s, &envelope).is_empty() {
        // Its pages are shown at once.
        envelope = place.load(ask, true).await?;
    }
    let notice = notice(s, &envelope, open, &ask.reader.roles);
    let at = if tried.errors.is_empty() { at } else { "adopt" };
    // What is reviewed comes from the step before, by a form: the address alone leads back to it.
    let act = one_act(s, &envelope);
    let at = if act.is_empty() { STEPS.iter().position(|step| *step == at).unwrap_or(0).min(2) } else { 1 };
    let reading = notice.is_none() && at == 1;
    let papers = if reading { papers(ask, &envelope).await } else { Vec::new() };
    let filling = notice.is_none() && (at == 2 || !act.is_empty());
    let own = if filling { fields::own(ask, &envelope).await? } else { Vec::new() };
    let saved;
    let tried = if notice.is_none() && tried.errors.is_empty() {
        saved = Tried { errors: Errors::none(), typed: drafts::typed(ask, &envelope).await };
        &saved
    } else {
        tried
    };
    let named = tried.typed.iter().any(|(name, _)| name == "typed_name");
    let person = &ask.reader.person;
    let live = notice.is_some();
    let view = View {
        s,
        base: &place.base,
        steps: labels(s),
        at,
        act,
        signers: envelope.signers.iter().map(|signer| SignerRow::of(s, signer)).collect(),
        reader: (&person.name, &person.email),
        papers,
        others: other_hashes(&envelope),
        notice,
        typed: if named { tried.typed("typed_name") } else { &person.name },
        drawn: tried.typed("drawn"),
        reason: tried.typed("reason"),
        own: own_place(&person.id, &envelope),
        sheets: fields::sheets(s, &envelope, &own, |name| tried.typed(name)),
        errors: &tried.errors,
        instead,
        envelope: &envelope,
    };
    let script = match at {
        _ if live => None,
        1 => Some("js/reading.js"),
        2 => Some("js/signature.js"),
        _ => None,
    };
    let body = Body { html: html(&view)?, script, live };
    Ok((body, envelope))
}

async fn papers(ask: &Ask, envelope: &Envelope) -> Vec<PaperOf> {
    let first = envelope.original.iter().map(|original| (&envelope.title, original));
    let others = envelope.others.iter().filter_map(|paper| Some((&paper.title, paper.original.as_ref()?)));
    let mut papers = Vec::new();
    for (title, original) in first.chain(others) {
        let goes_on = if original.pages > PAGES_SHOWN { PAGES_SHOWN + 1 } else { 0 };
        let (title, pages) = (title.clone(), pages(ask, original).await);
        papers.push(PaperOf { title, original: original.clone(), pages, goes_on });
    }
    papers
}

async fn pages(ask: &Ask, original: &Version) -> Vec<PageOf> {
    let each = (1..=original.pages.min(PAGES_READ)).map(|number| async move {
        let asked = GetPageTextRequest { version_id: original.id.clone(), page: number };
        let text = ask.documents().get_page_text(asked).await.map(|answer| answer.into_inner().text);
        PageOf { number, text: text.unwrap_or_default(), elsewhere: false }
    });
    let mut pages = join_all(each).await;
    let later = PAGES_READ + 1..=original.pages.min(PAGES_SHOWN);
    pages.extend(later.map(|number| PageOf { number, text: String::new(), elsewhere: true }));
    pages
}

#[cfg(test)]
pub(super) mod tests {
    use portico_proto::documents::v1::EnvelopePaper;

    use super::*;
    use crate::{layout::Area, text::Locale};

    pub(in crate::pages::portal::task) fn envelope(state: &str, mine: bool) -> Envelope {
        let signer = |name: &str, state: SignerState, is_caller| Signer {
            name: name.to_owned(),
            state: state.into(),
            is_caller,
            role_title: "May sign".to_owned(),
            ..Signer::default()
        };
        Envelope {
            id: "e1".to_owned(),
            title: "Data agreement".to_owned(),
            state: state.to_owned(),
            signers: vec![
                signer("Ana Souza", SignerState::Ready, mine),
                signer("", SignerState::Waiting, false),
            ],
            original: Some(Version {
                id: "v1".to_owned(),
                pages: 2,
                sha256: "abc".to_owned(),
                file_name: "agreement.pdf".to_owned(),
                ..Version::default()
            }),
            waiting_for: "Ana Souza".to_owned(),
            reason: "Clause 4 <is> wrong.".to_owned(),
            ..Envelope::default()
        }
    }

    fn view<'a>(s: &'a Shell, envelope: &'a Envelope, at: usize, errors: &'a Errors) -> View<'a> {
        View {
            s,
            base: "/tasks/1",
            envelope,
            steps: labels(s),
            at,
            act: one_act(s, envelope),
            signers: envelope.signers.iter().map(|signer| SignerRow::of(s, signer)).collect(),
            reader: ("Ana Souza", "ana@acme.example"),
            papers: if at == 1 {
                let page =
                    |number, text: &str| PageOf { number, text: text.to_owned(), elsewhere: text.is_empty() };
                let pages = || vec![page(1, "Agreement text"), page(61, "")];
                let others = envelope.others.iter().map(|paper| (&paper.title, &paper.original));
                let all = std::iter::once((&envelope.title, &envelope.original)).chain(others);
                all.map(|(title, original)| PaperOf {
                    title: title.clone(),
                    original: original.clone().unwrap(),
                    pages: pages(),
                    goes_on: 501,
                })
                .collect()
            } else {
                Vec::new()
            },
            others: other_hashes(envelope),
            notice: notice(s, envelope, true, &[]),
            typed: "Ana Souza",
            drawn: "",
            reason: "",
            own: own_place("ana", envelope),
            sheets: Vec::new(),
            errors,
            instead: None,
        }
    }

    #[test]
    fn one_reads_before_one_adopts_and_nothing_signs_on_the_way() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let (envelope, errors) = (envelope("open", true), Errors::none());
            for at in 0..3 {
                let html = view(&s, &envelope, at, &errors).render().unwrap();
                assert!(!html.contains("action=\"/tasks/1/sign\""), "step {at} cannot sign");
                assert!(html.contains("aria-current=\"step\""));
            }
            let reading = view(&s, &envelope, 1, &errors).render().unwrap();
            assert!(reading.contains("/files/v1/pages/1") && reading.contains("Agreement text"));
            assert!(reading.contains("/files/v1/pages/61") && reading.contains("/files/v1/view?page=61"));
            assert!(reading.contains("/files/v1/view?page=501"), "a very long paper says where it goes on");
            assert!(reading.contains("data-reading=\"/files/v1/reading\""));
            let adopting = view(&s, &envelope, 2, &errors).render().unwrap();
            assert!(
                adopting.contains("<signature-pad") && adopting.contains("action=\"/tasks/1/sign/review\"")
            );
        }
    }

    #[test]
    fn whoever_is_too_late_is_told_since_when_and_can_sign_nothing() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut envelope = envelope("open", false);
            let own = &mut envelope.signers[0];
            (own.is_own, own.expired) = (true, true);
            own.expires_at =
                Some(portico_proto::time::timestamp(s.formats.now() - chrono::TimeDelta::days(1)));
            let html = view(&s, &envelope, 1, &Errors::none()).render().unwrap();
            assert!(html.contains(&s.t("signer-expired")) && !html.contains("<form"), "{html}");
            assert!(html.contains(&s.date(&(s.formats.now() - chrono::TimeDelta::days(1)))));
        }
    }

    #[test]
    fn of_several_documents_all_are_read_and_one_act_signs_all() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut several = envelope("open", true);
            several.level = "acknowledge".to_owned();
            let original =
                Version { id: "v2".to_owned(), sha256: "def".to_owned(), pages: 1, ..Version::default() };
            several.others = vec![EnvelopePaper {
                number: 2,
                title: "Annex <2>".to_owned(),
                original: Some(original),
                ..EnvelopePaper::default()
            }];
            let html = view(&s, &several, 1, &Errors::none()).render().unwrap();
            assert!(html.contains("/files/v1/pages/1") && html.contains("/files/v2/pages/1"));
            assert!(html.contains("Annex &#60;2&#62;") && html.contains("name=\"others\" value=\"def\""));
            assert_eq!(html.matches("action=\"/tasks/1/sign\"").count(), 1, "{html}");
        }
    }

    #[test]
    fn a_simple_paper_and_an_approval_take_one_clear_act() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let errors = Errors::none();
        let mut simple = envelope("open", true);
        simple.level = "acknowledge".to_owned();
        let mut approved = envelope("open", true);
        approved.signers[0].part = "approver".to_owned();
        for (envelope, words) in [(&simple, "acknowledge it"), (&approved, "approve it")] {
            let html = view(&s, envelope, 1, &errors).render().unwrap();
            assert!(html.contains("action=\"/tasks/1/sign\"") && html.contains(words), "{html}");
            assert!(html.contains("/files/v1/pages/1") && !html.contains("<ol class=\"stepper\""), "{html}");
            assert!(html.contains("name=\"sha256\" value=\"abc\"") && !html.contains(" checked"), "{html}");
        }
        assert!(one_act(&s, &envelope("open", true)).is_empty());
    }

    #[test]
    fn who_cannot_sign_reads_why() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let errors = Errors::none();
        for (state, words) in [
            ("completed", "signed by everybody"),
            ("declined", "Clause 4 &#60;is&#62; wrong."),
            ("withdrawn", "withdrawn"),
        ] {
            let envelope = envelope(state, true);
            let html = view(&s, &envelope, 0, &errors).render().unwrap();
            assert!(html.contains(words) && !html.contains("<form"), "{state}: {html}");
        }
        let theirs = envelope("open", false);
        let html = view(&s, &theirs, 2, &errors).render().unwrap();
        assert!(html.contains("Ana Souza") && !html.contains("<form"));
        assert_eq!(notice(&s, &envelope("open", true), false, &[]).unwrap().0, "warn");
        let mut halfway = envelope("open", false);
        halfway.signers[0].role = "signatory".to_owned();
        halfway.signers[0].set_state(SignerState::Signed);
        halfway.waiting_for = "Paul Meyer".to_owned();
        let told = |roles: &[String]| notice(&s, &halfway, true, roles).unwrap().1;
        assert!(told(&["signatory".to_owned()]).contains("Paul Meyer signs next"));
        assert!(told(&[]).contains("not your turn"));
    }
}
