//! Records of a kind, as a table that becomes cards on a phone, with filters that live in the address.

use askama::Template;
use portico_definition::{Action, Actor, Record as Kind, RecordList, RecordView, Truth, can, evaluate};
use portico_proto::{
    tenancy::v1::ListAccountsRequest,
    workflow::v1::{ListRecordsRequest, Record},
};
use serde_json::Map;

use super::{Place, Shown, shown};
use crate::{
    ask::Ask,
    components::Choice,
    error::PageError,
    layout::Shell,
    values::{Line, field_title, fields_of, kind_title, line},
    web::PublishedPortal,
    wording::humanize,
};

#[derive(Template)]
#[template(path = "blocks/record_list.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    columns: Vec<String>,
    rows: Vec<Row>,
    states: Vec<Choice>,
    accounts: Vec<Choice>,
    create: Option<(String, String)>,
    empty: String,
    next: String,
}

struct Row {
    href: String,
    title: String,
    cells: Vec<(bool, bool, Line)>,
}

/// Whether the reader may add a record of this kind for an account. Staff reach every account; rules restrict both.
pub(crate) fn may_create(ask: &Ask, portal: &PublishedPortal, kind: &str, account: &str) -> bool {
    let fields = Map::new();
    let person = &ask.reader.person.id;
    let accounts = if ask.reader.is_staff() {
        vec![account.to_owned()]
    } else {
        ask.reader.accounts.iter().map(ToString::to_string).collect()
    };
    let record = RecordView {
        account: Some(account),
        creator: Some(person),
        state: None,
        number: None,
        fields: &fields,
        related: None,
    };
    let actor = Actor { person, accounts: &accounts, roles: &ask.reader.roles };
    can(&portal.definition, kind, Action::Create, &record, &actor)
}

/// The same for the account of the page, or for any of the reader's own.
pub(super) fn may_create_here(place: &Place<'_>, kind: &str) -> bool {
    let own: Vec<String> = if place.account.is_empty() {
        place.ask.reader.accounts.iter().map(ToString::to_string).collect()
    } else {
        vec![place.account.clone()]
    };
    own.iter().any(|account| may_create(place.ask, place.portal, kind, account))
}

/// Where a record of this kind is made; the account goes along where one is chosen.
pub(super) fn create_href(place: &Place<'_>, kind: &str) -> String {
    let base = format!("/p/{}/new/{kind}", place.portal.portal.name);
    if place.account.is_empty() { base } else { format!("{base}?company={}", place.account) }
}

fn holds(place: &Place<'_>, list: &RecordList, record: &Record) -> bool {
    let Some(condition) = &list.condition else { return true };
    let fields = fields_of(record);
    let view = RecordView {
        account: Some(&record.account_id),
        creator: None,
        state: Some(&record.state),
        number: Some(&record.number),
        fields: &fields,
        related: None,
    };
    place.actor(|actor| evaluate(condition, &view, actor) == Truth::True)
}

/// The columns that are asked for, else the first few that say most.
fn columns(list: &RecordList, kind: &Kind, with_account: bool) -> Vec<String> {
    if !list.columns.is_empty() {
        return list.columns.clone();
    }
    let number = kind.number.as_ref().map(|_| "number".to_owned());
    let account = with_account.then(|| "account".to_owned());
    let state = kind.states.as_ref().map(|_| "state".to_owned());
    let fields = kind.fields.keys().take(4).cloned();
    number.into_iter().chain(account).chain(fields).chain(state).collect()
}

