//! Templates of papers: kept from what was placed, put to use with it, and nobody's business but the firm's.

use portico_core::{Clock as _, Ctx, ErrorCode, Problem};
use portico_proto::documents::v1::*;

use crate::{DATA_AGREEMENT, testing::Fixture, testing::refused};

async fn envelope(fixture: &Fixture, ctx: &Ctx, step: &str, opening: bool) -> Envelope {
    let get = GetEnvelopeRequest { step_id: step.to_owned(), opening, ..Default::default() };
    fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
}

fn field(kind: &str, signer: &str, y: f64) -> PlacedField {
    PlacedField {
        paper: 1,
        page: 1,
        x: 0.1,
        y,
        width: 0.3,
        height: 0.05,
        kind: kind.to_owned(),
        signer_id: signer.to_owned(),
        label: if kind == "text" { "Company number".to_owned() } else { String::new() },
        required: kind == "text",
        ..PlacedField::default()
    }
}

/// An envelope with a text for its first signer and a signature for both.
async fn placed(fixture: &Fixture) -> Envelope {
    let step = fixture.activate("agreement").await;
    let open = envelope(fixture, &fixture.manager(), &step, false).await;
    let [first, second] = [&open.signers[0].id, &open.signers[1].id];
    let fields =
        vec![field("text", first, 0.3), field("signature", first, 0.5), field("signature", second, 0.7)];
    let place = PlaceFieldsRequest { envelope_id: open.id.clone(), etag: "1".to_owned(), fields };
    fixture.documents(&fixture.manager()).place_fields(place).await.unwrap();
    open
}

async fn kept(fixture: &Fixture, envelope: &Envelope, title: &str) -> PaperTemplate {
    let asked = CreatePaperTemplateRequest {
        envelope_id: envelope.id.clone(),
        title: title.to_owned(),
        ..Default::default()
    };
    let made = fixture.paper_templates(&fixture.manager()).create_paper_template(asked).await;
    made.unwrap().into_inner().template.unwrap()
}

/// A template of an uploaded paper that differs from the definition's by a trailing comment.
async fn uploaded(fixture: &Fixture) -> PaperTemplate {
    let bytes = [DATA_AGREEMENT, b"\n% another paper\n"].concat();
    let made = fixture.upload(&fixture.manager(), "/paper-templates", "NDA.pdf", &bytes).await.unwrap();
    let get =
        GetPaperTemplateRequest { paper_template_id: made["paper_template_id"].as_str().unwrap().to_owned() };
    let got = fixture.paper_templates(&fixture.manager()).get_paper_template(get).await;
    got.unwrap().into_inner().template.unwrap()
}

fn change(template: &PaperTemplate) -> SavePaperTemplateRequest {
    SavePaperTemplateRequest {
        paper_template_id: template.id.clone(),
        version: template.version,
        title: template.title.clone(),
        level: template.level.clone(),
        sign_within_days: template.sign_within_days,
        roles: template.roles.clone(),
        fields: template.fields.clone(),
    }
}

async fn save(fixture: &Fixture, asked: SavePaperTemplateRequest) -> Result<PaperTemplate, Problem> {
    let answer = fixture.paper_templates(&fixture.manager()).save_paper_template(asked).await;
    answer
        .map(|answer| answer.into_inner().template.unwrap())
        .map_err(|status| portico_rpc::problem_from(&status))
}

fn used(template: &PaperTemplate, envelope: &Envelope, etag: &str) -> UsePaperTemplateRequest {
    UsePaperTemplateRequest {
        paper_template_id: template.id.clone(),
        envelope_id: envelope.id.clone(),
        etag: etag.to_owned(),
    }
}

