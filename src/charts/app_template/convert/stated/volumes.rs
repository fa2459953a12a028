//! Volumes and accounts. The claim `config` has a size and an access mode by default; what an item of
//! another type says of a claim does nothing, and 3.x rejects it.

use super::{Place, Stating, schema};
use crate::charts::app_template::items::text;
use crate::flux::Value;

const CONFIG: &str = "config";

pub(super) fn state(stating: &mut Stating) {
    for item in stating.keys(&["persistence"]) {
        let at = ["persistence", item.as_str()];
        let Some(values) = stating.values.at(&at).cloned() else { continue };
        if schema::is_claim(&values) {
            if item == CONFIG {
                let why = "it is the default of 2.x";
                stating.state(&[at[0], at[1], "accessMode"], Value::string("ReadWriteOnce"), Place::End, why);
                stating.state(&[at[0], at[1], "size"], Value::string("1Gi"), Place::End, why);
            }
            continue;
        }
        for (key, _) in values.entries().iter().filter(|(key, _)| schema::is_of_claims(key, &values)) {
            let why = "it is about a claim that the chart makes, and it makes none here; it is removed";
            stating.remove(&[at[0], at[1], key], why);
        }
    }
}

/// The first versions of 2.x take the name of an account only if they make it, the later ones always.
pub(super) fn account(stating: &mut Stating) {
    let Some(account) = stating.values.get("serviceAccount") else { return };
    let is_named = !matches!(text(account, "name"), Ok(None));
    if is_named && stating.is_on(&["serviceAccount", "create"], false) != Some(true) {
        let why = "whether pods have this account depends on the version of 2.x, because the chart does not make it";
        stating.open(&["serviceAccount", "name"], why);
    }
}
