//! Who somebody is, stands in their token alone: not in headers, bodies or words.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::{HeaderMap, Method, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use portico_proto::{
    DESCRIPTOR_SET,
    identity::v1::ListPeopleRequest,
    tenancy::v1::{
        GetTenantRequest, ListAccountsRequest, ListAuditRequest, SetMembershipRequest, SetStaffRolesRequest,
        UpdateTenantRequest,
    },
};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::harness::{Outcome, Persona, World};

async fn firm(person: &Persona) -> Result<String, tonic::Status> {
    let answer = person.tenancy().get_tenant(GetTenantRequest {}).await?.into_inner();
    Ok(answer.tenant.map(|tenant| tenant.name).unwrap_or_default())
}

/// A token that has expired, is for another audience, or was changed in one letter is nobody's.
pub(super) async fn i06_a_token_that_is_not_whole_valid_and_ours_is_nobodys() -> Outcome {
    let world = World::demo_with_clock().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let parts: Vec<&str> = ana.token().split('.').collect();
    let [head, body, signature] = parts[..] else { anyhow::bail!("a token of {} parts", parts.len()) };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body)?)?;
    let key = EncodingKey::from_ed_pem(&std::fs::read(world.keys().join("actors.key.pem"))?)?;
    let kid = serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(head)?)?["kid"].clone();
    let signed = |changes: &[(&str, Value)]| {
        let mut claims = claims.clone();
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        let header = Header { kid: kid.as_str().map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key)
    };
    // With the same claims and key it is as good as identity's own: what is refused below is refused for its change.
    ensure!(
        firm(&ana.with_token(&signed(&[])?)).await? == "Northwind Consulting",
        "our own signature is refused"
    );
    let other = world.tenant("contoso").await?.to_string();
    let mut changed = claims.clone();
    let tenant_claim = claims
        .as_object()
        .and_then(|claims| {
            claims.iter().find(|(_, value)| {
                value.as_str().is_some_and(|text| text.len() == 36)
                    && *value != claims.get("sub").unwrap_or(&Value::Null)
            })
        })
        .map(|(name, _)| name.clone())
        .context("no claim that names the firm")?;
    changed[&tenant_claim] = json!(other);
    let tampered = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&changed)?);
    let mut bent = signature.to_owned().into_bytes();
    bent[10] = if bent[10] == b'A' { b'B' } else { b'A' };
    let unsigned = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    let wrong = [
        ("changed claims", format!("{head}.{tampered}.{signature}")),
        ("a bent signature", format!("{head}.{body}.{}", String::from_utf8(bent)?)),
        ("no signature", format!("{unsigned}.{body}.")),
        ("another audience", signed(&[("aud", json!("somebody-else"))])?),
        ("another issuer", signed(&[("iss", json!("portico"))])?),
        ("an end in the past", signed(&[("exp", json!(1_700_000_000))])?),
        (
            "a life of a year",
            signed(&[("exp", json!(claims["exp"].as_i64().unwrap_or_default() + 31_536_000))])?,
        ),
    ];
    for (what, token) in wrong {
        let refused = firm(&ana.with_token(&token)).await;
        ensure!(
            refused.as_ref().is_err_and(|status| status.code() == Code::Unauthenticated),
            "a token with {what} was answered: {refused:?}"
        );
    }
    world.clock().advance(TimeDelta::minutes(10));
    let late = firm(&ana).await;
    ensure!(
        late.is_err_and(|status| status.code() == Code::Unauthenticated),
        "an expired token was answered"
    );
    Ok(())
}

/// Headers that name a firm, a person or a host change nothing, at the edge and between services.
pub(super) async fn i07_headers_that_name_a_firm_are_not_heard() -> Outcome {
    const NAMES: [&str; 10] = [
        "x-tenant-id",
        "x-tenant",
        "tenant",
        "x-portico-tenant",
        "x-portico-ctx",
        "x-account-id",
        "x-user-id",
        "x-actor",
        "x-forwarded-user",
        "x-impersonate",
    ];
    let world = World::demo().await?;
    let other = world.tenant("contoso").await?.to_string();
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut asked = Request::new(ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() });
    for name in NAMES {
        asked.metadata_mut().insert(name, other.parse()?);
    }
    let names: Vec<String> = ana
        .tenancy()
        .list_accounts(asked)
        .await?
        .into_inner()
        .accounts
        .into_iter()
        .map(|one| one.name)
        .collect();
    ensure!(names == ["Acme"], "with headers Ana sees the accounts {names:?}");

    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let mut headers = HeaderMap::new();
    for name in NAMES {
        headers.insert(name, other.parse()?);
    }
    for name in ["x-forwarded-host", "x-original-host", "x-host"] {
        headers.insert(name, "contoso.localhost".parse()?);
    }
    headers.insert("forwarded", "host=contoso.localhost".parse()?);
    let page = nora.send(Method::GET, "/console/accounts", headers, bytes::Bytes::new()).await?;
    ensure!(page.status == StatusCode::OK, "the page answered {}", page.status);
    ensure!(
        page.text().contains("Acme") && !page.text().contains("Initech"),
        "headers moved the page to another firm"
    );
    Ok(())
}