#[tokio::test]
async fn what_was_placed_is_kept_and_placed_again_elsewhere() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let manager = fixture.manager();
    let first = placed(&fixture).await;
    let template = kept(&fixture, &first, " Data agreement ").await;
    assert_eq!((template.title.as_str(), template.field_count, template.version), ("Data agreement", 3, 1));
    let sides: Vec<_> = template.roles.iter().map(|role| (role.internal, role.turn)).collect();
    assert_eq!(sides, [(false, 1), (true, 2)]);
    assert!(template.fields.iter().all(|field| template.roles.iter().any(|role| role.id == field.signer_id)));
    let again = CreatePaperTemplateRequest {
        envelope_id: first.id.clone(),
        title: "DATA AGREEMENT".to_owned(),
        ..Default::default()
    };
    let twice = refused(fixture.paper_templates(&manager).create_paper_template(again).await);
    assert_eq!((twice.code, twice.fields[0].field.as_str()), (ErrorCode::InvalidArgument, "title"));

    let step = fixture.activate("agreement").await;
    let second = envelope(&fixture, &manager, &step, false).await;
    let files = fixture.blobs();
    let ask = used(&template, &second, "1");
    let placed =
        fixture.paper_templates(&manager).use_paper_template(ask.clone()).await.unwrap().into_inner();
    let shown: Vec<_> =
        placed.fields.iter().map(|field| (field.kind.as_str(), field.signer_id.clone())).collect();
    let [client, firm] = [second.signers[0].id.clone(), second.signers[1].id.clone()];
    assert_eq!(shown, [("text", client.clone()), ("signature", client), ("signature", firm)]);
    assert_eq!((placed.etag.as_str(), fixture.blobs()), ("2", files), "the same paper is not stored twice");
    let repeat = fixture.paper_templates(&manager).use_paper_template(ask).await.unwrap().into_inner();
    assert_eq!((repeat.fields, repeat.event.as_str()), (placed.fields, ""));
    let stale =
        refused(fixture.paper_templates(&manager).use_paper_template(used(&template, &second, "9")).await);
    assert_eq!(stale.reason, "stale");
    let list = fixture.paper_templates(&manager).list_paper_templates(ListPaperTemplatesRequest {}).await;
    let list = list.unwrap().into_inner().templates;
    assert_eq!((list.len(), list[0].uses, list[0].field_count, list[0].fields.len()), (1, 1, 3, 0));
    // What was placed may be adjusted like any other field.
    let list = ListFieldsRequest { envelope_id: second.id.clone() };
    let mut fields = fixture.documents(&manager).list_fields(list).await.unwrap().into_inner();
    fields.fields.remove(0);
    let place = PlaceFieldsRequest { envelope_id: second.id, etag: fields.etag, fields: fields.fields };
    assert_eq!(fixture.documents(&manager).place_fields(place).await.unwrap().into_inner().fields.len(), 2);
    let said = fixture.audited().await;
    assert_eq!(said.iter().filter(|action| *action == "envelope.template_used").count(), 1);
}

