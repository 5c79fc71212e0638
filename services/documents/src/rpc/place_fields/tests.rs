use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::documents::v1::{
    Envelope, GetEnvelopeRequest, ListFieldsRequest, ListFieldsResponse, PlacedField,
};

use super::*;
use crate::testing::{Fixture, refused};

async fn envelope(fixture: &Fixture, ctx: &Ctx, step: &str, opening: bool) -> Envelope {
    let get = GetEnvelopeRequest { step_id: step.to_owned(), opening, ..Default::default() };
    fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
}

async fn prepared() -> (Fixture, Envelope) {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let step = fixture.activate("agreement").await;
    let open = envelope(&fixture, &fixture.manager(), &step, false).await;
    (fixture, open)
}

fn signature(signer: &str, y: f64) -> PlacedField {
    PlacedField {
        paper: 1,
        page: 1,
        x: 0.1,
        y,
        width: 0.3,
        height: 0.05,
        kind: "signature".to_owned(),
        signer_id: signer.to_owned(),
        ..PlacedField::default()
    }
}

/// A place to sign for each signer, and a line of text for the first.
fn everything(envelope: &Envelope) -> PlaceFieldsRequest {
    let [first, second] = [&envelope.signers[0].id, &envelope.signers[1].id];
    let text = PlacedField {
        kind: "text".to_owned(),
        label: " Company number ".to_owned(),
        required: true,
        ..signature(first, 0.3)
    };
    PlaceFieldsRequest {
        envelope_id: envelope.id.clone(),
        etag: "1".to_owned(),
        fields: vec![text, signature(first, 0.5), signature(second, 0.7)],
    }
}

