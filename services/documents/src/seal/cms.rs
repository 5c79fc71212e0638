//! The signature itself: CMS with the attributes that CAdES and PAdES baseline ask for.

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use der::{
    Any, Decode as _, Encode as _, Sequence,
    asn1::{OctetString, SetOfVec},
    oid::ObjectIdentifier,
};
use sha2::{Digest as _, Sha256};
use x509_cert::{Certificate, attr::Attribute, spki::AlgorithmIdentifierOwned};

use super::{
    error::SealError,
    key::{SHA256, SealAlgorithm, SealKey, verify},
};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const TIMESTAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// ESSCertIDv2 with its default hash, SHA-256.
#[derive(Sequence)]
struct CertificateId {
    hash: OctetString,
}

/// SigningCertificateV2: which certificate signed, inside of what is signed.
#[derive(Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateId>,
}

/// SHA-256 as an algorithm identifier.
pub(super) const fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: SHA256, parameters: None }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn attributes(own: &Certificate, digest: [u8; 32]) -> Result<SignedAttributes, der::Error> {
    let id = CertificateId { hash: OctetString::new(Sha256::digest(own.to_der()?).to_vec())? };
    SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest.to_vec())?)?)?,
        attribute(SIGNING_CERTIFICATE_V2, Any::encode_from(&SigningCertificate { certificates: vec![id] })?)?,
    ])
}

/// A signature that may still get a timestamp.
pub(super) struct Signed {
    data: SignedData,
    signer: SignerInfo,
}

/// Signs a digest of what is sealed.
pub(super) async fn sign(key: &dyn SealKey, digest: [u8; 32]) -> Result<Signed, SealError> {
    let certificate = key.certificate();
    let own =
        certificate.own().ok_or_else(|| SealError::Refused("the seal has no certificate".to_owned()))?;
    let attributes = attributes(own, digest).map_err(SealError::writing)?;
    let message = attributes.to_der().map_err(SealError::writing)?;
    let signature = key.sign(&message).await?;
    if !verify(own, SHA256, &message, &signature) {
        return Err(SealError::Refused("what it signs does not fit its certificate".to_owned()));
    }
    let built = || -> Result<Signed, der::Error> {
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: own.tbs_certificate.issuer.clone(),
                serial_number: own.tbs_certificate.serial_number.clone(),
            }),
            digest_alg: sha256(),
            signed_attrs: Some(attributes),
            signature_algorithm: certificate.algorithm.identifier(),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        // A root is trusted for being known, not for being brought along; and what nothing covers had better not be there.
        let roots = |each: &&Certificate| each.tbs_certificate.issuer == each.tbs_certificate.subject;
        let above = certificate.chain().iter().skip(1).filter(|each| !roots(each));
        let chain: Vec<_> =
            std::iter::once(own).chain(above).cloned().map(CertificateChoices::Certificate).collect();
        Ok(Signed { data: frame(CertificateSet::try_from(chain)?)?, signer })
    };
    built().map_err(SealError::writing)
}

/// Everything around the signer.
fn frame(certificates: CertificateSet) -> Result<SignedData, der::Error> {
    Ok(SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha256()])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(certificates),
        crls: None,
        signer_infos: SignerInfos::try_from(Vec::new())?,
    })
}

impl Signed {
    /// What a timestamp is about.
    pub(super) fn signature(&self) -> &[u8] {
        self.signer.signature.as_bytes()
    }

    /// Adds a timestamp's token.
    pub(super) fn stamp(&mut self, token: &[u8]) -> Result<(), SealError> {
        let attribute = Any::from_der(token).and_then(|token| attribute(TIMESTAMP_TOKEN, token));
        let attributes = attribute.and_then(|attribute| SetOfVec::try_from(vec![attribute]));
        self.signer.unsigned_attrs = Some(attributes.map_err(SealError::writing)?);
        Ok(())
    }

    /// The whole as DER.
    pub(super) fn finish(self) -> Result<Vec<u8>, SealError> {
        let Self { mut data, signer } = self;
        let written = || -> Result<Vec<u8>, der::Error> {
            data.signer_infos = SignerInfos::try_from(vec![signer])?;
            ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
        };
        written().map_err(SealError::writing)
    }
}

