//! The places in the navigation: five at most for a client's thumb, more at the side of the console.

use portico_definition::Side;
use portico_proto::messaging::v1::CountUnreadResponse;

use crate::{
    layout::{NavItem, Shell},
    site::SignedIn,
    web::PublishedPortal,
};

/// The navigation of `reader`, in order; `bills` says whether the firm writes invoices here. What comes after the fifth place of a client
/// is in the menu of a phone.
pub(crate) fn items(
    shell: &Shell,
    reader: &SignedIn,
    portals: &[PublishedPortal],
    unread: &CountUnreadResponse,
    bills: bool,
) -> Vec<NavItem> {
    let item = |id, key: &str, href: &str, icon, letter| NavItem {
        id,
        label: shell.t(key),
        href: href.to_owned(),
        icon,
        count: 0,
        key: letter,
    };
    let messages = NavItem {
        count: count(unread.messages),
        ..item("messages", "nav-messages", "/messages", "messages", Some('m'))
    };
    if !reader.is_staff() {
        let mut items = vec![
            item("home", "nav-home", "/", "home", Some('h')),
            item("tasks", "nav-tasks", "/tasks", "tasks", Some('t')),
            item("files", "nav-files", "/files", "files", Some('f')),
            messages,
            NavItem { count: count(unread.notifications), ..item("me", "nav-me", "/me", "people", None) },
        ];
        if bills {
            items.push(item("invoices", "nav-billing", "/invoices", "invoices", None));
        }
        return items;
    }
    let mut items = vec![
        item("home", "nav-console", "/console", "home", Some('h')),
        item("accounts", "nav-accounts", "/console/accounts", "accounts", None),
        item("outstanding", "nav-outstanding", "/console/outstanding", "clock", None),
    ];
    for published in portals {
        for page in staff_pages(published, reader) {
            items.push(NavItem {
                id: "portal-page",
                label: page.title.clone(),
                href: format!("/console/portals/{}{}", published.portal.name, page.path),
                icon: "board",
                count: 0,
                // `g b` goes to the first board.
                key: items.iter().all(|item| item.key != Some('b')).then_some('b'),
            });
        }
    }
    items.push(messages);
    if bills || reader.has_role("admin") {
        items.push(item("billing", "nav-billing", "/console/billing", "invoices", None));
    }
    items.push(item("people", "nav-people", "/console/people", "people", None));
    items.push(item("audit", "nav-audit", "/console/audit", "audit", None));
    items.push(item("mail", "nav-mail", "/console/mail", "messages", None));
    if reader.has_role("admin") {
        items.push(item("portals", "nav-portals", "/console/portals", "portal", None));
        items.push(item("settings", "nav-settings", "/console/settings", "portal", None));
    }
    items.push(NavItem { count: count(unread.notifications), ..item("me", "nav-me", "/me", "people", None) });
    items
}

/// The pages of a portal that this member of staff may see; an administrator sees every page of the firm's side.
fn staff_pages<'a>(
    published: &'a PublishedPortal,
    reader: &'a SignedIn,
) -> impl Iterator<Item = &'a portico_definition::Page> {
    let spec = &published.definition.spec;
    spec.pages.iter().filter(move |page| {
        page.visible_to.iter().any(|role| {
            let internal = spec.roles.get(role).is_some_and(|role| role.side == Side::Internal);
            internal && (reader.has_role(role) || reader.has_role("admin"))
        })
    })
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
