//! YAML in texts, where a recipe looks everywhere: what is changed, and what is refused.

use super::testing::tried;

const RECIPE: &str =
    "recipe: 1\nname: r\nsummary: s\ndo:\n  - {rename-key: 'old.io/*', to: 'new.io/<1>', at: anywhere}\n";

fn wrong(data: &str, after: &str) -> Vec<String> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let file = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{data}");
    let after = if after.starts_with("refused") {
        format!("same\n  {after}")
    } else {
        format!("{{a.yaml: {}}}", quoted(&file(after)))
    };
    let case = format!("- name: shown\n  before: {{a.yaml: {}}}\n  after: {after}\n", quoted(&file(data)));
    tried("r", RECIPE, &case).wrong
}

#[test]
fn texts_keep_their_layout_or_are_refused() {
    for data in [
        "  a: |\n    # why\n    m:\n      old.io/x: 1 # x\n",
        "  a: \"m:\\n  old.io/x: 1 # x\\n\"\n",
        "  a: |\n    inner: |\n      old.io/x: 1\n",
    ] {
        assert_eq!(wrong(data, &data.replace("old.io", "new.io")), [""; 0], "{data}");
    }
    for data in [
        "  a: 'm:\n\n    old.io/x: 1\n\n    '\n",
        "  a: >\n    m:\n\n      old.io/x: 1\n",
        "  a: \"m:\\n  \\\n    old.io/x: 1\\n\"\n",
        "  a: |\n    inner: >\n      m:\n\n        old.io/x: 1\n",
    ] {
        assert_eq!(wrong(data, "refused: [nested-text]"), [""; 0], "{data}");
    }
}

#[test]
fn a_text_that_is_no_yaml_stays() {
    // The literal stands in it, and no key.
    let data = "  a: |\n    m:\n      old.io/x: 1\n  script: >\n    echo\n\n    old.io/x\n";
    assert_eq!(wrong(data, &data.replacen("old.io", "new.io", 1)), [""; 0]);
}
