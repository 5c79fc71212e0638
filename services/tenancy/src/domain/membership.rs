//! Who does what: roles of people in accounts, and of staff.

use portico_core::{AccountId, PersonId};
use portico_definition::Side;
use portico_service::Fields;

use super::portal::RoleOption;

/// The built-in role of those who run the firm.
pub(crate) const ADMIN: &str = "admin";

/// A person's place in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) account_id: AccountId,
    pub(crate) person_id: PersonId,
    /// In the order in which they were given.
    pub(crate) roles: Vec<String>,
    pub(crate) account_name: String,
    /// Whether the person is deactivated, so that the place counts for nothing.
    pub(crate) deactivated: bool,
}

/// A member of staff and what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StaffBinding {
    pub(crate) person_id: PersonId,
    /// In the order in which they were given.
    pub(crate) roles: Vec<String>,
    /// Whether the person is deactivated, so that the roles count for nothing.
    pub(crate) deactivated: bool,
}

impl StaffBinding {
    /// Whether they run the firm.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN)
    }
}

/// The roles without repeats; notes each that no published definition declares for people of accounts. So nobody gets
/// into the firm's side by way of a membership.
pub(crate) fn check_external(roles: &[String], known: &[RoleOption], fields: &mut Fields) -> Vec<String> {
    let external = |name: &str| known.iter().any(|role| role.side == Side::External && role.name == name);
    check(roles, external, "No published portal has this role for people of an account.", fields)
}

/// The roles without repeats; notes each that is neither `admin` nor declared for staff.
pub(crate) fn check_internal(roles: &[String], known: &[RoleOption], fields: &mut Fields) -> Vec<String> {
    let internal = |name: &str| {
        name == ADMIN || known.iter().any(|role| role.side == Side::Internal && role.name == name)
    };
    check(roles, internal, "No published portal has this role for staff.", fields)
}

fn check(roles: &[String], known: impl Fn(&str) -> bool, refusal: &str, fields: &mut Fields) -> Vec<String> {
    let mut checked: Vec<String> = Vec::new();
    for (place, role) in roles.iter().enumerate() {
        if !known(role) {
            fields.refuse(format!("roles[{place}]"), refusal);
        } else if !checked.contains(role) {
            checked.push(role.clone());
        }
    }
    checked
}

#[cfg(test)]
mod tests {
    use portico_core::PortalId;
    use uuid::Uuid;

    use super::*;

    fn known() -> Vec<RoleOption> {
        let role = |name: &str, side| RoleOption {
            name: name.to_owned(),
            title: name.to_owned(),
            side,
            portal_id: PortalId(Uuid::nil()),
        };
        vec![role("client", Side::External), role("project_manager", Side::Internal)]
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn i28_a_membership_never_gives_a_role_of_the_firm() {
        let mut fields = Fields::default();
        let roles = words(&["client", "admin", "project_manager", "client", "ghost"]);
        assert_eq!(check_external(&roles, &known(), &mut fields), ["client"]);
        let named: Vec<_> = fields.check().unwrap_err().fields.into_iter().map(|at| at.field).collect();
        assert_eq!(named, ["roles[1]", "roles[2]", "roles[4]"]);
    }

    #[test]
    fn staff_have_admin_and_roles_of_the_firm() {
        let mut fields = Fields::default();
        assert_eq!(
            check_internal(&words(&["admin", "project_manager"]), &known(), &mut fields),
            ["admin", "project_manager"]
        );
        assert!(fields.check().is_ok());
        let mut fields = Fields::default();
        check_internal(&words(&["client"]), &known(), &mut fields);
        assert_eq!(fields.check().unwrap_err().fields[0].field, "roles[0]");
    }
}
