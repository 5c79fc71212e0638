//! A record in the making: what the reader may make, for which accounts, and what was sent for it.

use portico_core::{AccountId, ErrorCode, Problem};
use portico_definition::{FieldKind, Record as Kind, visible_fields};
use portico_proto::{tenancy::v1::ListAccountsRequest, workflow::v1::ListRecordsRequest};
use serde_json::{Map, Value};

use super::new_fields::Pairs;
use crate::{
    ask::{Ask, not_here},
    blocks::record_list::may_create,
    components::Choice,
    csrf::FileForm,
    error::PageError,
    form::Errors,
    sending::{cut, read_text, send_file, text_of},
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

    pub(super) fn visible(&self) -> Vec<&str> {
        visible_fields(&self.portal.definition, &self.ask.reader.roles, &self.kind)
    }

    pub(super) fn account(&self, pairs: &Pairs) -> String {
        let chosen = pairs.iter().find(|(name, _)| name == "account").map(|(_, value)| value);
        chosen
            .filter(|chosen| self.accounts.contains(chosen))
            .or_else(|| self.accounts.first())
            .cloned()
            .unwrap_or_default()
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

    /// For each reference, the records that it can name, by id.
    pub(super) async fn references(&self, account: &str) -> Result<Map<String, Value>, PageError> {
        let mut found = Map::new();
        for (name, field) in &self.declared()?.fields {
            let FieldKind::Ref { to } = &field.kind else { continue };
            let listed = ListRecordsRequest {
                portal_id: self.portal.portal.id.clone(),
                kind: to.clone(),
                account_id: if self.accounts.len() < 2 { account.to_owned() } else { String::new() },
                page_size: 200,
                ..ListRecordsRequest::default()
            };
            let records = self.ask.workflow().list_records(listed).await?.into_inner().records;
            let label = |title: String, number: String| if title.is_empty() { number } else { title };
            let choices: Map<String, Value> = records
                .into_iter()
                .map(|each| (each.id, Value::from(label(each.title, each.number))))
                .collect();
            found.insert(name.clone(), Value::Object(choices));
        }
        Ok(found)
    }

    /// Reads the form; files go on to documents as they come, and their ids stay in the form.
    pub(super) async fn read(&self, FileForm(mut parts): FileForm) -> Result<(Pairs, Errors), Problem> {
        let mut pairs = Pairs::new();
        let mut errors = Errors::none();
        while let Some(mut part) = parts.next_field().await.map_err(|_| cut())? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                if file.is_empty() {
                    continue;
                }
                let path = format!("/record-files?account_id={}", self.account(&pairs));
                match send_file(self.ask, &path, part).await {
                    Ok(stored) => {
                        let held = format!("{} {file}", text_of(&stored, "document_id"));
                        pairs.push((format!("{name}.file"), held));
                    }
                    Err(problem) if problem.code == ErrorCode::InvalidArgument => {
                        let told =
                            problem.fields.first().map_or(&problem.message, |first| &first.description);
                        errors.add(name, told.clone());
                    }
                    Err(problem) => return Err(problem),
                }
                continue;
            }
            let text = read_text(&mut part).await.map_err(|wrong| wrong.at(&name, &self.ask.shell))?;
            pairs.push((name, text));
        }
        Ok((pairs, errors))
    }
}
