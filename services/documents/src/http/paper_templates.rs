//! Templates of papers: a PDF that becomes one, and the pages of those that are there, to place fields on.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_core::{ActorKind, DocumentId, PersonId};
use portico_rpc::Incoming;
use serde_json::json;
use uuid::Uuid;

use super::{
    Refusal,
    download::protect,
    receive::{Landed, discard, file_name, ids, receive, settle, uploader},
    templates::structure,
};
use crate::{
    content::{Accept, Opening, ScanState, Unscanned, may_open},
    domain::{
        document::FileFacts,
        library::free_title,
        paper_template::{LONGEST_TITLE, MOST, PaperTemplate, Role, Terms},
        signature::{Level, Part, Side},
    },
    error::DocumentsError,
    events::{publish::EventTag, templates::changed},
    peers,
    service::{Call, Service, SharedService},
    store,
};

/// Room that is left behind a title for the number that makes it new, in characters.
const NUMBER: usize = 10;

pub(super) async fn post(
    State(service): State<SharedService>,
    incoming: Incoming,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let call = Call::of(&incoming)?;
    if call.ctx.actor.kind != ActorKind::Staff {
        return Err(DocumentsError::NotFound.into());
    }
    let person = uploader(&call)?;
    let name = file_name(&headers)?;
    let (_, id) = ids(&service, None);
    let limit = service.config.largest_template;
    let landed = receive(&service, &call, (DocumentId(id.0), id), name, body, limit, &[Accept::Pdf]).await?;
    let judged = async {
        let pages = structure(&service, &landed).await?;
        harmless(&service, &call, &landed).await?;
        Ok::<_, DocumentsError>(FileFacts { pages, ..landed.file.clone() })
    };
    let file = match judged.await {
        Ok(file) => file,
        Err(error) => {
            discard(&service, landed.tenant, landed.version).await;
            return Err(error.into());
        }
    };
    let work = {
        let service = Arc::clone(&service);
        let template = fresh(&service, &landed, file, person);
        async move { keep(&service, &call, template).await }
    };
    let (template, event) = settle(&service, &landed, work).await?;
    let told = json!({ "paper_template_id": template.id, "title": template.terms.title, "event": event });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// Has the scanner look at a file that no version's row will wait for.
async fn harmless(service: &Service, call: &Call, landed: &Landed) -> Result<(), DocumentsError> {
    let state = match &service.scanner {
        None => ScanState::NotScanned(Unscanned::NoScanner),
        Some(scanner) => {
            let stored = landed.file.stored(landed.tenant, landed.document, landed.version);
            match scanner.scan(service.vault.read(&stored, None).await?).await {
                Ok(verdict) => verdict.state(),
                Err(error) => {
                    tracing::warn!(%error, "a paper could not be scanned");
                    ScanState::Failed
                }
            }
        }
    };
    match may_open(state, peers::firm(service, &call.ctx).await?.policy) {
        Opening::Allowed | Opening::AllowedUnscanned => Ok(()),
        Opening::AwaitsScan => Err(DocumentsError::AwaitsScan),
        Opening::Unscannable => Err(DocumentsError::Unscannable),
        Opening::Infected => Err(DocumentsError::Infected),
    }
}

/// A template as an upload begins one: somebody of the account signs, and then somebody of the firm.
fn fresh(service: &Service, landed: &Landed, file: FileFacts, person: PersonId) -> PaperTemplate {
    let now = service.clock.now();
    let role = |title: &str, side, turn| Role {
        id: service.entropy.uuid(now),
        title: title.to_owned(),
        side,
        part: Part::Signer,
        turn,
    };
    let roles = vec![role("Signer 1", Side::External, 1), role("Countersigner", Side::Internal, 2)];
    let named = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
    let title: String = named.chars().take(LONGEST_TITLE - NUMBER).collect();
    let title = if title.trim().is_empty() { "Paper".to_owned() } else { title.trim().to_owned() };
    PaperTemplate {
        id: service.entropy.uuid(now),
        terms: Terms { title, level: Level::Sign, sign_within_days: 0, roles },
        fields: Vec::new(),
        version_id: landed.version,
        file,
        created_by: person,
        created_at: now,
        version: 1,
        uses: 0,
        archived_at: None,
    }
}

async fn keep(
    service: &Service,
    call: &Call,
    mut template: PaperTemplate,
) -> Result<(PaperTemplate, EventTag), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    if store::paper_templates::count(&mut tx).await? >= MOST {
        let text = format!("There are {MOST} templates already. Remove one first.");
        return Err(DocumentsError::File(text));
    }
    let taken: HashSet<String> = store::paper_templates::title_keys(&mut tx).await?.into_iter().collect();
    template.terms.title = free_title(&template.terms.title, &taken);
    store::paper_templates::insert(&mut tx, &template).await?;
    let about = (template.id, template.terms.title.as_str(), template.version);
    let event = changed(service, &mut tx, "paper_template.created", about).await?;
    tx.commit().await?;
    Ok((template, event))
}