async fn list(fixture: &Fixture, ctx: &Ctx, envelope: &Envelope) -> ListFieldsResponse {
    let request = ListFieldsRequest { envelope_id: envelope.id.clone() };
    fixture.documents(ctx).list_fields(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_whole_set_is_placed_once_for_each_etag() {
    let (fixture, open) = prepared().await;
    let (manager, ana) = (fixture.manager(), fixture.client("signatory"));
    let before = list(&fixture, &manager, &open).await;
    assert_eq!((before.fields.len(), before.etag.as_str(), before.can_change), (0, "1", true));
    let asked = everything(&open);
    let placed = fixture.documents(&manager).place_fields(asked.clone()).await.unwrap().into_inner();
    assert_eq!((placed.fields.len(), placed.etag.as_str()), (3, "2"));
    assert_eq!((placed.fields[0].label.as_str(), placed.fields[0].value.as_str()), ("Company number", ""));
    assert!(placed.event.starts_with("portico.events.v1.EnvelopeChanged;") || placed.event.contains(';'));
    assert_eq!(list(&fixture, &ana, &open).await.fields, placed.fields, "the signer reads the same");
    // A lost answer is given again, another set under the old etag is not.
    let again = fixture.documents(&manager).place_fields(asked.clone()).await.unwrap().into_inner();
    assert_eq!((again.fields, again.event.as_str()), (placed.fields, ""));
    let mut other = asked.clone();
    other.fields.remove(0);
    let stale = refused(fixture.documents(&manager).place_fields(other.clone()).await);
    assert_eq!((stale.code, stale.reason.as_str()), (ErrorCode::Conflict, "stale"));
    other.etag = "2".to_owned();
    let fewer = fixture.documents(&manager).place_fields(other).await.unwrap().into_inner();
    assert_eq!((fewer.fields.len(), fewer.etag.as_str()), (2, "3"));
    let none = PlaceFieldsRequest { etag: "3".to_owned(), fields: Vec::new(), ..asked };
    fixture.documents(&manager).place_fields(none).await.unwrap();
    assert_eq!(fixture.rows("placements").await, 0);
    let placed = fixture.audited().await.into_iter().filter(|action| action == "envelope.fields_placed");
    assert_eq!(placed.count(), 3);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_changes() {
    let (fixture, open) = prepared().await;
    let manager = fixture.manager();
    let with = async |change: &dyn Fn(&mut PlaceFieldsRequest)| {
        let mut request = everything(&open);
        change(&mut request);
        let problem = refused(fixture.documents(&manager).place_fields(request).await);
        problem.fields.iter().map(|at| at.field.clone()).collect::<Vec<_>>()
    };
    assert_eq!(with(&|request| request.fields[0].kind = "stamp".to_owned()).await, ["fields[0].kind"]);
    assert_eq!(with(&|request| request.fields[1].page = -1).await, ["fields[1].page"]);
    assert_eq!(with(&|request| request.fields[1].width = 1.0).await, ["fields[1].width"]);
    assert_eq!(with(&|request| request.fields[0].signer_id = "x".to_owned()).await, ["fields[0].signer_id"]);
    assert_eq!(with(&|request| request.fields.truncate(2)).await, ["fields"]);
    assert_eq!(with(&|request| request.etag.clear()).await, ["etag"]);
    assert_eq!(fixture.rows("placements").await, 0);
}

/// What has room at placing has room at signing, and what has none is refused with the least size that has.
#[tokio::test]
async fn what_is_too_small_for_what_is_drawn_is_refused_with_the_size_that_is_not() {
    let (fixture, open) = prepared().await;
    let manager = fixture.manager();
    let first = &open.signers[0].id;
    let small = |kind: &str, width: f64, height: f64, choices: &[&str]| PlacedField {
        kind: kind.to_owned(),
        label: "Plan".to_owned(),
        width,
        height,
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        ..signature(first, 0.3)
    };
    let place = async |field: PlacedField| {
        let mut request = everything(&open);
        request.etag = list(&fixture, &manager, &open).await.etag;
        request.fields[0] = field;
        fixture.documents(&manager).place_fields(request).await
    };
    let long = "Quarterly in advance, by direct debit";
    for (field, says) in [
        (small("date", 0.05, 0.012, &[]), "28 September 2028"),
        (small("initials", 0.03, 0.012, &[]), "initials"),
        (small("choice", 0.1, 0.012, &["Monthly", long]), long),
        (small("signature", 0.08, 0.02, &[]), "Alexandra Montgomery"),
    ] {
        let problem = refused(place(field.clone()).await);
        let at: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(at, ["fields[0].width"], "{}", field.kind);
        let text = &problem.fields[0].description;
        assert!(text.contains(says), "{text}");
        let least = text.split("at least ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let least = least.parse::<f64>().unwrap() / 100.0;
        assert!(least > field.width && least < 0.5, "{text}");
        let narrower = PlacedField { width: least - 0.001, ..field.clone() };
        assert_eq!(refused(place(narrower).await).fields.len(), 1, "{text}");
        place(PlacedField { width: least, ..field.clone() }).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_has_opened_it_finds_what_they_opened() {
    let (fixture, open) = prepared().await;
    let (manager, ana) = (fixture.manager(), fixture.client("signatory"));
    envelope(&fixture, &ana, &open.step_id, true).await;
    assert!(!list(&fixture, &manager, &open).await.can_change);
    let refusal = refused(fixture.documents(&manager).place_fields(everything(&open)).await);
    assert_eq!((refusal.code, refusal.reason.as_str()), (ErrorCode::FailedPrecondition, "fields_fixed"));
    let (fixture, open) = prepared().await;
    fixture.withdraw(&open.step_id).await;
    let refusal = refused(fixture.documents(&fixture.manager()).place_fields(everything(&open)).await);
    assert_eq!(refusal.reason, "fields_fixed");
}

#[tokio::test]
async fn only_staff_who_manage_the_step_place_and_strangers_learn_nothing() {
    let (fixture, open) = prepared().await;
    let asked = everything(&open);
    let lesser = portico_testkit::staff(fixture.tenant, &["accountant"]);
    for ctx in [fixture.client("signatory"), lesser] {
        let refusal = refused(fixture.documents(&ctx).place_fields(asked.clone()).await);
        assert_eq!(refusal.code, ErrorCode::PermissionDenied);
    }
    let strangers = fixture.strangers();
    for stranger in &strangers {
        let list = ListFieldsRequest { envelope_id: open.id.clone() };
        assert_eq!(refused(fixture.documents(stranger).list_fields(list).await), Problem::not_found());
    }
    // Staff of another firm, who may ask.
    let refusal = refused(fixture.documents(&strangers[2]).place_fields(asked.clone()).await);
    assert_eq!(refusal, Problem::not_found());
    let manager = fixture.manager();
    for id in ["", "x", fixture.record.to_string().as_str()] {
        let place = PlaceFieldsRequest { envelope_id: id.to_owned(), ..asked.clone() };
        assert_eq!(refused(fixture.documents(&manager).place_fields(place).await), Problem::not_found());
        let list = ListFieldsRequest { envelope_id: id.to_owned() };
        assert_eq!(refused(fixture.documents(&manager).list_fields(list).await), Problem::not_found());
    }
    assert_eq!(fixture.rows("placements").await, 0);
}
