//! The sources, stores and Gateways that the configuration has move, and how far each is.

use std::collections::{BTreeMap, BTreeSet};

use super::dns::{Arguments, arguments};
use super::gateways::without_own;
use super::judge::judge;
use super::kinds::{Kind, kind};
use super::policies::{Policies, Target};
use super::reviews::Reviews;
use super::uses::{Use, uses};
use crate::flux::{At, ClusterId, Reach, Value, View, instance_spec};
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::find::Found;
use crate::migrations::flux_move::references::{Put, Puts};
use crate::migrations::flux_move::settings::Name;
use crate::plan::{Finding, Safety};
use crate::repo::RepoPath;

/// A source, a store or a Gateway on its way, by one document that states it.
pub(in crate::migrations::flux_move) struct Moved<'v> {
    pub(super) kind: &'static Kind,
    pub(super) from: Name,
    pub(super) to: Name,
    /// The document, and as what clusters apply it; `None` once it is gone.
    pub(super) first: Option<(&'v At, &'v [Reach])>,
    /// The document of the second object, if it is there.
    pub(super) second: Option<&'v At>,
    /// The clusters that have it.
    pub(super) clusters: BTreeSet<ClusterId>,
    /// What names it, by place in the list of all.
    pub(super) users: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    /// Why to look before the first object goes.
    pub(super) last: Vec<Finding>,
    /// What is to be known before each step, whatever is configured.
    pub(super) reviews: Reviews,
}

/// All of them in a view.
#[derive(Default)]
pub(in crate::migrations::flux_move) struct Objects<'v> {
    pub(super) all: Vec<Moved<'v>>,
    /// Everything that names some source, store or Gateway.
    pub(super) uses: Vec<Use<'v>>,
    /// Policies that name some Gateway.
    pub(super) policies: Policies<'v>,
    /// Arguments of external-dns about Gateways.
    pub(super) arguments: Vec<Arguments<'v>>,
    /// Entries of the configuration that lead to nothing.
    pub(in crate::migrations::flux_move) findings: Vec<Finding>,
}

impl<'v> Moved<'v> {
    /// What it is called, and where, without documents.
    pub(super) fn named(kind: &'static Kind, from: Name, to: Name, clusters: BTreeSet<ClusterId>) -> Moved<'v> {
        Moved {
            kind,
            from,
            to,
            first: None,
            second: None,
            clusters,
            users: Vec::new(),
            findings: Vec::new(),
            last: Vec::new(),
            reviews: Reviews::default(),
        }
    }

    /// The document that is there: of the first object, else of the second.
    pub(super) fn at(&self) -> Option<&'v At> {
        self.first.map(|(at, _)| at).or(self.second)
    }

    /// Its file.
    pub(super) fn path(&self) -> Option<&'v RepoPath> {
        Some(&self.at()?.path)
    }

    /// Whether it may move.
    pub(super) fn is_able(&self) -> bool {
        Safety::of(&self.findings).is_able()
    }

    /// Its old name.
    pub(super) fn old_name(&self) -> String {
        self.kind.shown(&self.from)
    }

    /// Its new name.
    pub(super) fn new_name(&self) -> String {
        self.kind.shown(&self.to)
    }

    /// A finding at its document.
    pub(super) fn finding(&self, view: &View, finding: Finding) -> Finding {
        match self.at() {
            Some(at) => finding.at(&at.path, view.node(at).map(|root| root.line())),
            None => finding,
        }
    }

    /// Whether an entry point builds from it.
    pub(super) fn is_of_root(&self, objects: &Objects<'_>, view: &View) -> bool {
        self.users.iter().any(|user| objects.uses[*user].is_of_root(view))
    }
}

impl Use<'_> {
    /// Whether it is the source of an entry point.
    pub(super) fn is_of_root(&self, view: &View) -> bool {
        self.reach.kind == "Kustomization"
            && view.graph().kustomizations_at(self.at).any(|one| one.parent.is_none() && one.name == self.reach.name)
    }
}

