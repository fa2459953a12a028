//! JSON patches (RFC 6902), as Kustomize applies them.

use super::Value;

/// One operation of a JSON patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::flux) struct Operation {
    /// `op`: add, remove, replace, move, copy, test.
    pub op: String,
    /// `path`, split and unescaped.
    pub path: Vec<String>,
    /// `from`, likewise.
    pub from: Option<Vec<String>>,
    /// `value`.
    pub value: Value,
}

impl Operation {
    /// Reads an operation; `None` if it has no `op` or `path`.
    pub(in crate::flux) fn read(value: &Value) -> Option<Operation> {
        Some(Operation {
            op: value.text_at(&["op"])?.to_owned(),
            path: pointer_parts(value.text_at(&["path"])?),
            from: value.text_at(&["from"]).map(pointer_parts),
            value: value.get("value").cloned().unwrap_or(Value::Null),
        })
    }

    /// Applies it; `None` if Kustomize would fail, because a place is missing or a test does not
    /// hold.
    pub(in crate::flux) fn apply(&self, to: &mut Value) -> Option<()> {
        match self.op.as_str() {
            "add" => add(to, &self.path, self.value.clone()),
            "remove" => remove(to, &self.path).map(drop),
            "replace" => {
                *place(to, &self.path)? = self.value.clone();
                Some(())
            }
            "move" => {
                let value = remove(to, self.from.as_ref()?)?;
                add(to, &self.path, value)
            }
            "copy" => {
                let value = place(to, self.from.as_ref()?)?.clone();
                add(to, &self.path, value)
            }
            "test" => (*place(to, &self.path)? == self.value).then_some(()),
            _ => None,
        }
    }
}

/// The parts of a JSON pointer (RFC 6901), with `~1` and `~0` read.
pub fn pointer_parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

/// A part of a JSON pointer, as it is written there.
pub fn pointer_part(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn place<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Mapping(_) => value.get_mut(part),
        Value::Sequence(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn add(value: &mut Value, path: &[String], new: Value) -> Option<()> {
    let Some((last, above)) = path.split_last() else {
        *value = new;
        return Some(());
    };
    match place(value, above)? {
        Value::Sequence(items) if last == "-" => items.push(new),
        Value::Sequence(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at <= items.len())?;
            items.insert(at, new);
        }
        parent @ Value::Mapping(_) => parent.set(last, new),
        _ => return None,
    }
    Some(())
}

fn remove(value: &mut Value, path: &[String]) -> Option<Value> {
    let (last, above) = path.split_last()?;
    match place(value, above)? {
        Value::Sequence(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        parent @ Value::Mapping(_) => {
            let removed = parent.get(last)?.clone();
            parent.remove(last);
            Some(removed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    fn patched(text: &str, operation: &str) -> Option<Value> {
        let mut object = value(text);
        Operation::read(&value(operation))?.apply(&mut object)?;
        Some(object)
    }

    #[test]
    fn operations_do_what_the_standard_says() {
        for (text, operation, expected) in [
            ("{a: {b: 1}}", "{op: add, path: /a/c~1d, value: x}", "{a: {b: 1, c/d: x}}"),
            ("{a: [1, 2]}", "{op: add, path: /a/1, value: x}", "{a: [1, x, 2]}"),
            ("{a: [1]}", "{op: add, path: /a/-, value: x}", "{a: [1, x]}"),
            ("{a: 1}", "{op: replace, path: /a, value: 2}", "{a: 2}"),
            ("{a: {b: 1}, c: 2}", "{op: move, from: /a/b, path: /c}", "{a: {}, c: 1}"),
            ("{a: 1}", "{op: copy, from: /a, path: /b}", "{a: 1, b: 1}"),
            ("{a: [1, 2]}", "{op: remove, path: /a/0}", "{a: [2]}"),
            ("{a: 1}", "{op: test, path: /a, value: 1}", "{a: 1}"),
        ] {
            assert_eq!(patched(text, operation), Some(value(expected)), "{operation}");
        }
        for (text, operation) in [
            ("{a: 1}", "{op: add, path: /x/y, value: 1}"),
            ("{a: 1}", "{op: replace, path: /x, value: 1}"),
            ("{a: [1]}", "{op: add, path: /a/7, value: 1}"),
            ("{a: 1}", "{op: remove, path: /x}"),
            ("{a: 1}", "{op: test, path: /a, value: 2}"),
        ] {
            assert_eq!(patched(text, operation), None, "{operation}");
        }
    }
}
