//! What a release of app-template means to rules about other objects: two versions of a chart, or two forms of the
//! same values, can mean the same.

use crate::charts::app_template::{COMPONENT, Deployed, Section};
use crate::doctor::{dns_prefix, selectors};
use crate::flux::{Installed, Value, View};

/// In words that are only compared; `None` for other charts, and where that is not certain.
pub(super) fn of(view: &View, release: &Installed) -> Option<String> {
    let deployed = Deployed::installed(view, release)?;
    let (chart, values) = (&deployed.chart, deployed.chart.values);
    let mut texts = Vec::new();
    values.texts(&mut texts);
    // It may be external-dns itself.
    if texts.iter().any(|text| text.ends_with(dns_prefix::IMAGE)) {
        return None;
    }
    let routes: Vec<String> = deployed.entries(Section::Route).iter().map(|entry| entry.values.to_flow()).collect();
    // Rules that the chart adds by itself depend on its version.
    let of_version = (!routes.is_empty()).then(|| (chart.version, values.get("service").map(Value::to_flow)));
    let services = deployed.entries(Section::Service).into_iter().filter_map(|entry| entry.name.ok());
    let ports: Vec<_> = services.map(|name| deployed.ports_of(&name).map(|ports| (name, ports))).collect();
    let lacks_label = selectors::may_ask(view) && deployed.has_pods_without(COMPONENT);
    Some(format!(
        "{:?} {:?} {:?} {:?} {:?} {} {routes:?} {of_version:?} {ports:?} {lacks_label} {:?}",
        deployed.flaws(),
        deployed.pod_inputs(),
        deployed.tokenless(),
        chart.objects(),
        deployed.sections_of_objects().map(Value::to_flow).collect::<Vec<_>>(),
        deployed.may_write_secrets(),
        dns_prefix::keys(&release.object),
    ))
}
