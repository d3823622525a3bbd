//! What the tests of the testkit share.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::time::Duration;

use tungsten_testkit::{Event, RawClient, Server};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A client of this server after a correct upgrade.
#[track_caller]
pub(crate) fn upgraded(server: &Server) -> RawClient {
    let mut client = RawClient::connect(server.address()).unwrap();
    let head = client.upgrade(&[]).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client
}

/// All events up to and with the first of this name, without the peer's address and the request.
#[track_caller]
pub(crate) fn events_until(server: &Server, name: &str) -> Vec<Event> {
    let recorded = server.wait_for_events(name, 1, PATIENCE).unwrap();
    let end = recorded.iter().position(|recorded| recorded.event.name() == name).unwrap();
    let events = recorded.into_iter().take(end + 1).map(|recorded| recorded.event);
    events.filter(|event| !matches!(event, Event::Accepted(_) | Event::Request(_))).collect()
}
