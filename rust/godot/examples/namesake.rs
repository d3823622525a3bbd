//! For the tests: another extension, which has a class with the name of one of ours.

use godot::prelude::*;

/// Registered under a name that ours would have.
#[derive(GodotClass, Debug)]
#[class(base = Node, init, rename = WebSocketClient)]
struct Namesake {
    base: Base<Node>,
}

struct Extension;

#[gdextension(entry_symbol = namesake_init)]
unsafe impl ExtensionLibrary for Extension {}
