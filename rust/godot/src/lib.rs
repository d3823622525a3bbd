//! The Godot classes of Tungsten: adapters between GDScript and `tungsten-core`.

#![warn(clippy::disallowed_methods, clippy::print_stderr, clippy::print_stdout)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod classes;
mod engine;
mod load;
mod session;

use classes::client::WebSocketClient;
use classes::error;
use classes::multiplayer_peer::WebSocketMultiplayerPeer;
use classes::node::WebSocketNode;
use classes::peer::{self, WebSocketPeer};
use classes::server::WebSocketServer;
use classes::server_node::WebSocketServerNode;
use engine::logging;
use godot::init::{ExtensionLibrary, InitStage, gdextension};
use load::entry::Tungsten;
use load::{console, help_keeper, names};

// The symbol that Godot calls is in `load/entry.rs`; this one is what the macro insists on.
#[gdextension(entry_symbol = tungsten_unnamed_init)]
unsafe impl ExtensionLibrary for Tungsten {
    fn on_stage_init(stage: InitStage) {
        match stage {
            InitStage::Core => logging::init(),
            InitStage::Scene => {
                error::register_enums();
                peer::register_enums();
                WebSocketPeer::register_properties();
                WebSocketMultiplayerPeer::register_properties();
                WebSocketClient::register_properties();
                WebSocketServer::register_properties();
                WebSocketServer::register_server_properties();
                WebSocketNode::register_properties();
                WebSocketServerNode::register_server_properties();
                WebSocketServerNode::register_properties();
                names::announce(|level, text| console::say(level, text, None));
            }
            InitStage::Editor => help_keeper::init(),
            _ => {}
        }
    }
}