impl Row {
    fn of(s: &Shell, kind: &Kind, record: &Record, columns: &[String]) -> Self {
        let cells = columns
            .iter()
            .enumerate()
            .map(|(index, column)| (index == 0, column == "state", line(s, kind, record, column)))
            .collect();
        let title = if record.title.is_empty() { record.number.clone() } else { record.title.clone() };
        Self { href: format!("/records/{}", record.id), title, cells }
    }
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &RecordList,
) -> Result<Shown, PageError> {
    let s = place.s();
    let definition = &place.portal.definition;
    let Some(kind) = definition.spec.records.get(&block.of) else { return Ok(Shown::default()) };
    let filtered = |name: &str| block.filters.iter().any(|filter| filter == name);
    let state = if filtered("state") { place.asked("state") } else { "" };
    let account = if filtered("account") { place.asked("account") } else { "" };
    let account = if account.is_empty() { &place.account } else { account };
    let asked = ListRecordsRequest {
        portal_id: place.portal.portal.id.clone(),
        kind: block.of.clone(),
        account_id: account.to_owned(),
        states: Some(state.to_owned()).filter(|state| !state.is_empty()).into_iter().collect(),
        page_size: 50,
        page_token: place.asked(&format!("{id}-after")).to_owned(),
    };
    let answer = place.ask.workflow().list_records(asked).await?.into_inner();
    let columns = columns(block, kind, place.names_accounts());
    let name = kind_title(definition, &block.of);
    let accounts = if filtered("account") { account_choices(place).await? } else { Vec::new() };
    let next = if answer.next_page_token.is_empty() {
        String::new()
    } else {
        next_href(place, id, &answer.next_page_token)
    };
    let heads = columns.iter().map(|column| head(s, kind, column)).collect();
    let rows = answer.records.iter().filter(|record| holds(place, block, record));
    let view = View {
        s,
        id,
        title: title.map_or_else(|| name.clone(), str::to_owned),
        rows: rows.map(|record| Row::of(s, kind, record, &columns)).collect(),
        columns: heads,
        states: if filtered("state") { state_choices(s, kind, state) } else { Vec::new() },
        accounts,
        create: (block.create && may_create_here(place, &block.of))
            .then(|| (create_href(place, &block.of), s.say("record-new").arg("kind", name).to_string())),
        empty: block.empty.clone().unwrap_or_else(|| s.t("records-none-next")),
        next,
    };
    shown(&view)
}

fn head(s: &Shell, kind: &Kind, column: &str) -> String {
    match column {
        "state" | "number" | "account" | "label" | "created" => s.t(&format!("field-{column}")),
        field => field_title(kind, field),
    }
}

fn state_choices(s: &Shell, kind: &Kind, current: &str) -> Vec<Choice> {
    let all = Choice::new("", s.t("filter-all"), current);
    let states = kind.states.iter().flat_map(|states| states.next.keys());
    std::iter::once(all)
        .chain(states.map(|state| Choice::new(state.clone(), humanize(state), current)))
        .collect()
}

async fn account_choices(place: &Place<'_>) -> Result<Vec<Choice>, PageError> {
    let asked = ListAccountsRequest { query: String::new(), page_size: 200, page_token: String::new() };
    let accounts = place.ask.tenancy().list_accounts(asked).await?.into_inner().accounts;
    let current = place.asked("account");
    let all = Choice::new("", place.s().t("filter-all"), current);
    Ok(std::iter::once(all)
        .chain(accounts.into_iter().map(|each| Choice::new(each.id, each.name, current)))
        .collect())
}

fn next_href(place: &Place<'_>, id: &str, token: &str) -> String {
    let name = format!("{id}-after");
    let kept = place.query.iter().filter(|(key, _)| *key != name);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair(&name, token);
    format!("{}?{}", place.href, query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layout::Area,
        text::Locale,
        values::tests::{gallery, invoice},
    };

    #[test]
    fn every_cell_says_its_own_heading_and_the_row_has_one_link() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let kind = &definition.spec.records["invoice"];
        let list = RecordList {
            of: "invoice".to_owned(),
            columns: ["supplier_no", "amount", "state"].map(str::to_owned).into(),
            filters: Vec::new(),
            create: true,
            condition: None,
            empty: None,
        };
        let names = columns(&list, kind, false);
        let view = View {
            s: &s,
            id: "block-1",
            title: "Invoices".to_owned(),
            rows: vec![Row::of(&s, kind, &invoice(), &names)],
            columns: names.iter().map(|name| head(&s, kind, name)).collect(),
            states: state_choices(&s, kind, "approved"),
            accounts: Vec::new(),
            create: Some(("/p/vendor-invoices/new/invoice".to_owned(), "New invoice".to_owned())),
            empty: String::new(),
            next: String::new(),
        };
        let html = view.render().unwrap();
        assert!(html.contains("data-label=\"Amount\"") && html.contains("12,345.00 EUR"));
        assert_eq!(html.matches("href=\"/records/").count(), 1);
        assert!(
            html.contains("value=\"approved\" selected") && html.contains("class=\"tag neutral\">Submitted")
        );
    }

    #[test]
    fn without_columns_the_first_fields_and_the_state_are_shown() {
        let definition = gallery("vendor-invoices");
        let list = RecordList {
            of: String::new(),
            columns: Vec::new(),
            filters: Vec::new(),
            create: false,
            condition: None,
            empty: None,
        };
        let names = columns(&list, &definition.spec.records["purchase_order"], true);
        assert_eq!(names[..2], ["number".to_owned(), "account".to_owned()]);
        assert!(names.contains(&"total".to_owned()));
    }
}
