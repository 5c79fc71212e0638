//! Several side by side, approvers, those who are told, and places given to others.

use portico_definition::SigningLevel;
use portico_proto::events::v1::StepReassigned;

use super::*;

#[tokio::test]
async fn those_side_by_side_sign_in_any_order_and_the_next_waits_for_all() {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.change_esign(|esign| {
        esign.order = vec!["signatory".to_owned(), "client".to_owned(), "project_manager".to_owned()];
        esign.together = vec![vec!["signatory".to_owned(), "client".to_owned()]];
    });
    let step = fixture.activate("agreement").await;
    let (sam, ana, paul) = (fixture.client("signatory"), fixture.client("client"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    assert_eq!(open.signers.iter().map(|signer| signer.turn).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(open.waiting_for.contains(", "), "{}", open.waiting_for);
    // Workflow asks the first; the second is asked here.
    let asked = fixture.said::<NoticeRequested>().await;
    assert_eq!(asked.iter().map(|notice| notice.role.as_str()).collect::<Vec<_>>(), ["client"]);
    let early = refused(fixture.documents(&paul).sign_envelope(signature(&open, "Paul Meyer")).await);
    assert_eq!(early.reason, "not_your_turn");

    let first = fixture.documents(&ana).sign_envelope(signature(&open, "Ana Souza")).await.unwrap();
    let states: Vec<_> =
        first.into_inner().envelope.unwrap().signers.iter().map(|signer| signer.state()).collect();
    assert_eq!(states, [SignerState::Ready, SignerState::Signed, SignerState::Waiting]);
    assert_eq!(fixture.said::<StepProgressed>().await[0].next_role, "signatory");
    let early = refused(fixture.documents(&paul).sign_envelope(signature(&open, "Paul Meyer")).await);
    assert_eq!(early.reason, "not_your_turn");
    fixture.documents(&sam).sign_envelope(signature(&open, "Sam Okafor")).await.unwrap();
    assert_eq!(fixture.said::<StepProgressed>().await[1].next_role, "project_manager");
    let done = fixture.documents(&paul).sign_envelope(signature(&open, "Paul Meyer")).await.unwrap();
    assert_eq!(done.into_inner().envelope.unwrap().state, "completed");
}

#[tokio::test]
async fn two_side_by_side_at_once_both_count_and_the_chain_stays_whole() {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.change_esign(|esign| {
        esign.order = vec!["signatory".to_owned(), "client".to_owned()];
        esign.together = vec![esign.order.clone()];
    });
    let step = fixture.activate("agreement").await;
    let (sam, ana) = (fixture.client("signatory"), fixture.client("client"));
    let open = envelope(&fixture, &ana, &step).await;
    let (mut his, mut hers) = (fixture.documents(&sam), fixture.documents(&ana));
    let both = tokio::join!(
        his.sign_envelope(signature(&open, "Sam Okafor")),
        hers.sign_envelope(signature(&open, "Ana Souza"))
    );
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    let done = envelope(&fixture, &ana, &step).await;
    assert_eq!((done.state.as_str(), fixture.said::<StepFulfilled>().await.len()), ("completed", 1));
    // The template, the contract and one signed file.
    assert_eq!(fixture.blobs(), 3);
    let chain: Vec<(i32, String)> = sqlx::query_as(
        "select number, kind from documents.envelope_events where tenant_id = $1 order by number",
    )
    .bind(fixture.tenant.0)
    .fetch_all(fixture.database.admin())
    .await
    .unwrap();
    assert!(chain.iter().zip(1..).all(|((number, _), place)| *number == place), "{chain:?}");
    assert_eq!(chain.iter().filter(|(_, kind)| kind == "signed").count(), 2, "{chain:?}");
}

#[tokio::test]
async fn an_approver_needs_no_signature_and_copies_go_out_at_the_end() {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    let (viewer, copied) = (fixture.client("viewer"), fixture.client("copied"));
    let (viewer_id, copied_id) = (fixture.named(&viewer, "Vera View"), fixture.named(&copied, "Carl Copy"));
    {
        let mut world = fixture.world.lock().unwrap();
        world.holders.insert("viewer".to_owned(), vec![viewer_id]);
        world.holders.insert("copied".to_owned(), vec![copied_id]);
    }
    fixture.change_esign(|esign| {
        esign.approvers = vec!["project_manager".to_owned()];
        esign.viewers = vec!["viewer".to_owned()];
        esign.copies = vec!["copied".to_owned()];
        esign.level = SigningLevel::Acknowledge;
    });
    let step = fixture.activate("agreement").await;
    let (sam, paul) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &sam, &step).await;
    assert_eq!(open.level, "acknowledge");
    let parts: Vec<_> = open.signers.iter().map(|signer| (signer.part.as_str(), signer.state())).collect();
    assert_eq!(
        parts,
        [
            ("signer", SignerState::Ready),
            ("approver", SignerState::Waiting),
            ("viewer", SignerState::Told),
            ("copy", SignerState::Told)
        ]
    );
    let told = fixture.said::<NoticeRequested>().await.remove(0);
    assert_eq!(told.person_ids, [viewer_id.to_string()]);
    let not_asked = refused(fixture.documents(&viewer).sign_envelope(signature(&open, "Vera View")).await);
    assert_eq!(not_asked.code, ErrorCode::PermissionDenied);
    fixture.documents(&sam).sign_envelope(signature(&open, "Sam Okafor")).await.unwrap();
    fixture.documents(&paul).sign_envelope(signature(&open, "Paul Meyer")).await.unwrap();
    let last = fixture.said::<NoticeRequested>().await.pop().unwrap();
    assert!(last.person_ids.contains(&copied_id.to_string()), "{last:?}");
    assert!(!last.person_ids.contains(&viewer_id.to_string()), "{last:?}");
}

#[tokio::test]
async fn whoever_gives_their_place_to_a_colleague_stands_on_the_certificate() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let (ana, bea, paul) = (fixture.client("signatory"), fixture.client("client"), fixture.manager());
    let ana_id = fixture.named(&ana, "Ana Ruiz");
    fixture.world.lock().unwrap().holders.insert("signatory".to_owned(), vec![ana_id]);
    let step = fixture.activate("agreement").await;
    let bea_id = fixture.named(&bea, "Bea Roth");
    let reassigned = StepReassigned {
        run_id: fixture.run.to_string(),
        step_id: step.clone(),
        assignee_ids: vec![bea_id.to_string()],
        account_id: fixture.acme.to_string(),
        ..StepReassigned::default()
    };
    let mut event = fixture.received(&reassigned);
    event.actor.kind = portico_core::ActorKind::Client;
    event.actor.person = ana.actor.person;
    event.actor.name = "Ana Ruiz".to_owned();
    fixture.deliver(&event).await.unwrap();
    let open = envelope(&fixture, &bea, &step).await;
    assert_eq!(
        (open.signers[0].name.as_str(), open.signers[0].delegated_by.as_str()),
        ("Bea Roth", "Ana Ruiz")
    );
    assert!(fixture.audited().await.contains(&"envelope.delegated".to_owned()));
    // The step is hers now, so workflow lets her act.
    fixture.may_act(&step, "client");
    fixture.documents(&bea).sign_envelope(signature(&open, "Bea Roth")).await.unwrap();
    let done = fixture.documents(&paul).sign_envelope(signature(&open, "Paul Meyer")).await.unwrap();
    let signed = done.into_inner().envelope.unwrap().signed.unwrap();
    let bytes = fixture.get(&bea, &format!("/versions/{}", signed.id)).await.unwrap().into_body();
    let text = super::sealed::flat(&bytes);
    assert!(text.contains("In the place of Ana Ruiz") && text.contains("by Ana Ruiz to Bea Roth"), "{text}");
}
