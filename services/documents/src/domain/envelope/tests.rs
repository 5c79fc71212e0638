//! The rules of envelopes, by example.

use chrono::TimeDelta;
use portico_core::SeededEntropy;

use super::*;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn after(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

fn id(seed: u64) -> EnvelopeId {
    EnvelopeId::new(start(), &SeededEntropy::new(seed))
}

fn envelope() -> Envelope {
    let signer =
        |key: &str, name: &str| Signer { key: key.into(), name: name.into(), state: SignerState::Pending };
    Envelope {
        id: id(1),
        signers: vec![signer("signatory", "Ana Ruiz"), signer("project_manager", "Tom Weber")],
        expires_at: Some(after(60)),
        superseded_by: None,
    }
}

fn field(id: &str, kind: FieldKind, signer: &str) -> Field {
    let place = FieldBox { page: 1, x: 0.1, y: 0.78, width: 0.35, height: 0.06 };
    Field { id: id.into(), kind, signer: signer.into(), place }
}

fn plan() -> SignaturePlan {
    let fields = vec![
        field("client_signature", FieldKind::Signature, "signatory"),
        field("client_date", FieldKind::Date, "signatory"),
        field("firm_signature", FieldKind::Signature, "project_manager"),
    ];
    SignaturePlan::new(vec!["signatory".into(), "project_manager".into()], fields, 2).unwrap()
}

#[test]
fn signers_sign_in_order() {
    let fresh = envelope();
    assert_eq!(decide_sign(&fresh, "signatory", start()), Turn::Ready);
    let waiting = Turn::WaitingFor { name: "Ana Ruiz".into() };
    assert_eq!(decide_sign(&fresh, "project_manager", start()), waiting);
    assert_eq!(
        sign(&fresh, &plan(), "project_manager", &["firm_signature"], start()),
        Err(ActRefused::NotNow(waiting))
    );

    let first = sign(&fresh, &plan(), "signatory", &["client_signature", "client_date"], after(1)).unwrap();
    assert_eq!(decide_sign(&first, "signatory", after(2)), Turn::Signed { at: after(1), complete: false });
    assert_eq!(decide_sign(&first, "project_manager", after(2)), Turn::Ready);
    let both = sign(&first, &plan(), "project_manager", &["firm_signature"], after(3)).unwrap();
    assert!(both.is_complete());
    assert_eq!(decide_sign(&both, "signatory", after(4)), Turn::Signed { at: after(1), complete: true });
}

#[test]
fn nobody_signs_twice_and_strangers_not_at_all() {
    let filled = ["client_signature", "client_date"];
    let signed = sign(&envelope(), &plan(), "signatory", &filled, after(1)).unwrap();
    assert!(matches!(
        sign(&signed, &plan(), "signatory", &filled, after(2)),
        Err(ActRefused::NotNow(Turn::Signed { .. }))
    ));
    assert_eq!(decide_sign(&signed, "somebody", start()), Turn::NotASigner);
    assert_eq!(decline(&signed, "somebody", "", start()), Err(ActRefused::NotNow(Turn::NotASigner)));
}

#[test]
fn every_field_of_the_signer_must_be_filled() {
    let missing = sign(&envelope(), &plan(), "signatory", &["client_signature"], start());
    assert_eq!(missing, Err(ActRefused::Missing(vec!["client_date".into()])));
}

#[test]
fn one_refusal_ends_it_for_everybody() {
    let declined = decline(&envelope(), "signatory", "Wrong company name", after(1)).unwrap();
    let turn = Turn::Declined { name: "Ana Ruiz".into(), at: after(1) };
    assert_eq!(decide_sign(&declined, "signatory", after(2)), turn);
    assert_eq!(decide_sign(&declined, "project_manager", after(2)), turn);
}

#[test]
fn an_envelope_expires_on_the_minute_unless_all_have_signed() {
    let open = envelope();
    assert_eq!(decide_sign(&open, "signatory", after(60) - TimeDelta::microseconds(1)), Turn::Ready);
    assert_eq!(decide_sign(&open, "signatory", after(60)), Turn::Expired { at: after(60) });
    let first = sign(&open, &plan(), "signatory", &["client_signature", "client_date"], after(1)).unwrap();
    assert_eq!(decide_sign(&first, "signatory", after(61)), Turn::Expired { at: after(60) });
    let both = sign(&first, &plan(), "project_manager", &["firm_signature"], after(2)).unwrap();
    assert_eq!(decide_sign(&both, "signatory", after(61)), Turn::Signed { at: after(1), complete: true });
}

#[test]
fn a_superseded_envelope_points_to_its_successor() {
    let old = Envelope { superseded_by: Some(id(2)), ..envelope() };
    for signer in ["signatory", "project_manager"] {
        assert_eq!(decide_sign(&old, signer, start()), Turn::Superseded { by: id(2) });
    }
    assert!(decline(&old, "signatory", "", start()).is_err());
}

#[test]
fn a_plan_fits_its_signers_and_its_pages() {
    let order = || vec!["signatory".to_owned()];
    let signature = || field("s", FieldKind::Signature, "signatory");
    assert_eq!(SignaturePlan::new(vec![], vec![], 1), Err(PlanError::NoSigner));
    assert_eq!(SignaturePlan::new(order(), vec![], 1), Err(PlanError::NothingToSign("signatory".into())));
    assert_eq!(
        SignaturePlan::new(order(), vec![signature(), signature()], 1),
        Err(PlanError::RepeatedField("s".into()))
    );
    let theirs = field("t", FieldKind::Text, "nobody");
    assert!(matches!(
        SignaturePlan::new(order(), vec![signature(), theirs], 1),
        Err(PlanError::UnknownSigner { .. })
    ));
    for (page, x, width) in
        [(2, 0.1, 0.2), (0, 0.1, 0.2), (1, 0.9, 0.2), (1, -0.1, 0.2), (1, 0.1, 0.0), (1, f32::NAN, 0.1)]
    {
        let place = FieldBox { page, x, width, ..signature().place };
        let off = SignaturePlan::new(order(), vec![Field { place, ..signature() }], 1);
        assert_eq!(off, Err(PlanError::OffPage { field: "s".into(), pages: 1 }), "{place:?}");
    }
}
