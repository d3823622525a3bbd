//! A client's place in a session.

use crate::classes::peer::{Notice, WebSocketPeer};
use crate::session::multiplayer::{Inbox, SERVER};
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::obj::Gd;
use std::time::{Duration, Instant};
use tungsten_core::{CloseFrame, Error, ErrorKind, Event, Phase, ReadyState};

/// Who a client is to a server, and how it comes to know.
///
/// One connection has one end at most: [`Step::Left`] if the client was in, else [`Step::NotJoined`]. Nothing follows
/// it.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    stage: Stage,
    /// How long the server may take to tell the id.
    timeout: Duration,
    /// The server wants to close, and has not told the id.
    turned_away: Option<CloseFrame>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    /// The connection is being opened.
    Opening,
    /// It is open, and the server has to tell the id until then.
    Waiting(Instant),
    /// The server has let the client in, under this id.
    In(i32),
    /// The connection is over, and somebody may not have heard of it: until then the client has its id.
    Leaving(i32),
    /// There is no session, or no longer.
    #[default]
    Over,
}

/// What the connection brings.
#[derive(Debug)]
enum Fact {
    Opened,
    /// A message; the first is to be the id.
    Message(Option<i32>),
    /// The server has had its time.
    Late,
    CloseRequested(CloseFrame),
    Ended(Option<Error>),
}

/// What has become of it.
#[derive(Debug)]
pub(crate) enum Step {
    /// The server has let the client in.
    Joined,
    /// The server wants to close the connection.
    CloseRequested(CloseFrame),
    /// The client was in, and the connection is over.
    Left,
    /// The client never came in. Without an error it has left of its own accord.
    NotJoined(Option<Error>),
}

impl Membership {
    /// Of a connection that is being opened. `timeout` is for the id alone.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { stage: Stage::Opening, timeout, turned_away: None }
    }

    /// 0 until the client is in, and again when it has left.
    pub(crate) fn id(&self) -> i32 {
        match self.stage {
            Stage::In(id) | Stage::Leaving(id) => id,
            Stage::Opening | Stage::Waiting(_) | Stage::Over => 0,
        }
    }

    pub(crate) fn status(&self) -> ConnectionStatus {
        match self.stage {
            Stage::Opening | Stage::Waiting(_) => ConnectionStatus::CONNECTING,
            Stage::In(_) | Stage::Leaving(_) => ConnectionStatus::CONNECTED,
            Stage::Over => ConnectionStatus::DISCONNECTED,
        }
    }

    /// Everybody has heard that the client has left. A session that one of them has started meanwhile goes on.
    pub(crate) fn conclude(&mut self) {
        if let Stage::Leaving(_) = self.stage {
            self.stage = Stage::Over;
        }
    }

    /// The next step that a poll of `peer` gives rise to. Packets go into the inbox.
    pub(crate) fn next(&mut self, peer: &mut Gd<WebSocketPeer>, inbox: &mut Inbox, now: Instant) -> Option<Step> {
        let mut peer = peer.bind_mut();
        loop {
            if let Stage::In(_) = self.stage
                && inbox.collect(SERVER, &mut peer)
            {
                return None;
            }
            let fact = self.next_fact(&mut peer, now)?;
            let step = self.handle(fact, now);
            if let Some(Step::NotJoined(Some(_))) = step {
                // Nothing to wait for. If it is over already, nothing happens.
                peer.close_for("MultiplayerPeer.poll", 1002, "no id");
            }
            if step.is_some() {
                return step;
            }
        }
    }

    /// What has happened that was not told yet. An end comes last, and also if the peer does not tell of it because the
    /// game has given up by itself.
    fn next_fact(&self, peer: &mut WebSocketPeer, now: Instant) -> Option<Fact> {
        let is_open = peer.core().state() == ReadyState::Open;
        if is_open && self.is_late(now) {
            return Some(Fact::Late);
        }
        loop {
            return Some(match peer.next_notice() {
                Some(Notice::Data | Notice::Message(_)) => match read_id(peer) {
                    id if is_open => Fact::Message(id),
                    // It comes after the game has given up.
                    _ => continue,
                },
                Some(Notice::Event(Event::Opened)) => Fact::Opened,
                Some(Notice::Event(Event::CloseRequested(frame))) => Fact::CloseRequested(frame),
                Some(Notice::Event(Event::Closed { .. } | Event::Failed)) => Fact::Ended(peer.core().error().cloned()),
                None if peer.is_over() && self.has_begun() => Fact::Ended(None),
                None => return None,
            });
        }
    }

    fn is_late(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::Waiting(deadline) if now >= deadline)
    }

    fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Leaving(_) | Stage::Over)
    }

    fn handle(&mut self, fact: Fact, now: Instant) -> Option<Step> {
        match (self.stage, fact) {
            (Stage::Over | Stage::Leaving(_), _) => None,
            (Stage::Opening, Fact::Opened) => {
                self.stage = Stage::Waiting(now + self.timeout);
                None
            }
            (Stage::Waiting(_), Fact::Message(Some(id))) => {
                self.stage = Stage::In(id);
                Some(Step::Joined)
            }
            (Stage::Waiting(_), Fact::Message(None)) => {
                let message = "the first message of the server is not the id of a client";
                Some(self.give_up(Some(Error::new(Phase::Handshake, ErrorKind::ProtocolViolation, message))))
            }
            (Stage::Waiting(_), Fact::Late) => {
                let message = format!("the server has not said within {:?} who the client is", self.timeout);
                Some(self.give_up(Some(Error::new(Phase::Handshake, ErrorKind::HandshakeTimeout, message))))
            }
            (stage, Fact::CloseRequested(frame)) => {
                if let Stage::Waiting(_) = stage {
                    self.turned_away = Some(frame.clone());
                }
                Some(Step::CloseRequested(frame))
            }
            (Stage::In(id), Fact::Ended(_)) => {
                self.stage = Stage::Leaving(id);
                Some(Step::Left)
            }
            (_, Fact::Ended(error)) => {
                let error = error.or_else(|| self.turned_away.take().map(Error::turned_away));
                Some(self.give_up(error))
            }
            (_, Fact::Opened | Fact::Message(_) | Fact::Late) => None,
        }
    }

    fn give_up(&mut self, error: Option<Error>) -> Step {
        self.stage = Stage::Over;
        Step::NotJoined(error)
    }
}

