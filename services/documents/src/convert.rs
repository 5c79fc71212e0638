//! Between protobuf and the domain.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use portico_core::FolderId;
use portico_core::PersonId;
use portico_core::VersionId;
use portico_proto::{documents::v1 as proto, time};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    content::{ScanPolicy, ScanState, may_open},
    domain::{
        comment::{Comment, Place},
        document::{Document, Template, Version},
        drop_link::{DropLink, DropState},
        library::{Folder, Grant, Level, Sharing},
        placement::{Broken, Placement, PlacementKind},
        request::{Item, ItemState, Request, accept_text, accept_word},
        signature::{Envelope, EnvelopeState, PlacedField, Side, Signer, SignerStatus},
    },
    preview::PageLayout,
    store::filed::Filed,
};

pub(crate) fn version(version: &Version, policy: ScanPolicy) -> proto::Version {
    let scan = match version.scan {
        ScanState::Pending => proto::ScanState::Pending,
        ScanState::NotScanned(_) => proto::ScanState::NotScanned,
        ScanState::Clean => proto::ScanState::Clean,
        ScanState::Infected => proto::ScanState::Infected,
        ScanState::Failed => proto::ScanState::Failed,
    };
    proto::Version {
        id: version.id.to_string(),
        document_id: version.document_id.to_string(),
        number: version.number,
        file_name: version.file.name.clone(),
        media_type: version.file.media_type.clone(),
        size: i64::try_from(version.file.size).unwrap_or(i64::MAX),
        sha256: version.file.sha256_text(),
        scan: scan.into(),
        openable: may_open(version.scan, policy).is_allowed(),
        added_by: version.added_by_name.clone(),
        added_at: Some(time::timestamp(version.added_at)),
        pages: version.file.pages,
        scan_note: version.scan.words().1.to_owned(),
        active: version.file.active.iter().map(|active| active.word().to_owned()).collect(),
    }
}

