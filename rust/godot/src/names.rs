//! The names under which our classes are registered, chosen when the library is loaded.
//!
//! A class takes its plain name if that is free, else the same with the prefix `Tungsten`. A name is taken if the
//! engine has such a class (every stock engine has a `WebSocketPeer`) or if a script of the project declares it with
//! `class_name`. To Rust each class is called `Unnamed…`; [`registered`] turns that into what Godot is told.
//!
//! [`SAVED`] is the exception: scenes are saved with its name, so it gives way to no script. With another name they
//! would lose their nodes as soon as somebody adds a script of that name to the project.

use crate::console;
use godot::classes::Os;
use godot::global::PrintLevel;
use godot::obj::Singleton as _;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// What the Rust names start with, in `#[class(rename = …)]`.
const MARK: &str = "Unnamed";

/// What a name starts with whose plain form is taken.
const PREFIX: &str = "Tungsten";

/// Who has the plain name.
const FREE: u8 = 0;
const ENGINE: u8 = 1;
const PROJECT: u8 = 2;
/// A script declares it, in vain.
const CONTESTED: u8 = 3;

/// The class that scenes save.
const SAVED: &CStr = c"WebSocketNode";

struct Class {
    plain: &'static CStr,
    taken: AtomicU8,
}

static CLASSES: [Class; 6] = [
    Class::new(c"WebSocketPeer"),
    Class::new(c"WebSocketMultiplayerPeer"),
    Class::new(c"WebSocketClient"),
    Class::new(c"WebSocketServer"),
    Class::new(c"WebSocketError"),
    Class::new(c"WebSocketNode"),
];

impl Class {
    const fn new(plain: &'static CStr) -> Self {
        Self { plain, taken: AtomicU8::new(FREE) }
    }

    fn plain(&self) -> &'static str {
        self.plain.to_str().unwrap_or_default()
    }

    fn registered(&self) -> String {
        let prefix = match self.taken.load(Ordering::Relaxed) {
            ENGINE | PROJECT => PREFIX,
            _ => "",
        };
        format!("{prefix}{}", self.plain())
    }
}

/// Looks which names the engine has; `has` asks it.
pub(crate) fn take_those_of_the_engine(has: impl Fn(&CStr) -> bool) {
    for class in &CLASSES {
        class.taken.store(if has(class.plain) { ENGINE } else { FREE }, Ordering::Relaxed);
    }
}

/// Looks which names the scripts of the project declare.
pub(crate) fn take_those_of_the_project(declared: &[String]) {
    for class in &CLASSES {
        if declared.iter().any(|name| name == class.plain()) {
            let taken = if class.plain == SAVED { CONTESTED } else { PROJECT };
            let _ = class.taken.compare_exchange(FREE, taken, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// What Godot is told instead of `name`, if that is the Rust name of a class of ours or of something inside one.
pub(crate) fn registered(name: &str) -> Option<String> {
    let unmarked = name.strip_prefix(MARK)?;
    let (plain, member) = unmarked.find('.').map_or((unmarked, ""), |dot| unmarked.split_at(dot));
    let class = CLASSES.iter().find(|class| class.plain() == plain)?;
    Some(class.registered() + member)
}

/// `text` with every plain name of ours replaced by the registered one.
pub(crate) fn registered_in(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word_on) = rest.split_at(start);
        let end = word_on.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word_on.len());
        let (word, after) = word_on.split_at(end);
        result.push_str(before);
        match CLASSES.iter().find(|class| class.plain() == word) {
            Some(class) => result.push_str(&class.registered()),
            None => result.push_str(word),
        }
        rest = after;
    }
    result + rest
}

/// Says on the console which classes gave way to a script: their names are not those of the documentation. And to which
/// script a class does not give way. Players of an exported game are not told.
pub(crate) fn announce() {
    if !Os::singleton().has_feature("editor") {
        return;
    }
    for class in CLASSES.iter().filter(|class| class.taken.load(Ordering::Relaxed) == CONTESTED) {
        let warning = format!(
            "Tungsten: a script of this project has the class name {0}, which scenes are saved with and the extension \
             keeps. Give the script another class_name.",
            class.plain()
        );
        console::say(PrintLevel::Warn, warning, None);
    }
    for class in CLASSES.iter().filter(|class| class.taken.load(Ordering::Relaxed) == PROJECT) {
        let (plain, registered) = (class.plain(), class.registered());
        let text = format!(
            "Tungsten: a script of this project has the class name {plain}; the class of the extension is {registered}."
        );
        console::say(PrintLevel::Info, text, None);
    }
}
