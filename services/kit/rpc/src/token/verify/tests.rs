use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use portico_core::{
    AccountId, AccountScope, AuthStrength, Clock, Impersonator, MockClock, PersonId, SeededEntropy, SessionId,
};
use uuid::Uuid;

use super::*;
use crate::token::{
    ACTOR_ISSUER, ActorSigner, IssueError, IssuedToken, ServiceSigner, SigningKey, claims::Scope,
};

struct Setup {
    clock: MockClock,
    actors: SigningKey,
    documents: SigningKey,
    verifier: Verifier,
}

impl Setup {
    fn new() -> Self {
        let clock = MockClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let actors = SigningKey::generate_actor().unwrap();
        let documents = SigningKey::generate_service("documents").unwrap();
        let verifier =
            Verifier::new([actors.public()], [documents.public()], Arc::new(clock.clone())).unwrap();
        Self { clock, actors, documents, verifier }
    }

    fn issue(&self, actor: &Actor) -> Result<IssuedToken, IssueError> {
        let entropy = Arc::new(SeededEntropy::new(1));
        ActorSigner::new(self.actors.clone(), Arc::new(self.clock.clone()), entropy).issue(
            tenant(),
            actor,
            MAX_TOKEN_LIFETIME,
        )
    }

    fn claims(&self) -> Claims {
        let now = self.clock.now().timestamp();
        Claims {
            iss: ACTOR_ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + 300,
            jti: Uuid::from_u128(9),
            tenant: Some(tenant()),
            kind: ActorKind::Staff,
            person: Some(PersonId(Uuid::from_u128(2))),
            name: "Stefan Roth".to_owned(),
            accounts: None,
            scope: Some(Scope::All),
            roles: vec!["admin".to_owned()],
            account_roles: Vec::new(),
            session: None,
            strength: AuthStrength::Multiple,
            impersonator: None,
            on_behalf_of: None,
        }
    }

    fn sign_with(key: &SigningKey, claims: &Claims) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.public.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.encoding).unwrap()
    }

    /// What the verifier says of claims that the actor key has signed.
    fn refusal(&self, change: impl FnOnce(&mut Claims)) -> TokenError {
        let mut claims = self.claims();
        change(&mut claims);
        self.verifier.verify(&Self::sign_with(&self.actors, &claims)).unwrap_err()
    }
}

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(1))
}

fn client() -> Actor {
    Actor {
        kind: ActorKind::Client,
        person: Some(PersonId(Uuid::from_u128(3))),
        name: "Ana Lima".to_owned(),
        accounts: AccountScope::Listed(vec![AccountId(Uuid::from_u128(4)), AccountId(Uuid::from_u128(5))]),
        roles: vec!["filler".to_owned(), "signer".to_owned()],
        account_roles: BTreeMap::from([
            (AccountId(Uuid::from_u128(4)), vec!["signer".to_owned(), "filler".to_owned()]),
            (AccountId(Uuid::from_u128(5)), vec!["filler".to_owned()]),
        ]),
        session: Some(SessionId(Uuid::from_u128(6))),
        strength: AuthStrength::Single,
        impersonator: Some(Impersonator {
            person: PersonId(Uuid::from_u128(7)),
            reason: "support".to_owned(),
        }),
    }
}

#[test]
fn what_identity_signs_comes_back_whole() {
    let setup = Setup::new();
    let issued = setup.issue(&client()).unwrap();
    let verified = setup.verifier.verify(&issued.token).unwrap();
    assert_eq!(verified.tenant, Some(tenant()));
    assert_eq!(verified.actor, client());
    assert_eq!(verified.expires, issued.expires);
    assert_eq!(issued.expires, setup.clock.now() + MAX_TOKEN_LIFETIME);
}

#[test]
fn roles_of_an_account_that_is_not_within_reach_do_not_travel() {
    let setup = Setup::new();
    let mut actor = client();
    let stranger = AccountId(Uuid::from_u128(99));
    actor.account_roles.insert(stranger, vec!["signer".to_owned()]);
    let verified = setup.verifier.verify(&setup.issue(&actor).unwrap().token).unwrap();
    assert_eq!(verified.actor, client());
    assert!(verified.actor.roles_in(stranger).is_empty());

    let more_than_accounts = setup.refusal(|claims| claims.account_roles = vec![vec![0]; 3]);
    assert!(matches!(more_than_accounts, TokenError::Inconsistent(_)), "{more_than_accounts:?}");
    let no_such_role = setup.refusal(|claims| {
        (claims.accounts, claims.scope) = (Some(vec![stranger]), None);
        claims.account_roles = vec![vec![7]];
    });
    assert!(matches!(no_such_role, TokenError::Inconsistent(_)), "{no_such_role:?}");
}

