//! What a firm says of itself, as a form: the same fields at the first run and in the settings.

use portico_core::Problem;

use crate::{
    components::Choice,
    csrf::FileForm,
    layout::Shell,
    text::Locale,
    theme::{Color, Theme},
};

use super::attempt::Sent;

/// The largest logo, in bytes.
pub(super) const MAX_LOGO_BYTES: usize = 512 * 1024;

/// The longest value of any other field, in bytes.
const MAX_FIELD_BYTES: usize = 16 * 1024;

/// A form with a logo: its fields, and the logo's bytes, which are empty where none was chosen.
pub(super) async fn read(s: &Shell, FileForm(mut parts): FileForm) -> Result<(Sent, Vec<u8>), Problem> {
    let unreadable = |_| Problem::invalid("logo", s.t("upload-cut"));
    let (mut fields, mut logo) = (Vec::new(), Vec::new());
    while let Some(mut field) = parts.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_logo = name == "logo";
        let limit = if is_logo { MAX_LOGO_BYTES } else { MAX_FIELD_BYTES };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            if bytes.len() + chunk.len() > limit {
                let key = if is_logo { "console-logo-too-large" } else { "thread-too-long" };
                return Err(Problem::invalid(name, s.t(key)));
            }
            bytes.extend_from_slice(&chunk);
        }
        if is_logo { logo = bytes } else { fields.push((name, String::from_utf8_lossy(&bytes).into_owned())) }
    }
    Ok((fields.into_iter().collect(), logo))
}

/// The languages that pages and mails speak.
pub(super) fn languages(chosen: &str) -> Vec<Choice> {
    Locale::ALL.into_iter().map(|locale| Choice::new(locale.tag(), locale.own_name(), chosen)).collect()
}

/// Every time zone there is.
pub(super) fn zones(chosen: &str) -> Vec<Choice> {
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| Choice::new(zone.name(), zone.name().replace('_', " "), chosen))
        .collect()
}

/// What becomes of a brand colour.
pub(super) struct Swatch {
    pub(super) light: String,
    pub(super) on_light: String,
    pub(super) dark: String,
    pub(super) on_dark: String,
    pub(super) adjusted: bool,
}

/// The colours that pages show for `colour`; nothing where it is none.
pub(super) fn swatch(colour: &str) -> Option<Swatch> {
    let theme = Theme::new(colour.parse::<Color>().ok()?);
    Some(Swatch {
        light: theme.light.solid.to_string(),
        on_light: theme.light.on.to_string(),
        dark: theme.dark.solid.to_string(),
        on_dark: theme.dark.on.to_string(),
        adjusted: theme.adjusted,
    })
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::FromRequest as _};
    use http::{Request, header::CONTENT_TYPE};

    use super::*;
    use crate::csrf::FormToken;

    async fn form(parts: &[(&str, Vec<u8>)]) -> Result<(Sent, Vec<u8>), Problem> {
        let mut body = Vec::new();
        for (name, value) in parts {
            body.extend(
                format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes(),
            );
            body.extend(value);
            body.extend(b"\r\n");
        }
        body.extend(b"--x--\r\n");
        let mut request = Request::post("/")
            .header(CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .unwrap();
        request.extensions_mut().insert(FormToken("t".to_owned()));
        read(
            &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
            FileForm::from_request(request, &()).await.unwrap(),
        )
        .await
    }

    #[tokio::test]
    async fn fields_and_logo_are_told_apart_and_limited() {
        let (sent, logo) = form(&[("name", b" Northwind ".to_vec()), ("logo", vec![1, 2, 3])]).await.unwrap();
        assert_eq!((sent.of("name"), logo), ("Northwind", vec![1, 2, 3]));
        let problem = form(&[("logo", vec![0; MAX_LOGO_BYTES + 1])]).await.unwrap_err();
        assert_eq!(problem.fields[0].field, "logo");
        assert_eq!(
            form(&[("name", vec![b'x'; MAX_FIELD_BYTES + 1])]).await.unwrap_err().fields[0].field,
            "name"
        );
    }

    #[test]
    fn a_pale_colour_is_said_to_be_adjusted() {
        assert!(swatch("#ffe600").unwrap().adjusted);
        assert!(!swatch("#1f4e8c").unwrap().adjusted);
        assert!(swatch("red;}").is_none());
    }

    #[test]
    fn the_zone_and_language_in_use_are_chosen() {
        assert_eq!(zones("Europe/Berlin").iter().filter(|zone| zone.chosen).count(), 1);
        assert_eq!(languages("de").iter().find(|choice| choice.chosen).unwrap().label, "Deutsch");
    }
}
