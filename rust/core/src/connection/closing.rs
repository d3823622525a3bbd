//! How a connection comes to its end (RFC 6455 §7).

use super::violation::Violation;
use crate::close::CloseFrame;
use crate::error::{Error, ErrorKind, Phase};
use std::time::{Duration, Instant};

/// How a connection ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Both close frames were exchanged; this is the received one.
    Clean(CloseFrame),
    /// We ended it with this close frame, because of this error.
    Failed(CloseFrame, Error),
    /// It ended before both close frames were exchanged.
    Lost(Error),
}

/// What has happened on the way to the end.
///
/// The `handle_` methods take note of something; [`Self::update`] then decides whether it is over.
#[derive(Debug, Default)]
pub(super) struct Closing {
    sent: Option<CloseFrame>,
    received: Option<CloseFrame>,
    /// The other side sent its close frame before ours.
    was_requested: bool,
    /// When closing began: with the first close frame, or when nothing could be written any more.
    since: Option<Instant>,
    /// Why we ended the connection, and the close frame that says so.
    violation: Option<Box<(CloseFrame, Error)>>,
    /// Nothing more comes from the other side.
    has_stream_ended: bool,
    /// Why nothing more can be written.
    broken: Option<String>,
    end: Option<End>,
}

impl Closing {
    /// Whether messages may be sent: no close frame in either direction, and no failure.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none() && self.broken.is_none() && self.sent.is_none() && self.received.is_none()
    }

    /// Whether what comes from the other side still counts.
    pub(super) fn is_listening(&self) -> bool {
        self.end.is_none() && self.violation.is_none() && self.received.is_none()
    }

    /// Whether anything may still come from the other side.
    pub(super) fn wants_input(&self) -> bool {
        self.end.is_none() && !self.has_stream_ended
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    pub(super) fn has_sent(&self) -> bool {
        self.sent.is_some()
    }

    pub(super) fn received(&self) -> Option<&CloseFrame> {
        self.received.as_ref()
    }

    /// Whether the close frame of the other side came before ours.
    pub(super) fn was_requested(&self) -> bool {
        self.was_requested
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether our close frame is the last thing that will ever be written: always after a violation, and for both
    /// sides once both frames were exchanged.
    pub(super) fn is_last_word(&self) -> bool {
        self.sent.is_some() && (self.violation.is_some() || self.end.is_some())
    }

    /// When [`Self::handle_timeout`] ends it; `None` before closing has begun.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Instant> {
        self.since?.checked_add(timeout)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    /// Our close frame was queued.
    pub(super) fn handle_sent(&mut self, frame: CloseFrame, now: Instant) {
        self.since.get_or_insert(now);
        self.sent = Some(frame);
    }

    /// The close frame of the other side came.
    pub(super) fn handle_received(&mut self, frame: CloseFrame, now: Instant) {
        self.since.get_or_insert(now);
        self.was_requested = self.sent.is_none();
        self.received = Some(frame);
    }

    /// The other side broke the protocol or a limit (RFC 6455 §7.1.7).
    pub(super) fn handle_violation(&mut self, violation: &Violation, now: Instant) {
        let error = Error::new(self.phase(), violation.kind(), violation.to_string());
        self.since.get_or_insert(now);
        self.violation = Some(Box::new((violation.close_frame(), error)));
    }

    /// The other side will send nothing more.
    pub(super) fn handle_end_of_stream(&mut self) {
        self.has_stream_ended = true;
    }

    /// Nothing more can be written. What the other side sent before may still be read.
    pub(super) fn handle_write_error(&mut self, reason: &str, now: Instant) {
        self.since.get_or_insert(now);
        self.broken.get_or_insert_with(|| reason.to_owned());
    }

    /// The other side has not answered a ping for this long.
    pub(super) fn handle_silence(&mut self, timeout: Duration) {
        let message = format!("no answer to a ping within {timeout:?}");
        self.end = Some(End::Lost(Error::new(Phase::Open, ErrorKind::HeartbeatTimeout, message)));
    }

    /// Ends what takes longer than `timeout`.
    pub(super) fn handle_timeout(&mut self, now: Instant, timeout: Duration) {
        if self.end.is_none() && self.since.is_some_and(|since| now.saturating_duration_since(since) >= timeout) {
            self.end = Some(self.timed_out(timeout));
        }
    }

    /// Decides whether it is over, once all that was received has been read.
    pub(super) fn update(&mut self, has_unsent: bool) {
        if self.end.is_some() {
            return;
        }
        let is_broken = self.broken.is_some();
        self.end = match (self.violation.as_deref(), &self.received) {
            (Some((frame, error)), _) if self.has_stream_ended || is_broken => {
                Some(End::Failed(frame.clone(), error.clone()))
            }
            (None, Some(_)) if is_broken => Some(End::Lost(self.lost())),
            // The other side may have ended its half of the stream; ours still takes the answer.
            (None, Some(frame)) if !has_unsent => Some(End::Clean(frame.clone())),
            (None, None) if self.has_stream_ended => Some(End::Lost(self.lost())),
            _ => None,
        };
    }

    fn lost(&self) -> Error {
        let message = match &self.broken {
            Some(reason) => format!("the connection was lost: {reason}"),
            None => "the other side ended the connection without a close frame".to_owned(),
        };
        Error::new(self.phase(), ErrorKind::ConnectionLost, message)
    }

    fn phase(&self) -> Phase {
        if self.sent.is_some() { Phase::Close } else { Phase::Open }
    }

    fn timed_out(&self, timeout: Duration) -> End {
        if let Some((frame, error)) = self.violation.as_deref() {
            return End::Failed(frame.clone(), error.clone());
        }
        if self.broken.is_some() {
            return End::Lost(self.lost());
        }
        let message = format!("closing took longer than {timeout:?}");
        End::Lost(Error::new(Phase::Close, ErrorKind::CloseTimeout, message))
    }
}