#[test]
fn what_a_process_signs_is_the_system_for_one_firm_or_none() {
    let setup = Setup::new();
    let signer = ServiceSigner::new(
        setup.documents.clone(),
        Arc::new(setup.clock.clone()),
        Arc::new(SeededEntropy::new(1)),
    );
    let person = PersonId(Uuid::from_u128(3));
    let issued = signer.issue(Some(tenant()), "documents.reminders", Some(person)).unwrap();
    let verified = setup.verifier.verify(&issued.token).unwrap();
    assert_eq!(verified.tenant, Some(tenant()));
    assert_eq!(verified.actor.kind, ActorKind::System);
    assert_eq!(verified.actor.name, "documents.reminders");
    assert_eq!(verified.actor.person, Some(person), "on whose behalf");
    assert_eq!(verified.issuer, "documents");

    let none = signer.issue(None, "documents.start", None).unwrap();
    assert_eq!(setup.verifier.verify(&none.token).unwrap().tenant, None);
}

#[test]
fn a_system_token_is_used_again_while_it_has_a_minute_to_live() {
    let setup = Setup::new();
    let signer = ServiceSigner::new(
        setup.documents.clone(),
        Arc::new(setup.clock.clone()),
        Arc::new(SeededEntropy::new(1)),
    );
    let issue = |name| signer.issue(Some(tenant()), name, None).unwrap().token;
    let first = issue("reminders");
    assert_ne!(first, issue("sweeps"), "other work, other token");
    setup.clock.advance(TimeDelta::seconds(239));
    assert_eq!(issue("reminders"), first);
    setup.clock.advance(TimeDelta::seconds(1));
    let second = issue("reminders");
    assert_ne!(second, first);
    setup.clock.advance(TimeDelta::seconds(61));
    assert!(setup.verifier.verify(&second).is_ok());
}

#[test]
fn an_expired_token_is_refused_though_it_was_proven_before() {
    let setup = Setup::new();
    let token = setup.issue(&client()).unwrap().token;
    assert!(setup.verifier.verify(&token).is_ok());
    setup.clock.advance(TimeDelta::seconds(299));
    assert!(setup.verifier.verify(&token).is_ok());
    setup.clock.advance(TimeDelta::seconds(1));
    assert_eq!(setup.verifier.verify(&token), Err(TokenError::Expired));

    let short =
        Setup::sign_with(&setup.actors, &Claims { exp: setup.clock.now().timestamp() + 5, ..setup.claims() });
    assert!(setup.verifier.verify(&short).is_ok());
    setup.clock.advance(TimeDelta::seconds(5));
    assert_eq!(
        setup.verifier.verify(&short),
        Err(TokenError::Expired),
        "a remembered proof ends with the token"
    );
}

#[test]
fn a_token_for_others_is_refused() {
    let setup = Setup::new();
    let error = setup.refusal(|claims| claims.aud = "somebody-else".to_owned());
    assert!(matches!(&error, TokenError::Invalid(why) if why.contains("Audience")), "{error}");
    assert!(matches!(
        setup.refusal(|claims| claims.iss = "documents".to_owned()),
        TokenError::Inconsistent(_)
    ));
}

#[test]
fn a_tampered_token_is_refused() {
    let setup = Setup::new();
    let token = setup.issue(&client()).unwrap().token;
    let parts: Vec<&str> = token.split('.').collect();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let raised = URL_SAFE_NO_PAD.encode(payload.replace("\"signer\"", "\"admin\""));
    assert_ne!(raised, parts[1]);
    for forged in [
        format!("{}.{raised}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{token}"),
        String::new(),
        "..".to_owned(),
        "a".repeat(MAX_TOKEN_BYTES + 1),
    ] {
        let refused = setup.verifier.verify(&forged);
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{}", &forged[..forged.len().min(40)]);
    }
    assert!(setup.verifier.verify(&token).is_ok());
}

#[test]
fn other_algorithms_are_refused() {
    let setup = Setup::new();
    let token = setup.issue(&client()).unwrap().token;
    let payload = token.split('.').nth(1).unwrap();
    let kid = &setup.actors.public.kid;
    for algorithm in ["none", "None", "NONE"] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"{algorithm}","kid":"{kid}"}}"#));
        let refused = setup.verifier.verify(&format!("{header}.{payload}."));
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{algorithm}: {refused:?}");
    }
    let public = setup.actors.public();
    for secret in [public.to_pem().into_bytes(), public.decoding.try_get_as_bytes().unwrap().to_vec()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.clone());
        let forged =
            jsonwebtoken::encode(&header, &setup.claims(), &EncodingKey::from_secret(&secret)).unwrap();
        let refused = setup.verifier.verify(&forged);
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "HS256: {refused:?}");
    }
}

