//! The document itself and its parts that are no business of their own: audience, sign-in, roles, pages, notices.

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessTest, Block, DocumentTemplate, Form, Record, Workflow};

/// One portal, whole: what it is for, who signs in, what is kept, what happens, and what people see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Definition {
    /// The version of the language.
    pub api_version: ApiVersion,
    /// What the document describes.
    pub kind: Kind,
    /// How the portal is called.
    pub metadata: Metadata,
    /// The portal.
    pub spec: Spec,
}

/// The version of the language a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "portico/v1")]
    V1,
}

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// A portal.
    Portal,
}

/// How a portal is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// The portal's short name: lower-case letters, digits and hyphens, at most 63; unique in a tenant.
    pub name: String,
    /// What people read; at most 120 characters.
    pub title: String,
    /// One or two sentences for the gallery and the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The contents of a portal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    /// What the people of an account are called, in one lower-case word: client, vendor, partner, applicant.
    pub audience: String,
    /// The days on which work is done.
    #[serde(default)]
    pub calendar: Calendar,
    /// How people sign in.
    pub sign_in: SignIn,
    /// Who takes part. Every rule, page and step speaks of these.
    #[schemars(with = "std::collections::BTreeMap<String, Role>")]
    pub roles: IndexMap<String, Role>,
    /// Where the look comes from.
    #[serde(default)]
    pub brand: Brand,
    /// What is kept for each account.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Record>")]
    pub records: IndexMap<String, Record>,
    /// What people fill in.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Form>")]
    pub forms: IndexMap<String, Form>,
    /// Documents that are signed, with the places for signatures.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, DocumentTemplate>")]
    pub document_templates: IndexMap<String, DocumentTemplate>,
    /// What happens, step by step.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Workflow>")]
    pub workflows: IndexMap<String, Workflow>,
    /// What people see, in the order of the navigation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page>,
    /// Texts of mails and notifications.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Notice>")]
    pub notices: IndexMap<String, Notice>,
    /// What must be allowed and what must not, checked before every publication.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<AccessTest>,
}

/// The days on which work is done; deadlines in working days count these only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Calendar {
    /// The working days of a week; at least one.
    pub workdays: Vec<Weekday>,
    /// Whose holidays count.
    pub holidays: Holidays,
    /// Further days on which nobody works, such as a summer closure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub closed: Vec<NaiveDate>,
}

impl Default for Calendar {
    fn default() -> Self {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        Self { workdays: vec![Mon, Tue, Wed, Thu, Fri], holidays: Holidays::Tenant, closed: Vec::new() }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Whose holidays count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    /// Those in the tenant's calendar.
    Tenant,
    /// Nobody's: every working day counts.
    None,
}

/// How people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignIn {
    /// The ways that are offered, the preferred one first.
    pub methods: Vec<SignInMethod>,
    /// Whether a stranger may ask for an account.
    #[serde(default)]
    pub sign_up: SignUp,
}

/// One way of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// A link by mail.
    MagicLink,
    /// A password.
    Password,
    /// A passkey.
    Passkey,
    /// The account's own identity provider.
    Sso,
}

/// Whether a stranger may ask for an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Only invited people come in.
    #[default]
    Closed,
    /// Anybody may ask; staff decide.
    Request,
}

/// Somebody's part in the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Role {
    /// Whether these are the tenant's own people.
    pub side: Side,
    /// How far the role reaches before any rule restricts it.
    pub scope: Scope,
    /// What people read; the name with its underscores as spaces when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Whose people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The tenant's staff.
    Internal,
    /// The people of an account.
    External,
}

/// How far a role reaches. A person without any matching record sees nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What the person made.
    Own,
    /// What belongs to the person's account.
    Account,
    /// What belongs to the person's account or to one below it.
    AccountAndBelow,
    /// What names the person in one of its people fields, or belongs to an account assigned to them. Staff only.
    Assigned,
    /// Everything in the tenant. Staff only.
    All,
}

/// Where the look of the portal comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Brand {
    /// Whose name, logo and colour are shown.
    pub from: BrandSource,
}

/// Whose name, logo and colour are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrandSource {
    /// The tenant's.
    #[default]
    Tenant,
}

/// One page of the portal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Page {
    /// The page's name, unique in the portal.
    pub id: String,
    /// Where it lies: `/` or `/word`, further words after further slashes.
    pub path: String,
    /// What people read.
    pub title: String,
    /// The roles that see the page; at least one.
    pub visible_to: Vec<String>,
    /// What is on the page, from top to bottom.
    pub blocks: Vec<Block>,
}

/// The text of a mail or notification. `{{…}}` stands for a value: `account.name`, `run.link`, `record.<field>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Notice {
    /// The subject, one line.
    pub subject: String,
    /// The text, plain; empty lines part paragraphs.
    pub body: String,
}
