//! The names under which our classes are registered, chosen when the library is loaded.
//!
//! A class takes its plain name if that is free, else the same with the prefix `Tungsten`. A name is taken if there is
//! such a class (every stock engine has a `WebSocketPeer`; another extension may have any) or if a script of the
//! project declares it with `class_name`. To Rust each class is called `Unnamed…`; [`registered`] turns that into what
//! Godot is told.
//!
//! [`SAVED`] are the exception: scenes are saved with their names, so they give way to no script. With another name
//! they would lose their nodes as soon as somebody adds a script of that name to the project.

use godot::classes::Os;
use godot::global::PrintLevel;
use godot::obj::Singleton as _;
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What the Rust names start with, in `#[class(rename = …)]`.
const MARK: &str = "Unnamed";

/// Who has the plain name.
const FREE: u8 = 0;
const ENGINE: u8 = 1;
const EXTENSION: u8 = 2;
const PROJECT: u8 = 3;
/// A script declares it, in vain.
const CONTESTED: u8 = 4;

/// The classes that scenes save.
const SAVED: [&CStr; 2] = [c"WebSocketNode", c"WebSocketServerNode"];

struct Class {
    plain: &'static CStr,
    prefixed: &'static CStr,
    is_of_stock_engines: bool,
    taken: AtomicU8,
    /// It is registered: its name does not change any more.
    is_settled: AtomicBool,
}

static CLASSES: [Class; 7] = [
    Class::new(c"WebSocketPeer", c"TungstenWebSocketPeer", true),
    Class::new(c"WebSocketMultiplayerPeer", c"TungstenWebSocketMultiplayerPeer", true),
    Class::new(c"WebSocketClient", c"TungstenWebSocketClient", false),
    Class::new(c"WebSocketServer", c"TungstenWebSocketServer", false),
    Class::new(c"WebSocketError", c"TungstenWebSocketError", false),
    Class::new(c"WebSocketNode", c"TungstenWebSocketNode", false),
    Class::new(c"WebSocketServerNode", c"TungstenWebSocketServerNode", false),
];

impl Class {
    const fn new(plain: &'static CStr, prefixed: &'static CStr, is_of_stock_engines: bool) -> Self {
        let (taken, is_settled) = (AtomicU8::new(FREE), AtomicBool::new(false));
        Self { plain, prefixed, is_of_stock_engines, taken, is_settled }
    }

    fn plain(&self) -> &'static str {
        self.plain.to_str().unwrap_or_default()
    }

    fn registered_name(&self) -> &'static CStr {
        match self.taken.load(Ordering::Relaxed) {
            FREE | CONTESTED => self.plain,
            _ => self.prefixed,
        }
    }

    fn registered(&self) -> &'static str {
        self.registered_name().to_str().unwrap_or_default()
    }

    /// Notes who has the plain name, unless somebody was found before or it is too late.
    fn take(&self, owner: u8) {
        if !self.is_settled.load(Ordering::Relaxed) {
            let _ = self.taken.compare_exchange(FREE, owner, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// Frees all names: the library may have been loaded before, and stayed in memory.
pub(crate) fn forget() {
    for class in &CLASSES {
        class.taken.store(FREE, Ordering::Relaxed);
        class.is_settled.store(false, Ordering::Relaxed);
    }
}

/// Looks which names the engine and other extensions have; `has` asks for a class.
pub(crate) fn take_those_of_classes(has: impl Fn(&'static CStr) -> bool) {
    for class in CLASSES.iter().filter(|class| !class.is_settled.load(Ordering::Relaxed) && has(class.plain)) {
        class.take(if class.is_of_stock_engines { ENGINE } else { EXTENSION });
    }
}

/// Looks which names the scripts of the project declare.
pub(crate) fn take_those_of_the_project(declared: &[String]) {
    for class in CLASSES.iter().filter(|class| declared.iter().any(|name| name == class.plain())) {
        class.take(if SAVED.contains(&class.plain) { CONTESTED } else { PROJECT });
    }
}

/// Keeps the names of the classes that are registered by now; `has` asks for a class.
pub(crate) fn settle(has: impl Fn(&'static CStr) -> bool) {
    for class in CLASSES.iter().filter(|class| has(class.registered_name())) {
        class.is_settled.store(true, Ordering::Relaxed);
    }
}

/// What Godot is told instead of `name`, if that is the Rust name of a class of ours or of something inside one.
pub(crate) fn registered(name: &str) -> Option<String> {
    let unmarked = name.strip_prefix(MARK)?;
    let (plain, member) = unmarked.find('.').map_or((unmarked, ""), |dot| unmarked.split_at(dot));
    let class = CLASSES.iter().find(|class| class.plain() == plain)?;
    Some(class.registered().to_owned() + member)
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
            Some(class) => result.push_str(class.registered()),
            None => result.push_str(word),
        }
        rest = after;
    }
    result + rest
}

/// Says which classes gave way: their names are not those of the documentation. And to which script a class does not
/// give way. Players of an exported game are not told.
pub(crate) fn announce(say: impl Fn(PrintLevel, String)) {
    if !Os::singleton().has_feature("editor") {
        return;
    }
    for class in &CLASSES {
        let (plain, registered) = (class.plain(), class.registered());
        let gave_way = |owner| format!("Tungsten: {owner} {plain}; the class of the extension is {registered}.");
        match class.taken.load(Ordering::Relaxed) {
            EXTENSION => {
                say(PrintLevel::Info, gave_way("another extension of this project has a class"));
            }
            PROJECT => say(PrintLevel::Info, gave_way("a script of this project has the class name")),
            CONTESTED => {
                let warning = format!(
                    "Tungsten: a script of this project has the class name {plain}, which scenes are saved with and the \
                     extension keeps. Give the script another class_name."
                );
                say(PrintLevel::Warn, warning);
            }
            _ => {}
        }
    }
}
