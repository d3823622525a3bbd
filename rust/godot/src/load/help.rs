//! Editor help. gdext can make it from doc comments, but only in libraries that refuse engines before 4.3; the pages
//! in `doc_classes/` are in the format of the engine's own and go to any engine that can show them.

use crate::load::{entry, names};

const PAGES: [&str; 7] = [
    include_str!("../../doc_classes/WebSocketPeer.xml"),
    include_str!("../../doc_classes/WebSocketMultiplayerPeer.xml"),
    include_str!("../../doc_classes/WebSocketClient.xml"),
    include_str!("../../doc_classes/WebSocketServer.xml"),
    include_str!("../../doc_classes/WebSocketError.xml"),
    include_str!("../../doc_classes/WebSocketNode.xml"),
    include_str!("../../doc_classes/WebSocketServerNode.xml"),
];

/// Hands the pages to the editor; those that are there already are replaced.
pub(crate) fn load() {
    let version = godot::init::GdextBuild::godot_runtime_version_triple();
    if version < (4, 3, 0) {
        return;
    }
    for page in PAGES {
        entry::load_help(&names::registered_in(page));
    }
}