/// A document with its versions, newest first.
pub(crate) fn document(document: &Document, versions: &[Version], policy: ScanPolicy) -> proto::Document {
    proto::Document {
        id: document.id.to_string(),
        account_id: document.account_id.to_string(),
        title: document.title.clone(),
        kind: document.kind.word().to_owned(),
        latest: versions.first().map(|newest| version(newest, policy)),
        record_id: document.record_id.map(|id| id.to_string()).unwrap_or_default(),
        step_id: document.step_id.map(|id| id.to_string()).unwrap_or_default(),
        folder_id: document.shelf.folder.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// What is kept of the secret in a link's address.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What a key stands for: the SHA-256 of what was asked for with it.
pub(crate) fn body_hash(request: &impl prost::Message) -> [u8; 32] {
    Sha256::digest(request.encode_to_vec()).into()
}

/// A drop link as the firm sees it at this moment.
pub(crate) fn drop_link(link: &DropLink, now: DateTime<Utc>) -> proto::DropLink {
    let state = match link.state(now) {
        DropState::Open => proto::DropLinkState::Open,
        DropState::Expired => proto::DropLinkState::Expired,
        DropState::Full => proto::DropLinkState::Full,
        DropState::Revoked => proto::DropLinkState::Revoked,
    };
    proto::DropLink {
        id: link.id.to_string(),
        folder_id: link.folder_id.to_string(),
        title: link.title.clone(),
        note: link.note.clone(),
        most_files: link.most_files,
        files: link.files,
        expires_at: Some(time::timestamp(link.expires_at)),
        state: state.into(),
        created_by: link.created_by_name.clone(),
        created_at: Some(time::timestamp(link.created_at)),
        last_at: link.last_at.map(time::timestamp),
    }
}

/// A comment as `person` sees it. Of those whom it mentions they are told the ones in `known`, and all where there is no such limit.
pub(crate) fn comment(
    comment: &Comment,
    person: PersonId,
    staff: bool,
    known: Option<&BTreeSet<PersonId>>,
) -> proto::Comment {
    let mentioned = comment.mentions.iter().zip(&comment.mentioned);
    let told = mentioned.filter(|(id, _)| **id == person || known.is_none_or(|known| known.contains(id)));
    proto::Comment {
        id: comment.id.to_string(),
        version_id: comment.version_id.to_string(),
        version_number: comment.number,
        reply_to: comment.thread_id.map(|id| id.to_string()).unwrap_or_default(),
        place: comment.place.map(|Place { page, area: [left, top, width, height] }| proto::CommentPlace {
            page,
            left,
            top,
            width,
            height,
        }),
        text: comment.text.clone(),
        author: comment.author_name.clone(),
        by_staff: comment.by_staff,
        internal: comment.internal,
        created_at: Some(time::timestamp(comment.created_at)),
        settled_at: comment.settled_at.map(time::timestamp),
        settled_by: comment.settled_by.clone(),
        removed: comment.removed_at.is_some(),
        mentioned: told.map(|(_, name)| name.clone()).collect(),
        can_remove: comment.removable_by(person),
        can_settle: comment.settled_for(person, staff),
    }
}

/// A folder as its reader sees it; `parent` where they see the one around it.
pub(crate) fn folder(folder: &Folder, parent: Option<FolderId>) -> proto::Folder {
    proto::Folder {
        id: folder.id.to_string(),
        account_id: folder.account_id.to_string(),
        record_id: folder.record_id.map(|id| id.to_string()).unwrap_or_default(),
        parent_id: parent.map(|id| id.to_string()).unwrap_or_default(),
        name: folder.name.clone(),
        depth: folder.depth,
        internal: folder.internal,
        own_sharing: folder.shares_itself(),
        may: folder.level.map_or("", Level::word).to_owned(),
    }
}

/// A document in a folder.
pub(crate) fn filed(filed: &Filed, policy: ScanPolicy) -> proto::Filed {
    proto::Filed {
        document: Some(document(&filed.document, std::slice::from_ref(&filed.latest), policy)),
        own_sharing: filed.document.shelf.own_sharing,
        may: filed.level.word().to_owned(),
    }
}

/// How something is shared; `own` where it has the sharing itself.
pub(crate) fn sharing(sharing: &Sharing, own: bool) -> proto::Sharing {
    let grant =
        |grant: &Grant| proto::Grant { subject: grant.subject.clone(), level: grant.level.word().to_owned() };
    proto::Sharing { own, grants: sharing.grants.iter().map(grant).collect(), watermark: sharing.watermark }
}

/// What the caller may do with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestRights {
    pub(crate) upload: bool,
    pub(crate) review: bool,
    /// Whether a scanner looks at files.
    pub(crate) scanned: bool,
}

pub(crate) fn request(
    request: &Request,
    versions: &[Version],
    rights: RequestRights,
    policy: ScanPolicy,
) -> proto::Request {
    let accepted = request.items.iter().filter(|item| item.state == ItemState::Accepted).count();
    proto::Request {
        id: request.id.to_string(),
        step_id: request.step_id.to_string(),
        account_id: request.account_id.to_string(),
        title: request.title.clone(),
        items: request.items.iter().map(|row| item(row, versions, policy)).collect(),
        accepted: i32::try_from(accepted).unwrap_or(i32::MAX),
        can_upload: rights.upload,
        can_review: rights.review,
        unscanned_allowed: !rights.scanned && policy == ScanPolicy::AllowUnscanned,
    }
}

fn item(item: &Item, versions: &[Version], policy: ScanPolicy) -> proto::Item {
    let state = match item.state {
        ItemState::Needed => proto::ItemState::Needed,
        ItemState::Checking => proto::ItemState::Checking,
        ItemState::Accepted => proto::ItemState::Accepted,
        ItemState::Returned => proto::ItemState::Returned,
        ItemState::NotAvailable => proto::ItemState::NotAvailable,
    };
    let files = item.files.iter().filter_map(|id| versions.iter().find(|version| version.id == *id));
    proto::Item {
        id: item.id.to_string(),
        name: item.name.clone(),
        why: item.why.clone(),
        accept: item.accept.iter().map(|accept| accept_word(*accept).to_owned()).collect(),
        accept_text: accept_text(&item.accept, item.max_bytes),
        min: item.min,
        max: item.max,
        state: state.into(),
        reason: item.reason.clone(),
        files: files.map(|file| version(file, policy)).collect(),
        max_bytes: i64::try_from(item.max_bytes).unwrap_or(i64::MAX),
    }
}

fn fields(placed: &[PlacedField]) -> Vec<proto::EnvelopeField> {
    let fields = placed.iter().map(|field| proto::EnvelopeField {
        id: field.id.clone(),
        r#type: field.kind.shown().to_owned(),
        role: field.role.clone(),
        page: i32::try_from(field.page).unwrap_or_default(),
        x: field.area[0],
        y: field.area[1],
        width: field.area[2],
        height: field.area[3],
    });
    fields.collect()
}

/// What is placed on an envelope's documents, as `reader` sees it: what others filled in stands in the finished file, and nowhere
/// before.
pub(crate) fn placed_fields(envelope: &Envelope, reader: Option<PersonId>) -> Vec<proto::PlacedField> {
    let complete = envelope.state == EnvelopeState::Completed;
    let own = |place: &Placement| {
        let mut signers = envelope.signers.iter();
        reader.is_some() && signers.any(|signer| signer.id == place.signer && signer.person == reader)
    };
    let fields = envelope.placements.iter().map(|place| proto::PlacedField {
        value: place.value.clone().filter(|_| complete || own(place)).unwrap_or_default(),
        ..placed_field(place)
    });
    fields.collect()
}

/// A place without what was filled in.
pub(crate) fn placed_field(place: &Placement) -> proto::PlacedField {
    let [x, y, width, height] = place.area;
    proto::PlacedField {
        id: place.id.to_string(),
        paper: place.paper,
        page: i32::try_from(place.page).unwrap_or_default(),
        x,
        y,
        width,
        height,
        kind: place.kind.word().to_owned(),
        signer_id: place.signer.to_string(),
        required: place.required,
        label: place.label.clone(),
        choices: place.choices.clone(),
        value: String::new(),
    }
}

/// The places that are asked for, each with a fresh id, and what is wrong with how they are written. What names no signer belongs to
/// nobody, which the rules refuse.
pub(crate) fn placements(
    fields: &[proto::PlacedField],
    mut id: impl FnMut() -> Uuid,
) -> (Vec<Placement>, Vec<Broken>) {
    let (mut placements, mut wrong) = (Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let Some(kind) = PlacementKind::of(&field.kind) else {
            let text = "Choose signature, initials, date, text, checkbox or choice.".to_owned();
            wrong.push(Broken { field: format!("fields[{index}].kind"), text });
            continue;
        };
        placements.push(Placement {
            id: id(),
            paper: field.paper,
            page: u32::try_from(field.page).unwrap_or_default(),
            area: [field.x, field.y, field.width, field.height],
            kind,
            signer: field.signer_id.parse().unwrap_or(Uuid::nil()),
            required: field.required && kind.asks(),
            label: field.label.trim().to_owned(),
            choices: field.choices.iter().map(|choice| choice.trim().to_owned()).collect(),
            value: None,
        });
    }
    (placements, wrong)
}

/// An envelope as somebody sees it who is the signer `own`, if any.
pub(crate) fn envelope(
    envelope: &Envelope,
    own: Option<&Signer>,
    versions: &[Version],
    policy: ScanPolicy,
    now: DateTime<Utc>,
) -> proto::Envelope {
    let shown = |id: Option<VersionId>| {
        versions.iter().find(|one| Some(one.id) == id).map(|one| version(one, policy))
    };
    let others = envelope.others.iter().map(|paper| proto::EnvelopePaper {
        number: paper.number,
        title: paper.title.clone(),
        original: shown(Some(paper.original)),
        signed: shown(paper.signed),
        fields: fields(&paper.fields),
    });
    proto::Envelope {
        id: envelope.id.to_string(),
        step_id: envelope.step_id.to_string(),
        account_id: envelope.account_id.to_string(),
        title: envelope.title.clone(),
        state: envelope.state.word().to_owned(),
        signers: envelope.signers.iter().map(|each| signer(each, own, now)).collect(),
        fields: fields(&envelope.fields),
        original: shown(Some(envelope.original)),
        signed: shown(envelope.signed),
        others: others.collect(),
        reason: envelope.reason.clone(),
        waiting_for: envelope.ready().map(Signer::shown_name).collect::<Vec<_>>().join(", "),
        level: envelope.level.word().to_owned(),
        invite_others: envelope.invite_others,
    }
}

fn signer(signer: &Signer, own: Option<&Signer>, now: DateTime<Utc>) -> proto::Signer {
    let (expired, is_own) = (signer.has_expired(now), own.is_some_and(|own| own.id == signer.id));
    let state = match signer.status {
        SignerStatus::Waiting => proto::SignerState::Waiting,
        SignerStatus::Ready => proto::SignerState::Ready,
        SignerStatus::Signed => proto::SignerState::Signed,
        SignerStatus::Declined => proto::SignerState::Declined,
        SignerStatus::Told => proto::SignerState::Told,
    };
    proto::Signer {
        id: signer.id.to_string(),
        role: signer.role.clone(),
        role_title: signer.role_title.clone(),
        name: signer.name().to_owned(),
        state: state.into(),
        signed_at: signer.signed_at.map(time::timestamp),
        place: signer.place,
        is_caller: !expired && is_own,
        turn: signer.turn,
        part: signer.part.word().to_owned(),
        delegated_by: signer.delegated_by.clone(),
        expires_at: signer.expires_at.map(time::timestamp),
        expired,
        is_own,
        internal: signer.side == Side::Internal,
    }
}

pub(crate) fn page_text(layout: &PageLayout) -> proto::GetPageTextResponse {
    let blocks = layout.blocks.iter().map(|block| proto::TextBlock {
        text: block.paragraph(),
        lines: block
            .lines
            .iter()
            .map(|line| {
                let [x, y, width, height] = line.area;
                proto::TextLine { text: line.text.clone(), x, y, width, height }
            })
            .collect(),
    });
    proto::GetPageTextResponse { text: layout.text(), blocks: blocks.collect(), aspect: layout.aspect }
}

pub(crate) fn template(template: &Template) -> proto::Template {
    let file = &template.file;
    proto::Template {
        path: template.path.clone(),
        version: Some(proto::Version {
            id: template.version_id.to_string(),
            number: 1,
            file_name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            sha256: file.sha256_text(),
            scan: proto::ScanState::NotScanned.into(),
            added_at: Some(time::timestamp(template.uploaded_at)),
            pages: file.pages,
            ..proto::Version::default()
        }),
    }
}
