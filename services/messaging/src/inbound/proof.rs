//! Whether a mail comes from whom it names: by a signature or a sender's address that its own domain stands for (DMARC).

use std::net::IpAddr;

use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, SpfOutput, SpfResult,
    dmarc::verify::DmarcParameters, spf::verify::SpfParameters,
};
use sha2::{Digest as _, Sha256};

use super::{Arrival, Named};
use crate::{domain::settings::domain_of, mail::Dns};

/// What a mail proves of its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// A signature of the sender's domain. The SHA-256 of every signature that holds: no other mail has any of them.
    Signatures(Vec<Vec<u8>>),
    /// The server that handed it over may send for the sender's domain.
    Server,
    /// Nothing, or the contrary.
    None,
    /// Name servers were away: it may prove something later.
    Unknown,
}

/// What the mail proves of `from`, the address that it names as its sender, and of whom it is to: `named` are the headers in which that
/// stands. A signature that covers none of them may have been made for another thread.
pub(super) async fn of(dns: &Dns, arrival: &Arrival<'_>, from: &str, named: &[Named]) -> Proof {
    if named.is_empty() {
        return Proof::None;
    }
    let Some(parsed) = AuthenticatedMessage::parse(arrival.raw) else { return Proof::None };
    let resolver = dns.authenticator();
    let sender = arrival.sender.trim_matches(['<', '>']);
    let spf = match arrival.client.parse::<IpAddr>() {
        Ok(address) if sender.contains('@') => {
            let asked = SpfParameters::verify_mail_from(address, &arrival.helo, &arrival.helo, sender);
            resolver.verify_spf(asked).await
        }
        _ => SpfOutput::default(),
    };
    let mut signatures = resolver.verify_dkim(&parsed).await;
    // One that covers the beginning alone lets anybody add to the rest.
    signatures.retain(|output| {
        output.signature().is_none_or(|signature| {
            signature.l == 0 && named.iter().any(|named| covers(&signature.h, *named))
        })
    });
    let asked = DmarcParameters::new(&parsed, &signatures, domain_of(sender), &spf);
    let dmarc = resolver.verify_dmarc(asked).await;
    let domain = domain_of(from).to_ascii_lowercase();
    // A domain without a policy is taken at its very word: no other domain speaks for it.
    let policy = dmarc.dmarc_record().is_some() || !matches!(dmarc.result(), DmarcResult::None);
    let own = |named: &str| named.eq_ignore_ascii_case(&domain);
    let passed = || signatures.iter().filter(|output| *output.result() == DkimResult::Pass);
    let signed = if policy {
        *dmarc.dkim_result() == DmarcResult::Pass
    } else {
        passed().filter_map(DkimOutput::signature).any(|signature| own(&signature.d))
    };
    if signed {
        let digests = passed().filter_map(DkimOutput::signature);
        return Proof::Signatures(digests.map(|signature| Sha256::digest(&signature.b).to_vec()).collect());
    }
    let sent = if policy {
        *dmarc.spf_result() == DmarcResult::Pass
    } else {
        spf.result() == SpfResult::Pass && own(domain_of(sender))
    };
    if sent {
        return Proof::Server;
    }
    let away = signatures.iter().any(|output| matches!(output.result(), DkimResult::TempError(_)))
        || matches!(dmarc.result(), DmarcResult::TempError(_))
        || spf.result() == SpfResult::TempError;
    if away { Proof::Unknown } else { Proof::None }
}

/// Whether the headers that a signature covers include every one of this name: a further one on top would be read and not be signed.
fn covers(signed: &[String], named: Named) -> bool {
    let times = signed.iter().filter(|header| header.eq_ignore_ascii_case(named.header)).count();
    times >= named.times
}
