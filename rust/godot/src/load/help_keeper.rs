//! A part of the editor that hands it our pages of help at the right time.
//!
//! The editor keeps the pages of its own classes in a cache, and a thread of its own reads or makes it. Two cases go
//! wrong without us. A cache that is made, on a new machine or with a new engine, makes empty pages of ours. And an
//! editor that finds the library while it runs, in a fresh checkout, reads its cache again and then defers the pages of
//! extensions: if it has nothing to do but to import, it has freed all help by then, and crashes.

use crate::load::help;
use godot::classes::{EditorInterface, EditorPlugin, Engine, IEditorPlugin, ResourceLoader};
use godot::init::is_editor_hint;
use godot::prelude::*;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// The cache is made when the editor starts; later nobody looks for it.
const WATCHED: Duration = Duration::from_secs(120);

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

/// Reading the cache takes some 0.3 s; whatever goes wrong, the editor shall start.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the library was loaded into.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// The editor was running already.
    is_late: bool,
    /// When the cache was last written.
    cache: Option<SystemTime>,
}

static START: Mutex<Start> = Mutex::new(Start { is_late: false, cache: None });

/// Hands the pages to the editor. One that is starting gets them now; one that runs, from [`HelpKeeper`].
pub(crate) fn init() {
    prepare();
    if !is_late() {
        help::load();
    }
}

/// Looks what the library is loaded into, before the editor makes its help.
fn prepare() {
    // The engine goes through the stages of an editor also where it plays a game.
    if !is_editor_hint() {
        return;
    }
    set_start(Start { is_late: Engine::singleton().get_main_loop().is_some(), cache: written() });
}

/// Whether the editor was running when the library was loaded.
fn is_late() -> bool {
    start().is_late
}

/// Added to the editor by gdext, because of its base.
#[derive(GodotClass)]
#[class(base = EditorPlugin, init, tool, internal, rename = TungstenHelpKeeper)]
struct HelpKeeper {
    /// Since the last look at the file.
    idle_s: f64,
    #[init(val = Instant::now())]
    created: Instant,
    base: Base<EditorPlugin>,
}

#[godot_api]
impl HelpKeeper {
    /// Runs when the library is all there and the editor has been told of it.
    #[func]
    fn begin(&mut self) {
        if is_late() {
            wait_for_reader();
            help::load();
            set_start(Start { is_late: true, cache: written() });
        }
    }
}

#[godot_api]
impl IEditorPlugin for HelpKeeper {
    fn enter_tree(&mut self) {
        self.base_mut().call_deferred("begin", &[]);
    }

    fn process(&mut self, delta: f64) {
        self.idle_s += delta;
        if self.idle_s < INTERVAL.as_secs_f64() {
            return;
        }
        self.idle_s = 0.0;
        let is_made = written().is_some_and(|written| Some(written) != start().cache);
        if is_made {
            help::load();
        }
        if is_made || self.created.elapsed() > WATCHED {
            self.base_mut().set_process(false);
        }
    }
}

/// Waits until the thread that reads the cache has ended: what it has deferred runs within this frame.
fn wait_for_reader() {
    let Some(path) = cache().map(|path| path.to_string_lossy().into_owned()) else { return };
    let mut loader = ResourceLoader::singleton();
    // Comes back when the thread has read the file: both share one reading. The thread lets go of it at its end.
    drop(loader.load(&path));
    let deadline = Instant::now() + PATIENCE;
    while loader.has_cached(&path) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// When the cache was last written; `None` without one.
fn written() -> Option<SystemTime> {
    fs::metadata(cache()?).ok()?.modified().ok()
}

/// The file of the cache, if there is one.
fn cache() -> Option<PathBuf> {
    let folder = PathBuf::from(EditorInterface::singleton().get_editor_paths()?.get_cache_dir().to_string());
    let (major, minor, _) = godot::init::GdextBuild::godot_runtime_version_triple();
    // Before Godot 4.4 all versions had one name for it.
    let names = [format!("editor_doc_cache-{major}.{minor}.res"), "editor_doc_cache.res".to_owned()];
    names.into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn start() -> Start {
    *START.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn set_start(start: Start) {
    *START.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = start;
}
