//! Changes a template of papers: its title, how it is signed and by whom, and its fields. The paper stays.

use portico_db::StoreError;
use portico_proto::documents::v1::{PaperRole, SavePaperTemplateRequest, SavePaperTemplateResponse};
use portico_service::Fields;
use uuid::Uuid;

use super::{
    super::place_fields::{refuse, room},
    title_taken, told,
};
use crate::{
    convert,
    domain::{
        paper_template::{PaperTemplate, Role, Terms},
        placement::{Placement, check_each},
        signature::{Level, Part, Side},
    },
    error::DocumentsError,
    events::templates::changed,
    service::{Call, Service, SharedService},
    store::paper_templates as store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SavePaperTemplateRequest,
) -> Result<SavePaperTemplateResponse, DocumentsError> {
    let id: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let there = store::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    // What was changed by somebody else is not measured against rules: roles that were read may be gone.
    if there.version != request.version {
        return Err(StoreError::Conflict.into());
    }
    let (terms, fields) = wanted(service, &call, &there, &request).await?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut template = store::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if template.version != request.version {
        return Err(StoreError::Conflict.into());
    }
    (template.terms, template.fields) = (terms, fields);
    template.version += 1;
    store::update(&mut tx, &template).await.map_err(title_taken)?;
    let about = (id, template.terms.title.as_str(), template.version);
    let event = changed(service, &mut tx, "paper_template.changed", about).await?;
    tx.commit().await?;
    Ok(SavePaperTemplateResponse { template: Some(told(&template)), event })
}

/// What is to be kept, all of it known to hold.
async fn wanted(
    service: &Service,
    call: &Call,
    there: &PaperTemplate,
    request: &SavePaperTemplateRequest,
) -> Result<(Terms, Vec<Placement>), DocumentsError> {
    let level = Level::of(&request.level).ok_or_else(|| {
        DocumentsError::invalid("level", "Choose sign for the four steps, or acknowledge for one clear act.")
    })?;
    let roles = roles(service, &request.roles, &there.terms.roles)?;
    let terms =
        Terms { title: request.title.clone(), level, sign_within_days: request.sign_within_days, roles };
    let terms = terms.checked()?;
    let now = service.clock.now();
    let (fields, mut wrong) = convert::placements(&request.fields, || service.entropy.uuid(now));
    let signers = terms.signers();
    if wrong.is_empty() {
        wrong = check_each(&fields, &signers, &[(1, there.pages())]);
    }
    if wrong.is_empty() {
        wrong = room::check(service, &[(1, there.stored(call.ctx.tenant))], &signers, &fields).await?;
    }
    refuse(wrong)?;
    Ok((terms, fields))
}

/// The roles that are asked for: those that are there keep their ids, so that their fields stay theirs.
fn roles(service: &Service, sent: &[PaperRole], there: &[Role]) -> Result<Vec<Role>, DocumentsError> {
    let now = service.clock.now();
    let mut wrong = Fields::default();
    let mut roles: Vec<Role> = Vec::with_capacity(sent.len());
    for (index, role) in sent.iter().enumerate() {
        let id = match role.id.as_str() {
            "" => service.entropy.uuid(now),
            id => {
                let known = there.iter().find(|known| known.id.to_string() == id);
                let fresh = known.filter(|known| roles.iter().all(|earlier| earlier.id != known.id));
                fresh.map(|known| known.id).unwrap_or_else(|| {
                    wrong.refuse(format!("roles[{index}].id"), "Name a role of this template once, or none.");
                    Uuid::nil()
                })
            }
        };
        roles.push(Role {
            id,
            title: role.title.clone(),
            side: if role.internal { Side::Internal } else { Side::External },
            // A word that is none is refused as somebody who does not act.
            part: Part::of(&role.part).unwrap_or(Part::Viewer),
            turn: role.turn,
        });
    }
    wrong.check().map_err(DocumentsError::Invalid)?;
    Ok(roles)
}
