//! The language as types. Names and defaults are those of the document; rules across parts live in `validate`.

mod access;
mod block;
mod expr;
mod form;
mod party;
mod period;
mod portal;
mod record;
mod step;
mod timing;
mod workflow;

pub use access::{AccessRule, AccessTest, Expectation, TestAction, TestActor, TestTarget};
pub use block::{
    Activity, Attention, Block, BlockKind, Checklist, Contact, Documents, FormBlock, Gantt, Invoices,
    Meetings, RecordBlock, RecordList, RunBoard, TextBlock, ThreadBlock, Timeline, TimelineRow,
};
pub use expr::{Comparison, Expr, MAX_DEPTH, Operand, Operator};
pub use form::{
    DocumentTemplate, Form, FormGroup, FormPage, FormRule, Prefill, TemplateField, TemplateFieldType,
};
pub use party::{Assignee, Party};
pub use period::{InvalidPeriod, Period};
pub use portal::{
    ApiVersion, Brand, BrandSource, Calendar, Definition, Holidays, Kind, Metadata, Notice, Page, Role,
    Scope, Side, SignIn, SignInMethod, SignUp, Spec, Weekday,
};
pub use record::{
    AcceptedType, Action, Choice, Field, FieldKind, Numbering, PerAccount, Record, States, UniqueWithin,
};
pub use step::{
    ApprovalOrder, ApprovalStep, Approver, Deliverable, DocumentRequestStep, EsignStep, FormStep,
    MeetingHost, MeetingStep, MeetingTimes, RequestItem, Review, SigningLevel, Step, StepKind, TaskStep,
    WaitStep,
};
pub use timing::{Anchor, Delay, Due, Escalation, Expiry, Reminder};
pub use workflow::{
    Channel, Condition, Milestone, Notification, Outcome, SetState, StartAction, StepDefaults, Trigger,
    Workflow,
};

/// The keys that every kind of mapping at a path shares, beside those of its own kind.
pub(crate) fn shared_keys(path: &str) -> &'static [&'static str] {
    let around = path.rsplit_once('.').map_or(path, |(around, _)| around);
    let around = around.rsplit_once('[').map_or(around, |(list, _)| list);
    let mut names = around.rsplit('.');
    match (names.next(), names.next()) {
        (Some("steps"), _) => step::SHARED_KEYS,
        (Some("blocks"), _) => block::SHARED_KEYS,
        (_, Some("fields")) => record::SHARED_KEYS,
        _ => &[],
    }
}
