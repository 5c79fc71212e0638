//! The seal on a signed file, from the entered document to the last byte.

use std::time::Instant;

use portico_core::{Clock as _, EnvelopeId, OsEntropy, SystemClock};
use portico_documents::{
    DATA_AGREEMENT,
    seal::{Draft, FileKey, make_development_seal, seal_with},
    signing::{Certificate, CertifiedSeal, CertifiedSigner, FontConfig, Fonts, Imprint, certify, enter},
};

use crate::say;

const SEALS: usize = 40;

/// Seals the shipped agreement again and again with a key in memory; the certificate's pages are part of it.
///
/// # Errors
/// Where a file cannot be sealed.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let now = SystemClock.now();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("seal.pem");
    std::fs::write(&path, make_development_seal(now, 30)?.seal.as_bytes())?;
    let key = FileKey::read(&path, None, true)?;
    let fonts = Fonts::load(&FontConfig::default())?;
    let imprint = Imprint { firm: "Northwind".to_owned(), title: "Agreement".to_owned(), made_at: now };
    let document = enter(&fonts, DATA_AGREEMENT, &[], &imprint)?;
    let envelope = EnvelopeId::new(now, &OsEntropy);
    let signer = CertifiedSigner { name: "Ana Souza".to_owned(), acts: true, ..CertifiedSigner::default() };
    let certificate = Certificate {
        beside: Vec::new(),
        envelope,
        document_name: imprint.title.clone(),
        read_sha256: [1; 32],
        signed: ([2; 32], document.len()),
        firm: imprint.firm.clone(),
        signers: vec![signer.clone(), signer],
        events: Vec::new(),
        seal: CertifiedSeal { subject: String::new(), development: true, verify_link: String::new() },
        made_at: now,
    };
    let mut times = Vec::with_capacity(SEALS);
    for _ in 0..SEALS {
        let start = Instant::now();
        let draft = Draft {
            document: document.clone(),
            certificate: certify(&fonts, &certificate)?,
            facts: b"{}".to_vec(),
            field: envelope.to_string(),
            firm: imprint.firm.clone(),
            at: now,
        };
        seal_with(&key, None, [7; 8], draft).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let [median, worst] = [times[SEALS / 2], times[SEALS - 1]].map(|time| time.as_secs_f64() * 1e3);
    say(&format!("sealing: {median:.1} ms, {worst:.1} ms at worst of {SEALS} (goal 150 ms)"));
    Ok(())
}
