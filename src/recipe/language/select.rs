//! Reads `select`: a mapping of conditions, or a list of such mappings.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::{KIND, PATTERN};
use crate::config::{INVALID_VALUE, Keys};
use crate::recipe::pattern::Pattern;
use crate::recipe::select::{
    ApiVersions, ChartTest, Check, Files, GroupKind, Labels, Runs, Select, Selector, Test, VariablesTest, Where,
};
use crate::recipe::version::{Range, Rows, Version};
use crate::yaml::{Kind, Node};

impl Reader<'_> {
    /// The conditions of a key; everything, without it.
    pub(super) fn select<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Select {
        keys.value(key).map(|node| self.select_of(keys, node)).unwrap_or_default()
    }

    /// The conditions of a node.
    pub(super) fn select_of<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>) -> Select {
        let nodes: Vec<Node<'s>> = if node.kind() == Kind::Sequence { node.items().collect() } else { vec![node] };
        Select(nodes.into_iter().map(|node| keys.nested(node, "`select`", |keys| self.selector(keys))).collect())
    }

    fn selector(self, keys: &mut Keys<'_, '_>) -> Selector {
        Selector {
            kinds: self.kinds(keys, "kind"),
            files: self.globs(keys, "file"),
            api_version: self.api_versions(keys),
            name: self.patterns(keys, "name"),
            namespace: self.patterns(keys, "namespace"),
            labels: self.labels(keys, "labels"),
            annotations: self.labels(keys, "annotations"),
            clusters: self.texts(keys, "cluster").into_iter().flatten().map(|(name, _)| name).collect(),
            reached: keys.flag("reached"),
            rendered_by: self.patterns(keys, "rendered-by"),
            renders: keys.value("renders").map(|node| Box::new(self.select_of(keys, node))),
            chart: self.chart(keys),
            runs: keys.value("runs").map(|node| keys.nested(node, "`runs`", |keys| self.runs(keys))),
            all: self.tests(keys, "where"),
            unless: self.tests(keys, "unless"),
            flux: self.range(keys, "flux"),
            variables: self.variables(keys),
            places: self.places(keys),
            params: self.asked_params(keys),
        }
    }

    fn variables(self, keys: &mut Keys<'_, '_>) -> Option<VariablesTest> {
        let words = [
            ("unresolved", VariablesTest::Unresolved),
            ("only-unresolved", VariablesTest::OnlyUnresolved),
            ("mixed", VariablesTest::Mixed),
        ];
        keys.has("variables").then(|| keys.one_of("variables", &words))
    }

    /// Where to look.
    fn places(self, keys: &mut Keys<'_, '_>) -> Option<BTreeSet<Where>> {
        let mut places = BTreeSet::new();
        for (word, node) in self.texts(keys, "in")? {
            match word.as_str() {
                "objects" => places.insert(Where::Objects),
                "generated" => places.insert(Where::Generated),
                "patches" => places.insert(Where::Patches),
                "json6902" => places.insert(Where::Json6902),
                other => {
                    let help = "write `objects`, `patches`, `json6902`, `generated`, or a list of them";
                    keys.mistake(INVALID_VALUE, node, format!("`in` cannot be `{other}`"), help);
                    false
                }
            };
        }
        Some(places)
    }

    /// The groups and kinds of a key.
    pub(super) fn kinds(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Vec<GroupKind> {
        let texts = self.texts(keys, key).unwrap_or_default();
        texts.into_iter().filter_map(|(text, node)| self.kind(keys, &text, node)).collect()
    }

    pub(super) fn kind(self, keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> Option<GroupKind> {
        let kind = GroupKind::parse(text);
        if kind.is_none() {
            let groups = (self.groups)(text.split('.').next().unwrap_or_default());
            let written: Vec<String> = groups.iter().map(|group| format!("`{text}.{group}`")).collect();
            let help = match written.is_empty() {
                true => "write kind and group, such as `HelmRelease.helm.toolkit.fluxcd.io`; the core group is `core`"
                    .to_owned(),
                false => format!("this tree has {}", written.join(" and ")),
            };
            keys.mistake(KIND, node, format!("`{text}` is no kind with its group"), help);
        }
        kind
    }

    fn globs(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Files> {
        let texts = self.texts(keys, key)?;
        match Files::parse(texts.iter().map(|(text, _)| text.as_str())) {
            Ok(files) => Some(files),
            Err((index, why)) => {
                let (text, node) = &texts[index];
                let help = "write a glob from the root of the repository, such as `kubernetes/apps/**`";
                keys.mistake(PATTERN, *node, format!("`{text}` is no glob: {why}"), help);
                None
            }
        }
    }

    fn api_versions(self, keys: &mut Keys<'_, '_>) -> Option<ApiVersions> {
        let texts = self.texts(keys, "api-version")?;
        match ApiVersions::parse(texts.iter().map(|(text, _)| text.as_str())) {
            Ok(versions) => Some(versions),
            Err(index) => {
                let (text, node) = &texts[index];
                let help = "write versions, such as `v2beta1`, or a comparison, such as `<v1`";
                keys.mistake(INVALID_VALUE, *node, format!("`{text}` is no version of an API"), help);
                None
            }
        }
    }

    fn labels(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Labels> {
        let (text, node) = self.text(keys, key)?;
        let labels = Labels::parse(&text);
        if labels.is_none() {
            let help = "write it as kubectl has it: `app=x,tier notin (a, b),!old`";
            keys.mistake(INVALID_VALUE, node, format!("`{text}` is no selector of labels"), help);
        }
        labels
    }

    /// The range of versions of a key.
    pub(super) fn range(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Range> {
        let (text, node) = self.text(keys, key)?;
        let range = Range::parse(&text);
        if range.is_none() {
            let help = "write comparisons that all hold, such as `>=0.20.0 <0.22.0`";
            keys.mistake(INVALID_VALUE, node, format!("`{text}` is no range of versions"), help);
        }
        range
    }

    fn chart(self, keys: &mut Keys<'_, '_>) -> Option<ChartTest> {
        let node = keys.value("chart")?;
        if node.kind() != Kind::Mapping {
            return Some(ChartTest { name: self.pattern_of(keys, node, "chart")?, version: None });
        }
        keys.nested(node, "`chart`", |keys| {
            let (name, version) = (self.pattern(keys, "name"), self.range(keys, "version"));
            Some(ChartTest { name: name?, version })
        })
    }

    fn runs(self, keys: &mut Keys<'_, '_>) -> Runs {
        let rows =
            keys.value("chart-versions").map(|node| keys.nested(node, "`chart-versions`", |keys| self.rows(keys)));
        Runs {
            image: self.pattern(keys, "image"),
            chart: self.pattern(keys, "chart"),
            rows,
            version: self.range(keys, "version"),
        }
    }

    fn rows(self, keys: &mut Keys<'_, '_>) -> Rows {
        let mut rows = Vec::new();
        for (chart, at, app) in keys.all() {
            let text = app.text().unwrap_or_default();
            match (Version::parse(chart), Version::parse(text)) {
                (Some(chart), app) if app.is_some() || text == "unknown" => rows.push((chart, app)),
                _ => {
                    let help = "write `1.20.0: 0.20.0`, from each version of the chart on, or `unknown`";
                    keys.mistake(INVALID_VALUE, at, format!("`{chart}: {text}` is no pair of versions"), help);
                }
            }
        }
        Rows::of(rows)
    }

    fn tests(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Vec<Test> {
        let Some(node) = keys.value(key) else { return Vec::new() };
        let nodes: Vec<Node<'_>> = if node.kind() == Kind::Sequence { node.items().collect() } else { vec![node] };
        nodes.into_iter().filter_map(|node| keys.nested(node, "a condition", |keys| self.test(keys, node))).collect()
    }

    fn test<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>) -> Option<Test> {
        let path = self.path(keys, "path");
        if !keys.has("path") {
            keys.missing("path", "spec.interval");
        }
        let arrives = keys.one_of("of", &[("text", false), ("arrives", true)]);
        let mut checks: Vec<Check> = Vec::new();
        checks.extend(self.value(keys, "equals").map(Check::Equals));
        checks.extend(self.value(keys, "in").map(|list| Check::In(list.items().to_vec())));
        checks.extend(self.pattern(keys, "matches").map(Check::Matches));
        checks.extend(self.regex(keys, "regex").map(Check::Matches));
        checks.extend(self.pattern(keys, "comment").map(Check::Comment));
        checks.extend(keys.flag("present").map(|is| if is { Check::Present } else { Check::Absent }));
        checks.extend(keys.flag("absent").map(|is| if is { Check::Absent } else { Check::Present }));
        let words = ["equals", "matches", "regex", "in", "present", "absent", "comment"];
        if words.iter().filter(|word| keys.has(word)).count() != 1 {
            let help = format!("add one of {}", words.join(", "));
            keys.mistake(INVALID_VALUE, node, "a condition asks one thing".to_owned(), help);
        }
        Some(Test { path: path?.0, check: checks.pop()?, arrives })
    }

    /// Whether parameters have the values that are asked for.
    fn asked_params(self, keys: &mut Keys<'_, '_>) -> Option<bool> {
        let node = keys.value("param")?;
        keys.nested(node, "`param`", |keys| {
            let mut holds = true;
            for (name, at, value) in keys.all() {
                let Some(param) = self.params.iter().find(|param| param.name == name) else {
                    let known: Vec<&str> = self.params.iter().map(|param| &*param.name).collect();
                    let help = format!("known: {}", known.join(", "));
                    keys.mistake(INVALID_VALUE, at, format!("there is no parameter `{name}`"), help);
                    continue;
                };
                holds &= self.value_of(keys, value).is_some_and(|wanted| wanted.same_as(&param.value));
            }
            Some(holds)
        })
    }

    /// All patterns that conditions of comments have.
    pub(super) fn comments_in(select: &Select) -> Vec<Pattern> {
        let tests = select.0.iter().flat_map(|one| &one.all);
        let patterns = tests.filter_map(|test| match &test.check {
            Check::Comment(pattern) => Some(pattern.clone()),
            _ => None,
        });
        patterns.collect()
    }
}
