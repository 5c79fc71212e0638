//! A form's answers as a PDF, in the words and language of whoever keeps it.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use portico_core::{ErrorCode, Problem};
use portico_paper::{Block as Piece, Frame};
use portico_proto::time::moment;

use super::{Task, form::Loaded, print::Sheet, read_back::Block};
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    layout::Shell,
};

pub(in crate::pages::portal) async fn pdf(ask: Ask, Path(step): Path<String>) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    if task.step.r#type != "form" {
        return Err(not_here());
    }
    let form = Loaded::load(&ask, &step).await?;
    let s = &*ask.shell;
    let at = form.answer.submitted_at.as_ref().and_then(moment);
    let day = at.map_or_else(|| s.formats.today(), |at| at.date_naive());
    let sheet = Sheet::of(s, &task, &form);
    let (frame, pieces) = (frame(s, sheet.title, day), pieces(s, &sheet));
    let away = |error: portico_paper::PaperError| {
        PageError(Problem::new(ErrorCode::Unavailable, "no_paper", "").with_cause(error))
    };
    let fonts = ask.web.fonts().map_err(away)?;
    // Drawing takes a while, and nobody else waits for it.
    let drawn = tokio::task::spawn_blocking(move || portico_paper::write(&fonts, &frame, &pieces, None));
    let drawn = drawn.await.map_err(|error| PageError(Problem::internal(error)))?.map_err(away)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = task.step.title.chars().map(plain).take(60).collect();
    let name = format!("attachment; filename=\"{}.pdf\"", name.trim_matches('-'));
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, drawn).into_response())
}

fn frame(s: &Shell, title: &str, date: NaiveDate) -> Frame {
    let colour = s.firm.color.to_string();
    let part = |at: usize| colour.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    Frame {
        title: title.to_owned(),
        language: s.texts.locale.tag().to_owned(),
        author: s.firm.name.clone(),
        date,
        brand: [1, 3, 5].map(|at| part(at).unwrap_or(82)),
        foot: vec![vec![s.firm.name.clone()]],
        numbering: s.say("paper-page").arg("page", "{page}").arg("pages", "{pages}").to_string(),
    }
}

fn pieces(s: &Shell, sheet: &Sheet<'_>) -> Vec<Piece> {
    let mut pieces = vec![Piece::Heading { level: 1, text: sheet.title.to_owned() }];
    for note in [&sheet.about, &sheet.handed_in] {
        if !note.is_empty() {
            pieces.push(Piece::Note(note.clone()));
        }
    }
    for block in &sheet.blocks {
        pieces.extend(section(s, block));
    }
    pieces
}

fn section(s: &Shell, block: &Block) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if !block.title.is_empty() {
        pieces.push(Piece::Heading { level: 2, text: block.title.clone() });
    }
    for (title, answers) in &block.groups {
        if !title.is_empty() {
            pieces.push(Piece::Text(title.clone()));
        }
        let facts = answers.iter().map(|answer| {
            let lines: Vec<&str> = answer.lines.iter().map(|line| line.text.as_str()).collect();
            let text = if lines.is_empty() { s.t("form-no-answer") } else { lines.join("\n") };
            (answer.label.clone(), text)
        });
        pieces.push(Piece::Facts(facts.collect()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use portico_paper::{FontFiles, Fonts};

    use super::*;
    use crate::{layout::Area, pages::portal::task::read_back::Answer, text::Locale, values::Shown};

    #[test]
    fn every_answer_stands_on_the_paper_in_both_languages() {
        let fonts = Fonts::load(&FontFiles::default()).unwrap();
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let line = |text: &str| Shown { text: text.to_owned(), href: String::new() };
            let answer = |label: &str, lines: &[&str]| Answer {
                name: "name".to_owned(),
                label: label.to_owned(),
                lines: lines.iter().map(|text| line(text)).collect(),
            };
            let groups = vec![(
                "Address".to_owned(),
                vec![answer("Where", &["Ring 2", "1010 Wien"]), answer("Größe <m²>", &[])],
            )];
            let sheet = Sheet {
                s: &s,
                step: "1",
                title: "Questionnaire",
                about: "Acme · Relaunch".to_owned(),
                handed_in: "Completed by Ana".to_owned(),
                blocks: vec![Block { page: 1, title: "Your company".to_owned(), groups }],
            };
            let frame = frame(&s, "Questionnaire", "2027-01-15".parse().unwrap());
            let pdf = portico_paper::write(&fonts, &frame, &pieces(&s, &sheet), None).unwrap();
            let path = std::env::temp_dir().join(format!("portico-answers-{}.pdf", std::process::id()));
            std::fs::write(&path, &pdf).unwrap();
            let output = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").output().unwrap();
            std::fs::remove_file(&path).unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let unanswered = s.t("form-no-answer");
            let page = if locale == Locale::De { "Seite 1 von 1" } else { "Page 1 of 1" };
            for part in [
                "Questionnaire",
                "Acme · Relaunch",
                "Your company",
                "Ring 2",
                "1010 Wien",
                "Größe <m²>",
                &unanswered,
                page,
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}