#[tokio::test]
async fn another_paper_takes_the_place_of_the_first_with_level_and_time() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let (manager, ana) = (fixture.manager(), fixture.client("signatory"));
    let template = uploaded(&fixture).await;
    let step = fixture.activate("agreement").await;
    let open = envelope(&fixture, &manager, &step, false).await;
    let empty =
        refused(fixture.paper_templates(&manager).use_paper_template(used(&template, &open, "1")).await);
    assert_eq!(empty.reason, "nothing_placed");
    let [client, firm] = [template.roles[0].id.as_str(), template.roles[1].id.as_str()];
    let half =
        SavePaperTemplateRequest { fields: vec![field("signature", client, 0.5)], ..change(&template) };
    let template = save(&fixture, half).await.unwrap();
    let alone =
        refused(fixture.paper_templates(&manager).use_paper_template(used(&template, &open, "1")).await);
    assert_eq!(alone.fields[0].field, "paper_template_id", "the firm's signer has no place: {alone:?}");
    let whole = SavePaperTemplateRequest {
        level: "acknowledge".to_owned(),
        sign_within_days: 5,
        fields: vec![field("signature", client, 0.5), field("signature", firm, 0.7)],
        ..change(&template)
    };
    let template = save(&fixture, whole).await.unwrap();

    let files = fixture.blobs();
    let ask = used(&template, &open, "1");
    fixture.paper_templates(&manager).use_paper_template(ask.clone()).await.unwrap();
    assert_eq!(fixture.blobs(), files + 1, "the envelope has a copy of its own");
    let now = envelope(&fixture, &ana, &step, false).await;
    assert_eq!((now.title.as_str(), now.level.as_str()), ("NDA", "acknowledge"));
    assert_ne!(now.original.as_ref().unwrap().sha256, open.original.as_ref().unwrap().sha256);
    assert_eq!(now.original.as_ref().unwrap().number, 2);
    assert!(now.fields.is_empty(), "the definition's fields belong to its own paper");
    let until = now.signers[0].expires_at.as_ref().unwrap().seconds;
    assert_eq!(until, (fixture.database.clock.now() + chrono::TimeDelta::days(5)).timestamp());
    let repeat = fixture.paper_templates(&manager).use_paper_template(ask).await.unwrap().into_inner();
    assert_eq!((repeat.event.as_str(), fixture.blobs()), ("", files + 1), "a repeat leaves nothing behind");

    // It is what is signed from now on, and from the first look on it stays.
    let seen = envelope(&fixture, &ana, &step, true).await;
    let sign = SignEnvelopeRequest {
        envelope_id: open.id.clone(),
        sha256: seen.original.unwrap().sha256,
        typed_name: "Ana Lima".to_owned(),
        consent: true,
        intent: true,
        ..Default::default()
    };
    let late =
        refused(fixture.paper_templates(&manager).use_paper_template(used(&template, &open, "2")).await);
    assert_eq!(late.reason, "fields_fixed");
    fixture.documents(&ana).sign_envelope(sign).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_said_at_its_field() {
    let fixture = Fixture::new().await;
    let template = uploaded(&fixture).await;
    let client = template.roles[0].id.clone();
    let wrong = async |edit: &dyn Fn(&mut SavePaperTemplateRequest)| {
        let mut asked = change(&template);
        edit(&mut asked);
        save(&fixture, asked).await.unwrap_err().fields.into_iter().map(|at| at.field).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&|asked| asked.title.clear()).await, ["title"]);
    assert_eq!(wrong(&|asked| asked.level = "none".to_owned()).await, ["level"]);
    assert_eq!(wrong(&|asked| asked.sign_within_days = -1).await, ["sign_within_days"]);
    assert_eq!(wrong(&|asked| asked.roles.clear()).await, ["roles"]);
    assert_eq!(wrong(&|asked| asked.roles[1].id = "x".to_owned()).await, ["roles[1].id"]);
    assert_eq!(wrong(&|asked| asked.roles[1].id = client.clone()).await, ["roles[1].id"]);
    assert_eq!(wrong(&|asked| asked.roles[1].part = "copy".to_owned()).await, ["roles[1].part"]);
    let lone = |edit: &dyn Fn(&mut PlacedField)| {
        let mut one = field("signature", &client, 0.5);
        edit(&mut one);
        one
    };
    let at = async |one: PlacedField| wrong(&|asked| asked.fields = vec![one.clone()]).await;
    assert_eq!(at(lone(&|one| one.signer_id = "x".to_owned())).await, ["fields[0].signer_id"]);
    assert_eq!(at(lone(&|one| one.page = 99)).await, ["fields[0].page"]);
    assert_eq!(at(lone(&|one| one.paper = 2)).await, ["fields[0].paper"]);
    assert_eq!(
        at(lone(&|one| (one.kind, one.width, one.height) = ("date".to_owned(), 0.05, 0.012))).await,
        ["fields[0].width"]
    );
    // A role goes once it has no field.
    let placed = SavePaperTemplateRequest { fields: vec![lone(&|_| {})], ..change(&template) };
    let placed = save(&fixture, placed).await.unwrap();
    let without = SavePaperTemplateRequest { roles: placed.roles[1..].to_vec(), ..change(&placed) };
    assert_eq!(save(&fixture, without.clone()).await.unwrap_err().fields[0].field, "fields[0].signer_id");
    let gone = save(&fixture, SavePaperTemplateRequest { fields: Vec::new(), ..without }).await.unwrap();
    assert_eq!((gone.roles.len(), gone.version), (1, 3));
    let old = save(&fixture, change(&placed)).await.unwrap_err();
    assert_eq!(old.code, ErrorCode::Conflict);
}

#[tokio::test]
async fn used_ones_are_archived_and_others_removed() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let manager = fixture.manager();
    let first = placed(&fixture).await;
    let template = kept(&fixture, &first, "Data agreement").await;
    let other = kept(&fixture, &first, "Never used").await;
    let step = fixture.activate("agreement").await;
    let second = envelope(&fixture, &manager, &step, false).await;
    fixture.paper_templates(&manager).use_paper_template(used(&template, &second, "1")).await.unwrap();

    let remove = |id: &str| DeletePaperTemplateRequest { paper_template_id: id.to_owned() };
    let kept = refused(fixture.paper_templates(&manager).delete_paper_template(remove(&template.id)).await);
    assert_eq!((kept.code, kept.reason.as_str()), (ErrorCode::FailedPrecondition, "template_used"));
    let files = fixture.blobs();
    fixture.paper_templates(&manager).delete_paper_template(remove(&other.id)).await.unwrap();
    assert_eq!((fixture.rows("paper_templates").await, fixture.blobs()), (1, files - 1));
    let gone = refused(fixture.paper_templates(&manager).delete_paper_template(remove(&other.id)).await);
    assert_eq!(gone, Problem::not_found());

    let archive = |archived| ArchivePaperTemplateRequest { paper_template_id: template.id.clone(), archived };
    let archived = fixture.paper_templates(&manager).archive_paper_template(archive(true)).await.unwrap();
    assert!(archived.into_inner().template.unwrap().archived);
    let again = fixture.paper_templates(&manager).archive_paper_template(archive(true)).await.unwrap();
    assert_eq!(again.into_inner().event, "", "it is archived already");
    let step = fixture.activate("agreement").await;
    let third = envelope(&fixture, &manager, &step, false).await;
    let refusal =
        refused(fixture.paper_templates(&manager).use_paper_template(used(&template, &third, "1")).await);
    assert_eq!(refusal.reason, "template_archived");
    fixture.paper_templates(&manager).archive_paper_template(archive(false)).await.unwrap();
    fixture.paper_templates(&manager).use_paper_template(used(&template, &third, "1")).await.unwrap();
}

