//! The entries of `route` and `ingress` that a release certainly has.

use crate::charts::app_template::items::enabled;
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::{Deployed, Section};
use crate::flux::Value;

/// An entry of the values that becomes an object.
#[derive(Clone, Debug)]
pub struct StatedEntry<'v> {
    /// Its key.
    pub identifier: &'v str,
    /// The values under its key.
    pub values: &'v Value,
    /// The name of the object.
    pub name: Name,
}

impl<'v> Deployed<'v> {
    /// The entries of a section that are certainly enabled; none where post-renderers change what the
    /// chart makes.
    pub fn entries(&self, section: Section) -> Vec<StatedEntry<'v>> {
        if self.is_changed_later {
            return Vec::new();
        }
        let objects = self.chart.objects();
        let name = |identifier: &str| {
            let mut of_section = objects.iter().filter(|object| object.section == section);
            let object = of_section.find(|object| object.identifier == identifier);
            object.map_or_else(|| Err(Unknown::new(identifier, Why::Siblings)), |object| object.name.clone())
        };
        let certain = enabled(self.chart.section(section)).into_iter().filter(|item| item.identifier().is_ok());
        certain
            .map(|item| StatedEntry { identifier: item.identifier, values: item.values, name: name(item.identifier) })
            .collect()
    }

    /// The numbers of the ports that a Service of this name has; `None` if the release makes none of
    /// this name, or if its ports do not follow from the values.
    pub fn ports_of(&self, service: &str) -> Option<Vec<String>> {
        let entries = self.entries(Section::Service);
        let entry = entries.iter().find(|entry| entry.name.as_deref() == Ok(service))?;
        super::port_numbers(entry.values)
    }
}
