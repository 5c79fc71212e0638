//! Fields that the firm has placed: filled by their signers and drawn where they lie.

use portico_proto::documents::v1::{
    FieldValue, ListFieldsRequest, PlaceFieldsRequest, PlaceFieldsResponse, PlacedField,
};

use super::{sealed::flat, *};
use crate::seal::{Finding, examine};

fn field(kind: &str, signer: &str, page: i32, area: [f64; 4]) -> PlacedField {
    let [x, y, width, height] = area;
    PlacedField {
        paper: 1,
        page,
        x,
        y,
        width,
        height,
        kind: kind.to_owned(),
        signer_id: signer.to_owned(),
        ..PlacedField::default()
    }
}

fn asked(kind: &str, signer: &str, label: &str, area: [f64; 4]) -> PlacedField {
    PlacedField { label: label.to_owned(), required: true, ..field(kind, signer, 1, area) }
}

/// Where Ana fills in a number, a tick and a choice.
const NUMBER: [f64; 4] = [0.55, 0.05, 0.4, 0.02];
const TICK: [f64; 4] = [0.05, 0.05, 0.03, 0.02];
const PLAN: [f64; 4] = [0.25, 0.05, 0.2, 0.02];

async fn placed(fixture: &Fixture, open: &Envelope) -> PlaceFieldsResponse {
    let [ana, tom] = [open.signers[0].id.as_str(), open.signers[1].id.as_str()];
    let choices = vec!["Monthly".to_owned(), "Yearly".to_owned()];
    let fields = vec![
        asked("text", ana, "Company number", NUMBER),
        asked("checkbox", ana, "We handle health data", TICK),
        PlacedField { choices, ..asked("choice", ana, "Payment", PLAN) },
        field("signature", ana, 1, [0.05, 0.9, 0.3, 0.05]),
        field("date", ana, 1, [0.4, 0.9, 0.3, 0.02]),
        field("signature", tom, 2, [0.05, 0.9, 0.3, 0.05]),
        PlacedField { label: "Remark".to_owned(), ..field("text", tom, 2, [0.5, 0.9, 0.4, 0.02]) },
    ];
    let request = PlaceFieldsRequest { envelope_id: open.id.clone(), etag: "1".to_owned(), fields };
    fixture.documents(&fixture.manager()).place_fields(request).await.unwrap().into_inner()
}

/// Has the paper shown to somebody whose turn it is.
async fn look(fixture: &Fixture, who: &Ctx, open: &Envelope) {
    let asked =
        GetEnvelopeRequest { envelope_id: open.id.clone(), opening: true, ..GetEnvelopeRequest::default() };
    fixture.documents(who).get_envelope(asked).await.unwrap();
}

fn with(open: &Envelope, name: &str, values: &[(&PlacedField, &str)]) -> SignEnvelopeRequest {
    let value = |(field, value): &(&PlacedField, &str)| FieldValue {
        field_id: field.id.clone(),
        value: (*value).to_owned(),
    };
    SignEnvelopeRequest { values: values.iter().map(value).collect(), ..signature(open, name) }
}

/// The words of a page with their places, as fractions of it: left, top, right, bottom.
fn words(pdf: &[u8], page: &str) -> Vec<(String, [f64; 4])> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let mut program = Command::new("pdftotext");
    program.args(["-bbox", "-f", page, "-l", page]).arg(file.path()).arg("-");
    let told = String::from_utf8(program.output().unwrap().stdout).unwrap();
    let number = |line: &str, name: &str| -> f64 {
        let from = line.split(&format!("{name}=\"")).nth(1).unwrap();
        from.split('"').next().unwrap().parse().unwrap()
    };
    let size = told.lines().find(|line| line.contains("<page ")).unwrap();
    let (width, height) = (number(size, "width"), number(size, "height"));
    let each = told.lines().filter(|line| line.contains("<word ")).map(|line| {
        let text = line.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned();
        let (left, right) = (number(line, "xMin") / width, number(line, "xMax") / width);
        (text, [left, number(line, "yMin") / height, right, number(line, "yMax") / height])
    });
    each.collect()
}

fn lies_in(found: &[(String, [f64; 4])], word: &str, [x, y, width, height]: [f64; 4]) -> bool {
    found.iter().any(|(text, [left, top, right, bottom])| {
        let middle = (top + bottom) / 2.0;
        text == word && *left >= x - 0.005 && *right <= x + width + 0.005 && middle > y && middle < y + height
    })
}