impl<'v> Objects<'v> {
    /// `found` is of a whole view.
    pub(in crate::migrations::flux_move) fn of(found: &Found<'v>) -> Objects<'v> {
        let mut asked = found.settings.moves.iter().filter_map(|asked| kind(&asked.kind)).peekable();
        if asked.peek().is_none() {
            return Objects::default();
        }
        let mut objects = Objects { uses: uses(found.view), ..Objects::default() };
        if asked.any(Kind::is_gateway) {
            objects.policies = Policies::of(found.view);
            objects.arguments = arguments(found.view);
        }
        for asked in &found.settings.moves {
            let Some(kind) = kind(&asked.kind) else { continue };
            objects.add(found.view, kind, &asked.from, &asked.to);
        }
        judge(found, &mut objects);
        objects
    }

    /// Adds all that one entry of the configuration means.
    fn add(&mut self, view: &'v View, kind: &'static Kind, from: &Name, to: &Name) {
        let (firsts, seconds) = (named(view, kind, from), named(view, kind, to));
        if firsts.is_empty() && seconds.is_empty() {
            self.findings.push(not_there(view, kind, from));
            return;
        }
        let moved = |first: Option<(&'v At, &'v [Reach])>, second: Option<&'v At>| {
            let reaches = first.map(|(_, reaches)| reaches).or_else(|| Some(view.graph().reaches(second?)));
            let clusters = reaches.into_iter().flatten().map(|reach| reach.cluster).collect();
            Moved { first, second, ..Moved::named(kind, from.clone(), to.clone(), clusters) }
        };
        let mut all = Vec::new();
        for (at, reaches) in &firsts {
            let second = seconds.keys().find(|second| second.path == at.path && *second != at);
            all.push(moved(Some((at, reaches)), second.copied()));
        }
        // What names an object that is gone already follows as well.
        let is_alone = |second: &&&At| !firsts.keys().any(|first| first.path == second.path);
        all.extend(seconds.keys().filter(is_alone).map(|second| moved(None, Some(second))));
        for mut one in all {
            let is_user = |user: &Use<'_>| {
                user.named.kind == kind && one.clusters.contains(&user.reach.cluster) && user.target() == *from
            };
            one.users = (0..self.uses.len()).filter(|user| is_user(&self.uses[*user])).collect();
            let is_named = !one.users.is_empty() || self.followed(&one).next().is_some();
            if one.first.is_some() || is_named {
                one.reviews = Reviews::of(view, &one);
                self.all.push(one);
            }
        }
    }

    /// Arguments of external-dns that change with a Gateway that moves.
    pub(super) fn followed(&self, one: &Moved<'v>) -> impl Iterator<Item = &Arguments<'v>> {
        let is_here = |arguments: &&Arguments<'_>| one.clusters.contains(&arguments.reach.cluster);
        let of_kind = self.arguments.iter().filter(|_| one.kind.is_gateway());
        of_kind.filter(is_here).filter(|arguments| arguments.reads(&one.from) && !arguments.texts(&one.to).is_empty())
    }

    /// Policies of a Gateway that moves which are not for the second one yet.
    pub(super) fn lacking<'m>(&'m self, one: &'m Moved<'v>) -> impl Iterator<Item = &'m Target<'v>> {
        self.policies.lacking(one).filter(|_| one.kind.is_gateway())
    }

    /// Policies of a Gateway that moves which are for both.
    pub(super) fn beside<'m>(&'m self, one: &'m Moved<'v>) -> impl Iterator<Item = &'m Target<'v>> {
        self.policies.beside(one).filter(|_| one.kind.is_gateway())
    }

    /// What still names the first object, and nothing of which goes with it.
    pub(super) fn naming(&self, one: &Moved<'v>, cluster: Option<ClusterId>) -> Option<String> {
        let is_here = |of: ClusterId| cluster.is_none_or(|cluster| cluster == of);
        let dns = || self.followed(one).find(|dns| is_here(dns.reach.cluster)).map(|dns| dns.reach.shown());
        let beside: BTreeSet<&At> = self.beside(one).map(|target| target.at).collect();
        let is_alone = |target: &&Target<'_>| is_here(target.reach.cluster) && !beside.contains(target.at);
        let policy = || {
            let mut all = self.policies.naming(one, (&one.from.0, &one.from.1)).filter(|_| one.kind.is_gateway());
            all.find(is_alone).map(|target| target.reach.shown())
        };
        self.users_in(one, cluster).next().map(Use::shown).or_else(dns).or_else(policy)
    }

    /// The users of one that moves, in a cluster.
    pub(super) fn users_in(&self, one: &Moved<'v>, cluster: Option<ClusterId>) -> impl Iterator<Item = &Use<'v>> {
        let users = one.users.iter().map(|user| &self.uses[*user]);
        users.filter(move |user| cluster.is_none_or(|cluster| user.reach.cluster == cluster))
    }

    /// What is written so that some users name the second object.
    ///
    /// # Errors
    /// If a text cannot say so.
    pub(super) fn puts(&self, view: &View, one: &Moved<'v>, users: &[usize]) -> Result<Puts, Finding> {
        let mut puts: BTreeMap<At, Vec<Put>> = BTreeMap::new();
        for user in users.iter().map(|user| &self.uses[*user]) {
            let put = put(view, one, user)?;
            let all = puts.entry(user.at.clone()).or_default();
            if !all.contains(&put) {
                all.push(put);
            }
        }
        // One text that clusters apply several times means the same everywhere, or stays.
        for user in &self.uses {
            let is_followed = |put: &Put| put.path == user.named.way;
            if puts.get(user.at).is_some_and(|all| all.iter().any(is_followed)) && user.target() != one.from {
                let message = format!("{} names {} by the same text", user.shown(), one.kind.shown(&user.target()));
                return Err(refused(view, user, Finding::error(codes::NOT_MODELLED, message)));
            }
        }
        Ok(puts)
    }
}

