//! Pods that do not get the token of their account: by default from 5.0.0.

use super::items::{as_it_is, enabled, items_that, switch, text};
use super::{Chart, Deployed, Section};
use crate::flux::Value;

/// A controller whose pods have an account and not its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokenless {
    /// The controller, by its key.
    pub controller: String,
    /// The name of the account.
    pub account: String,
    /// Whether a binding in the values is for the account.
    pub is_bound: bool,
    /// Whether the values state an account; otherwise the chart makes one by itself.
    pub is_stated: bool,
}

const MOUNTS: &str = "automountServiceAccountToken";

impl Deployed<'_> {
    /// The pods that have an account of their own and do not get its token, where both are certain.
    pub fn tokenless(&self) -> Vec<Tokenless> {
        let chart = &self.chart;
        let has_volume = chart.values.get("persistence").is_some_and(|volumes| volumes.has_key("serviceAccountToken"));
        if self.numbers[0] != 5 || self.is_changed_later || has_volume {
            return Vec::new();
        }
        let controllers = enabled(chart.section(Section::Controllers)).into_iter().filter(|item| item.is_certain);
        let tokenless = |item: super::items::Item<'_>| {
            let options = [item.values.get("pod"), chart.values.get("defaultPodOptions")];
            let stated = options.into_iter().flatten().find_map(|options| options.get(MOUNTS));
            let account = self.account_of_pod(item.values).filter(|_| switch(stated, false) == Some(false))?;
            let is_bound = self.binds(&account);
            let is_stated = [item.values, chart.values].iter().any(|values| values.get("serviceAccount").is_some());
            Some(Tokenless { controller: item.identifier().ok()?.to_owned(), account, is_bound, is_stated })
        };
        controllers.filter_map(tokenless).collect()
    }

    /// The account of the pods of a controller of 5.x, if it is certain and one of their own.
    fn account_of_pod(&self, controller: &Value) -> Option<String> {
        let chart = &self.chart;
        if let Some(stated) = controller.get("serviceAccount") {
            let name = text(stated, "name").ok()?;
            let identifier = text(stated, "identifier").ok()?;
            return match (identifier, name) {
                (Some(identifier), None) => chart.account_of(identifier).ok(),
                (None, Some(name)) => as_it_is(name).ok().map(str::to_owned),
                _ => None,
            };
        }
        if chart.values.get("serviceAccount").is_none() {
            // The chart makes one, of the full name.
            let made = switch(chart.values.at(&["global", "createDefaultServiceAccount"]), true) == Some(true);
            return chart.fullname().ok().filter(|_| made);
        }
        match chart.accounts().as_slice() {
            [one] => one.name.clone().ok(),
            _ => None,
        }
    }

    /// Whether a binding of the values has an account of the release among its subjects.
    fn binds(&self, account: &str) -> bool {
        let chart: &Chart<'_> = &self.chart;
        let bindings = items_that(chart.section(Section::Bindings), |item| switch(item.get("enabled"), true));
        let is_it = |subject: &Value| match (subject.text_at(&["identifier"]), subject.text_at(&["name"])) {
            (Some(identifier), _) => chart.account_of(identifier).is_ok_and(|name| name == account),
            (None, Some(name)) => chart.rendered(name).is_ok_and(|name| name == account),
            (None, None) => false,
        };
        let mut certain = bindings.iter().filter(|binding| binding.is_certain);
        certain.any(|binding| binding.values.get("subjects").map(Value::items).unwrap_or_default().iter().any(is_it))
    }
}
