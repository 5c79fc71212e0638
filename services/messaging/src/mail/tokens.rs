//! Signed codes that stand in addresses: under mails, as the sender of bounces, as the address for answers.
//!
//! Each is signed by HMAC-SHA-256 under a key of the firm's own and bound to its purpose: a code for one use is none for another, and
//! one of another firm is none at all.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::BASE32_NOPAD;
use portico_core::{Ctx, MailId, PersonId};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{domain::preferences::KINDS, error::MessagingError, service::Service, store};

/// What the sealed key is for.
const KEY_PURPOSE: &str = "messaging.token_key";
/// Bytes of the signature in an address of the web.
const LONG: usize = 16;
/// Bytes of the signature in an address of mail, where 64 letters before the @ are all there is.
const SHORT: usize = 10;
/// What the code of a bounce begins with.
const BOUNCE: char = 'b';
/// What the code of an address for answers begins with.
const REPLY: char = 'r';

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Unsubscribe,
    Bounce,
    Reply,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Unsubscribe => b"portico.mail.unsubscribe.v1\0",
            Self::Bounce => b"portico.mail.bounce.v1\0",
            Self::Reply => b"portico.mail.reply.v1\0",
        }
    }
}

/// The key of a firm's codes.
pub(crate) struct Tokens(Key);

impl Tokens {
    /// The firm's key, made when first needed.
    pub(crate) async fn of(service: &Service, ctx: &Ctx) -> Result<Self, MessagingError> {
        let sealed = match read(service, ctx).await? {
            Some(sealed) => sealed,
            None => {
                let mut fresh = Zeroizing::new([0; 32]);
                service.entropy.fill(fresh.as_mut_slice());
                let sealed = service.secrets.seal(ctx.tenant, KEY_PURPOSE, fresh.as_slice()).await?;
                let mut tx = service.store.begin(ctx).await?;
                store::settings::begin(&mut tx, &sealed, service.clock.now()).await?;
                tx.commit().await?;
                // Somebody else may have been first.
                read(service, ctx).await?.ok_or(MessagingError::NotFound)?
            }
        };
        let key = service.secrets.open(ctx.tenant, KEY_PURPOSE, &sealed).await?;
        Ok(Self(Key::new(HMAC_SHA256, &key)))
    }

    /// The code that switches one kind of mail off for one person.
    pub(crate) fn unsubscribe(&self, person: PersonId, kind: &str) -> Option<String> {
        let kind = KINDS.iter().position(|known| *known == kind).and_then(|at| u8::try_from(at).ok())?;
        let mut code = person.0.as_bytes().to_vec();
        code.push(kind);
        let signature = self.signature(Purpose::Unsubscribe, &code);
        code.extend_from_slice(&signature[..LONG]);
        Some(URL_SAFE_NO_PAD.encode(code))
    }

    /// Whom and what a code switches off; none where it was not made here for this.
    pub(crate) fn read_unsubscribe(&self, code: &str) -> Option<(PersonId, &'static str)> {
        let code: [u8; 17 + LONG] = URL_SAFE_NO_PAD.decode(code).ok()?.try_into().ok()?;
        let (said, signature) = code.split_at(17);
        let expected = self.signature(Purpose::Unsubscribe, said);
        if !bool::from(expected[..LONG].ct_eq(signature)) {
            return None;
        }
        let person = Uuid::from_slice(&said[..16]).ok()?;
        Some((person.into(), KINDS.get(usize::from(said[16])).copied()?))
    }

    /// The code that bounces of a mail come back to.
    pub(crate) fn bounce(&self, mail: MailId) -> String {
        format!("{BOUNCE}{}", self.in_address(Purpose::Bounce, mail.0))
    }

    /// The mail that a code belongs to; none where it was not made here for this.
    pub(crate) fn read_bounce(&self, code: &str) -> Option<MailId> {
        self.id_in(Purpose::Bounce, code.strip_prefix(BOUNCE)?).map(MailId)
    }

