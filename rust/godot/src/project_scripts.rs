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
                names.extend(fs::read_to_string(&path).ok().as_deref().and_then(class_name).map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// What a script declares with `class_name`.
fn class_name(script: &str) -> Option<&str> {
    let declared = script.lines().find_map(|line| line.strip_prefix("class_name "))?;
    declared.split(|c: char| !(c.is_alphanumeric() || c == '_')).find(|word| !word.is_empty())
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
