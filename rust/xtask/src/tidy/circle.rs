//! Which module uses which.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::source::Source;
use super::{Finding, source};

/// The modules of the Godot layer.
const ROOT: &str = "rust/godot/src/";

/// What a module uses, by its name.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// No module of the Godot layer uses one that uses it in turn. A file and the folder beside it are one module.
pub(super) fn of_classes() -> Result<Vec<Finding>> {
    let mut uses = Uses::new();
    for source in source::all(ROOT, "rs")? {
        if let Some(module) = module_of(&source) {
            uses.entry(module).or_default().extend(used_by(&source));
        }
    }
    Ok(circles(uses).into_iter().map(finding).collect())
}

fn finding((module, others): (String, BTreeSet<String>)) -> Finding {
    let others: Vec<_> = others.into_iter().collect();
    let text = format!("it uses {}, and is used there", others.join(", "));
    Finding { path: format!("{ROOT}{}.rs", module.replace("::", "/")).into(), line: 1, text }
}

/// `load::entry` for `load/entry.rs`; none for files that only name others.
fn module_of(source: &Source) -> Option<String> {
    let path = source.path.strip_prefix(ROOT)?.strip_suffix(".rs")?;
    let mut parts = path.split('/');
    Some(format!("{}::{}", parts.next()?, parts.next()?))
}

/// The modules that its code names, which is in full, from the crate on.
fn used_by(source: &Source) -> BTreeSet<String> {
    let code: String = source.lines.iter().filter(|line| !line.is_test).map(|line| line.code.trim()).collect();
    let paths = code.split("crate::").skip(1);
    paths.flat_map(|path| modules_in(path.split(';').next().unwrap_or_default())).collect()
}

/// `load::calls` and `load::names` of `load::{calls, names::{self, forget}}`.
fn modules_in(path: &str) -> Vec<String> {
    let Some((room, rest)) = path.split_once("::") else { return Vec::new() };
    let Some(list) = rest.strip_prefix('{') else { return vec![format!("{room}::{}", word(rest))] };
    let (mut depth, mut modules) = (0, Vec::new());
    for part in list.split_inclusive([',', '{', '}']) {
        let name = word(part.trim_start());
        if depth == 0 && !name.is_empty() {
            modules.push(format!("{room}::{name}"));
        }
        match part.chars().last() {
            Some('{') => depth += 1,
            Some('}') if depth == 0 => break,
            Some('}') => depth -= 1,
            _ => {}
        }
    }
    modules
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// What is left when all are taken away that use none of the rest, or that none of the rest uses.
fn circles(mut uses: Uses) -> Uses {
    loop {
        let there: BTreeSet<_> = uses.keys().cloned().collect();
        for (module, others) in &mut uses {
            others.retain(|other| other != module && there.contains(other));
        }
        let used: BTreeSet<_> = uses.values().flatten().cloned().collect();
        uses.retain(|module, others| !others.is_empty() && used.contains(module));
        if uses.len() == there.len() {
            return uses;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(pairs: &[(&str, &[&str])]) -> Uses {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        pairs.iter().map(|(module, others)| ((*module).to_owned(), owned(others))).collect()
    }

    #[test]
    fn circle_is_found_without_what_hangs_on_it() {
        let straight: [(&str, &[&str]); 3] = [("a", &["b", "c", "a"]), ("b", &["c"]), ("c", &[])];
        assert!(circles(uses(&straight)).is_empty());
        let bent: [(&str, &[&str]); 4] = [("a", &["b"]), ("b", &["c"]), ("c", &["b", "d"]), ("d", &[])];
        assert_eq!(circles(uses(&bent)), uses(&[("b", &["c"]), ("c", &["b"])]));
    }

    #[test]
    fn modules_are_found_in_any_form_of_use() {
        assert_eq!(modules_in("load::names::registered(text)"), ["load::names"]);
        assert_eq!(
            modules_in("load::{calls, names::{self, forget}, quiet}"),
            ["load::calls", "load::names", "load::quiet"]
        );
        assert!(modules_in("Tungsten").is_empty());
    }
}