/// The documents that clusters apply under a name.
fn named<'v>(view: &'v View, kind: &Kind, name: &Name) -> BTreeMap<&'v At, &'v [Reach]> {
    let is_it = |reach: &Reach| kind.is(reach) && kind.name_of(reach) == *name;
    view.graph().reached().filter(|(_, reaches)| reaches.iter().any(is_it)).collect()
}

/// Why an entry of the configuration leads to nothing.
fn not_there(view: &View, kind: &Kind, from: &Name) -> Finding {
    let shown = kind.shown(from);
    match is_made_by_instance(view, kind, from) {
        true => {
            let message = format!("{} {shown} is made by a FluxInstance, which cannot call it otherwise", kind.name);
            Finding::error(codes::NOT_MOVABLE, message)
        }
        false => {
            let message = format!("`moves` names {} {shown}, which no cluster applies", kind.name);
            Finding::warning(codes::NOT_FOUND, message)
        }
    }
}

/// Whether a FluxInstance makes a source: `spec.sync.name` is immutable, and the namespace of the instance
/// where it is absent.
pub(super) fn is_made_by_instance(view: &View, kind: &Kind, (namespace, name): &Name) -> bool {
    let clusters = view.graph().clusters.iter();
    let mut sources = clusters.map(|cluster| &cluster.source);
    let is_source = sources.any(|source| {
        let is_there = source.namespace.as_ref().is_none_or(|own| own == namespace);
        source.kind == kind.name && source.name == *name && is_there
    });
    let objects = view.files().filter_map(|(_, file)| file.stream.as_deref()).flat_map(|stream| stream.documents());
    let mut syncs = objects.filter_map(instance_spec).filter_map(|spec| spec.get("sync"));
    is_source
        && syncs.any(|sync| {
            let named = sync.text_at(&["name"]).unwrap_or(namespace);
            named == name && sync.text_at(&["kind"]).unwrap_or("GitRepository") == kind.name
        })
}

/// What is written at a use.
fn put(view: &View, one: &Moved<'_>, user: &Use<'_>) -> Result<Put, Finding> {
    let refuse = |code, message| Err(refused(view, user, Finding::error(code, message)));
    let own = &user.own;
    let (to, called) = &one.to;
    if !user.is_stated {
        let text = view.node(user.at).map(|root| root.source()).unwrap_or_default();
        let code = if text.contains("${") { codes::BY_VARIABLE } else { codes::NOT_MODELLED };
        return refuse(code, format!("{} names {} otherwise than its file states", user.shown(), one.old_name()));
    }
    if user.is_in_values() && user.named.stated.is_none() {
        let message = format!("{} names {} in its values, without a namespace", user.shown(), one.old_name());
        return refuse(codes::NOT_MODELLED, message);
    }
    let is_there = to == &one.from.0 || !one.kind.is_namespaced;
    if !is_there && !user.named.has_namespace && to != own {
        let message =
            format!("{} names {}, and can only name what is in its own namespace", user.shown(), one.old_name());
        return refuse(codes::NOT_MODELLED, message);
    }
    let namespace = match &user.named.stated {
        stated if is_there => stated.clone(),
        Some(_) => Some(to.clone()),
        None => (to != own).then(|| to.clone()),
    };
    let name = (*called != one.from.1).then(|| called.clone());
    Ok(Put { path: user.named.way.clone(), within: None, namespace, name })
}

/// A finding at the object that has a use.
pub(super) fn refused(view: &View, user: &Use<'_>, finding: Finding) -> Finding {
    finding.at(&user.at.path, view.node(user.at).map(|root| root.line()))
}

/// Whether one object is another under another name.
pub(super) fn is_same(view: &View, (first, is): (&At, &Reach), (second, was): (&At, &Reach)) -> bool {
    let rest = |at: &At, reach: &Reach| {
        let mut object: Value = (*view.effective(at, reach)?).clone();
        object.remove_at(&["metadata", "name"]);
        object.remove_at(&["metadata", "namespace"]);
        Some(if reach.kind == "Gateway" { without_own(object) } else { object })
    };
    match (rest(first, is), rest(second, was)) {
        (Some(one), Some(other)) => one.same_as(&other),
        _ => false,
    }
}
