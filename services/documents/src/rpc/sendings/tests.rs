//! A paper that goes to many accounts: each once, each on its own, and nobody's business but the firm's.

use portico_core::{AccountId, AccountScope, Clock as _, Ctx, ErrorCode, Problem};
use portico_proto::{
    documents::v1::*,
    events::v1::{SigningAsked, SigningRefused},
    time::timestamp,
};

use crate::{DATA_AGREEMENT, testing::Fixture, testing::refused};

const ABSENT: &str = "01890000-0000-7000-8000-000000000001";

/// Two of Acme, nobody of Globex, and a third account in which nothing goes on; a template that Acme signs first and Paul second.
struct Sent {
    fixture: Fixture,
    ana: Ctx,
    paul: Ctx,
    idle: AccountId,
    template: PaperTemplate,
}

async fn template(fixture: &Fixture, ctx: &Ctx) -> PaperTemplate {
    let bytes = [DATA_AGREEMENT, b"\n% another paper\n"].concat();
    let made = fixture.upload(ctx, "/paper-templates", "NDA.pdf", &bytes).await.unwrap();
    let get =
        GetPaperTemplateRequest { paper_template_id: made["paper_template_id"].as_str().unwrap().to_owned() };
    let got = fixture.paper_templates(ctx).get_paper_template(get).await.unwrap().into_inner();
    let got = got.template.unwrap();
    let field = |(y, role): (f64, &PaperRole)| PlacedField {
        paper: 1,
        page: 1,
        x: 0.1,
        y,
        width: 0.3,
        height: 0.05,
        kind: "signature".to_owned(),
        signer_id: role.id.clone(),
        ..PlacedField::default()
    };
    let asked = SavePaperTemplateRequest {
        paper_template_id: got.id.clone(),
        version: got.version,
        title: got.title.clone(),
        level: got.level.clone(),
        sign_within_days: 7,
        fields: [0.5, 0.7].into_iter().zip(&got.roles).map(field).collect(),
        roles: got.roles.clone(),
    };
    let saved = fixture.paper_templates(ctx).save_paper_template(asked).await.unwrap().into_inner();
    saved.template.unwrap()
}

impl Sent {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let (ana, ben, paul) = (fixture.client("signatory"), fixture.client("client"), fixture.manager());
        let (ana_id, ben_id) = (fixture.named(&ana, "Zoe Ana"), fixture.named(&ben, "Ben Ode"));
        let paul_id = fixture.named(&paul, "Paul Meyer");
        let (idle, run) = (fixture.database.account(), fixture.run);
        {
            let mut world = fixture.world.lock().unwrap();
            world.members.insert(fixture.acme, vec![ben_id, ana_id]);
            world.members.insert(idle, vec![ana_id]);
            world.roles.insert(ana_id, vec!["signatory".to_owned()]);
            world.staff.push(paul_id);
            world.steered.insert(fixture.acme, run);
            world.steered.insert(fixture.globex, run);
        }
        let template = template(&fixture, &paul).await;
        Self { fixture, ana, paul, idle, template }
    }

    fn seat(&self, role: usize, ctx: &Ctx) -> PaperSeat {
        let person_id = ctx.actor.person.unwrap().to_string();
        PaperSeat { role_id: self.template.roles[role].id.clone(), person_id }
    }

    fn request(&self, key: &str) -> SendPaperRequest {
        let to = |account: AccountId, seats| PaperRecipient { account_id: account.to_string(), seats };
        let due = self.fixture.database.clock.now() + chrono::TimeDelta::days(5);
        SendPaperRequest {
            paper_template_id: self.template.id.clone(),
            title: "Sign the NDA".to_owned(),
            due: Some(timestamp(due)),
            recipients: vec![
                to(self.fixture.acme, vec![self.seat(0, &self.ana)]),
                to(self.fixture.globex, Vec::new()),
                to(self.idle, vec![self.seat(0, &self.ana)]),
            ],
            countersigners: vec![self.seat(1, &self.paul)],
            idempotency_key: key.to_owned(),
            template_version: self.template.version,
        }
    }

    async fn send(&self, request: SendPaperRequest) -> Result<SendPaperResponse, Problem> {
        let answer = self.fixture.sendings(&self.paul).send_paper(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| portico_rpc::problem_from(&status))
    }

    async fn progress(&self, sending_id: &str) -> Sending {
        let get = GetSendingRequest { sending_id: sending_id.to_owned() };
        let got = self.fixture.sendings(&self.paul).get_sending(get).await.unwrap().into_inner();
        got.sending.unwrap()
    }

    /// How it stands in an account: the state and why.
    async fn stands(&self, sending_id: &str, account: AccountId) -> (String, String) {
        let sending = self.progress(sending_id).await;
        let row = sending.rows.into_iter().find(|row| row.account_id == account.to_string()).unwrap();
        (row.state, row.reason)
    }

    async fn envelope(&self, ctx: &Ctx, step: &str, opening: bool) -> Envelope {
        let get = GetEnvelopeRequest { step_id: step.to_owned(), opening, ..Default::default() };
        self.fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
    }
}

