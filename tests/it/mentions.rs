//! Where real repositories name objects and ask for labels, where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::support::{Repo, corpus};
use flux_codemod::charts::app_template::Chart;
use flux_codemod::flux::{At, Named, View};
use flux_codemod::repo::{Folder, Tree};

/// The objects of all releases of app-template in a view, with the releases that make them.
fn objects(view: &View) -> BTreeMap<Named, BTreeSet<At>> {
    let mut all: BTreeMap<Named, BTreeSet<At>> = BTreeMap::new();
    for (at, reach) in view.graph().reached().flat_map(|(at, reaches)| reaches.iter().map(move |reach| (at, reach))) {
        let Some(installed) = view.installed(at, reach) else { continue };
        let Some(chart) = Chart::installed(view, &installed) else { continue };
        for object in chart.objects() {
            if let (Some(kind), Ok(name)) = (object.kind, object.name) {
                let named = Named { kind, namespace: Some(installed.namespace.clone()), name };
                all.entry(named).or_default().insert(at.clone());
            }
        }
    }
    all
}

#[test]
fn real_repositories_name_what_charts_make() {
    let Some(corpus) = corpus() else { return };
    let mut all = 0;
    for name in ["haynes-ops", "bjw-s-home-ops", "onedr0p-home-ops", "billimek-k8s-gitops"] {
        let repo = Repo::copy_of(&corpus.join(name).join("before"));
        let view = View::of(Tree::of(Arc::new(Folder::plain(repo.path()).unwrap()))).unwrap();
        let wanted = objects(&view);
        let found = view.mentions(&wanted);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (named, mentions) in &found {
            *kinds.entry(&named.kind).or_default() += mentions.len();
            for mention in mentions {
                assert!(!wanted[named].contains(&mention.at), "{named:?} {mention:?}");
                let text = repo.read(mention.at.path.as_str());
                assert!(text.lines().count() >= mention.line, "{mention:?}");
                all += 1;
            }
        }
        let selectors = view.selectors_on("app.kubernetes.io/component");
        println!(
            "{name}: {} objects, {} named elsewhere: {kinds:?} ; {} selectors on component",
            wanted.len(),
            found.len(),
            selectors.len()
        );
        if std::env::var_os("FLUX_CODEMOD_SHOW").is_some() {
            found.iter().for_each(|(named, all)| {
                all.iter().for_each(|one| println!("  {named:?}: {}:{} {}", one.at, one.line, one.what))
            });
            selectors.iter().for_each(|one| println!("  {one:?}"));
        }
    }
    assert!(all > 40, "{all}");
}
