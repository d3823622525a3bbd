//! What stands between the wire and tungstenite: it follows where frames start and end, and rewrites a few of them.
//!
//! Messages in one frame, which are nearly all, are taken out here ([`Filter::read_whole`]): there is nothing to put
//! together and nothing to answer, and tungstenite would copy them twice. So are close frames, of which tungstenite does
//! not know all codes. Of the other frames, most pass as they came. Two kinds reach tungstenite as fragments (RFC 6455
//! §5.4):
//!
//! * Those of compressed messages, decompressed.
//! * Those of which a part has come. tungstenite would make room at once for all that a header claims. It checks the UTF-8
//!   of each fragment, so it refuses invalid text as soon as it is there, and not once the frame is whole.
//!
//! To follow the frames has other uses. tungstenite keeps the memory that it has once needed, and reads any number of empty
//! fragments in one call: to give the memory back and to bound the work of a poll, one has to know more than it tells. And
//! it lets pass what RFC 6455 forbids: see [`Violation`].

mod fragment;
mod header;
#[cfg(test)]
mod tests;
mod whole;

use super::deflate::Decompressor;
use crate::close::CloseFrame;
use crate::queue::{Kind, Message};
use fragment::Fragmented;
pub(super) use header::Violation;
use header::{HeaderReader, Held, Next};
use std::io;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use whole::{Content, Whole};

/// Frames and final blocks that are taken in one poll: a peer can make a million empty ones out of two megabytes.
const MAX_FRAMES: usize = 16 * 1024;

/// Bytes that are decompressed in one poll: a peer can make a thousand of each that it sends.
const MAX_INFLATED: usize = 1024 * 1024;

/// Bytes of compressed messages that are read in one poll: a block of eleven bytes has tables that take a microsecond to
/// build, and may have nothing else.
const MAX_DEFLATED: usize = 64 * 1024;

/// Where the stream stands.
#[derive(Debug)]
pub(super) struct Filter {
    role: Role,
    max_message_size: usize,
    decompressor: Option<Decompressor>,
    /// The header that is being read.
    header: HeaderReader,
    /// A header that is handed on next.
    held: Held,
    /// Bytes that are handed on behind it as they come.
    run: u64,
    /// The frame that is handed on behind them in fragments.
    fragmented: Option<Fragmented>,
    /// The frame that is taken out.
    whole: Option<Whole>,
    /// The message of which more fragments follow.
    message: Option<Unfinished>,
    /// Why nothing more is handed on.
    violation: Option<Violation>,
    /// Frames that were started since [`Self::start_counting`].
    frames: usize,
    /// Bytes of compressed messages that were read since then.
    deflated: usize,
    /// Bytes that were made of them.
    inflated: usize,
}

/// What the first frame of a message says of all its frames.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    is_compressed: bool,
}

/// What follows in the stream.
#[derive(Debug)]
pub(super) enum Follows {
    /// A message, which was taken out.
    Message(Message),
    /// A close frame, which was taken out.
    Close(CloseFrame),
    /// A part of either; all that is at hand was taken.
    Incomplete,
    /// Nothing, or something for tungstenite.
    Other,
}

/// Where a frame goes.
#[derive(Debug)]
enum Route {
    AsItIs,
    /// To tungstenite, which refuses it for its header.
    WithoutPayload,
    InFragments(Fragmented),
    Out(Whole),
}

impl Filter {
    pub(super) fn new(role: Role, max_message_size: usize, decompressor: Option<Decompressor>) -> Self {
        Self {
            role,
            max_message_size,
            decompressor,
            header: HeaderReader::default(),
            held: Held::default(),
            run: 0,
            fragmented: None,
            whole: None,
            message: None,
            violation: None,
            frames: 0,
            deflated: 0,
            inflated: 0,
        }
    }

    pub(super) fn set_max_message_size(&mut self, size: usize) {
        self.max_message_size = size;
    }

    /// A new poll begins.
    pub(super) fn start_counting(&mut self) {
        self.frames = 0;
        self.deflated = 0;
        self.inflated = 0;
    }

