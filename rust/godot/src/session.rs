//! What several classes do together.

pub(crate) mod admission;
pub(crate) mod connection;
pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod filter;
pub(crate) mod host;
pub(crate) mod hosting;
pub(crate) mod in_tree;
pub(crate) mod membership;
pub(crate) mod multiplayer;
pub(crate) mod multiplayer_class;
pub(crate) mod news;
pub(crate) mod roster;
pub(crate) mod server_class;
pub(crate) mod signal;
pub(crate) mod watch;
