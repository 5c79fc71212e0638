//! A record in the making: what the reader may make, for which accounts, and what was sent for it.

use portico_core::AccountId;
use portico_definition::{FieldKind, Record as Kind, visible_fields};
use portico_proto::{tenancy::v1::ListAccountsRequest, workflow::v1::ListRecordsRequest};

use crate::{
    ask::{Ask, not_here},
    blocks::record_list::may_create,
    components::Choice,
    csrf::FileForm,
    error::PageError,
    form::Errors,
    record_form::{Options, Pairs, first, receive},
    web::PublishedPortal,
};

/// The portal, the kind, and the accounts for which the reader may make one.
pub(super) struct Making<'a> {
    pub(super) ask: &'a Ask,
    pub(super) portal: PublishedPortal,
    pub(super) kind: String,
    accounts: Vec<String>,
    /// The account that the address names; empty for none.
    company: String,
}

impl<'a> Making<'a> {
    pub(super) async fn of(
        ask: &'a Ask,
        portal: &str,
        kind: &str,
        company: Option<&String>,
    ) -> Result<Self, PageError> {
        let portals = ask.web.portals(ask.tenant()).await?;
        let portal = portals.iter().find(|each| each.portal.name == portal).cloned().ok_or_else(not_here)?;
        if !portal.definition.spec.records.contains_key(kind) {
            return Err(not_here());
        }
        let mut accounts: Vec<String> = match company.filter(|company| company.parse::<AccountId>().is_ok()) {
            Some(company) => vec![company.clone()],
            None => ask.reader.accounts.iter().map(ToString::to_string).collect(),
        };
        accounts.retain(|account| may_create(ask, &portal, kind, account));
        if accounts.is_empty() {
            return Err(not_here());
        }
        let company = company.cloned().unwrap_or_default();
        Ok(Self { ask, portal, kind: kind.to_owned(), accounts, company })
    }

    /// Where the form goes: its own address, with the account that was named in it.
    pub(super) fn href(&self) -> String {
        let base = format!("/p/{}/new/{}", self.portal.portal.name, self.kind);
        if self.company.is_empty() { base } else { format!("{base}?company={}", self.company) }
    }

    pub(super) fn declared(&self) -> Result<&Kind, PageError> {
        self.portal.definition.spec.records.get(&self.kind).ok_or_else(not_here)
    }

    /// The fields that the reader fills in. Who works on it is the firm's to say.
    pub(super) fn visible(&self) -> Vec<&str> {
        let definition = &self.portal.definition;
        let kind = definition.spec.records.get(&self.kind);
        let people = |name: &str| {
            kind.and_then(|kind| kind.fields.get(name))
                .is_some_and(|field| matches!(field.kind, FieldKind::People { .. }))
        };
        let seen = visible_fields(definition, &self.ask.reader.roles, &self.kind);
        seen.into_iter().filter(|name| !people(name)).collect()
    }

    pub(super) fn account(&self, pairs: &Pairs) -> String {
        let chosen = self.accounts.iter().find(|account| *account == first(pairs, "account"));
        chosen.or_else(|| self.accounts.first()).cloned().unwrap_or_default()
    }

    pub(super) async fn account_choices(&self, current: &str) -> Result<Vec<Choice>, PageError> {
        if self.accounts.len() < 2 {
            return Ok(self.accounts.iter().map(|account| Choice::new(account, "", current)).collect());
        }
        let listed = ListAccountsRequest { query: String::new(), page_size: 200, page_token: String::new() };
        let found = self.ask.tenancy().list_accounts(listed).await?.into_inner().accounts;
        Ok(found
            .into_iter()
            .filter(|each| self.accounts.contains(&each.id))
            .map(|each| Choice::new(each.id, each.name, current))
            .collect())
    }

    /// The records that the references of the kind can name.
    pub(super) async fn options(&self, account: &str) -> Result<Options, PageError> {
        // Where there are several to choose from, the form alone says whose the files are.
        let account_known = if self.accounts.len() < 2 { account.to_owned() } else { String::new() };
        let mut options = Options { account: account_known, ..Options::default() };
        for field in self.declared()?.fields.values() {
            let FieldKind::Ref { to } = &field.kind else { continue };
            if options.records.contains_key(to) {
                continue;
            }
            let listed = ListRecordsRequest {
                portal_id: self.portal.portal.id.clone(),
                kind: to.clone(),
                account_id: if self.accounts.len() < 2 { account.to_owned() } else { String::new() },
                page_size: 200,
                ..ListRecordsRequest::default()
            };
            let records = self.ask.workflow().list_records(listed).await?.into_inner().records;
            let label = |title: String, number: String| if title.is_empty() { number } else { title };
            let named = records.into_iter().map(|each| (each.id, label(each.title, each.number)));
            options.records.insert(to.clone(), named.collect());
        }
        Ok(options)
    }

    /// Reads the form.
    pub(super) async fn read(&self, form: FileForm) -> Result<(Pairs, Errors), PageError> {
        Ok(receive(self.ask, form, self.declared()?, |pairs| self.account(pairs)).await?)
    }
}