/// The first message of a server is the id of the client: four bytes, little endian, at least 2.
fn read_id(peer: &mut WebSocketPeer) -> Option<i32> {
    let bytes = peer.take_message()?.payload().try_into().ok()?;
    Some(i32::from_le_bytes(bytes)).filter(|id| *id >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// A client whose connection has just opened.
    fn waiting() -> (Membership, Instant) {
        let (mut membership, now) = (Membership::new(TIMEOUT), Instant::now());
        assert!(membership.handle(Fact::Opened, now).is_none());
        (membership, now)
    }

    /// All that it tells of these facts, in short.
    #[track_caller]
    fn told(membership: &mut Membership, facts: Vec<Fact>, now: Instant) -> Vec<String> {
        let steps = facts.into_iter().filter_map(|fact| membership.handle(fact, now));
        let names = steps.map(|step| match step {
            Step::NotJoined(Some(error)) => format!("{:?}", error.kind()),
            step => format!("{step:?}"),
        });
        names.collect()
    }

    fn lost() -> Fact {
        Fact::Ended(Some(Error::new(Phase::Open, ErrorKind::ConnectionLost, "gone")))
    }

    #[test]
    fn server_that_tells_no_id_is_late_once() {
        let (mut membership, start) = waiting();
        assert!(!membership.is_late(start + TIMEOUT - Duration::from_millis(1)));
        let late = start + TIMEOUT;
        assert!(membership.is_late(late));
        assert_eq!(told(&mut membership, vec![Fact::Late], late), ["HandshakeTimeout"]);
        assert!(!membership.is_late(late + TIMEOUT));
        assert_eq!(membership.status(), ConnectionStatus::DISCONNECTED);
        let rest = vec![Fact::Message(Some(5)), Fact::Late, lost()];
        assert_eq!(told(&mut membership, rest, late + TIMEOUT), [""; 0]);
    }

    #[test]
    fn first_message_that_is_no_id_ends_it_once() {
        let (mut membership, now) = waiting();
        let facts = vec![Fact::Message(None), Fact::Message(None), Fact::Message(Some(5)), lost()];
        assert_eq!(told(&mut membership, facts, now), ["ProtocolViolation"]);
        assert_eq!(membership.id(), 0);
    }

    #[test]
    fn client_that_is_in_is_never_late_and_leaves_once() {
        let (mut membership, now) = waiting();
        assert_eq!(told(&mut membership, vec![Fact::Message(Some(5))], now), ["Joined"]);
        assert!(!membership.is_late(now + TIMEOUT * 2));
        assert_eq!(told(&mut membership, vec![lost(), lost()], now), ["Left"]);
        assert_eq!((membership.id(), membership.status()), (5, ConnectionStatus::CONNECTED));
        membership.conclude();
        assert_eq!((membership.id(), membership.status()), (0, ConnectionStatus::DISCONNECTED));
    }

    #[test]
    fn session_that_was_started_meanwhile_is_not_concluded() {
        let mut membership = Membership::new(TIMEOUT);
        membership.conclude();
        assert_eq!(membership.status(), ConnectionStatus::CONNECTING);
    }

    #[test]
    fn close_frame_instead_of_an_id_is_the_error() {
        let (mut membership, now) = waiting();
        let frame = CloseFrame::to_send(1013, "full").unwrap();
        assert!(matches!(membership.handle(Fact::CloseRequested(frame), now), Some(Step::CloseRequested(_))));
        let Some(Step::NotJoined(Some(error))) = membership.handle(Fact::Ended(None), now) else { panic!() };
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::TurnedAway, true));
    }

    #[test]
    fn client_that_gives_up_by_itself_has_no_error() {
        for mut membership in [Membership::new(TIMEOUT), waiting().0] {
            let step = membership.handle(Fact::Ended(None), Instant::now());
            assert!(matches!(step, Some(Step::NotJoined(None))));
        }
    }
}
