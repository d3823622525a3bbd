//! The engine behind the core's traits, and Godot's types in the place of its own.

pub(crate) mod convert;
pub(crate) mod logging;
pub(crate) mod resolver;
pub(crate) mod scratch;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod utf32;
