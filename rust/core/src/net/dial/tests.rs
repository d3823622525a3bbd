use super::*;
use crate::net::fake::{Attempt, FakeConnector, Wire};

// The last byte of an address says what attempts at it come to.
const REFUSES: u8 = 1;
const HANGS: u8 = 2;
const CONNECTS: u8 = 3;
const CANNOT_START: u8 = 4;

fn attempt_at(address: SocketAddr) -> Attempt {
    let last = match address.ip() {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    };
    match last {
        REFUSES => Attempt::Refused,
        HANGS => Attempt::Pending,
        CANNOT_START => Attempt::CannotStart,
        _ => Attempt::Connected,
    }
}

fn v4(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn v6(last: u16) -> IpAddr {
    IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, last])
}

struct Rig {
    dial: Dial,
    now: Instant,
    network: FakeConnector,
}

impl Rig {
    fn new(addresses: &[IpAddr]) -> Self {
        let now = Instant::now();
        let network = FakeConnector::new(attempt_at, Wire::default());
        Self { dial: Dial::new(addresses.to_vec(), 80, now), now, network }
    }

    fn poll_after(&mut self, millis: u64) -> Poll<Result<IpAddr, Error>> {
        self.now += Duration::from_millis(millis);
        let polled = self.dial.poll(self.now, &mut self.network);
        polled.map_ok(|stream| stream.peer_address().unwrap().ip())
    }
}

#[test]
fn first_address_that_connects_wins_at_once() {
    let mut rig = Rig::new(&[v4(CONNECTS), v6(3)]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Ok(address)) if address == v4(CONNECTS)));
    assert_eq!(rig.network.started(), [v4(CONNECTS)]);
}

#[test]
fn dead_address_delays_the_next_one_by_a_quarter_of_a_second() {
    let mut rig = Rig::new(&[v6(2), v4(CONNECTS)]);
    assert!(rig.poll_after(0).is_pending());
    assert!(rig.poll_after(249).is_pending());
    assert_eq!(rig.network.started(), [v6(2)]);
    assert!(matches!(rig.poll_after(1), Poll::Ready(Ok(address)) if address == v4(CONNECTS)));
}

#[test]
fn refusal_makes_the_next_one_start_at_once() {
    let mut rig = Rig::new(&[v4(CANNOT_START), v6(1), v4(CONNECTS)]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Ok(address)) if address == v4(CONNECTS)));
}

#[test]
fn families_take_turns() {
    let addresses = vec![v6(1), v6(2), v6(3), v4(1), v4(2)];
    assert_eq!(interleave(addresses), [v6(1), v4(1), v6(2), v4(2), v6(3)]);
}

#[test]
fn refusal_of_all_is_reported_with_the_last_reason() {
    let mut rig = Rig::new(&[v4(CANNOT_START), v6(1)]);
    match rig.poll_after(0) {
        Poll::Ready(Err(error)) => {
            assert_eq!((error.kind(), error.phase()), (ErrorKind::ConnectionRefused, Phase::Connect));
            assert_eq!(error.message(), "connecting to [fd00::1]:80 failed: connection refused");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn address_list_is_bounded() {
    let mut rig = Rig::new(&[v4(REFUSES); 50]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Err(_))));
    assert_eq!(rig.network.started().len(), MAX_ADDRESSES);
}

#[test]
fn no_address_is_reported_as_such() {
    let mut rig = Rig::new(&[]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Err(error)) if error.kind() == ErrorKind::NameNotFound));
}
