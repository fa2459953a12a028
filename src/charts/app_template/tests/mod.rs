//! The tables of `docs/app-template.md`, row by row.

mod accounts;
mod names;
mod properties;
mod restore;
mod routes;

use super::*;
use crate::yaml::Stream;

const MAJORS: [Version; 3] = [Version::V3_7_3, Version::V4_0, Version::V4_1];

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn chart(version: Version, values: &Value) -> Chart<'_> {
    Chart { version, release: "app", namespace: "media", values }
}

/// The names of the objects of release `app` in namespace `media`; why, where they are unknown.
fn names(version: Version, values: &str) -> Vec<String> {
    let values = value(values);
    chart(version, &values).objects().into_iter().map(|object| shown(&object.name)).collect()
}

fn shown(name: &Name) -> String {
    name.clone().unwrap_or_else(|unknown| format!("?{:?}", unknown.why))
}
