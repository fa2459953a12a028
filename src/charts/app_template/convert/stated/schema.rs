//! The closed keys of the schema that came with 3.0, for values that no schema has seen.

use super::path;
use crate::charts::app_template::Rejected;
use crate::charts::app_template::items::as_it_is;
use crate::flux::Value;

/// The keys that may be null.
const NULLABLE: [&str; 6] =
    ["replicas", "labels", "annotations", "terminationGracePeriodSeconds", "hostUsers", "prefix"];

/// The keys of a claim that do nothing where the chart makes none.
const OF_CLAIMS: [&str; 10] = [
    "nameOverride",
    "accessMode",
    "annotations",
    "dataSource",
    "dataSourceRef",
    "labels",
    "retain",
    "size",
    "storageClass",
    "volumeName",
];

/// What stands under a place of the table: its keys, each with whether it has to be there.
type Line = Vec<(&'static str, bool)>;

/// The keys of a place; `None` if the table has nothing of it.
fn line(place: &str) -> Option<Line> {
    let lines = include_str!("keys.tsv").lines().filter_map(|line| line.split_once('\t'));
    let mut found = lines.filter(|(places, _)| places.split(' ').any(|other| other == place));
    let (_, keys) = found.next()?;
    Some(keys.split(' ').map(|key| (key.trim_start_matches('+'), key.starts_with('+'))).collect())
}

/// Whether the table has something of a place, or of what is in it.
fn goes_on(place: &str) -> bool {
    let places = include_str!("keys.tsv").lines().filter_map(|line| line.split_once('\t'));
    let mut places = places.flat_map(|(places, _)| places.split(' '));
    places.any(|other| other.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// The type of a volume, as the table calls it; `None` if it is not certain.
fn type_of(volume: &Value) -> Option<&str> {
    let kind = match volume.get("type") {
        None => "persistentVolumeClaim",
        Some(Value::Scalar { text, string: true }) => as_it_is(text).ok()?,
        Some(_) => return None,
    };
    Some(match kind {
        "persistentVolumeClaim" if volume.get("existingClaim").is_some() => "(existingClaim)",
        "persistentVolumeClaim" => "(claim)",
        kind => kind,
    })
}

/// Whether an item of `persistence` is a claim that the chart makes.
pub(super) fn is_claim(volume: &Value) -> bool {
    type_of(volume) == Some("(claim)")
}

/// Whether a key of a volume that is no such claim says something of claims alone.
pub(super) fn is_of_claims(key: &str, volume: &Value) -> bool {
    type_of(volume).is_some_and(|kind| line(&format!("persistence.{kind}")).is_some()) && OF_CLAIMS.contains(&key)
}

/// What the schema rejects in these values.
pub(super) fn rejected(values: &Value) -> Vec<Rejected> {
    let mut check = Check { found: Vec::new() };
    for (section, values) in values.entries() {
        // A section that is null goes.
        if *values != Value::Null && goes_on(section) {
            check.value(values, section, &mut vec![section]);
        }
    }
    for (id, controller) in values.get("controllers").map(Value::entries).unwrap_or_default() {
        check.blocks(id, controller);
    }
    check.found
}

struct Check {
    found: Vec<Rejected>,
}

impl Check {
    fn add(&mut self, at: &[&str], why: String) {
        self.found.push(Rejected { at: path(at), why });
    }

    fn value<'v>(&mut self, value: &'v Value, place: &str, at: &mut Vec<&'v str>) {
        if place == "persistence" {
            value.entries().iter().for_each(|(key, volume)| self.volume(key, volume, at));
            return;
        }
        let keys = line(place);
        for (key, entry) in value.entries() {
            let inner = match &keys {
                Some(keys) if keys.iter().any(|(known, _)| known == key) => match key.as_str() {
                    "globalMounts" | "advancedMounts" => key.clone(),
                    _ => format!("{place}.{key}"),
                },
                Some(_) => {
                    self.add(&[at, &[key.as_str()][..]].concat(), "3.x and 4.x know no such key here".to_owned());
                    continue;
                }
                None => format!("{place}.*"),
            };
            at.push(key);
            if *entry == Value::Null && !NULLABLE.contains(&key.as_str()) {
                self.add(at, "it must not be null".to_owned());
            } else if goes_on(&inner) && line(&inner).is_none_or(|keys| keys != [("~", false)]) {
                self.value(entry, &inner, at);
            }
            at.pop();
        }
        // An item has no key: what is wrong with it is reported with its position.
        for (n, item) in value.items().iter().enumerate() {
            let before = self.found.len();
            self.value(item, &format!("{place}.[]"), &mut Vec::new());
            let position = n.to_string();
            for rejected in &mut self.found[before..] {
                rejected.at.splice(..0, at.iter().copied().chain([position.as_str()]).map(str::to_owned));
            }
        }
        if matches!(value, Value::Mapping(_)) {
            self.needed(value, &keys.unwrap_or_default(), at);
        }
    }

    fn needed(&mut self, value: &Value, keys: &Line, at: &[&str]) {
        let has = |key: &str| value.get(key).is_some() || key == "hosts" && value.get("defaultBackend").is_some();
        for (key, _) in keys.iter().filter(|(key, is_needed)| *is_needed && !has(key)) {
            self.add(at, format!("3.x and 4.x ask for `{key}` here"));
        }
    }

    fn volume<'v>(&mut self, key: &'v str, volume: &'v Value, at: &mut Vec<&'v str>) {
        at.push(key);
        let place = type_of(volume).map(|kind| format!("persistence.{kind}")).filter(|place| line(place).is_some());
        match place {
            Some(place) => self.value(volume, &place, at),
            None => self.add(at, "3.x and 4.x know no volume of this type".to_owned()),
        }
        at.pop();
    }

    /// What a controller says of another type than its own.
    fn blocks(&mut self, id: &str, controller: &Value) {
        let kind = controller.text_at(&["type"]).unwrap_or("deployment");
        for block in ["statefulset", "cronjob", "job"] {
            if block != kind && controller.get(block).is_some() {
                self.add(&["controllers", id, block], format!("3.x and 4.x know no such key in a {kind}"));
            }
        }
        if kind == "cronjob" && controller.get("cronjob").is_none() {
            self.add(&["controllers", id], "3.x and 4.x ask for `cronjob` here".to_owned());
        }
    }
}
