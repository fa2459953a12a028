//! What could become of an encrypted file.

use super::readers::{How, Product, Tree, Use};
use super::stores::{Needs, Store, before};
use crate::flux::ClusterId;

/// What could become of an encrypted file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// An ExternalSecret can make it.
    External {
        /// The stores that can.
        stores: Vec<String>,
        /// What has to be done first.
        first: Vec<String>,
    },
    /// A person has to look.
    Look {
        /// Why.
        why: String,
    },
    /// It has to stay.
    Stays {
        /// Why.
        why: String,
    },
    /// Nothing reads it.
    Unread {
        /// Why that is not seen at once.
        why: String,
    },
}

/// Decides about a file.
pub(super) fn fate(
    tree: &Tree<'_>,
    stores: &[(Store, Needs)],
    products: &[Product],
    uses: &[Use],
    holds_objects: bool,
) -> Fate {
    if products.is_empty() {
        return not_applied(uses, holds_objects);
    }
    let fates = products.iter().map(|product| of_product(tree, stores, product, uses));
    let mut fates: Vec<Fate> = fates.collect();
    // What one cluster cannot do without is there for all of them.
    for is_it in [|fate: &Fate| matches!(fate, Fate::Stays { .. }), |fate: &Fate| matches!(fate, Fate::Look { .. })] {
        if let Some(place) = fates.iter().position(is_it) {
            return fates.swap_remove(place);
        }
    }
    let (mut all, mut all_first) = (Vec::new(), Vec::new());
    for fate in &fates {
        if let Fate::External { stores, first } = fate {
            all.extend(stores.iter().cloned());
            all_first.extend(first.iter().cloned());
        }
    }
    if all.is_empty() {
        return fates.swap_remove(0);
    }
    for list in [&mut all, &mut all_first] {
        list.sort();
        list.dedup();
    }
    Fate::External { stores: all, first: all_first }
}

fn not_applied(uses: &[Use], holds_objects: bool) -> Fate {
    if uses.iter().any(|one| one.reader.how == How::Patches) {
        return Fate::Look { why: "it is a patch, and an ExternalSecret makes a whole Secret".to_owned() };
    }
    if let Some(program) = uses.iter().find(|one| one.reader.how == How::Mentions) {
        return Fate::Stays {
            why: format!("no cluster applies it, and {} names it: for bootstrap", program.reader.by),
        };
    }
    if let Some(listed) = uses.first() {
        let why = format!("no cluster applies it, and {} lists it: for bootstrap, or for nothing", listed.reader.by);
        return Fate::Look { why };
    }
    match holds_objects {
        true => Fate::Unread { why: "no cluster applies it, and no file of the repository names it".to_owned() },
        // Talos and programs find their files by place or pattern.
        false => Fate::Stays {
            why: "it holds no object of Kubernetes: it is for the programs that make a cluster".to_owned(),
        },
    }
}

fn of_product(tree: &Tree<'_>, stores: &[(Store, Needs)], product: &Product, uses: &[Use]) -> Fate {
    let here: Vec<&Use> =
        uses.iter().filter(|one| one.place.is_some_and(|(cluster, _)| cluster == product.cluster)).collect();
    if let Some(own) = here.iter().find(|one| one.reader.how == How::Decrypts || one.is_of_flux) {
        return Fate::Stays { why: format!("Flux itself needs it: {} {}", own.reader.how, own.reader.by) };
    }
    if product.kind != "Secret" {
        let why = format!("{} is no Secret, and an ExternalSecret makes nothing else", product.shown());
        return Fate::Look { why };
    }
    let is_used = |one: &&&Use| matches!(one.reader.how, How::Substitutes | How::Names);
    // Without a Secret that is not optional it fails, whether or not it uses something of it.
    let naming: Vec<&&Use> = here.iter().filter(|one| is_used(one) || one.is_required).collect();
    if let Some(first) = naming.first().filter(|_| !naming.iter().any(is_used)) {
        let why = format!(
            "no value of it is used, but {} fails without it: remove it from `substituteFrom` first, in all that name it",
            first.reader.by
        );
        return Fate::Look { why };
    }
    if naming.is_empty() {
        let cluster = cluster(tree, product.cluster);
        let why = match here.iter().any(|one| one.reader.how == How::SubstitutesNone) {
            true => format!("its variables are taken in cluster {cluster}, and none of them is used"),
            false => format!("nothing in cluster {cluster} names {}", product.shown()),
        };
        return Fate::Unread { why };
    }
    let serving: Vec<&(Store, Needs)> = stores
        .iter()
        .filter(|(store, needs)| needs.cluster == product.cluster && store.serves(needs, &product.namespace))
        .collect();
    if serving.is_empty() {
        let cluster = cluster(tree, product.cluster);
        let why = format!("cluster {cluster} has no store for namespace {}", product.namespace);
        return Fate::Stays { why };
    }
    let in_the_way = |(store, needs): &&(Store, Needs)| {
        // A store names its own credentials, wherever it is applied.
        naming.iter().find(|one| {
            let is_its_own = one.reader.by == store.shown();
            is_its_own || one.place.is_some_and(|(_, id)| needs.before.contains(&id))
        })
    };
    let free: Vec<&(Store, Needs)> = serving.iter().copied().filter(|one| in_the_way(one).is_none()).collect();
    let Some((_, needs)) = free.first() else {
        // Best said by the store that names it.
        let names_it = |(store, _): &&&(Store, Needs)| naming.iter().any(|one| one.reader.by == store.shown());
        let waiting = serving.iter().find(names_it).unwrap_or(&serving[0]);
        let by = in_the_way(waiting).map(|one| format!("{} {}", one.reader.how, one.reader.by));
        let why = match names_it(&waiting) {
            true => format!("{} reads its credentials from it", waiting.0.shown()),
            false => format!("{} waits for it: {}", waiting.0.shown(), by.unwrap_or_default()),
        };
        return Fate::Stays { why };
    };
    Fate::External {
        stores: free.iter().map(|(store, _)| store.shown()).collect(),
        first: first(tree, product, needs, &naming),
    }
}

fn cluster<'t>(tree: &'t Tree<'_>, id: ClusterId) -> &'t str {
    &tree.view.graph().clusters[id].name
}

/// What has to be done before an ExternalSecret takes the place of an object.
fn first(tree: &Tree<'_>, product: &Product, store: &Needs, naming: &[&&Use]) -> Vec<String> {
    let kustomizations = &tree.view.graph().kustomizations;
    let (by, of_store) = (kustomizations[product.by].full_name(), kustomizations[store.by].full_name());
    let mut found = Vec::new();
    if product.by != store.by && store.before.contains(&product.by) {
        found.push(format!(
            "apply it by another Kustomization than {by}, which the store needs: without the CRD of ExternalSecrets it would apply nothing"
        ));
    } else if !before(tree.view, product.by).contains(&store.by) {
        found.push(format!("let Kustomization {by} depend on {of_store}"));
    }
    let takes = naming.iter().filter(|one| one.reader.how == How::Substitutes).filter_map(|one| one.place);
    let early = takes.filter(|(_, id)| *id != product.by && !before(tree.view, *id).contains(&product.by));
    let early = early.count();
    if early > 0 {
        found.push(format!("let all that take its variables depend on {by} (still to do: {early})"));
    }
    if product.is_generated {
        found.push(format!("expect {} under this name alone: the generator adds a hash to it", product.shown()));
    }
    found
}
