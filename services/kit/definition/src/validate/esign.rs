//! Steps that have a document signed.

use std::collections::HashSet;

use super::Checker;
use crate::{EsignStep, Party, Period, Record, SigningLevel, Step, TemplateFieldType, Workflow};

impl Checker<'_> {
    pub(super) fn esign(
        &mut self,
        path: &str,
        esign: &EsignStep,
        step: &Step,
        workflow: &Workflow,
        subject: &Record,
    ) {
        let order_path = format!("{path}.order");
        self.roles(&order_path, &esign.order);
        if esign.order.is_empty() {
            self.report(&order_path, "say who signs: at least one role");
        }
        for (place, role) in esign.order.iter().enumerate() {
            self.reads_subject(&format!("{order_path}[{place}]"), role, workflow, subject);
        }
        if let Some(Party::Role(role)) = step.assignee.as_ref().map(|assignee| &assignee.party)
            && !esign.order.is_empty()
            && esign.order.first() != Some(role)
        {
            let message = format!(
                "the first to sign is `{}`, so it is their turn, not that of `{role}`",
                esign.order[0]
            );
            self.report(format!("{path}.assignee.role"), message);
        }
        self.esign_times(path, esign, step);
        self.esign_groups(path, esign);
        self.esign_parts(path, esign, workflow, subject);
        let templates = &self.definition.spec.document_templates;
        let known = templates.keys().map(String::as_str);
        if !self.known(&format!("{path}.template"), "document template", &esign.template, known) {
            return;
        }
        let Some(template) = templates.get(&esign.template) else { return };
        self.esign_also(path, esign);
        let signs = |role: &str| {
            let own = template.fields.iter().filter(|field| field.signer == role);
            own.clone().any(|field| field.kind == TemplateFieldType::Signature)
        };
        for (place, role) in esign.order.iter().enumerate() {
            let approves = esign.approvers.contains(role);
            if approves && signs(role) {
                let message = format!(
                    "`{role}` only approves, but the template `{}` has a signature field for them",
                    esign.template
                );
                self.report(format!("{order_path}[{place}]"), message);
            } else if !approves && !signs(role) && esign.level == SigningLevel::Sign {
                let message =
                    format!("the template `{}` has no signature field for `{role}`", esign.template);
                self.report(format!("{order_path}[{place}]"), message);
            }
        }
        let signers: HashSet<_> = template.fields.iter().map(|field| field.signer.as_str()).collect();
        for signer in signers {
            if !esign.order.iter().any(|role| role == signer) {
                let message = format!(
                    "the template `{}` has fields for `{signer}`, who is not in the order",
                    esign.template
                );
                self.report(&order_path, message);
            }
        }
    }

    /// Further documents are known, each named once, and their fields belong to those who sign.
    fn esign_also(&mut self, path: &str, esign: &EsignStep) {
        let templates = &self.definition.spec.document_templates;
        let path = format!("{path}.also");
        if esign.also.len() > 9 {
            self.report(&path, "an envelope has at most ten documents");
        }
        for (place, name) in esign.also.iter().enumerate() {
            let path = format!("{path}[{place}]");
            if !self.known(&path, "document template", name, templates.keys().map(String::as_str)) {
                continue;
            }
            if *name == esign.template || esign.also[..place].contains(name) {
                self.report(&path, format!("`{name}` is in the envelope already"));
            }
            let fields = templates.get(name).into_iter().flat_map(|template| &template.fields);
            let stray: HashSet<_> =
                fields.map(|field| &field.signer).filter(|role| !esign.order.contains(role)).collect();
            for role in stray {
                self.report(&path, format!("`{name}` has fields for `{role}`, who is not in the order"));
            }
        }
    }

    /// Times are neither too short to be kept nor so long that nobody remembers, and one clock reminds.
    fn esign_times(&mut self, path: &str, esign: &EsignStep, step: &Step) {
        let between = |period: Period, least: Period, most: u32| {
            (least.total_minutes()..=Period::days(most).total_minutes()).contains(&period.total_minutes())
        };
        if esign.sign_within.is_some_and(|period| !between(period, Period::hours(1), 366)) {
            self.report(format!("{path}.signWithin"), "give those who sign between PT1H and P366D");
        }
        if esign.remind_every.is_some_and(|period| !between(period, Period::days(1), 90)) {
            self.report(format!("{path}.remindEvery"), "remind at a distance between P1D and P90D");
        }
        if esign.remind_every.is_some() && step.remind.as_ref().is_some_and(|rules| !rules.is_empty()) {
            self.report(
                format!("{path}.remind"),
                "`remindEvery` reminds everybody whose turn it is: leave `remind` out",
            );
        }
    }

    /// Those who act side by side stand next to each other, and each in one group.
    fn esign_groups(&mut self, path: &str, esign: &EsignStep) {
        let mut grouped = HashSet::new();
        for (index, group) in esign.together.iter().enumerate() {
            let path = format!("{path}.together[{index}]");
            if group.len() < 2 {
                self.report(&path, "name at least two roles that act side by side");
            }
            let places: Vec<_> =
                group.iter().map(|role| esign.order.iter().position(|each| each == role)).collect();
            for (place, role) in group.iter().enumerate() {
                if places[place].is_none() {
                    self.report(format!("{path}[{place}]"), format!("`{role}` is not in the order"));
                }
                if !grouped.insert(role.as_str()) {
                    self.report(format!("{path}[{place}]"), format!("`{role}` is named twice"));
                }
            }
            let mut known: Vec<usize> = places.into_iter().flatten().collect();
            known.sort_unstable();
            if known.windows(2).any(|pair| pair[1] != pair[0] + 1) {
                self.report(&path, "roles that act side by side stand next to each other in the order");
            }
        }
    }

    /// Who approves is in the order, who is only told is not, and somebody signs.
    fn esign_parts(&mut self, path: &str, esign: &EsignStep, workflow: &Workflow, subject: &Record) {
        for (place, role) in esign.approvers.iter().enumerate() {
            if !esign.order.contains(role) {
                self.report(format!("{path}.approvers[{place}]"), format!("`{role}` is not in the order"));
            }
        }
        if !esign.order.is_empty() && esign.order.iter().all(|role| esign.approvers.contains(role)) {
            self.report(
                format!("{path}.approvers"),
                "somebody has to sign: everybody in the order only approves",
            );
        }
        for (name, told) in [("viewers", &esign.viewers), ("copies", &esign.copies)] {
            let path = format!("{path}.{name}");
            self.roles(&path, told);
            for (place, role) in told.iter().enumerate() {
                let path = format!("{path}[{place}]");
                self.reads_subject(&path, role, workflow, subject);
                if esign.order.contains(role) {
                    self.report(path, format!("`{role}` is in the order and is told anyway"));
                }
            }
        }
    }
}