    /// Takes a message out that comes in one frame, or a close frame, if that is what follows.
    ///
    /// # Errors
    /// Text that is not UTF-8.
    pub(super) fn read_whole(&mut self, input: &mut &[u8]) -> Result<Follows, std::str::Utf8Error> {
        if self.held.is_empty() && self.run == 0 && self.whole.is_none() {
            self.start_frame(input);
        }
        let Some(mut whole) = self.whole.take() else { return Ok(Follows::Other) };
        if whole.take(input) {
            whole.finish()
        } else {
            self.whole = Some(whole);
            Ok(Follows::Incomplete)
        }
    }

    /// Hands on to tungstenite what there is and what `buf` has room for.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is nothing, or if this poll has brought enough, and
    /// [`io::ErrorKind::InvalidData`] from a [`Violation`] on.
    pub(super) fn read(&mut self, input: &mut &[u8], buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            if !self.held.is_empty() {
                filled += self.held.hand_on(&mut buf[filled..]);
            } else if self.run > 0 && !input.is_empty() {
                filled += self.hand_on_run(input, &mut buf[filled..]);
            } else if self.run > 0 {
                break;
            } else if self.fragmented.as_ref().is_some_and(Fragmented::is_compressed) {
                // One fragment at a time, so that its length and the room for it are known.
                if filled > 0 {
                    break;
                }
                filled = self.inflate(input, buf);
                if filled > 0 || self.fragmented.is_some() {
                    break;
                }
            } else if !self.cut(input) && !self.start_frame(input) {
                break;
            }
        }
        match &self.violation {
            _ if filled > 0 => Ok(filled),
            Some(violation) => Err(io::Error::new(io::ErrorKind::InvalidData, violation.clone())),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn hand_on_run(&mut self, input: &mut &[u8], buf: &mut [u8]) -> usize {
        let len = usize::try_from(self.run).unwrap_or(usize::MAX).min(input.len()).min(buf.len());
        let (run, rest) = input.split_at(len);
        buf[..len].copy_from_slice(run);
        *input = rest;
        self.run -= len as u64;
        len
    }

    /// Writes the next fragment of a compressed message, if one can be made.
    fn inflate(&mut self, input: &mut &[u8], buf: &mut [u8]) -> usize {
        let (Some(frame), Some(decompressor)) = (&mut self.fragmented, &mut self.decompressor) else { return 0 };
        let is_enough = self.deflated >= MAX_DEFLATED || self.inflated >= MAX_INFLATED || self.frames >= MAX_FRAMES;
        if is_enough || self.violation.is_some() {
            return 0;
        }
        let mut allowed = &input[..input.len().min(MAX_DEFLATED - self.deflated)];
        let before = allowed.len();
        let fragment = frame.inflate(decompressor, MAX_FRAMES - self.frames, self.role, &mut allowed, buf);
        let taken = before - allowed.len();
        *input = &input[taken..];
        self.deflated += taken;
        match fragment {
            Ok(fragment) => {
                if frame.is_over() {
                    self.fragmented = None;
                }
                self.inflated += fragment.payload;
                self.frames += decompressor.take_final_blocks();
                fragment.len
            }
            Err(reason) => {
                self.violation = Some(Violation::Compression(reason));
                0
            }
        }
    }

    /// Lets what is at hand of a frame pass as a fragment. False if there is nothing.
    fn cut(&mut self, input: &[u8]) -> bool {
        let Some(frame) = self.fragmented.as_mut().filter(|_| !input.is_empty()) else { return false };
        let (header, len) = frame.cut(input.len());
        if frame.is_over() {
            self.fragmented = None;
        }
        self.hand_on_next(Held::from_header(&header, len), len);
        true
    }

    /// Starts with the next frame. False if its header is not whole, or if it has to wait.
    fn start_frame(&mut self, input: &mut &[u8]) -> bool {
        let is_within = self.fragmented.is_some() || self.whole.is_some() || self.violation.is_some();
        if is_within || self.frames >= MAX_FRAMES || input.is_empty() {
            return false;
        }
        match self.header.read(input) {
            Ok(Some(Next::Frame { header, payload, payload_held, held })) => {
                self.frames += 1;
                match self.route(&header, payload, input.len()) {
                    Route::AsItIs => self.hand_on_next(held, payload - payload_held),
                    Route::WithoutPayload => self.hand_on_next(Held::from_header(&header, 0), u64::MAX),
                    Route::InFragments(fragmented) => self.fragmented = Some(fragmented),
                    Route::Out(mut whole) => {
                        whole.take(&mut held.payload(payload_held));
                        self.whole = Some(whole);
                        return false;
                    }
                }
                true
            }
            Ok(Some(Next::Invalid(held))) => {
                self.hand_on_next(held, u64::MAX);
                true
            }
            Ok(None) => false,
            Err(violation) => {
                self.violation = Some(violation);
                false
            }
        }
    }

    /// Decides where a frame goes, and keeps track of messages. What is not valid is left to tungstenite to refuse.
    fn route(&mut self, header: &FrameHeader, payload: u64, at_hand: usize) -> Route {
        let opcode = match header.opcode {
            OpCode::Data(opcode) => opcode,
            OpCode::Control(Control::Close) if self.is_close_frame(header, payload) => {
                return Route::Out(Whole::new(Content::Close, header.mask, payload));
            }
            OpCode::Control(_) => return Route::AsItIs,
        };
        let Some(message) = self.message_of(opcode, header) else { return Route::WithoutPayload };
        self.message = (!header.is_final).then_some(message);
        if message.is_compressed {
            return Route::InFragments(Fragmented::new(header, opcode, payload, true));
        }
        if payload > self.max_message_size as u64 {
            return Route::AsItIs;
        }
        if let Some(decompressor) = &mut self.decompressor {
            decompressor.count_plain(payload);
        }
        let is_partial = payload > at_hand as u64;
        match opcode {
            Data::Binary if header.is_final => {
                Route::Out(Whole::new(Content::Message(Kind::Binary), header.mask, payload))
            }
            _ if is_partial => Route::InFragments(Fragmented::new(header, opcode, payload, false)),
            Data::Text if header.is_final => Route::Out(Whole::new(Content::Message(Kind::Text), header.mask, payload)),
            _ => Route::AsItIs,
        }
    }

    /// Whether a close frame is valid, but for its payload. One byte of that is half a code.
    fn is_close_frame(&self, header: &FrameHeader, payload: u64) -> bool {
        self.is_well_formed(header) && header.is_final && !header.rsv1 && payload != 1
    }

    /// Whether a frame is masked as it has to be, and has no reserved bit that never means anything here.
    fn is_well_formed(&self, header: &FrameHeader) -> bool {
        !header.rsv2 && !header.rsv3 && header.mask.is_some() == (self.role == Role::Server)
    }

    /// What a frame belongs to; `None` if it is not valid where it stands.
    fn message_of(&mut self, opcode: Data, header: &FrameHeader) -> Option<Unfinished> {
        if !self.is_well_formed(header) {
            return None;
        }
        match (opcode, self.message) {
            // Only the first frame of a compressed message is marked (RFC 7692 §6.1).
            (Data::Continue, message) => message.filter(|_| !header.rsv1),
            (Data::Text | Data::Binary, None) => {
                if header.rsv1 {
                    self.decompressor.as_mut()?.start();
                }
                Some(Unfinished { is_compressed: header.rsv1 })
            }
            _ => None,
        }
    }

    fn hand_on_next(&mut self, held: Held, run: u64) {
        self.held = held;
        self.run = run;
    }

    /// Whether there is more to hand on although all input was taken.
    pub(super) fn needs_no_input(&self) -> bool {
        self.fragmented.as_ref().is_some_and(Fragmented::needs_no_input)
    }

    /// Whether a frame is being taken out, by [`Self::read_whole`].
    pub(super) fn is_taking_out(&self) -> bool {
        self.whole.is_some()
    }

    /// Whether all that was handed on is whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        let is_within = self.fragmented.is_some() || self.whole.is_some();
        let is_between_frames = self.held.is_empty() && self.run == 0 && !is_within;
        is_between_frames && self.header.is_empty() && self.message.is_none() && self.violation.is_none()
    }

    /// What has compressed messages, if any may be.
    pub(super) fn decompressor(&self) -> Option<&Decompressor> {
        self.decompressor.as_ref()
    }
}
