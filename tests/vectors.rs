//! The names of `charts::app_template` against those that real Helm gave, where they are at hand.

mod support;

use std::collections::BTreeMap;

use flux_codemod::charts::app_template::{Chart, Version};
use flux_codemod::flux::Value;
use flux_codemod::yaml::Stream;
use support::vectors;

/// JSON is YAML, and so it takes the way that the text of a release takes.
fn value(json: &str) -> Value {
    Value::of(Stream::parse(json).unwrap().documents().next().unwrap()).unwrap()
}

#[test]
fn names_are_those_that_helm_gives() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (n, line) in lines.lines().enumerate() {
        let render = value(line);
        let text = |key: &str| render.text_at(&[key]).unwrap();
        let version = Version::of(text("chart")).unwrap();
        let values = render.get("values").unwrap();
        let chart = Chart { version, release: text("release"), namespace: text("namespace"), values };
        let ours = chart.objects().into_iter().map(|object| {
            let name = object.name.unwrap_or_else(|unknown| format!("unknown: {unknown}"));
            (object.kind.unwrap_or_else(|| "unknown".to_owned()), name)
        });
        let helms = render.get("objects").unwrap().items().iter().map(|object| {
            let text = |n: usize| object.items()[n].text().unwrap().to_owned();
            (text(0), text(1))
        });
        // As lists: a name that two objects have counts twice.
        let (mut ours, mut helms): (Vec<_>, Vec<_>) = (ours.collect(), helms.collect());
        ours.sort();
        helms.sort();
        if ours != helms {
            let only = |a: &[(String, String)], b: &[(String, String)]| {
                a.iter().filter(|object| !b.contains(object)).cloned().collect::<Vec<_>>()
            };
            wrong.push(format!(
                "{}, {}: ours {:?}, Helm's {:?}",
                n + 1,
                text("chart"),
                only(&ours, &helms),
                only(&helms, &ours)
            ));
        }
        *counts.entry(text("chart").to_owned()).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(counts, ["3.7.3", "4.0.1", "4.1.1"].map(|chart| (chart.to_owned(), 150)).into());
}