fn is(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn what_stands_against_a_sending_is_said_before_it() {
    let world = Sent::new().await;
    let accounts = [world.fixture.acme, world.fixture.globex, world.idle];
    let asked = PrepareSendingRequest {
        paper_template_id: world.template.id.clone(),
        account_ids: accounts.iter().map(ToString::to_string).collect(),
    };
    let answer = world.fixture.sendings(&world.paul).prepare_sending(asked.clone()).await.unwrap();
    let checks = answer.into_inner().checks;
    let problems: Vec<_> = checks.iter().map(|check| check.problem.as_str()).collect();
    assert_eq!(problems, ["", "nobody", "no_run"]);
    let people: Vec<_> = checks[0].people.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(people, ["Zoe Ana", "Ben Ode"], "whom one would ask stands first");
    for account_ids in [Vec::new(), vec![accounts[0].to_string(); 2]] {
        let odd = PrepareSendingRequest { account_ids, ..asked.clone() };
        let problem = refused(world.fixture.sendings(&world.paul).prepare_sending(odd).await);
        assert_eq!(problem.fields[0].field, "account_ids");
    }
}

#[tokio::test]
async fn each_account_gets_it_once_and_one_without_anybody_does_not_stop_the_others() {
    let world = Sent::new().await;
    let (acme, globex) = (world.fixture.acme, world.fixture.globex);
    let request = world.request("k1");
    let sent = world.send(request.clone()).await.unwrap();
    assert!(sent.event.contains(';'));
    // The same once more, the accounts in another order; then something else with the same key.
    let mut turned = request.clone();
    turned.recipients.reverse();
    for again in [request.clone(), turned] {
        let again = world.send(again).await.unwrap();
        assert_eq!((again.sending_id, again.event.as_str()), (sent.sending_id.clone(), ""));
    }
    let other = SendPaperRequest { title: "Sign another paper".to_owned(), ..request };
    let problem = world.send(other).await.unwrap_err();
    assert_eq!(problem.fields[0].field, "idempotency_key");
    assert_eq!((world.fixture.rows("sendings").await, world.fixture.rows("sending_rows").await), (1, 3));

    let asked = world.fixture.said::<SigningAsked>().await;
    assert_eq!(asked.len(), 1, "only where somebody can sign in something that goes on");
    let ana = world.ana.actor.person.unwrap().to_string();
    assert_eq!((asked[0].person_id.as_str(), asked[0].external, asked[0].due.is_some()), (&*ana, true, true));
    assert_eq!(world.stands(&sent.sending_id, acme).await, is("preparing", ""));
    assert_eq!(world.stands(&sent.sending_id, globex).await, is("failed", "nobody"));
    assert_eq!(world.stands(&sent.sending_id, world.idle).await, is("failed", "no_run"));

    // What changes in the template afterwards is not what was sent.
    let archive =
        ArchivePaperTemplateRequest { paper_template_id: world.template.id.clone(), archived: true };
    world.fixture.paper_templates(&world.paul).archive_paper_template(archive).await.unwrap();
    world.fixture.make_step(&asked[0]).await;
    world.fixture.make_step(&asked[0]).await;
    assert_eq!(world.fixture.rows("envelopes").await, 1, "the step that was made twice has one envelope");
    assert_eq!(world.stands(&sent.sending_id, acme).await, is("sent", ""));
    let step = asked[0].step_id.clone();
    let seen = world.envelope(&world.ana, &step, true).await;
    let names: Vec<_> = seen.signers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((seen.title.as_str(), names.as_slice()), ("NDA", &["Zoe Ana", "Paul Meyer"][..]));
    let row = world.progress(&sent.sending_id).await.rows.into_iter().find(|row| row.step_id == step);
    let row = row.unwrap();
    assert_eq!(
        (row.state.as_str(), row.done, row.of, row.waits_for),
        ("opened", 0, 2, vec!["Zoe Ana".to_owned()])
    );
    let list = ListFieldsRequest { envelope_id: seen.id.clone() };
    let fields = world.fixture.documents(&world.paul).list_fields(list).await.unwrap().into_inner().fields;
    assert_eq!(fields.len(), 2, "the template's fields are placed");

    world.fixture.database.clock.advance(chrono::TimeDelta::days(8));
    assert_eq!(world.stands(&sent.sending_id, acme).await, is("expired", ""));
    let audited = world.fixture.audited().await;
    assert_eq!(audited.iter().filter(|action| *action == "paper.sent").count(), 1);
}

#[tokio::test]
async fn declined_refused_and_withdrawn_ones_say_so() {
    let world = Sent::new().await;
    let acme = world.fixture.acme;
    let mut sent = Vec::new();
    for key in ["k1", "k2", "k3"] {
        sent.push(world.send(world.request(key)).await.unwrap().sending_id);
    }
    let asked = world.fixture.said::<SigningAsked>().await;
    world.fixture.make_step(&asked[0]).await;
    world.fixture.make_step(&asked[1]).await;
    let envelope = world.envelope(&world.ana, &asked[0].step_id, false).await;
    let decline =
        DeclineEnvelopeRequest { envelope_id: envelope.id, reason: "Not with this clause".to_owned() };
    world.fixture.documents(&world.ana).decline_envelope(decline).await.unwrap();
    world.fixture.withdraw(&asked[1].step_id).await;
    let refusal = SigningRefused {
        step_id: asked[2].step_id.clone(),
        account_id: acme.to_string(),
        reason: "run_ended".to_owned(),
    };
    world.fixture.deliver(&world.fixture.received(&refusal)).await.unwrap();
    assert_eq!(world.stands(&sent[0], acme).await, is("declined", "Not with this clause"));
    assert_eq!(world.stands(&sent[1], acme).await, is("withdrawn", ""));
    assert_eq!(world.stands(&sent[2], acme).await, is("failed", "run_ended"));
    let list = ListSendingsRequest { paper_template_id: world.template.id.clone() };
    let list = world.fixture.sendings(&world.paul).list_sendings(list).await.unwrap().into_inner().sendings;
    let ids: Vec<_> = list.iter().map(|one| (one.id.as_str(), one.accounts, one.signed)).collect();
    assert_eq!(ids.len(), 3);
    assert!(sent.iter().all(|id| ids.contains(&(id.as_str(), 3, 0))), "{ids:?}");
}

#[tokio::test]
async fn mistakes_are_named_and_nothing_is_sent() {
    let world = Sent::new().await;
    let field = async |request| world.send(request).await.unwrap_err().fields[0].field.clone();
    let ok = || world.request("k");
    assert_eq!(field(SendPaperRequest { idempotency_key: String::new(), ..ok() }).await, "idempotency_key");
    assert_eq!(field(SendPaperRequest { template_version: 99, ..ok() }).await, "template_version");
    assert_eq!(field(SendPaperRequest { title: " ".to_owned(), ..ok() }).await, "title");
    assert_eq!(field(SendPaperRequest { recipients: Vec::new(), ..ok() }).await, "recipients");
    assert_eq!(field(SendPaperRequest { countersigners: Vec::new(), ..ok() }).await, "countersigners");
    // Somebody of an account cannot sign for the firm.
    let theirs = PaperSeat { person_id: world.seat(0, &world.ana).person_id, ..world.seat(1, &world.paul) };
    assert_eq!(field(SendPaperRequest { countersigners: vec![theirs], ..ok() }).await, "countersigners");
    let past = world.fixture.database.clock.now() - chrono::TimeDelta::days(1);
    assert_eq!(field(SendPaperRequest { due: Some(timestamp(past)), ..ok() }).await, "due");
    // Somebody who is not of the account signs nothing there: the paper of this account alone fails.
    let mut strange = ok();
    strange.recipients[0].seats[0].person_id = ABSENT.to_owned();
    let sent = world.send(strange).await.unwrap().sending_id;
    assert_eq!(world.stands(&sent, world.fixture.acme).await, is("failed", "nobody"));
    assert!(world.fixture.said::<SigningAsked>().await.is_empty());
    assert_eq!(world.fixture.rows("sendings").await, 1);
    let archive =
        ArchivePaperTemplateRequest { paper_template_id: world.template.id.clone(), archived: true };
    world.fixture.paper_templates(&world.paul).archive_paper_template(archive).await.unwrap();
    assert_eq!(world.send(world.request("other")).await.unwrap_err().reason, "template_archived");
}

#[tokio::test]
async fn other_firms_and_accounts_learn_nothing_and_staff_send_only_where_they_reach() {
    let world = Sent::new().await;
    let request = world.request("k1");
    let sent = world.send(request.clone()).await.unwrap().sending_id;
    world.fixture.make_step(&world.fixture.said::<SigningAsked>().await[0]).await;
    let elsewhere = portico_testkit::staff(world.fixture.database.tenant(), &["admin", "project_manager"]);
    let mut theirs = world.fixture.sendings(&elsewhere);
    for (template, sending) in [(world.template.id.as_str(), sent.as_str()), (ABSENT, ABSENT), ("x", "x")] {
        let paper_template_id = template.to_owned();
        let account_ids = vec![world.fixture.acme.to_string()];
        let asked = PrepareSendingRequest { paper_template_id: paper_template_id.clone(), account_ids };
        assert_eq!(refused(theirs.prepare_sending(asked).await), Problem::not_found());
        let asked = SendPaperRequest { paper_template_id: paper_template_id.clone(), ..request.clone() };
        assert_eq!(refused(theirs.send_paper(asked).await), Problem::not_found());
        let asked = ListSendingsRequest { paper_template_id };
        assert_eq!(refused(theirs.list_sendings(asked).await), Problem::not_found());
        let asked = GetSendingRequest { sending_id: sending.to_owned() };
        assert_eq!(refused(theirs.get_sending(asked).await), Problem::not_found());
    }
    for client in [world.ana.clone(), world.fixture.strangers().remove(0)] {
        let mut theirs = world.fixture.sendings(&client);
        let denied = refused(theirs.get_sending(GetSendingRequest { sending_id: sent.clone() }).await);
        assert_eq!(denied.code, ErrorCode::PermissionDenied);
        let denied = refused(theirs.send_paper(request.clone()).await);
        assert_eq!(denied.code, ErrorCode::PermissionDenied);
    }
    // Staff who may look at none of its papers learn nothing, whatever accounts they reach.
    let colleague = portico_testkit::staff(world.fixture.tenant, &["finance"]);
    world.fixture.world.lock().unwrap().blind.insert(colleague.actor.person.unwrap());
    let mut theirs = world.fixture.sendings(&colleague);
    let get = GetSendingRequest { sending_id: sent.clone() };
    assert_eq!(refused(theirs.get_sending(get).await), Problem::not_found());
    let list = ListSendingsRequest { paper_template_id: world.template.id.clone() };
    assert!(theirs.list_sendings(list).await.unwrap().into_inner().sendings.is_empty());
    // Staff who reach one account only see its row, send to it alone, and learn nothing where they reach none.
    let mut scoped = world.paul.clone();
    scoped.actor.accounts = AccountScope::Listed(vec![world.fixture.globex]);
    let mut theirs = world.fixture.sendings(&scoped);
    let get = GetSendingRequest { sending_id: sent.clone() };
    let seen = theirs.get_sending(get.clone()).await.unwrap().into_inner().sending.unwrap();
    assert_eq!((seen.rows.len(), seen.accounts), (1, 1));
    assert_eq!(seen.rows[0].account_id, world.fixture.globex.to_string());
    let other = SendPaperRequest { idempotency_key: "k2".to_owned(), ..request };
    assert_eq!(refused(theirs.send_paper(other).await), Problem::not_found());
    scoped.actor.accounts = AccountScope::Listed(vec![world.fixture.database.account()]);
    let mut theirs = world.fixture.sendings(&scoped);
    assert_eq!(refused(theirs.get_sending(get).await), Problem::not_found());
    let list = ListSendingsRequest { paper_template_id: world.template.id.clone() };
    assert!(theirs.list_sendings(list).await.unwrap().into_inner().sendings.is_empty());
    assert_eq!((world.fixture.rows("sendings").await, world.fixture.rows("sending_rows").await), (1, 3));
}