#[tokio::test]
async fn what_was_filled_in_lies_where_the_firm_placed_it() {
    let (fixture, step) = prepared().await;
    let (ana, tom) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    let fields = placed(&fixture, &open).await.fields;
    let unseen = refused(fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await);
    assert_eq!(unseen.reason, "not_opened");
    look(&fixture, &ana, &open).await;
    let filled =
        with(&open, "Ana Ruiz", &[(&fields[0], "HRB-4711"), (&fields[1], "yes"), (&fields[2], "Yearly")]);
    fixture.documents(&ana).sign_envelope(filled.clone()).await.unwrap();
    let again = fixture.documents(&ana).sign_envelope(filled).await.unwrap().into_inner();
    assert_eq!(again.event, "", "a double click signs once");
    let other =
        with(&open, "Ana Ruiz", &[(&fields[0], "HRB-1"), (&fields[1], "yes"), (&fields[2], "Yearly")]);
    assert_eq!(refused(fixture.documents(&ana).sign_envelope(other).await).reason, "already_signed");

    let list = async |ctx: &Ctx| {
        let request = ListFieldsRequest { envelope_id: open.id.clone() };
        let list = fixture.documents(ctx).list_fields(request).await.unwrap().into_inner();
        list.fields.into_iter().map(|field| field.value).collect::<Vec<_>>()
    };
    assert_eq!(list(&ana).await[..3], ["HRB-4711", "yes", "Yearly"]);
    assert!(list(&tom).await.iter().all(String::is_empty), "others read it in the finished file");
    look(&fixture, &tom, &open).await;
    let done = fixture.documents(&tom).sign_envelope(with(&open, "Tom Weber", &[])).await.unwrap();
    let done = done.into_inner().envelope.unwrap();
    assert_eq!(list(&tom).await[0], "HRB-4711");

    let version = done.signed.unwrap().id;
    let bytes = fixture.get(&ana, &format!("/versions/{version}")).await.unwrap().into_body();
    let (first, second) = (words(&bytes, "1"), words(&bytes, "2"));
    assert!(lies_in(&first, "HRB-4711", NUMBER), "{first:?}");
    assert!(lies_in(&first, "X", TICK) && lies_in(&first, "Yearly", PLAN), "{first:?}");
    assert!(
        lies_in(&first, "Ruiz", [0.05, 0.9, 0.3, 0.05]) && lies_in(&first, "2027", [0.4, 0.9, 0.3, 0.02])
    );
    assert!(lies_in(&second, "Weber", [0.05, 0.9, 0.3, 0.05]), "{second:?}");
    let names = first.iter().filter(|(word, _)| word == "Ruiz").count();
    assert_eq!(names, 1, "the template's own fields count for nothing");

    let found = examine(&bytes);
    let Finding::Sealed(ours) =
        crate::seal::judge(&bytes, &found, &[found[0].fingerprint], &fixture.tenant.to_string())
    else {
        panic!("the seal does not hold");
    };
    assert!(ours.facts.is_chained() && ours.facts.fits(&bytes));
    let kinds: Vec<_> = ours.facts.events.iter().map(|event| event.kind.as_str()).collect();
    let by_ana = ["opened", "consented", "filled", "filled", "filled", "signed"];
    assert_eq!(
        kinds,
        [&["prepared", "sent", "placed"], &by_ana[..], &["sent", "opened", "consented", "signed"]].concat()
    );
    let certificate = flat(&bytes);
    for said in
        ["Fields placed: ", ": 7 fields", "“Company number”: HRB-4711", "“We handle health data”: ticked"]
    {
        assert!(certificate.contains(said), "{said} is missing in {certificate}");
    }
}

#[tokio::test]
async fn what_is_missing_foreign_or_too_long_is_named_and_nothing_is_signed() {
    let (fixture, step) = prepared().await;
    let (ana, tom) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    let fields = placed(&fixture, &open).await.fields;
    look(&fixture, &ana, &open).await;
    let wrong = async |values: &[(&PlacedField, &str)]| {
        let request = with(&open, "Ana Ruiz", values);
        let problem = refused(fixture.documents(&ana).sign_envelope(request).await);
        assert_eq!(problem.code, ErrorCode::InvalidArgument);
        problem.fields.into_iter().map(|at| (at.field, at.description)).collect::<Vec<_>>()
    };
    let at = |field: &PlacedField| format!("values.{}", field.id);
    let missing = wrong(&[]).await;
    assert_eq!(
        missing.iter().map(|one| one.0.clone()).collect::<Vec<_>>(),
        [0, 1, 2].map(|n| at(&fields[n]))
    );
    assert_eq!(missing[0].1, "Fill in “Company number”.");
    let all = |number: &'static str| vec![(&fields[0], number), (&fields[1], "yes"), (&fields[2], "Yearly")];
    let foreign = wrong(&[all("1"), vec![(&fields[6], "Not mine")]].concat()).await;
    assert_eq!(foreign[0].0, at(&fields[6]));
    let unprintable = wrong(&all("\u{13000}")).await;
    assert_eq!(unprintable[0].0, at(&fields[0]));
    assert!(unprintable[0].1.contains("another script"), "{}", unprintable[0].1);
    const LONG: &str = "WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW \
                        WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW";
    let long = wrong(&all(LONG)).await;
    assert_eq!((long[0].0.clone(), long[0].1.contains("too long")), (at(&fields[0]), true));
    assert_eq!(envelope(&fixture, &ana, &step).await.signers[0].state(), SignerState::Ready);

    // Whoever signs instead fills the same places.
    fixture.documents(&ana).sign_envelope(with(&open, "Ana Ruiz", &all("1"))).await.unwrap();
    look(&fixture, &tom, &open).await;
    let theirs = with(&open, "Tom Weber", &[(&fields[0], "2")]);
    let problem = refused(fixture.documents(&tom).sign_envelope(theirs).await);
    assert_eq!(problem.fields[0].field, at(&fields[0]));
}

#[tokio::test]
async fn what_is_placed_while_somebody_signs_is_not_passed_over() {
    let (fixture, step) = prepared().await;
    let ana = fixture.client("signatory");
    let open = envelope(&fixture, &ana, &step).await;
    let fields = placed(&fixture, &open).await.fields;
    look(&fixture, &ana, &open).await;
    let blind = refused(fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await);
    assert_eq!(blind.fields[0].field, format!("values.{}", fields[0].id));
}
