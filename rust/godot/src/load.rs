//! The library is loaded: what the engine is told, and what its calls pass through.

pub(crate) mod calls;
pub(crate) mod console;
pub(crate) mod entry;
pub(crate) mod help;
pub(crate) mod help_keeper;
pub(crate) mod names;
pub(crate) mod project_scripts;
pub(crate) mod quiet;
