//! The `log` facade, bridged to Godot's console.

use crate::load::console;
use godot::global::PrintLevel;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::sync::Once;

/// The crates whose records are shown. Those of tungstenite show whole messages of the player.
const SHOWN: [&str; 2] = ["tungsten_core", "tungsten::"];

/// The environment variable that names the level; without it only warnings and errors, which are bugs of ours.
const VARIABLE: &str = "TUNGSTEN_LOG";

struct GodotLog;

impl Log for GodotLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        SHOWN.iter().any(|crate_name| metadata.target().starts_with(crate_name))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        // An engine's text ends at a NUL, and what a peer sent may hold one.
        let message = format!("Tungsten: {}", text.escape_debug());
        let level = match record.level() {
            Level::Error => PrintLevel::Error,
            Level::Warn => PrintLevel::Warn,
            Level::Info | Level::Debug | Level::Trace => PrintLevel::Info,
        };
        let source = || {
            let [module, file] = [record.module_path(), record.file()].map(|text| text.unwrap_or_default().to_owned());
            (module, file, record.line().unwrap_or_default())
        };
        // Godot would append the source to the text of an info.
        console::say(level, message, (record.level() <= Level::Warn).then(source));
    }

    fn flush(&self) {}
}

/// Starts to pass records on. Every call but the first does nothing: a hot reload may keep the library in memory.
pub(crate) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let level = std::env::var(VARIABLE).ok().and_then(|level| level.parse().ok());
        if log::set_logger(&GodotLog).is_ok() {
            log::set_max_level(level.unwrap_or(LevelFilter::Warn));
        }
    });
}