#[tokio::test]
async fn other_firms_other_accounts_and_clients_learn_nothing_and_change_nothing() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let first = placed(&fixture).await;
    let template = kept(&fixture, &first, "Data agreement").await;
    let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin", "project_manager"]);
    let absent = "01890000-0000-7000-8000-000000000001";
    for id in [template.id.as_str(), absent, "x"] {
        let paper_template_id = id.to_owned();
        let mut theirs = fixture.paper_templates(&elsewhere);
        let get = GetPaperTemplateRequest { paper_template_id: paper_template_id.clone() };
        assert_eq!(refused(theirs.get_paper_template(get).await), Problem::not_found());
        let asked =
            SavePaperTemplateRequest { paper_template_id: paper_template_id.clone(), ..change(&template) };
        assert_eq!(refused(theirs.save_paper_template(asked).await), Problem::not_found());
        let asked =
            ArchivePaperTemplateRequest { paper_template_id: paper_template_id.clone(), archived: true };
        assert_eq!(refused(theirs.archive_paper_template(asked).await), Problem::not_found());
        let asked = DeletePaperTemplateRequest { paper_template_id: paper_template_id.clone() };
        assert_eq!(refused(theirs.delete_paper_template(asked).await), Problem::not_found());
        let asked = UsePaperTemplateRequest { paper_template_id, ..used(&template, &first, "2") };
        assert_eq!(refused(theirs.use_paper_template(asked).await), Problem::not_found());
        // Ours, with an envelope that is nobody's.
        let asked =
            UsePaperTemplateRequest { envelope_id: absent.to_owned(), ..used(&template, &first, "2") };
        let mut ours = fixture.paper_templates(&fixture.manager());
        assert_eq!(refused(ours.use_paper_template(asked).await), Problem::not_found());
    }
    let create = CreatePaperTemplateRequest {
        envelope_id: first.id.clone(),
        title: "Theirs".to_owned(),
        ..Default::default()
    };
    // Staff of this firm who reach another account only, and those who do not manage the step.
    let mut scoped = fixture.manager();
    scoped.actor.accounts = portico_core::AccountScope::Listed(vec![fixture.globex]);
    for stranger in [&elsewhere, &scoped] {
        let mut theirs = fixture.paper_templates(stranger);
        assert_eq!(refused(theirs.create_paper_template(create.clone()).await), Problem::not_found());
        let asked = used(&template, &first, "2");
        assert_eq!(refused(theirs.use_paper_template(asked).await), Problem::not_found());
    }
    let lesser = portico_testkit::staff(fixture.tenant, &["accountant"]);
    let mut theirs = fixture.paper_templates(&lesser);
    let denied = refused(theirs.create_paper_template(create.clone()).await);
    assert_eq!(denied.code, ErrorCode::PermissionDenied);
    let denied = refused(theirs.use_paper_template(used(&template, &first, "2")).await);
    assert_eq!(denied.code, ErrorCode::PermissionDenied);
    for client in [fixture.client("signatory"), fixture.strangers().remove(0)] {
        let mut theirs = fixture.paper_templates(&client);
        let list = refused(theirs.list_paper_templates(ListPaperTemplatesRequest {}).await);
        assert_eq!(list.code, ErrorCode::PermissionDenied);
        assert_eq!(
            refused(theirs.create_paper_template(create.clone()).await).code,
            ErrorCode::PermissionDenied
        );
    }
    assert_eq!(fixture.rows("paper_templates").await, 1);
    assert_eq!(fixture.rows("placements").await, 3);
}