/// A signature as it was found, with whoever made it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The certificate of the key that signed.
    pub(super) certificate: Certificate,
    /// The hash of what was signed, as the signature says.
    pub(super) digest: Vec<u8>,
    /// Which hash.
    pub(super) hash: ObjectIdentifier,
    /// The signature's own bytes.
    pub(super) signature: Vec<u8>,
    /// The content that it carries itself, if any.
    pub(super) content: Option<Vec<u8>>,
    /// A timestamp's token, if there is one.
    pub(super) token: Option<Vec<u8>>,
    /// Whether all that the signature does not cover is as we write it.
    pub(super) in_our_form: bool,
}

/// Reads a signature and checks that its own certificate's key made it. Nothing where it is damaged, forged, or of a kind
/// that we do not make or ask for. Zeros behind it are room that was left; anything else there was put by somebody else.
pub(super) fn read(bytes: &[u8]) -> Option<Found> {
    let mut reader = der::SliceReader::new(bytes).ok()?;
    let info: ContentInfo = der::Reader::decode(&mut reader).ok()?;
    let read = usize::try_from(der::Reader::position(&reader)).ok()?;
    if info.content_type != SIGNED_DATA || bytes[read..].iter().any(|byte| *byte != 0) {
        return None;
    }
    let data: SignedData = info.content.decode_as().ok()?;
    let [signer] = data.signer_infos.0.as_slice() else { return None };
    let certificate = data.certificates.as_ref()?.0.iter().find_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => made_by(signer, certificate).then_some(certificate),
        CertificateChoices::Other(_) => None,
    })?;
    let attributes = signer.signed_attrs.as_ref()?;
    let value = |oid| {
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid)?;
        attribute.values.iter().next()
    };
    if value(CONTENT_TYPE)?.decode_as::<ObjectIdentifier>().ok()? != data.encap_content_info.econtent_type
        || !is_bound(value(SIGNING_CERTIFICATE_V2), certificate)
    {
        return None;
    }
    let message = attributes.to_der().ok()?;
    if !verify(certificate, signer.digest_alg.oid, &message, signer.signature.as_bytes()) {
        return None;
    }
    let token =
        signer.unsigned_attrs.iter().flat_map(SetOfVec::iter).find(|each| each.oid == TIMESTAMP_TOKEN);
    let content = data.encap_content_info.econtent.as_ref();
    Some(Found {
        certificate: certificate.clone(),
        hash: signer.digest_alg.oid,
        digest: value(MESSAGE_DIGEST)?.decode_as::<OctetString>().ok()?.into_bytes(),
        signature: signer.signature.as_bytes().to_vec(),
        in_our_form: is_in_our_form(&data, signer, certificate),
        content: content.and_then(|content| Some(content.decode_as::<OctetString>().ok()?.into_bytes())),
        token: token.and_then(|token| token.values.iter().next()?.to_der().ok()),
    })
}

/// Versions, algorithms and names stand outside of what is signed.
fn is_in_our_form(data: &SignedData, signer: &SignerInfo, certificate: &Certificate) -> bool {
    let Some(algorithm) = SealAlgorithm::of(certificate) else { return false };
    let Some(Ok(mut expected)) = data.certificates.clone().map(frame) else { return false };
    let own = SignerInfo {
        version: CmsVersion::V1,
        digest_alg: sha256(),
        signature_algorithm: algorithm.identifier(),
        ..signer.clone()
    };
    let Ok(signers) = SignerInfos::try_from(vec![own]) else { return false };
    expected.signer_infos = signers;
    expected == *data
}

fn made_by(signer: &SignerInfo, certificate: &Certificate) -> bool {
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == certificate.tbs_certificate.issuer
                && named.serial_number == certificate.tbs_certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(_) => false,
    }
}

/// Whether what was signed names this certificate. Timestamps may name it the older way, or not at all.
fn is_bound(named: Option<&Any>, certificate: &Certificate) -> bool {
    let Some(named) = named else { return true };
    let Ok(named) = named.decode_as::<SigningCertificate>() else { return true };
    let Ok(bytes) = certificate.to_der() else { return false };
    let hash = Sha256::digest(bytes);
    named.certificates.first().is_some_and(|first| first.hash.as_bytes() == hash.as_slice())
}
