use super::*;

fn mistakes(text: &str) -> Vec<(&'static str, String, String)> {
    let error = read("r.yaml", text, &Known::NOTHING).unwrap_err();
    let shown = |mistake: &Mistake| {
        let at = error.position(mistake);
        (mistake.code, format!("{}:{}", at.line, at.column), format!("{}; {}", mistake.message, mistake.help))
    };
    error.mistakes.iter().map(shown).collect()
}

/// A recipe with this `do`, from line 5 on.
fn with_steps(steps: &str) -> String {
    format!("recipe: 1\nname: r\nsummary: s\nselect: {{kind: HelmRelease.helm.toolkit.fluxcd.io}}\n{steps}")
}

#[test]
fn a_whole_recipe_is_read() {
    let text = "recipe: 1\nname: rollback-is-default\nsummary: The strategy is left out\n\
                select: {kind: HelmRelease.helm.toolkit.fluxcd.io}\n\
                do:\n  - remove: spec.upgrade.remediation.strategy\n    if-equal: rollback\n";
    let recipe = read("r.yaml", text, &Known { stem: Some("rollback-is-default"), ..Known::NOTHING }).unwrap();
    assert_eq!((&*recipe.name, recipe.version, recipe.phase), ("rollback-is-default", 1, 90));
    let [stage] = recipe.stages.as_slice() else { panic!("one stage") };
    assert_eq!((&*stage.name, stage.steps.len(), stage.steps[0].line), ("apply", 1, 6));
    assert!(stage.gate.is_empty() && !recipe.has_stages);
}

#[test]
fn a_later_stage_waits_for_the_one_before() {
    let text = with_steps(
        "stages:\n  - {name: a, do: [{remove: spec.x}]}\n  - {name: b, gate: [{confirm: sure}], do: [{remove: spec.y}]}\n",
    );
    let recipe = read("r.yaml", &text, &Known::NOTHING).unwrap();
    assert!(matches!(&recipe.stages[1].gate[..], [crate::recipe::gate::Condition::Landed(a), _] if a == "a"));
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, code, place, part) in [
        ("name: r\nsummary: s\ndo: []\n".to_owned(), "config-empty-value", "1:1", "`recipe` is missing"),
        (with_steps("do: [{remove: spec.x}]\n").replace("recipe: 1", "recipe: 2"), FORMAT, "1:9", "reads `recipe: 1`"),
        (with_steps("do: [{remove: spec.x}]\n").replace("name: r", "name: My_r"), NAME, "2:7", "no name of a recipe"),
        (with_steps("do: [{remove: spec.a-b}]\n"), PATH, "5:21", "write `spec['a-b']`"),
        (with_steps("do: [{remove: \"spec.a-b\"}]\n"), PATH, "5:22", "write `spec['a-b']`"),
        (with_steps("do: [{remvoe: spec.x}]\n"), VERB, "5:6", "did you mean `remove`?"),
        (with_steps("do: [{set: spec.x, remove: spec.x, to: 1}]\n"), VERB, "5:6", "set and remove"),
        (with_steps("do: [{reference: Secret.core, to: x}]\n"), "config-empty-value", "5:6", "`from` is missing"),
        (with_steps("do: [{reference: Secret.core, from: x, to: x}]\n"), NOT_IDEMPOTENT, "5:44", "both names"),
        (with_steps("do: [{set: spec.x, to: 1, selct: 1}]\n"), "config-unknown-key", "5:27", "did you mean `select`?"),
        (with_steps("do: [{set: spec.prune, to: no way}]\n"), VALUE, "5:6", "cannot be no way"),
        (with_steps("do: [{set: spec.x, to: <y>}]\n"), PLACEHOLDER, "5:24", "`<y>` is no parameter"),
        (with_steps("do: [{text: a, to: ab, at: spec.x}]\n"), NOT_IDEMPOTENT, "5:20", "each run"),
        (with_steps("do: [{rename-key: a*, to: \"b<2>\", at: anywhere}]\n"), PLACEHOLDER, "5:27", "captured as `<2>`"),
        (with_steps("do: [{add: \"spec.*.x\", value: 1}]\n"), PATH, "5:12", "nothing can be added"),
        (
            with_steps("stages: [{name: a, gate: [{landed: b}], do: [{remove: spec.x}]}]\n"),
            STAGE,
            "5:36",
            "no earlier stage",
        ),
        (
            with_steps("do: [{remove: spec.x}]\n").replace("HelmRelease.helm.toolkit.fluxcd.io", "HelmRelease"),
            KIND,
            "4:16",
            "no kind",
        ),
        (
            with_steps("do: [{remove: spec.x}]\n").replace("select: {kind: HelmRelease.helm.toolkit.fluxcd.io}\n", ""),
            TOO_WIDE,
            "4:6",
            "every document",
        ),
    ] {
        let found = mistakes(&text);
        let is_it = |(its, at, what): &(&str, String, String)| *its == code && at == place && what.contains(part);
        assert!(found.iter().any(is_it), "{text}\n{code} {place} {part}\n{found:#?}");
    }
}

#[test]
fn the_recipes_of_the_documentation_can_be_read() {
    let page = include_str!("../../../docs/recipes.md");
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for text in blocks.filter(|text| text.starts_with("recipe: 1\n")) {
        let recipe = read("recipes.md", text, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
        assert!(text.lines().count() <= 15, "{} is long", recipe.name);
        count += 1;
    }
    assert_eq!(count, 11, "the first one and ten examples");
}

#[test]
fn all_mistakes_are_reported_together() {
    let found = mistakes("recipe: 1\nname: R\nsummary: s\nselect: {kind: X}\ndo: [{remove: a-b}, {}]\n");
    let codes: Vec<&str> = found.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, [NAME, KIND, PATH, VERB]);
}

#[test]
fn parameters_have_types() {
    let text = "recipe: 1\nname: r\nsummary: s\nparams: {a: {default: x}, b: {one-of: [1, 2]}, m: {default: {k: 1, l: 2}}}\n\
                select: {file: \"**\"}\ndo: [{set: \"spec.<a>\", to: <b>}, {set: spec.m, to: <m>}]\n";
    let with = |values: &[(&str, Value)]| {
        let with: Vec<(String, Value)> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        read("r.yaml", text, &Known { with: &with, ..Known::NOTHING })
    };
    let number = |text: &str| Value::Scalar { text: text.to_owned(), string: false };
    let recipe = with(&[("b", number("2")), ("m", Value::Mapping(vec![("l".into(), number("3"))]))]).unwrap();
    assert_eq!(recipe.params[2].value.to_flow(), "{\"k\": 1, \"l\": 3}");
    assert_eq!(recipe.stages[0].steps[0].verb.paths()[0].text(), "spec.x");
    for wrong in [vec![], vec![("b", number("3"))], vec![("b", number("1")), ("a", number("1"))]] {
        assert!(with(&wrong).is_err(), "{wrong:?}");
    }
}