/// A firm's id in the body: the one RPC that takes one does its work on the caller's own firm and nowhere else.
pub(super) async fn i08_a_firms_id_in_the_body_is_not_believed() -> Outcome {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET)?;
    let taking: Vec<String> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(|method| names_a_firm(&method.input(), 0))
        .map(|method| method.name().to_owned())
        .collect();
    ensure!(taking == ["UpdateTenant"], "these RPCs take a firm's id and need their line here: {taking:?}");

    let world = World::demo().await?;
    let (carla, nora) = (
        world.person("contoso", "carla@contoso.example").await?,
        world.person("northwind", "nora@northwind.example").await?,
    );
    let own =
        carla.tenancy().get_tenant(GetTenantRequest {}).await?.into_inner().tenant.context("no firm")?;
    let mut tenant = own.clone();
    tenant.id = world.tenant("northwind").await?.to_string();
    tenant.slug = "northwind".to_owned();
    tenant.name = "Contoso & Daughters".to_owned();
    let asked = UpdateTenantRequest { tenant: Some(tenant), logo: Vec::new() };
    let answer = carla.tenancy().update_tenant(asked).await?.into_inner().tenant.context("no firm")?;
    ensure!(
        (answer.id, answer.slug, answer.name.as_str()) == (own.id, own.slug, "Contoso & Daughters"),
        "the caller's own firm was not what changed"
    );
    ensure!(firm(&nora).await? == "Northwind Consulting", "another firm was renamed");
    Ok(())
}

fn names_a_firm(message: &MessageDescriptor, depth: usize) -> bool {
    depth < 4
        && (message.name() == "Tenant"
            || message.fields().any(|field| {
                field.name().contains("tenant_id")
                    || matches!(field.kind(), Kind::Message(inner) if names_a_firm(&inner, depth + 1))
            }))
}

/// What people search for is a word to compare with, never a part of a statement.
pub(super) async fn i15_an_injected_search_finds_nothing() -> Outcome {
    let world = World::demo().await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    for words in [
        "' or '1'='1",
        "%' or tenant_id is not null --",
        "'; select set_config('app.account_scope', 'all', false); --",
        "\\",
        "%",
        "_",
    ] {
        let asked =
            ListAccountsRequest { query: words.to_owned(), page_size: 200, ..ListAccountsRequest::default() };
        let found = nora.tenancy().list_accounts(asked).await?.into_inner().accounts.len();
        let asked =
            ListPeopleRequest { query: words.to_owned(), page_size: 200, ..ListPeopleRequest::default() };
        let people = nora.identity().list_people(asked).await?.into_inner().people.len();
        let asked = ListAuditRequest { action_prefix: words.to_owned(), ..ListAuditRequest::default() };
        let lines = nora.tenancy().list_audit(asked).await?.into_inner().lines.len();
        ensure!(
            (found, people, lines) == (0, 0, 0),
            "{words:?} finds {found} accounts, {people} people and {lines} lines"
        );
    }
    Ok(())
}

/// Nobody gives what they lack, nor raises themselves: not staff, not a client, not through a membership.
pub(super) async fn i28_nobody_raises_themselves() -> Outcome {
    let world = World::demo().await?;
    let (nora, paul, ana) = (
        world.person("northwind", "nora@northwind.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "ana@acme.example").await?,
    );
    let acme = nora.account("Acme").await?;
    for person in [&paul, &ana] {
        let asked = SetStaffRolesRequest { person_id: person.id.clone(), roles: vec!["admin".to_owned()] };
        let refused = person.tenancy().set_staff_roles(asked).await.err().context("raised themselves")?;
        ensure!(refused.code() == Code::PermissionDenied, "{refused:?}");
        let roles = vec!["client".to_owned(), "signatory".to_owned()];
        let asked = SetMembershipRequest { account_id: acme.clone(), person_id: person.id.clone(), roles };
        let given = person.tenancy().set_membership(asked).await;
        ensure!(given.is_err(), "somebody gave themselves a place in an account: {given:?}");
    }
    for role in ["admin", "project_manager", "finance"] {
        let roles = vec![role.to_owned()];
        let asked = SetMembershipRequest { account_id: acme.clone(), person_id: ana.id.clone(), roles };
        ensure!(
            nora.tenancy().set_membership(asked).await.is_err(),
            "a membership gives the firm's role {role}"
        );
        let asked = SetStaffRolesRequest { person_id: ana.id.clone(), roles: vec![role.to_owned()] };
        ensure!(
            nora.tenancy().set_staff_roles(asked).await.is_err(),
            "a client was given the firm's role {role}"
        );
    }
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    visitor.get("/console").await?.is(StatusCode::NOT_FOUND)?;
    Ok(())
}
