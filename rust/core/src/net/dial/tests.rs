use super::*;
use std::cell::RefCell;
use std::rc::Rc;

/// What the attempts at addresses come to, by their last byte: see [`Fake::connect`].
#[derive(Debug, Default)]
struct Fake {
    started: Rc<RefCell<Vec<SocketAddr>>>,
}

#[derive(Debug)]
struct FakeStream(SocketAddr);

const REFUSES: u8 = 1;
const HANGS: u8 = 2;
const CONNECTS: u8 = 3;
const CANNOT_START: u8 = 4;

impl Connector for Fake {
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.started.borrow_mut().push(address);
        if last_byte(address) == CANNOT_START {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        Ok(Box::new(FakeStream(address)))
    }
}

impl Stream for FakeStream {
    fn poll_connected(&mut self) -> io::Result<bool> {
        match last_byte(self.0) {
            REFUSES => Err(io::ErrorKind::ConnectionRefused.into()),
            HANGS => Ok(false),
            _ => Ok(true),
        }
    }

    fn receive(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn transmit(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn finish(&mut self) {}

    fn set_no_delay(&mut self, _: bool) {}

    fn peer_address(&self) -> Option<SocketAddr> {
        Some(self.0)
    }
}

fn last_byte(address: SocketAddr) -> u8 {
    match address.ip() {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
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
    network: Fake,
}

impl Rig {
    fn new(addresses: &[IpAddr]) -> Self {
        let now = Instant::now();
        Self { dial: Dial::new(addresses.to_vec(), 80, now), now, network: Fake::default() }
    }

    fn poll_after(&mut self, millis: u64) -> Poll<Result<IpAddr, Error>> {
        self.now += Duration::from_millis(millis);
        let polled = self.dial.poll(self.now, &mut self.network);
        polled.map_ok(|stream| stream.peer_address().unwrap().ip())
    }

    fn started(&self) -> Vec<IpAddr> {
        self.network.started.borrow().iter().map(|address| address.ip()).collect()
    }
}

#[test]
fn first_address_that_connects_wins_at_once() {
    let mut rig = Rig::new(&[v4(CONNECTS), v6(3)]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Ok(address)) if address == v4(CONNECTS)));
    assert_eq!(rig.started(), [v4(CONNECTS)]);
}

#[test]
fn dead_address_delays_the_next_one_by_a_quarter_of_a_second() {
    let mut rig = Rig::new(&[v6(2), v4(CONNECTS)]);
    assert!(rig.poll_after(0).is_pending());
    assert!(rig.poll_after(249).is_pending());
    assert_eq!(rig.started(), [v6(2)]);
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
    assert_eq!(rig.started().len(), MAX_ADDRESSES);
}

#[test]
fn no_address_is_reported_as_such() {
    let mut rig = Rig::new(&[]);
    assert!(matches!(rig.poll_after(0), Poll::Ready(Err(error)) if error.kind() == ErrorKind::NameNotFound));
}
