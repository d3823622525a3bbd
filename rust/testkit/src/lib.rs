//! Loopback WebSocket peers with scripted faults: the independent oracle of Tungsten's tests.
//!
//! Nothing here comes from `tungsten-core`, so that a mistake there is not repeated by its judge. Everything blocks on
//! threads of its own; every wait has a deadline; every port is chosen by the system.
//!
//! # Tour
//!
//! ```text
//!  script: [Step, Step, ...] ──▶ Server ──accept──▶ one thread per connection goes through the steps
//!                                  │                        │
//!       tests ◀── report, wait_for ┴──────── events ────────┘
//! ```
//!
//! - [`Server`] listens and runs a script of [`Step`]s on each connection: answer the handshake wrongly, send broken
//!   frames, cork several things into one segment, stall, reset.
//! - What it sees becomes [`Event`]s, and broken rules become [`Event::Violation`]s. Tests wait for events with
//!   [`Server::wait_for`] and order a script with [`Step::Wait`] and [`Server::signal`]; nobody sleeps.
//! - [`TestAuthority`] issues good and bad certificates at run time.
//! - [`BlackHole`] and [`closed_port`] are addresses where a connection never finishes, or is refused.
//! - [`RawClient`] is the opposite side, for tests of servers.
//!
//! The binary `tungsten-testkit` offers the same servers to other processes: `control` speaks JSON lines, `echo` serves
//! a demo. `identity` writes certificates for servers that are not ours.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use tungsten_testkit::{Frame, RawClient, Server, Step};
//!
//! let server = Server::start([Step::Upgrade, Step::Text("hello".into()), Step::AnswerClose]);
//! let mut client = RawClient::connect(server.address())?;
//! client.upgrade(&[])?;
//! assert_eq!(client.read_frame()?, Some(Frame::text("hello")));
//! client.send(Frame::close(1000, "bye"))?;
//! server.wait_for_events("close", 1, Duration::from_secs(10))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//!
//! It is no WebSocket library: messages are kept whole in memory, each connection costs a thread, and extensions are
//! neither offered nor understood.

mod client;
mod connection;
mod dead_end;
mod event;
mod frame;
mod handshake;
mod message;
mod perform;
mod pki;
mod report;
mod script;
mod server;
mod transport;

pub use client::RawClient;
pub use dead_end::{BlackHole, closed_port};
pub use event::{BinaryDigest, Event, FragmentDigest, Recorded, TextDigest};
pub use frame::{FIN, Frame, LengthForm};
pub use pki::{AuthorityFault, Identity, Issuer, Leaf, LeafKind, TestAuthority};
pub use report::WaitError;
pub use script::{Fill, Fragment, MessageKind, Respond, Step};
pub use server::{Options, Server};
