//! The Godot classes of Tungsten: adapters between GDScript and `tungsten-core`.

mod calls;
mod console;
mod convert;
mod engine_resolver;
mod engine_stream;
mod entry;
mod enums;
mod help;
mod help_keeper;
mod hosting;
mod logging;
mod multiplayer;
mod names;
mod project_scripts;
mod quiet;
mod scratch;
mod tls;
mod watch;
mod web_socket_client;
mod web_socket_error;
mod web_socket_multiplayer_peer;
mod web_socket_node;
mod web_socket_peer;
mod web_socket_server;

use godot::init::{ExtensionLibrary, InitStage, gdextension};

struct Tungsten;

// The symbol that Godot calls is in `entry`; this one is what the macro insists on.
#[gdextension(entry_symbol = tungsten_unnamed_init)]
unsafe impl ExtensionLibrary for Tungsten {
    fn on_stage_init(stage: InitStage) {
        match stage {
            InitStage::Core => logging::init(),
            InitStage::Scene => {
                enums::register();
                names::announce();
            }
            InitStage::Editor => help::init(),
            _ => {}
        }
    }
}
