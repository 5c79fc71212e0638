//! Sealed files, judged by two programs that are not ours: poppler's pdfsig and pyHanko.

mod certified;
mod judges;
mod placed;
mod product;
mod samples;
mod templates;
mod timestamps;

use anyhow::ensure;
use portico_documents::seal::seal_with;

use self::{
    judges::Judges,
    samples::{Key, days_before, draft, now, originals, sealed, stamped, with_seal_of},
};
use crate::{
    cases,
    harness::{Case, Outcome},
};
use certified::the_certificate_says_who_when_from_where_and_to_what;
use placed::fields_placed_in_the_console_are_asked_for_and_sealed;
pub(crate) use product::signed;
use product::{
    a_contract_signed_in_the_portal_is_sealed, each_of_several_documents_has_its_own_seal,
    the_verify_page_says_what_is_true,
};
use templates::a_paper_from_a_template_is_signed_and_sealed;
use timestamps::{a_silent_authority_costs_the_level_only, a_timestamp_authority_raises_the_level};

pub(crate) fn cases() -> Vec<Case> {
    cases!["sealing":
        two_programs_call_every_sealed_file_valid,
        a_key_in_a_pkcs12_file_seals_as_well,
        what_was_changed_or_moved_is_called_invalid,
        an_expired_certificate_is_called_invalid,
        a_timestamp_authority_raises_the_level,
        a_silent_authority_costs_the_level_only,
        a_contract_signed_in_the_portal_is_sealed,
        the_certificate_says_who_when_from_where_and_to_what,
        each_of_several_documents_has_its_own_seal,
        fields_placed_in_the_console_are_asked_for_and_sealed,
        a_paper_from_a_template_is_signed_and_sealed,
        the_verify_page_says_what_is_true,
    ]
}

async fn two_programs_call_every_sealed_file_valid() -> Outcome {
    let judges = Judges::new()?;
    let key = Key::today()?;
    for (what, original) in originals()? {
        let sealed = seal_with(&key.key, None, [7; 8], draft(&original, now())?).await?;
        let said = judges.agree(what, &sealed.bytes, &[&key.root])?;
        ensure!(said.subject.contains("Development seal"), "{what}: {said:?}");
        ensure!(!said.timestamp, "{what}: nobody was asked for the time");
        let strangers = judges.pyhanko(&sealed.bytes, &[&Key::today()?.root])?;
        ensure!(strangers.intact && !strangers.trusted && !strangers.valid, "{what}: {strangers:?}");
    }
    Ok(())
}

/// As a firm has it from its authority: an RSA key and its certificate, locked with a password.
async fn a_key_in_a_pkcs12_file_seals_as_well() -> Outcome {
    let judges = Judges::new()?;
    judges.openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:3072",
        "-nodes",
        "-keyout",
        "own.key",
        "-out",
        "own.pem",
        "-days",
        "30",
        "-subj",
        "/CN=Northwind Consulting/O=Northwind Ltd",
        "-addext",
        "keyUsage=critical,digitalSignature,nonRepudiation",
    ])?;
    judges.openssl(&[
        "pkcs12",
        "-export",
        "-inkey",
        "own.key",
        "-in",
        "own.pem",
        "-out",
        "own.p12",
        "-passout",
        "pass:s3cret",
    ])?;
    let path = judges.folder().join("own.p12");
    let key = portico_documents::seal::FileKey::read(&path, Some("s3cret"), false)?;
    let wrong = portico_documents::seal::FileKey::read(&path, Some("guess"), false);
    ensure!(wrong.is_err_and(|error| error.to_string().contains("own.p12")), "a wrong password is told");
    let file = sealed(&key, now()).await?;
    let root = std::fs::read_to_string(judges.folder().join("own.pem"))?;
    let said = judges.agree("RSA", &file.bytes, &[&root])?;
    ensure!(said.subject.contains("Northwind Consulting"), "{said:?}");
    Ok(())
}

async fn what_was_changed_or_moved_is_called_invalid() -> Outcome {
    let judges = Judges::new()?;
    let key = Key::today()?;
    let file = sealed(&key.key, now()).await?.bytes;
    let roots = [key.root.as_str()];

    // In the document, in its certificate, and at the very end; the unused room beside the signature is nobody's.
    for at in [600, 15_000, file.len() - 2_000, file.len() - 3] {
        let mut mutant = file.clone();
        mutant[at] ^= 1;
        let (first, second) = (judges.pdfsig(&mutant)?, judges.pyhanko(&mutant, &roots)?);
        ensure!(!first.is_valid(), "byte {at}: pdfsig says {}", first.said);
        ensure!(!second.valid, "byte {at}: pyHanko says {second:?}");
    }

    let mutant = stamped(&file)?;
    let (first, second) = (judges.pdfsig(&mutant)?, judges.pyhanko(&mutant, &roots)?);
    // This program alone does not mind: only that the seal no longer covers everything tells.
    ensure!(first.is_valid() && !first.covers_everything(), "stamped: pdfsig says {}", first.said);
    ensure!(!second.valid && second.coverage != "ENTIRE_FILE", "stamped: pyHanko says {second:?}");

    let other = sealed(&key.key, now()).await?.bytes;
    let mutant = with_seal_of(&file, &other)?;
    let (first, second) = (judges.pdfsig(&mutant)?, judges.pyhanko(&mutant, &roots)?);
    ensure!(!first.is_valid(), "another file's seal: pdfsig says {}", first.said);
    ensure!(!second.valid, "another file's seal: pyHanko says {second:?}");
    Ok(())
}

/// The service refuses to seal with one; a file sealed with it all the same does not pass, for that reason and no other: both
/// programs trust whoever issued it, and trust the same kind of seal whose certificate is valid.
async fn an_expired_certificate_is_called_invalid() -> Outcome {
    let judges = Judges::new()?;
    let fresh = Key::today()?;
    let good = sealed(&fresh.key, now()).await?.bytes;
    let said = judges.pyhanko(&good, &[&fresh.root])?;
    ensure!(said.valid && said.trusted && said.problem.is_none(), "pyHanko says {said:?}");

    let past = days_before(now(), 90);
    let key = Key::new(past, 30)?;
    let file = sealed(&key.key, now()).await?.bytes;
    let said = judges.pyhanko(&file, &[&key.root])?;
    ensure!(!said.valid && said.intact && !said.trusted, "pyHanko says {said:?}");
    let ended = past + chrono::TimeDelta::days(29);
    ensure!(
        said.problem.as_deref().is_some_and(|problem| problem.starts_with("OUT_OF_BOUNDS"))
            && said.ended.as_deref().is_some_and(|at| at.starts_with(&ended.format("%Y-%m-%d").to_string())),
        "pyHanko names another reason than a certificate that ended on {ended}: {said:?}"
    );

    let first = judges.pdfsig_trusting(&good, &fresh.root)?;
    ensure!(
        first.is_valid() && first.last().contains("Certificate is Trusted"),
        "a valid certificate: pdfsig says {}",
        first.said
    );
    let first = judges.pdfsig_trusting(&file, &key.root)?;
    ensure!(
        first.is_valid() && first.last().contains("Certificate has Expired"),
        "an expired certificate: pdfsig says {}",
        first.said
    );
    Ok(())
}
