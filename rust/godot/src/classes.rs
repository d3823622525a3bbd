//! What scripts see: one file a class, with a folder beside it where it is long.

pub(crate) mod class_enum;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod multiplayer_peer;
pub(crate) mod node;
pub(crate) mod peer;
pub(crate) mod property;
pub(crate) mod server;
pub(crate) mod server_node;
pub(crate) mod settings;
