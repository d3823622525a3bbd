//! The class names that the scripts of a project declare, read from the scripts themselves.
//!
//! The engine keeps a list of them, but only from the first import on: in a fresh checkout it knows none. A class of
//! ours that has taken such a name by then makes the script an error.

use std::fs;
use std::path::Path;

/// Files and folders that are looked at. More are in no project that was not imported yet by accident.
const MAX_ENTRIES: usize = 20_000;

/// The names, or none if the project has been imported: the engine knows better then. `inside` is a file somewhere in
/// the project.
pub(crate) fn declared_before_import(inside: &Path) -> Vec<String> {
    let Some(project) = inside.ancestors().find(|folder| folder.join("project.godot").is_file()) else {
        return Vec::new();
    };
    if project.join(".godot/global_script_class_cache.cfg").is_file() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut budget = MAX_ENTRIES;
    search(project, &mut budget, &mut names);
    names
}

fn search(folder: &Path, budget: &mut usize, names: &mut Vec<String>) {
    // What the engine does not look into, it does not find a class in.
    if folder.join(".gdignore").is_file() {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links are not followed: they may lead in a circle.
        match entry.file_type() {
            // A project inside of this one is another project.
            Ok(kind) if kind.is_dir() && path.join("project.godot").is_file() => {}
            Ok(kind) if kind.is_dir() => search(&path, budget, names),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|extension| extension == "gd") => {
                let script = fs::read(&path).unwrap_or_default();
                names.extend(class_name(&String::from_utf8_lossy(&script)).map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// What a script declares with `class_name`. Only comments, annotations, texts and `extends` may stand before it.
fn class_name(script: &str) -> Option<&str> {
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\\' | ';'));
        let word_len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(word_len);
        rest = match word {
            "class_name" => return identifier(behind),
            "extends" => behind_statement(behind),
            "" => behind_prelude(rest)?,
            _ => return None,
        };
    }
}

/// The identifier that `text` begins with, behind blanks and line continuations.
fn identifier(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().filter(|name| !name.is_empty())
}

/// What follows a statement without blocks; a line that ends with a backslash goes on.
fn behind_statement(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c| !matches!(c, '\n' | ';' | '"' | '\'' | '#' | '\\'));
        rest = match rest.chars().next() {
            Some('"' | '\'') => behind_string(rest),
            Some('\\') => rest[1..].trim_start_matches([' ', '\t', '\r']).trim_start_matches('\n'),
            _ => return rest,
        };
    }
}

/// What follows a comment, an annotation or a text; `None` if `text` begins with none of them.
fn behind_prelude(text: &str) -> Option<&str> {
    match text.chars().next()? {
        '#' => Some(text.find('\n').map_or("", |end| &text[end..])),
        '"' | '\'' => Some(behind_string(text)),
        '@' => {
            let behind = text[1..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            let arguments = behind.trim_start_matches([' ', '\t']);
            Some(if arguments.starts_with('(') { behind_parenthesis(arguments) } else { behind })
        }
        _ => None,
    }
}

/// What follows the parenthesis that `text` begins with.
fn behind_parenthesis(text: &str) -> &str {
    let mut rest = &text[1..];
    loop {
        rest = rest.trim_start_matches(|c| !matches!(c, ')' | '"' | '\''));
        match rest.chars().next() {
            Some(')') => return &rest[1..],
            Some(_) => rest = behind_string(rest),
            None => return rest,
        }
    }
}

/// What follows the text in quotes, one or three of them, that `text` begins with.
fn behind_string(text: &str) -> &str {
    let quote = &text[..1];
    let three = quote.repeat(3);
    let end = if text.starts_with(&three) { three.as_str() } else { quote };
    let mut rest = &text[end.len()..];
    while !rest.is_empty() && !rest.starts_with(end) {
        let mut chars = rest.chars();
        if chars.next() == Some('\\') {
            chars.next();
        }
        rest = chars.as_str();
    }
    rest.get(end.len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A project in a folder of its own, which goes with it.
    struct Project(std::path::PathBuf);

    impl Project {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("tungsten-{}-{name}", std::process::id()));
            let project = Self(root);
            project.file("project.godot", "");
            project.file("addons/tungsten/bin/library.so", "");
            project
        }

        fn file(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn declared(&self) -> Vec<String> {
            let mut names = declared_before_import(&self.0.join("addons/tungsten/bin/library.so"));
            names.sort();
            names
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn names_are_found_in_every_folder_that_the_engine_looks_into() {
        let project = Project::new("search");
        project.file("client.gd", "@tool\nclass_name WebSocketClient extends Node\n");
        project.file("a/b/other.gd", "extends Node\nclass_name Other # words\n");
        project.file("a/none.gd", "extends Node\n# class_name None\n");
        project.file("ignored/.gdignore", "");
        project.file("ignored/hidden.gd", "class_name Ignored\n");
        project.file(".hidden/hidden.gd", "class_name Hidden\n");
        project.file("inner/project.godot", "");
        project.file("inner/inner.gd", "class_name Inner\n");
        assert_eq!(project.declared(), ["Other", "WebSocketClient"]);
    }

    #[test]
    fn name_is_found_wherever_the_language_allows_it() {
        let scripts = [
            "class_name Found",
            "class_name\tFound\n",
            "@tool class_name Found extends Node\n",
            "@tool\n@icon(\"res://a).svg\") class_name Found\n",
            "\u{feff}# Words.\r\n## class_name Other\r\n@static_unload\r\nclass_name Found\r\n",
            "extends Node\nclass_name Found # words\n",
            "extends \"res://a;b.gd\".Inner # class_name Other\nclass_name Found\n",
            "extends Node; class_name Found; var x := 1\n",
            "@abstract class_name Found\n",
            "class_name \\\n\tFound\n",
            "extends \\\nNode\nclass_name Found\n",
            "\"\"\"\nclass_name Other\n\"\"\"\nclass_name Found\n",
            "'it\\'s'\nclass_name Found\n",
            "class_name Gefäß",
        ];
        for script in scripts {
            assert!(matches!(class_name(script), Some("Found" | "Gefäß")), "{script:?}: {:?}", class_name(script));
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_none() {
        let scripts = [
            "",
            "# class_name Other\n",
            "class_names Other\n",
            "class_name",
            "extends Node\nvar text := \"\"\"\nclass_name Other\n\"\"\"\n",
            "\"\"\"\nclass_name Other\n",
            "@icon(\"class_name Other",
            "@tool(",
            "'",
            "extends Node\\",
        ];
        for script in scripts {
            assert_eq!(class_name(script), None, "{script:?}");
        }
    }

    #[test]
    fn imported_project_is_left_to_the_engine() {
        let project = Project::new("imported");
        project.file("client.gd", "class_name WebSocketClient\n");
        project.file(".godot/global_script_class_cache.cfg", "list=[]\n");
        assert_eq!(project.declared(), [] as [&str; 0]);
    }

    #[test]
    fn library_outside_of_a_project_finds_nothing() {
        assert_eq!(declared_before_import(Path::new("/library.so")), [] as [&str; 0]);
    }
}
