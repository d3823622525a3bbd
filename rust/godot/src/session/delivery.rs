//! Which signals tell of a message: one rule for all classes that have them.

pub(crate) const MESSAGE_RECEIVED: &str = "message_received";
pub(crate) const DATA_RECEIVED: &str = "data_received";

/// What was told of the messages of a connection, which count from 1.
///
/// While somebody listens to `message_received`, each message that waits is taken out and told by it, the oldest first.
/// `data_received` is emitted once for each that comes. If both have listeners, `message_received` is first, and the
/// message can still be read by those of `data_received`. What nobody listens to waits to be read.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// The last one that `message_received` has told without taking it out.
    shown: u64,
    /// The last one that `data_received` has told of, or that was read before.
    announced: u64,
}

/// What is next for a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// `data_received` tells that it can be read.
    Announce,
    /// `message_received` has the oldest, and leaves it there for `data_received`.
    Show,
    /// `message_received` has the oldest, which is taken out.
    HandOut,
    /// The oldest is taken out: both signals have told of it.
    Drop,
}

impl Delivery {
    /// The next step when `received` messages have come, of which `waiting` were not read. Who listens is asked anew for
    /// each message: an `await` is one listener for one message.
    pub(crate) fn next(&mut self, received: u64, waiting: usize, listens: impl Fn(&str) -> bool) -> Option<Step> {
        let read = received - waiting as u64;
        self.announced = self.announced.max(read);
        let is_new = self.announced == read;
        if self.shown > read {
            self.announced = read + 1;
            return Some(if is_new { Step::Announce } else { Step::Drop });
        }
        if waiting > 0 && listens(MESSAGE_RECEIVED) {
            if !is_new || !listens(DATA_RECEIVED) {
                return Some(Step::HandOut);
            }
            self.shown = read + 1;
            return Some(Step::Show);
        }
        let is_untold = self.announced < received;
        self.announced += u64::from(is_untold);
        is_untold.then_some(Step::Announce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Announce, Drop, HandOut, Show};

    const BOTH: &[&str] = &[MESSAGE_RECEIVED, DATA_RECEIVED];

    /// The steps with these listeners, until nothing is left to tell.
    fn steps(delivery: &mut Delivery, received: u64, waiting: &mut usize, listeners: &[&str]) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some(step) = delivery.next(received, *waiting, |signal| listeners.contains(&signal)) {
            *waiting -= usize::from(matches!(step, HandOut | Drop));
            steps.push(step);
        }
        steps
    }

    #[test]
    fn message_that_nobody_listens_to_is_announced_once_and_waits() {
        let (mut delivery, mut waiting) = (Delivery::default(), 2);
        assert_eq!(steps(&mut delivery, 2, &mut waiting, &[]), [Announce, Announce]);
        assert_eq!(steps(&mut delivery, 2, &mut waiting, &[DATA_RECEIVED]), []);
        assert_eq!(waiting, 2);
    }

    #[test]
    fn late_listener_gets_what_waits() {
        let (mut delivery, mut waiting) = (Delivery::default(), 2);
        steps(&mut delivery, 2, &mut waiting, &[]);
        assert_eq!(steps(&mut delivery, 2, &mut waiting, BOTH), [HandOut, HandOut]);
    }

    #[test]
    fn both_signals_tell_of_each_message_before_it_is_taken_out() {
        let (mut delivery, mut waiting) = (Delivery::default(), 2);
        assert_eq!(steps(&mut delivery, 2, &mut waiting, BOTH), [Show, Announce, Drop, Show, Announce, Drop]);
        assert_eq!(waiting, 0);
    }

    #[test]
    fn message_that_its_listener_reads_is_not_told_of_again() {
        let mut delivery = Delivery::default();
        let both = |signal: &str| BOTH.contains(&signal);
        assert_eq!(delivery.next(2, 2, both), Some(Show));
        assert_eq!(delivery.next(2, 1, both), Some(Show), "the first was read by its listener");
        assert_eq!(delivery.next(2, 1, both), Some(Announce));
        assert_eq!(delivery.next(2, 0, both), None, "and the second by that of `data_received`");
    }

    #[test]
    fn message_that_was_read_before_its_turn_is_not_announced() {
        let mut delivery = Delivery::default();
        assert_eq!(delivery.next(3, 3, |_| false), Some(Announce));
        assert_eq!(delivery.next(3, 1, |_| false), Some(Announce));
        assert_eq!(delivery.next(3, 1, |_| false), None);
    }

    #[test]
    fn listener_that_comes_between_two_messages_gets_those_that_follow() {
        let mut delivery = Delivery::default();
        assert_eq!(delivery.next(2, 2, |_| false), Some(Announce));
        let mut waiting = 2;
        assert_eq!(steps(&mut delivery, 2, &mut waiting, BOTH), [HandOut, Show, Announce, Drop]);
    }
}
