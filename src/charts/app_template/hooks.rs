use std::fmt;

use super::controllers;
use crate::yaml::Node;

/// A Helm hook in a release's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What carries it: the controller, or the path of keys to it.
    pub of: String,
    /// When it runs, as the annotation says.
    pub when: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
    /// The programs of a controller's containers, and how many arguments each gets.
    pub command: Option<String>,
    /// The directories of the host that the chart's values give it.
    pub host_paths: Vec<String>,
}

const ANNOTATION: &str = "helm.sh/hook";

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is a Helm hook ({})", self.of, self.when.join(", "))?;
        if let Some(command) = &self.command {
            write!(f, ", which runs {command}")?;
        }
        if !self.host_paths.is_empty() {
            write!(f, ", on the host's {}", self.host_paths.join(", "))?;
        }
        Ok(())
    }
}

impl Hook {
    /// Whether it runs when a release is upgraded, rolled back or removed: what a change that looks
    /// harmless sets off.
    pub fn runs_on_changes(&self) -> bool {
        const CHANGES: [&str; 5] = ["pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback", "pre-delete"];
        self.when.iter().any(|when| CHANGES.contains(&when.as_str()))
    }
}

/// All Helm hooks in the values, wherever they are annotated.
pub fn hooks(values: Node<'_>) -> Vec<Hook> {
    let mut found = Vec::new();
    for controller in controllers(values) {
        let annotation = controller.values.at(&["annotations", ANNOTATION]);
        if let Some((annotation, text)) = annotation.and_then(|node| Some((node, node.value()?))) {
            found.push(Hook {
                of: format!("controller {}", controller.identifier),
                when: moments(text),
                line: annotation.line(),
                command: command(controller.values),
                host_paths: host_paths(values, controller.identifier),
            });
        }
    }
    walk(values, &mut Vec::new(), &mut |path, node| {
        // Those of controllers are above, and a disabled controller has none.
        if let (Some(text), false) = (node.value(), path.first() == Some(&"controllers")) {
            let of = path.join(".");
            found.push(Hook { of, when: moments(text), line: node.line(), command: None, host_paths: Vec::new() });
        }
    });
    found
}

fn moments(annotation: &str) -> Vec<String> {
    annotation.split(',').map(|when| when.trim().to_owned()).collect()
}

/// Visits the values of all hook annotations that stand in the text itself, with the keys on the
/// way.
fn walk<'v>(node: Node<'v>, path: &mut Vec<&'v str>, visit: &mut impl FnMut(&[&str], Node<'v>)) {
    if node.style().is_none() {
        return;
    }
    for (key, value) in node.entries() {
        let Some(key) = key.text() else { continue };
        if key == ANNOTATION {
            visit(path, value);
        }
        path.push(key);
        walk(value, path, visit);
        path.pop();
    }
    for item in node.items() {
        walk(item, path, visit);
    }
}

/// The program of each container, and how many arguments it gets. Arguments are not shown: they may
/// hold tokens.
fn command(controller: Node<'_>) -> Option<String> {
    let containers = controller.get("containers").into_iter().flat_map(Node::entries);
    let all = containers.filter_map(|(_, container)| {
        let words = |key: &str| -> Vec<&str> {
            let list = container.get(key);
            list.into_iter()
                .flat_map(|list| list.value().into_iter().chain(list.items().filter_map(Node::value)))
                .collect()
        };
        let (command, arguments) = (words("command"), words("args"));
        // A whole line in one word is not shown either.
        let program = command.first().map(|first| first.split_whitespace().next().unwrap_or_default());
        let number = command.len().saturating_sub(1) + arguments.len();
        let arguments = if number == 1 { "1 argument".to_owned() } else { format!("{number} arguments") };
        match program {
            Some(program) if !program.is_empty() && !program.contains(['=', '$']) => {
                Some(format!("`{program}` with {arguments}"))
            }
            None if number == 0 => None,
            _ => Some(format!("a program with {arguments}")),
        }
    });
    let all = all.collect::<Vec<_>>().join("; ");
    (!all.is_empty()).then_some(all)
}

fn host_paths(values: Node<'_>, controller: &str) -> Vec<String> {
    let volumes = values.get("persistence").into_iter().flat_map(Node::entries);
    let mounted = volumes.filter(|(_, volume)| {
        let everywhere = volume.get("advancedMounts").is_none();
        volume.text_at(&["type"]) == Some("hostPath")
            && (everywhere || volume.at(&["advancedMounts", controller]).is_some())
    });
    mounted.filter_map(|(_, volume)| volume.text_at(&["hostPath"]).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    #[test]
    fn a_hook_is_shown_without_its_arguments() {
        let text = "\
controllers:
  clean:
    type: job
    annotations:
      helm.sh/hook: pre-delete, pre-upgrade
    containers:
      app:
        command: [/bin/sh, -c]
        args:
          - |
            set -x
            rm -rf /host/x --token=hunter2
      second: {args: [--password=hunter2]}
      third: {}
  app: {}
  off: {enabled: false, annotations: {helm.sh/hook: pre-upgrade}}
persistence:
  host: {type: hostPath, hostPath: /etc/x, advancedMounts: {clean: {app: []}}}
  other: {type: hostPath, hostPath: /etc/y, advancedMounts: {app: {app: []}}}
rawResources:
  r:
    annotations: {helm.sh/hook: test}
";
        let stream = Stream::parse(text).unwrap();
        let found = hooks(stream.documents().next().unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].of, "controller clean");
        assert_eq!(found[0].command.as_deref(), Some("`/bin/sh` with 2 arguments; a program with 1 argument"));
        assert!(!found[0].to_string().contains("hunter2"));
        assert_eq!(found[0].host_paths, ["/etc/x"]);
        assert!(found[0].runs_on_changes());
        assert_eq!((found[1].of.as_str(), found[1].runs_on_changes()), ("rawResources.r.annotations", false));
    }
}