    /// The code of an address that answers go to.
    pub(crate) fn reply(&self, address: Uuid) -> String {
        format!("{REPLY}{}", self.in_address(Purpose::Reply, address))
    }

    /// The address for answers that a code belongs to; none where it was not made here for this.
    pub(crate) fn read_reply(&self, code: &str) -> Option<Uuid> {
        self.id_in(Purpose::Reply, code.strip_prefix(REPLY)?)
    }

    /// A signed id in letters and digits whose case does not matter.
    fn in_address(&self, purpose: Purpose, id: Uuid) -> String {
        let signature = self.signature(purpose, id.as_bytes());
        BASE32_NOPAD.encode(&[id.as_bytes().as_slice(), &signature[..SHORT]].concat()).to_ascii_lowercase()
    }

    fn id_in(&self, purpose: Purpose, code: &str) -> Option<Uuid> {
        let bytes = BASE32_NOPAD.decode(code.to_ascii_uppercase().as_bytes()).ok()?;
        let bytes: [u8; 16 + SHORT] = bytes.try_into().ok()?;
        let (id, signature) = bytes.split_at(16);
        let expected = self.signature(purpose, id);
        bool::from(expected[..SHORT].ct_eq(signature)).then(|| Uuid::from_slice(id).ok()).flatten()
    }

    fn signature(&self, purpose: Purpose, said: &[u8]) -> [u8; 32] {
        let tag = sign(&self.0, &[purpose.label(), said].concat());
        tag.as_ref().try_into().unwrap_or_default()
    }
}

async fn read(service: &Service, ctx: &Ctx) -> Result<Option<Vec<u8>>, MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    let sealed = store::settings::token_key(&mut tx).await?;
    tx.rollback().await?;
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    fn tokens(secret: u8) -> Tokens {
        Tokens(Key::new(HMAC_SHA256, &[secret; 32]))
    }

    #[test]
    fn a_code_is_for_one_person_and_kind_of_one_firm() {
        let person = PersonId(Uuid::from_u128(7));
        let code = tokens(1).unsubscribe(person, "task").unwrap();
        assert_eq!(tokens(1).read_unsubscribe(&code), Some((person, "task")));
        assert_eq!(tokens(2).read_unsubscribe(&code), None, "another firm's");
        assert_eq!(tokens(1).unsubscribe(person, "sign_in"), None);
        let bytes = URL_SAFE_NO_PAD.decode(&code).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(tokens(1).read_unsubscribe(&URL_SAFE_NO_PAD.encode(altered)), None, "byte {at}");
        }
        for wrong in ["", "x", &code[1..], &format!("{code}AA"), "%%%"] {
            assert_eq!(tokens(1).read_unsubscribe(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_for_answers_is_none_for_bounces_and_fits_an_address() {
        let id = Uuid::from_u128(7);
        let code = tokens(1).reply(id);
        assert!(code.len() <= 50, "{} letters", code.len());
        assert_eq!(tokens(1).read_reply(&code.to_uppercase().replacen('R', "r", 1)), Some(id));
        assert_eq!((tokens(2).read_reply(&code), tokens(1).read_bounce(&code)), (None, None));
        assert_eq!(tokens(1).read_reply(&tokens(1).bounce(MailId(id)).replacen('b', "r", 1)), None);
    }

    #[tokio::test]
    async fn a_firm_has_one_key_however_many_ask_first() {
        let fixture = Fixture::new().await;
        let ctx = fixture.system();
        let (one, two) = tokio::join!(Tokens::of(&fixture.service, &ctx), Tokens::of(&fixture.service, &ctx));
        let code = one.unwrap().unsubscribe(PersonId(Uuid::nil()), "task").unwrap();
        assert!(two.unwrap().read_unsubscribe(&code).is_some());
        let other = portico_testkit::system(fixture.database.tenant());
        let foreign = Tokens::of(&fixture.service, &other).await.unwrap();
        assert_eq!(foreign.read_unsubscribe(&code), None);
    }
}
