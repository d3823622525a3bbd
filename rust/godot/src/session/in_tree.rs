//! Nodes that poll themselves.
//!
//! The engine calls a script's `_ready`, `_process` or `_exit_tree` in the place of a class's own. So such a node has
//! none of them: it hears of its life by notifications, and of frames by a signal of the tree.

use crate::load::console::Refusal;
use godot::builtin::Callable;
use godot::classes::Node;
use godot::classes::node::ProcessMode;
use godot::global::Error;
use godot::obj::Gd;

/// The method that the tree calls in every frame. No script has one of this name; its own would be called instead.
const POLL: &str = "_tungsten_poll";

/// Has a node that is inside of the tree polled from now on.
pub(crate) fn hear_of_frames(node: &Gd<Node>) {
    let (mut tree, poll) = (node.get_tree(), poll_of(node));
    if !tree.is_connected("process_frame", &poll) {
        tree.connect("process_frame", &poll);
    }
}

/// For a node that leaves the tree.
pub(crate) fn hear_no_more_of_frames(node: &Gd<Node>) {
    let (mut tree, poll) = (node.get_tree(), poll_of(node));
    if tree.is_connected("process_frame", &poll) {
        tree.disconnect("process_frame", &poll);
    }
}

// By its name, and not a Rust closure: that would not outlive a reload of the library in the editor.
fn poll_of(node: &Gd<Node>) -> Callable {
    Callable::from_object_method(node, POLL)
}

/// A game that pauses is still connected: the other side goes on. So unless a process mode was chosen for the node
/// itself, it stops only below a parent that is disabled.
pub(crate) fn may_poll(node: &Node) -> bool {
    node.can_process()
        || node.get_process_mode() == ProcessMode::INHERIT && inherited_mode(node) != ProcessMode::DISABLED
}

/// Whether a node would be polled.
pub(crate) fn check(node: &Node) -> Result<(), Refusal> {
    let reason = "the node is not inside of the tree, where it would be polled";
    if node.is_inside_tree() { Ok(()) } else { Err(Refusal::new(Error::ERR_UNCONFIGURED, reason)) }
}

/// The process mode that a node gets from those above it.
fn inherited_mode(node: &Node) -> ProcessMode {
    let mut above = node.get_parent();
    while let Some(parent) = above {
        match parent.get_process_mode() {
            ProcessMode::INHERIT => above = parent.get_parent(),
            mode => return mode,
        }
    }
    ProcessMode::PAUSABLE
}

/// Which node it is: games have many.
pub(crate) fn name(node: &Node) -> String {
    if node.is_inside_tree() { node.get_path().to_string() } else { node.get_name().to_string() }
}
