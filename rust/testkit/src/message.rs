//! Messages put together from frames, and the rules that a client broke on the way.

use std::str;

use crate::frame::{Frame, LengthForm};
use crate::script::MessageKind;

/// What a frame means once it is seen in the order of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Close(Vec<u8>),
    Message(MessageKind, Vec<u8>),
    /// A data frame that did not complete a message.
    Part,
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

/// The stream of frames from a client: what is allowed next, and what has been collected so far.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    unfinished: Option<(MessageKind, Vec<u8>)>,
    closed: bool,
}

impl Assembler {
    /// The rules of RFC 6455 that this frame breaks at this place of the stream; call before [`Assembler::assemble`].
    pub(crate) fn violations(&self, frame: &Frame) -> Vec<String> {
        let opcode = frame.opcode();
        let is_control = opcode & 0x8 != 0;
        let is_continuation = opcode == Frame::CONTINUATION;
        let rules = [
            (frame.mask.is_none(), "the frame is not masked (RFC 6455 §5.1)"),
            (frame.first & 0x70 != 0, "a reserved bit is set (§5.2)"),
            (matches!(opcode, 3..=7 | 0xB..=0xF), "a reserved opcode (§5.2)"),
            (frame.form != LengthForm::shortest(frame.payload.len()), "the length is not in its shortest form (§5.2)"),
            (is_continuation && self.unfinished.is_none(), "a continuation without a start (§5.4)"),
            (!is_control && !is_continuation && self.unfinished.is_some(), "a message inside a message (§5.4)"),
            (is_control && !frame.is_final(), "a control frame in fragments (§5.5)"),
            (is_control && frame.payload.len() > 125, "a control frame of more than 125 bytes (§5.5)"),
            (self.closed, "a frame after the close frame (§5.5.1)"),
        ];
        let mut broken: Vec<String> =
            rules.iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| (*rule).to_owned()).collect();
        if opcode == Frame::CLOSE {
            broken.extend(close_violation(&frame.payload));
        }
        broken
    }

    /// Takes the frame in. A continuation that continues nothing is dropped, and what has a
    /// reserved opcode.
    pub(crate) fn assemble(&mut self, frame: Frame) -> Incoming {
        let (opcode, is_final, payload) = (frame.opcode(), frame.is_final(), frame.payload);
        match opcode {
            Frame::PING => return Incoming::Ping(payload),
            Frame::PONG => return Incoming::Pong(payload),
            Frame::CLOSE => {
                self.closed = true;
                return Incoming::Close(payload);
            }
            Frame::TEXT => self.unfinished = Some((MessageKind::Text, payload)),
            Frame::BINARY => self.unfinished = Some((MessageKind::Binary, payload)),
            Frame::CONTINUATION => {
                if let Some((_, collected)) = &mut self.unfinished {
                    collected.extend_from_slice(&payload);
                }
            }
            _ => return Incoming::Part,
        }
        match self.unfinished.take_if(|_| is_final) {
            Some((kind, payload)) => Incoming::Message(kind, payload),
            None => Incoming::Part,
        }
    }
}

/// Code and reason of a close frame; 1005 stands for a missing code, as in RFC 6455 §7.1.5.
pub(crate) fn close_parts(payload: &[u8]) -> (u16, String) {
    match payload {
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), String::from_utf8_lossy(reason).into_owned()),
        _ => (1005, String::new()),
    }
}

fn close_violation(payload: &[u8]) -> Option<String> {
    match payload {
        [] => None,
        [_] => Some("a close frame of one byte (§5.5.1)".to_owned()),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            1000..=1003 | 1007..=1014 | 3000..=4999 if str::from_utf8(reason).is_err() => {
                Some("the close reason is not UTF-8 (§5.5.1)".to_owned())
            }
            1000..=1003 | 1007..=1014 | 3000..=4999 => None,
            code => Some(format!("close code {code} must not be sent (§7.4)")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    #[track_caller]
    fn expect_violation(frame: Frame, part: &str) {
        let broken = Assembler::default().violations(&frame);
        assert!(broken.iter().any(|rule| rule.contains(part)), "{part} is not in {broken:?}");
    }

    #[test]
    fn fragments_with_a_ping_between_make_one_message() {
        let mut assembler = Assembler::default();
        let frames = [Frame::text("he").not_final(), Frame::ping("p"), Frame::new(0x80, "llo")];
        let incoming: Vec<_> = frames
            .into_iter()
            .map(|frame| {
                assert_eq!(assembler.violations(&frame.clone().masked(MASK)), [""; 0]);
                assembler.assemble(frame)
            })
            .collect();
        let whole = Incoming::Message(MessageKind::Text, b"hello".to_vec());
        assert_eq!(incoming, [Incoming::Part, Incoming::Ping(b"p".to_vec()), whole]);
    }

    #[test]
    fn broken_rules_are_named() {
        expect_violation(Frame::text("a"), "not masked");
        expect_violation(Frame::new(0x83, "a").masked(MASK), "reserved opcode");
        expect_violation(Frame::new(0xC1, "a").masked(MASK), "reserved bit");
        expect_violation(Frame::new(0x80, "a").masked(MASK), "without a start");
        expect_violation(Frame::ping(vec![0; 126]), "125 bytes");
        expect_violation(Frame::ping("").not_final(), "in fragments");
        expect_violation(Frame::close(1005, ""), "1005");
        expect_violation(Frame::close_with([3]), "one byte");
        expect_violation(Frame::close_with([3, 232, 0xFF]), "not UTF-8");
    }

    #[test]
    fn frame_after_the_close_frame_is_a_violation() {
        let mut assembler = Assembler::default();
        assembler.assemble(Frame::close(1000, ""));
        assert_eq!(assembler.violations(&Frame::text("a").masked(MASK)), ["a frame after the close frame (§5.5.1)"]);
    }
}
