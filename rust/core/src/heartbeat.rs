//! Pings, pongs and the round-trip time (RFC 6455 §5.5.2, §5.5.3).

use std::time::{Duration, Instant};

/// When to ping, and when silence means that the other side is gone.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When something was received last, or when the connection opened.
    last_received: Instant,
    /// When the last heartbeat ping was sent, or when the connection opened.
    last_ping: Instant,
    /// The heartbeat ping that is not answered yet: its number and when it was sent.
    unanswered: Option<(u64, Instant)>,
    next_number: u64,
    round_trip: Option<Duration>,
}

/// What is due.
#[derive(Debug, PartialEq)]
pub(crate) enum Beat {
    /// Send a ping with these bytes.
    Ping([u8; 8]),
    /// The other side is gone.
    Dead,
}

impl Heartbeat {
    pub(crate) fn new(now: Instant) -> Self {
        Self { last_received: now, last_ping: now, unanswered: None, next_number: 0, round_trip: None }
    }

    /// Anything arrived: the other side is there.
    pub(crate) fn handle_received(&mut self, now: Instant) {
        self.last_received = now;
    }

    /// A pong arrived. One that answers no ping of ours is ignored (RFC 6455 §5.5.3).
    pub(crate) fn handle_pong(&mut self, payload: &[u8], now: Instant) {
        if let Some((number, sent)) = self.unanswered
            && payload == number.to_be_bytes()
        {
            self.round_trip = Some(now.saturating_duration_since(sent));
            self.unanswered = None;
        }
    }

    /// What is due now. While `paused` nothing is read, so silence says nothing about the other side.
    pub(crate) fn poll(&mut self, now: Instant, interval: Duration, timeout: Duration, paused: bool) -> Option<Beat> {
        if paused {
            self.last_received = now;
        }
        if let Some((_, sent)) = self.unanswered {
            // Whatever comes is a sign of life: the pong may be behind a large message.
            let silent_since = sent.max(self.last_received);
            if now.saturating_duration_since(silent_since) >= timeout {
                return Some(Beat::Dead);
            }
        }
        if now.saturating_duration_since(self.last_ping) < interval {
            return None;
        }
        // Not when it was due: after a long frame no pings are made up for.
        self.last_ping = now;
        Some(Beat::Ping(self.ping(now)))
    }

    /// When [`Self::poll`] has something to do if nothing is received before; `None` if it never has, because times are
    /// so long.
    pub(crate) fn deadline(&self, interval: Duration, timeout: Duration) -> Option<Instant> {
        let next_ping = self.last_ping.checked_add(interval);
        let dead = self.unanswered.and_then(|(_, sent)| sent.max(self.last_received).checked_add(timeout));
        next_ping.into_iter().chain(dead).min()
    }

    /// Makes the next ping; an older one that is unanswered stays the one that is waited for.
    fn ping(&mut self, now: Instant) -> [u8; 8] {
        let number = self.next_number;
        self.next_number += 1;
        // Who has been heard since is there, and may answer the newest ping only (RFC 6455 §5.5.3).
        if self.unanswered.is_none() || self.unanswered.is_some_and(|(_, sent)| self.last_received > sent) {
            self.unanswered = Some((number, now));
        }
        number.to_be_bytes()
    }

    /// The time from the last answered heartbeat ping to its pong.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(1);
    const TIMEOUT: Duration = Duration::from_secs(5);

    struct Rig {
        now: Instant,
        heartbeat: Heartbeat,
    }

    impl Rig {
        fn new() -> Self {
            let now = Instant::now();
            Self { now, heartbeat: Heartbeat::new(now) }
        }

        fn after(&mut self, seconds: f64) -> Option<Beat> {
            self.now += Duration::from_secs_f64(seconds);
            self.heartbeat.poll(self.now, INTERVAL, TIMEOUT, false)
        }

        #[track_caller]
        fn ping_after(&mut self, seconds: f64) -> [u8; 8] {
            match self.after(seconds) {
                Some(Beat::Ping(payload)) => payload,
                other => panic!("expected a ping, got {other:?}"),
            }
        }
    }

    #[test]
    fn ping_is_sent_once_per_interval() {
        let mut rig = Rig::new();
        assert_eq!(rig.after(0.9), None);
        rig.ping_after(0.1);
        assert_eq!(rig.after(0.5), None);
    }

    #[test]
    fn pong_gives_the_round_trip_time() {
        let mut rig = Rig::new();
        let payload = rig.ping_after(1.0);
        rig.now += Duration::from_millis(30);
        rig.heartbeat.handle_pong(&payload, rig.now);
        assert_eq!(rig.heartbeat.round_trip(), Some(Duration::from_millis(30)));
    }

    #[test]
    fn silence_after_a_ping_is_death_within_the_timeout() {
        let mut rig = Rig::new();
        rig.ping_after(1.0);
        for _ in 0..4 {
            rig.ping_after(1.0);
        }
        assert_eq!(rig.after(0.9), None);
        assert_eq!(rig.after(0.1), Some(Beat::Dead));
    }

    #[test]
    fn anything_received_counts_as_life() {
        let mut rig = Rig::new();
        rig.ping_after(1.0);
        for _ in 0..20 {
            rig.now += Duration::from_secs(1);
            rig.heartbeat.handle_received(rig.now);
            assert_ne!(rig.after(0.0), Some(Beat::Dead));
        }
    }

    #[test]
    fn pong_that_answers_nothing_is_ignored() {
        let mut rig = Rig::new();
        rig.ping_after(1.0);
        rig.heartbeat.handle_pong(b"other", rig.now);
        assert_eq!(rig.heartbeat.round_trip(), None);
    }

    #[test]
    fn times_beyond_those_of_the_clock_are_never_due() {
        let mut rig = Rig::new();
        assert_eq!(rig.heartbeat.deadline(Duration::MAX, Duration::MAX), None);
        rig.ping_after(1.0);
        assert_eq!(rig.heartbeat.deadline(Duration::MAX, TIMEOUT), Some(rig.now + TIMEOUT));
        assert_eq!(rig.heartbeat.deadline(INTERVAL, Duration::MAX), Some(rig.now + INTERVAL));
        assert_eq!(rig.heartbeat.poll(rig.now, Duration::MAX, Duration::MAX, false), None);
    }

    #[test]
    fn no_death_while_reading_is_paused() {
        let mut rig = Rig::new();
        rig.ping_after(1.0);
        for _ in 0..100 {
            rig.now += Duration::from_secs(1);
            assert_ne!(rig.heartbeat.poll(rig.now, INTERVAL, TIMEOUT, true), Some(Beat::Dead));
        }
    }
}
