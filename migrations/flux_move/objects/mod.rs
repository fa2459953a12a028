//! Sources, stores and Gateways: they move, or get another name, by a second object.
//!
//! A second one comes beside the first and is ready before anything names it (`second`). Then what names the
//! first names the second, one namespace after the other (`switch`), the entry points of a cluster alone and last
//! (`switch-root`). The first is removed when nothing names it (`first-out`). Each waits for the one before on
//! the branch that the cluster follows. What is applied stays as it is: the same artifacts, the same Secrets.
//!
//! Nothing is followed that is not known to name such an object (`kinds`); whatever else states kind and name
//! keeps it where it is (`mentioned`). A second Gateway is another address: each step of one is for review
//! (`gateways`).

mod dns;
mod edit;
mod gate;
mod gateways;
mod grants;
mod judge;
mod kinds;
mod mentioned;
mod moved;
mod policies;
mod reviews;
mod runbook;
mod trial;
mod unfollowed;
mod units;
mod uses;

pub(super) use edit::edit;
pub(super) use gate::Live;
pub(super) use kinds::kind;
pub(super) use moved::Objects;
pub(super) use runbook::runbook;
pub(super) use units::{SWITCH_ROOT, drafts, is_of_objects};

/// Whether a text is a name, or has a variable or a template that may make it that.
fn may_mean(text: &str, name: &str) -> bool {
    let (start, end) = (text.find("${").or_else(|| text.find("{{")), text.rfind('}'));
    match start.zip(end).filter(|(start, end)| start < end) {
        Some((start, end)) => name.starts_with(&text[..start]) && name.ends_with(&text[end + 1..]),
        None => text == name,
    }
}

#[cfg(test)]
mod tests {
    use super::may_mean;

    #[test]
    fn what_may_mean_a_name_does() {
        for text in ["external", "${GATEWAY}", "ext${X:=a}", "{{ .Values.gateway }}", "e${A}l"] {
            assert!(may_mean(text, "external"), "{text}");
        }
        for text in ["internal", "int${X}", "${X}-lan", "", "}${", "{{ x }}s"] {
            assert!(!may_mean(text, "external"), "{text}");
        }
    }
}
