//! Validates a definition and publishes it.

use portico_core::{Ctx, PortalId, Problem};
use portico_definition::{AccessEffect, Change, Definition, content_hash, diff, parse};
use portico_proto::tenancy::v1::{PublishPortalRequest, PublishPortalResponse};

use crate::{
    convert,
    domain::portal::{Portal, PortalVersion},
    error::TenancyError,
    events, peers,
    service::Service,
    store,
};

/// Pure validation comes first, then the other services are asked, then the version is written. The access tests inside
/// the definition are part of the validation.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: PublishPortalRequest,
) -> Result<PublishPortalResponse, TenancyError> {
    if request.base_version < 0 {
        let text = "Name the version that you started from, 0 for a new portal.";
        return Err(TenancyError::Invalid(Problem::invalid("base_version", text)));
    }
    let definition = match parse(&request.yaml) {
        Ok(definition) => definition,
        Err(findings) => {
            let findings = findings.into_iter().map(convert::finding).collect();
            return Ok(PublishPortalResponse { findings, ..Default::default() });
        }
    };
    let definition_json =
        serde_json::to_string(&definition).map_err(|error| TenancyError::Unreadable(error.to_string()))?;
    let findings = peers::check_definition(service, &ctx, &definition_json).await?;

    let mut tx = service.store.begin(&ctx).await?;
    let newest = store::portals::read(&mut tx, None, Some(&definition.metadata.name), None).await?;
    let changes = match &newest {
        Some(newest) => changes(newest, &definition)?,
        None => Vec::new(),
    };
    let mut answer = PublishPortalResponse {
        portal: newest.as_ref().map(|newest| convert::portal(newest.portal.clone())),
        findings,
        changes: changes.iter().cloned().map(convert::change).collect(),
        event: String::new(),
    };
    if !answer.findings.is_empty() {
        answer.portal = None;
        return Ok(answer);
    }
    // The same document again is a repeat of a call whose answer was lost.
    let is_repeat = newest.as_ref().is_some_and(|newest| newest.yaml == request.yaml);
    if request.dry_run || is_repeat {
        return Ok(answer);
    }
    let present = newest.as_ref().map_or(0, |newest| newest.portal.version);
    if present != request.base_version {
        return Err(TenancyError::Published { newest: present });
    }

    let now = service.clock.now();
    let fresh = PortalId::new(now, &*service.entropy);
    let id = store::portals::advance(&mut tx, fresh, &definition.metadata.name, present, now).await?;
    let id = id.ok_or(TenancyError::Published { newest: present + 1 })?;
    let portal = Portal {
        id,
        hash: content_hash(&definition),
        name: definition.metadata.name,
        title: definition.metadata.title,
        version: present + 1,
        audience: definition.spec.audience,
        published_at: now,
    };
    let version = PortalVersion { portal: portal.clone(), yaml: request.yaml, definition_json };
    store::portals::insert_version(&mut tx, &version, ctx.actor.person).await?;
    let widened = changes.iter().filter(|change| change.effect == AccessEffect::Widened).count();
    answer.event = events::publish::portal_published(service, &mut tx, &portal, widened).await?;
    tx.commit().await?;
    answer.portal = Some(convert::portal(portal));
    Ok(answer)
}

fn changes(newest: &PortalVersion, definition: &Definition) -> Result<Vec<Change>, TenancyError> {
    let before: Definition = serde_json::from_str(&newest.definition_json)
        .map_err(|error| TenancyError::Unreadable(format!("portal {}: {error}", newest.portal.id)))?;
    Ok(diff(&before, definition))
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::tenancy::v1::PortalPublished;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, ONBOARDING};

    async fn publish(
        fixture: &Fixture,
        yaml: &str,
        base_version: i32,
        dry_run: bool,
    ) -> Result<PublishPortalResponse, TenancyError> {
        let request = PublishPortalRequest { yaml: yaml.to_owned(), base_version, dry_run };
        handle(&fixture.service, fixture.admin(), request).await
    }

    /// The definition under another title.
    fn retitled(title: &str) -> String {
        let line = ONBOARDING.lines().find(|line| line.trim_start().starts_with("title:")).unwrap();
        ONBOARDING.replacen(line, &format!("  title: {title}"), 1)
    }

    #[tokio::test]
    async fn versions_follow_one_another_and_a_repeat_makes_none() {
        let fixture = Fixture::new().await;
        let first = publish(&fixture, ONBOARDING, 0, false).await.unwrap();
        assert_eq!(first.findings, []);
        let portal = first.portal.unwrap();
        assert_eq!((portal.version, portal.hash.len(), portal.name.as_str()), (1, 64, "client-onboarding"));
        assert_eq!(publish(&fixture, ONBOARDING, 0, false).await.unwrap().portal.unwrap(), portal);
        let second = publish(&fixture, &retitled("Onboarding"), 1, false).await.unwrap();
        assert!(!second.changes.is_empty());
        let second = second.portal.unwrap();
        assert_eq!((second.id, second.version, second.title.as_str()), (portal.id, 2, "Onboarding"));
        assert_eq!(fixture.published::<PortalPublished>().await, 2);
        assert_eq!(fixture.audited().await, ["tenant.created", "portal.published", "portal.published"]);
    }

    #[tokio::test]
    async fn who_started_from_an_older_version_is_told() {
        let fixture = Fixture::new().await;
        publish(&fixture, ONBOARDING, 0, false).await.unwrap();
        let problem = publish(&fixture, &retitled("Onboarding"), 0, false).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::Conflict, "base_version"));
        let (one, other) = (retitled("One"), retitled("Other"));
        let (one, other) =
            tokio::join!(publish(&fixture, &one, 1, false), publish(&fixture, &other, 1, false));
        assert!(one.is_ok() != other.is_ok());
    }

    #[tokio::test]
    async fn any_finding_blocks() {
        let fixture = Fixture::new().await;
        let unknown_key = format!("{ONBOARDING}\nextra: true\n");
        let answer = publish(&fixture, &unknown_key, 0, false).await.unwrap();
        assert!(answer.portal.is_none());
        assert!(
            answer.findings[0].line > 1 && answer.findings[0].message.contains("extra"),
            "{:?}",
            answer.findings
        );
        *fixture.findings.lock().unwrap() = vec!["The template engagement.pdf is not there.".to_owned()];
        let answer = publish(&fixture, ONBOARDING, 0, false).await.unwrap();
        assert!(answer.portal.is_none());
        assert_eq!(answer.findings[0].message, "The template engagement.pdf is not there.");
        assert_eq!(fixture.published::<PortalPublished>().await, 0);
    }

    #[tokio::test]
    async fn a_dry_run_writes_nothing() {
        let fixture = Fixture::new().await;
        assert_eq!(publish(&fixture, ONBOARDING, 0, true).await.unwrap().portal, None);
        publish(&fixture, ONBOARDING, 0, false).await.unwrap();
        let answer = publish(&fixture, &retitled("Onboarding"), 0, true).await.unwrap();
        assert_eq!(answer.portal.unwrap().version, 1);
        assert!(!answer.changes.is_empty());
        assert_eq!(fixture.published::<PortalPublished>().await, 1);
    }
}
