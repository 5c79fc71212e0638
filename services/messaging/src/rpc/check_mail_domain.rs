//! Looks up what the world reads about the sender's domain and judges it.

use futures_util::future::join_all;
use portico_core::Ctx;
use portico_proto::messaging::v1::{CheckMailDomainRequest, CheckMailDomainResponse};
use url::Url;

use crate::{
    convert,
    domain::{
        dkim::{AFTERLIFE, DkimKey, KeyState},
        mail_check::{self, Finding, Verdict},
        settings::domain_of,
    },
    error::MessagingError,
    events::publish,
    mail::Office,
    service::Service,
    store,
};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: CheckMailDomainRequest,
) -> Result<CheckMailDomainResponse, MessagingError> {
    let office = Office::of(service, &ctx).await?;
    let sender = office.sender().1.to_ascii_lowercase();
    let domain = domain_of(&sender).to_owned();
    let mut tx = service.store.begin(&ctx).await?;
    let keys = store::dkim_keys::list(&mut tx, service.clock.now() - AFTERLIFE).await?;
    tx.rollback().await?;

    // Name servers are asked all at once: each may take its time.
    let keys: Vec<DkimKey> = keys.into_iter().filter(|key| key.domain == domain).collect();
    let published = async |key: &DkimKey| mail_check::dkim(key, &service.dns.texts(&key.record_name()).await);
    let policy = async |name: String| {
        let answer = service.dns.texts(&name).await;
        (name, answer)
    };
    let (mut findings, of_keys, policies, hosts) = tokio::join!(
        senders(service, &office, &domain),
        join_all(keys.iter().map(published)),
        join_all(mail_check::dmarc_names(&domain).into_iter().map(policy)),
        service.dns.mail_hosts(&domain)
    );
    findings.extend(of_keys);
    if keys.iter().all(|key| key.state == KeyState::Retired) {
        findings.push(mail_check::without_dkim(&domain));
    }
    findings.push(mail_check::dmarc(&domain, &policies, &sender));
    findings.push(mail_check::mx(&domain, &hosts));

    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    let mut tx = service.store.begin(&ctx).await?;
    publish::mail_domain_checked(service, &mut tx, &domain, wrong).await?;
    tx.commit().await?;
    Ok(CheckMailDomainResponse { domain, findings: findings.into_iter().map(convert::finding).collect() })
}

/// Who may send for the sender's domain, and for the one that bounces come back to.
async fn senders(service: &Service, office: &Office, domain: &str) -> Vec<Finding> {
    let installation = service.config.smtp.as_deref().and_then(|address| Url::parse(address).ok());
    let server = match &office.settings.server {
        Some(server) => Some(server.host.clone()),
        None => installation.and_then(|url| url.host_str().map(str::to_owned)),
    };
    let servers: Vec<&str> = server.iter().map(String::as_str).filter(|host| host.contains('.')).collect();
    let bounces = domain_of(&office.settings.inbound_address);
    if bounces.is_empty() || bounces == domain {
        return vec![mail_check::spf(domain, &service.dns.texts(domain).await, &servers)];
    }
    let (own, other, hosts) =
        tokio::join!(service.dns.texts(domain), service.dns.texts(bounces), service.dns.mail_hosts(bounces));
    let mut findings =
        vec![mail_check::spf(domain, &own, &servers), mail_check::spf(bounces, &other, &servers)];
    findings.extend(mail_check::alignment(domain, bounces));
    findings.push(mail_check::mx(bounces, &hosts));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, names::Names};

    async fn judged(fixture: &Fixture) -> Vec<(String, String)> {
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let answer = handle(&fixture.service, admin, CheckMailDomainRequest {}).await.unwrap();
        assert_eq!(answer.domain, "northwind.example");
        answer.findings.into_iter().map(|finding| (finding.verdict, finding.reason)).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(verdict, reason)| ((*verdict).to_owned(), (*reason).to_owned())).collect()
    }

    #[tokio::test]
    async fn what_is_published_is_judged_and_what_is_missing_is_named() {
        let names = Names::start().await;
        let fixture = Fixture::with_names(&names).await;
        let nothing = [
            ("wrong", "spf_missing"),
            ("wrong", "dkim_missing"),
            ("wrong", "dmarc_missing"),
            ("wrong", "mx_missing"),
        ];
        assert_eq!(judged(&fixture).await, pairs(&nothing));
        names.texts("northwind.example", &["v=spf1 mx -all", "something else"]);
        names.texts("_dmarc.northwind.example", &["v=DMARC1; p=reject"]);
        names.mail_host("northwind.example", "mx.northwind.example.");
        let right = [("ok", "spf_ok"), ("wrong", "dkim_missing"), ("ok", "dmarc_ok"), ("ok", "mx_ok")];
        assert_eq!(judged(&fixture).await, pairs(&right));
        assert_eq!(fixture.audited().await, ["mail_domain.checked", "mail_domain.checked"]);
    }

    #[tokio::test]
    async fn name_servers_that_are_away_are_no_proof_of_anything() {
        let nobody = tokio::net::UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        let fixture = Fixture::with_nameserver(nobody.local_addr().unwrap()).await;
        for (verdict, reason) in judged(&fixture).await {
            assert!(
                reason == "dkim_missing" || (verdict == "advice" && reason == "dns_away"),
                "{verdict} {reason}"
            );
        }
    }
}