/// A page of a template as a picture, for staff.
pub(super) async fn page(
    State(service): State<SharedService>,
    Path((id, number)): Path<(String, String)>,
    incoming: Incoming,
) -> Result<Response, Refusal> {
    let call = Call::of(&incoming)?;
    if call.ctx.actor.kind != ActorKind::Staff {
        return Err(DocumentsError::NotFound.into());
    }
    let id: Uuid = id.parse().map_err(|_| DocumentsError::NotFound)?;
    let number: u32 = number.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await.map_err(DocumentsError::from)?;
    let found = store::paper_templates::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let stored = found.stored(call.ctx.tenant);
    let page = service.previews.page(&service.vault, &found.file, &stored, number).await?;
    let mut response = Response::new(Body::from(page.bytes));
    protect(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(page.mime));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::documents::v1::{GetPaperTemplateRequest, ListPaperTemplatesRequest};

    use crate::{DATA_AGREEMENT, testing::Fixture};

    #[tokio::test]
    async fn a_pdf_becomes_a_template_with_a_name_of_its_own() {
        let fixture = Fixture::new().await;
        let manager = fixture.manager();
        let send = async |name: &str| {
            fixture.upload(&manager, "/paper-templates", name, DATA_AGREEMENT).await.unwrap()
        };
        let (first, second) = (send("Lease%20contract.pdf").await, send("lease contract.PDF").await);
        assert_eq!(
            (&first["title"], &second["title"]),
            (&"Lease contract".into(), &"lease contract (2)".into())
        );
        let id = first["paper_template_id"].as_str().unwrap().to_owned();
        let get = GetPaperTemplateRequest { paper_template_id: id.clone() };
        let kept = fixture.paper_templates(&manager).get_paper_template(get).await.unwrap().into_inner();
        let kept = kept.template.unwrap();
        assert!(kept.pages > 0 && kept.fields.is_empty() && kept.uses == 0 && !kept.archived);
        let roles: Vec<_> = kept.roles.iter().map(|role| (role.internal, role.turn)).collect();
        assert_eq!(roles, [(false, 1), (true, 2)]);
        let picture = fixture.get(&manager, &format!("/paper-templates/{id}/pages/1")).await.unwrap();
        assert_eq!(picture.headers()["content-type"], "image/png");
        // Its bytes belong to a row, and go with it.
        fixture
            .database
            .clock
            .advance(crate::domain::retention::ORPHANS_KEPT + chrono::TimeDelta::seconds(1));
        fixture.work("documents.remove_orphans").await;
        assert_eq!(fixture.blobs(), 2);
        let created = fixture.audited().await.into_iter().filter(|action| action == "paper_template.created");
        assert_eq!(created.count(), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_signed_becomes_none() {
        let fixture = Fixture::new().await;
        let manager = fixture.manager();
        for (name, bytes) in
            [("a.pdf", &b"not a pdf"[..]), ("b.pdf", &DATA_AGREEMENT[..600]), ("c.txt", b"x")]
        {
            let refused = fixture.upload(&manager, "/paper-templates", name, bytes).await.unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidArgument, "{name}: {refused:?}");
        }
        assert_eq!((fixture.rows("paper_templates").await, fixture.blobs()), (0, 0));
    }

    #[tokio::test]
    async fn clients_and_other_firms_neither_bring_nor_see_any() {
        let fixture = Fixture::new().await;
        let made =
            fixture.upload(&fixture.manager(), "/paper-templates", "a.pdf", DATA_AGREEMENT).await.unwrap();
        let id = made["paper_template_id"].as_str().unwrap().to_owned();
        for client in [fixture.client("client"), fixture.strangers().remove(0)] {
            let refused =
                fixture.upload(&client, "/paper-templates", "b.pdf", DATA_AGREEMENT).await.unwrap_err();
            assert_eq!(refused, Problem::not_found());
        }
        for stranger in [vec![fixture.client("signatory")], fixture.strangers()].concat() {
            for id in [id.as_str(), "01890000-0000-7000-8000-000000000001", "x"] {
                let path = format!("/paper-templates/{id}/pages/1");
                assert_eq!(fixture.get(&stranger, &path).await.unwrap_err(), Problem::not_found());
            }
        }
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        let mut theirs = fixture.paper_templates(&elsewhere);
        let list = theirs.list_paper_templates(ListPaperTemplatesRequest {}).await.unwrap();
        assert!(list.into_inner().templates.is_empty());
        assert_eq!(fixture.rows("paper_templates").await, 1);
    }
}
