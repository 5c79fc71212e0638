//! Tax categories and rates, after the code list of EN 16931 (UNCL 5305).

use portico_service::Fields;
use serde::{Deserialize, Serialize};

/// How a line is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum TaxCategory {
    /// A rate above zero.
    #[serde(rename = "S")]
    Standard,
    /// Taxed at zero percent.
    #[serde(rename = "Z")]
    Zero,
    /// Exempt, with the reason.
    #[serde(rename = "E")]
    Exempt,
    /// The buyer owes the tax.
    #[serde(rename = "AE")]
    ReverseCharge,
    /// Supply within the European Union, free of tax.
    #[serde(rename = "K")]
    IntraCommunity,
    /// Export, free of tax.
    #[serde(rename = "G")]
    Export,
    /// Outside of what is taxed.
    #[serde(rename = "O")]
    OutOfScope,
}

impl TaxCategory {
    /// The code of the standard's list.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::IntraCommunity => "K",
            Self::Export => "G",
            Self::OutOfScope => "O",
        }
    }

    /// The category with this code.
    pub(crate) fn of(code: &str) -> Option<Self> {
        const ALL: [TaxCategory; 7] = [
            TaxCategory::Standard,
            TaxCategory::Zero,
            TaxCategory::Exempt,
            TaxCategory::ReverseCharge,
            TaxCategory::IntraCommunity,
            TaxCategory::Export,
            TaxCategory::OutOfScope,
        ];
        ALL.into_iter().find(|category| category.code() == code)
    }

    /// Whether the invoice must say why there is no tax.
    pub(crate) const fn needs_reason(self) -> bool {
        !matches!(self, Self::Standard | Self::Zero)
    }

    /// Whether the buyer's VAT id must stand on the invoice.
    pub(crate) const fn needs_buyer_vat_id(self) -> bool {
        matches!(self, Self::ReverseCharge | Self::IntraCommunity)
    }
}

/// A category with its rate: what lines are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct TaxKey {
    /// How the line is taxed.
    pub(crate) category: TaxCategory,
    /// The rate in hundredths of a percent: 1900 are 19 %. Zero in every category but the standard one.
    pub(crate) basis_points: i32,
}

/// The tax of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tax {
    /// Category and rate.
    #[serde(flatten)]
    pub(crate) key: TaxKey,
    /// Why there is no tax; empty where there is some.
    pub(crate) exemption_reason: String,
}

impl Tax {
    /// Checks category, rate and reason; `at` is the path of the line in the request.
    pub(crate) fn check(
        category: &str,
        basis_points: i32,
        reason: &str,
        at: &str,
        fields: &mut Fields,
    ) -> Self {
        let reason = reason.trim();
        let known = TaxCategory::of(category);
        if known.is_none() {
            fields.refuse(format!("{at}.tax_category"), "Choose how this is taxed.");
        }
        let category = known.unwrap_or(TaxCategory::Standard);
        match category {
            TaxCategory::Standard if !(1..=10_000).contains(&basis_points) => {
                fields.refuse(format!("{at}.tax_basis_points"), "Enter a tax rate above 0 and up to 100 %.");
            }
            TaxCategory::Standard => {}
            _ if basis_points != 0 => {
                fields.refuse(format!("{at}.tax_basis_points"), "The rate is 0 % where no tax is charged.");
            }
            _ => {}
        }
        if category.needs_reason() && reason.is_empty() {
            fields.refuse(
                format!("{at}.exemption_reason"),
                "Say why no tax is charged: the invoice must name the reason.",
            );
        } else if !category.needs_reason() && !reason.is_empty() {
            fields.refuse(format!("{at}.exemption_reason"), "Leave the reason empty where tax is charged.");
        } else if reason.chars().count() > 200 || reason.chars().any(char::is_control) {
            fields.refuse(format!("{at}.exemption_reason"), "Use one line of at most 200 characters.");
        }
        Self { key: TaxKey { category, basis_points }, exemption_reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(category: &str, basis_points: i32, reason: &str) -> Vec<String> {
        let mut fields = Fields::default();
        Tax::check(category, basis_points, reason, "lines[0]", &mut fields);
        fields.check().err().map_or_else(Vec::new, |problem| {
            problem.fields.into_iter().map(|at| at.field.trim_start_matches("lines[0].").to_owned()).collect()
        })
    }

    #[test]
    fn rate_and_reason_fit_the_category() {
        for (category, basis_points, reason) in [
            ("S", 1900, ""),
            ("Z", 0, ""),
            ("E", 0, "Medical"),
            ("AE", 0, "Reverse charge"),
            ("O", 0, "Not taxable"),
        ] {
            assert!(refused(category, basis_points, reason).is_empty(), "{category}");
            assert_eq!(TaxCategory::of(category).unwrap().code(), category);
        }
        assert_eq!(refused("S", 0, ""), ["tax_basis_points"]);
        assert_eq!(refused("S", 10_001, ""), ["tax_basis_points"]);
        assert_eq!(refused("S", 1900, "because"), ["exemption_reason"]);
        assert_eq!(refused("AE", 1900, ""), ["tax_basis_points", "exemption_reason"]);
        assert_eq!(refused("X", 1900, ""), ["tax_category"]);
        assert_eq!(refused("E", 0, &"x".repeat(201)), ["exemption_reason"]);
    }
}