#[test]
fn each_key_signs_its_own_kinds_only() {
    let setup = Setup::new();
    let system = Claims { kind: ActorKind::System, person: None, ..setup.claims() };
    let refused = setup.verifier.verify(&Setup::sign_with(&setup.actors, &system));
    assert!(matches!(refused, Err(TokenError::WrongKey { kind: "system", .. })), "{refused:?}");

    for kind in [ActorKind::Client, ActorKind::Staff, ActorKind::Machine] {
        let claims = Claims { kind, iss: "documents".to_owned(), ..setup.claims() };
        let refused = setup.verifier.verify(&Setup::sign_with(&setup.documents, &claims));
        assert!(matches!(refused, Err(TokenError::WrongKey { .. })), "{kind:?}: {refused:?}");
    }

    let stranger = SigningKey::generate_actor().unwrap();
    let refused = setup.verifier.verify(&Setup::sign_with(&stranger, &setup.claims()));
    assert!(matches!(refused, Err(TokenError::Invalid(_))), "{refused:?}");

    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(setup.actors.public.kid.clone());
    let borrowed = jsonwebtoken::encode(&header, &setup.claims(), &stranger.encoding).unwrap();
    assert!(matches!(setup.verifier.verify(&borrowed), Err(TokenError::Invalid(_))), "another's key id");

    let impostor = Claims { iss: "tenancy".to_owned(), ..system };
    let refused = setup.verifier.verify(&Setup::sign_with(&setup.documents, &impostor));
    assert_eq!(refused, Err(TokenError::Inconsistent("the issuer is not the key's")));
}

#[test]
fn one_key_cannot_have_two_roles() {
    let setup = Setup::new();
    let clock = || Arc::new(setup.clock.clone());
    let both = Verifier::new([setup.actors.public()], [setup.actors.public()], clock());
    assert!(matches!(both, Err(KeyError::Shared(..))));
    assert!(Verifier::new([setup.actors.public(), setup.actors.public()], [], clock()).is_ok());
}

#[test]
fn claims_that_contradict_themselves_are_refused() {
    let setup = Setup::new();
    let changes: [fn(&mut Claims); 9] = [
        |claims| claims.exp = claims.iat + 301,
        |claims| {
            claims.iat += 120;
            claims.exp += 120;
        },
        |claims| claims.exp = i64::MAX,
        |claims| claims.tenant = None,
        |claims| claims.person = None,
        |claims| claims.on_behalf_of = claims.person,
        |claims| claims.scope = None,
        |claims| claims.accounts = Some(Vec::new()),
        |claims| {
            claims.scope = None;
            claims.accounts = Some(vec![AccountId(Uuid::from_u128(4)); 201]);
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let refused = setup.refusal(change);
        assert!(matches!(refused, TokenError::Inconsistent(_)), "change {index}: {refused:?}");
    }
}

#[test]
fn what_must_not_be_signed_is_not() {
    let setup = Setup::new();
    let refused = |change: fn(&mut Actor)| {
        let mut actor = client();
        change(&mut actor);
        setup.issue(&actor).unwrap_err()
    };
    assert_eq!(refused(|actor| actor.kind = ActorKind::System), IssueError::WrongKind);
    assert_eq!(refused(|actor| actor.person = None), IssueError::NoPerson("client"));
    let many =
        |count: u128| AccountScope::Listed((0..count).map(|n| AccountId(Uuid::from_u128(n))).collect());
    let with = |accounts: AccountScope| {
        let roles = vec!["filler".to_owned(), "signer".to_owned()];
        let account_roles = accounts.listed().iter().map(|account| (*account, roles.clone())).collect();
        setup.issue(&Actor { accounts, account_roles, ..client() })
    };
    assert_eq!(with(many(201)).unwrap_err(), IssueError::TooManyAccounts(201));
    let largest = with(many(200)).unwrap();
    let largest = setup.verifier.verify(&largest.token).unwrap();
    assert_eq!(largest.actor.accounts, many(200));
    assert_eq!(largest.actor.account_roles.len(), 200);

    let entropy = Arc::new(SeededEntropy::new(1));
    let signer = ActorSigner::new(setup.actors.clone(), Arc::new(setup.clock.clone()), entropy);
    for lifetime in [TimeDelta::zero(), TimeDelta::seconds(-1), TimeDelta::seconds(301)] {
        assert_eq!(signer.issue(tenant(), &client(), lifetime).unwrap_err(), IssueError::Lifetime);
    }
}

#[test]
fn a_proof_is_made_once_a_minute() {
    let setup = Setup::new();
    let token = setup.issue(&client()).unwrap().token;
    let first = setup.verifier.verify(&token).unwrap();
    setup.clock.advance(TimeDelta::seconds(59));
    assert!(Arc::ptr_eq(&first, &setup.verifier.verify(&token).unwrap()));
    setup.clock.advance(TimeDelta::seconds(1));
    assert!(!Arc::ptr_eq(&first, &setup.verifier.verify(&token).unwrap()));
}
