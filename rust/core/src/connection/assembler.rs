//! Messages and control frames out of bytes (RFC 6455 §5).

#[cfg(test)]
mod tests;

use super::block::Block;
use super::budget::Budget;
use super::deflate::Decompressor;
use super::header::{self, HeaderReader};
use super::mask::{Mask, copy_masked, extend_masked};
use super::partial::Partial;
use super::violation::Violation;
use crate::close::{CloseFrame, may_be_sent};
use crate::queue::{Kind, Message};
use bytes::Bytes;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Unmasked at a time for the decompressor.
const UNMASKED: usize = 1024;

/// Room for the decompressor, which does not say before how much it will give.
const INFLATED: usize = 4096;

/// What [`Assembler::read`] has come to.
#[derive(Debug, PartialEq)]
pub(super) enum Assembled {
    Item(Item),
    /// All input was taken, and the next item takes more.
    NeedsInput,
    /// This poll has done its share. The next one may go on without more input.
    Exhausted,
}

/// What an application or the protocol cares about.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    Message(Message),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(CloseFrame),
}

/// Follows the frames of one direction and puts messages together.
///
/// [`Self::start_poll`] begins a poll, whose work is bounded; [`Self::read`] gives one item after the other. Nothing is
/// to be read behind a violation.
#[derive(Debug)]
pub(super) struct Assembler {
    role: Role,
    max_message_size: usize,
    decompressor: Option<Decompressor>,
    header: HeaderReader,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// What has come of the payload of a control frame, which may stand between the fragments of a message.
    control: Vec<u8>,
    /// The message that is under way.
    message: Option<Partial>,
    budget: Budget,
}

/// A frame, as far as it was not read yet.
#[derive(Clone, Copy, Debug)]
struct Frame {
    content: Content,
    is_final: bool,
    /// As the next byte of the payload is masked.
    mask: Option<Mask>,
    remaining: u64,
}

/// What the payload of a frame is.
#[derive(Clone, Copy, Debug)]
enum Content {
    Control(Control),
    /// A part of the message.
    Plain,
    /// A part of it, compressed.
    Compressed,
}

impl Frame {
    fn new(content: Content, header: &FrameHeader, payload: u64) -> Self {
        Self { content, is_final: header.is_final, mask: header.mask, remaining: payload }
    }

    /// Appends what is at hand of the payload.
    fn take_into(&mut self, out: &mut Vec<u8>, input: &mut &[u8]) {
        let piece = split_off(input, self.remaining);
        extend_masked(out, piece, self.mask);
        self.advance(piece.len());
    }

    /// So many bytes of the payload were used.
    fn advance(&mut self, len: usize) {
        self.remaining -= len as u64;
        if let Some(mask) = &mut self.mask {
            mask.rotate_left(len % 4);
        }
    }
}

impl Assembler {
    /// For the side that reads, in its role.
    pub(super) fn new(role: Role, max_message_size: usize, decompressor: Option<Decompressor>) -> Self {
        Self {
            role,
            max_message_size,
            decompressor,
            header: HeaderReader::default(),
            frame: None,
            control: Vec::new(),
            message: None,
            budget: Budget::default(),
        }
    }

    /// What reads compressed messages, if there may be any.
    pub(super) fn decompressor(&self) -> Option<&Decompressor> {
        self.decompressor.as_ref()
    }

    pub(super) fn set_max_message_size(&mut self, size: usize) {
        self.max_message_size = size;
    }

    /// A new poll begins.
    pub(super) fn start_poll(&mut self) {
        self.budget = Budget::default();
    }

    /// Takes the next item off the front of `input`. `block` is for all that comes with one input.
    ///
    /// # Errors
    /// What the other side did wrong.
    pub(super) fn read(&mut self, input: &mut &[u8], block: &mut Block) -> Result<Assembled, Violation> {
        loop {
            let assembled = match self.frame.take() {
                None => self.start_frame(input, block)?,
                Some(frame) => match frame.content {
                    Content::Control(opcode) => self.read_control(opcode, frame, input)?,
                    Content::Plain => self.read_plain(frame, input)?,
                    Content::Compressed => self.read_compressed(frame, input)?,
                },
            };
            if let Some(assembled) = assembled {
                return Ok(assembled);
            }
        }
    }

    fn start_frame(&mut self, input: &mut &[u8], block: &mut Block) -> Result<Option<Assembled>, Violation> {
        if input.is_empty() {
            return Ok(Some(Assembled::NeedsInput));
        }
        if !self.budget.allows_a_frame() {
            return Ok(Some(Assembled::Exhausted));
        }
        let Some((header, payload)) = self.header.read(input)? else { return Ok(Some(Assembled::NeedsInput)) };
        header::check(&header, payload, self.role)?;
        self.budget.count_frames(1);
        match header.opcode {
            OpCode::Control(opcode) => {
                self.frame = Some(Frame::new(Content::Control(opcode), &header, payload));
                Ok(None)
            }
            OpCode::Data(opcode) => self.start_data(kind_of(opcode), &header, payload, input, block),
        }
    }

    /// A part of a message begins: of a new one if it has a kind.
    fn start_data(
        &mut self,
        kind: Option<Kind>,
        header: &FrameHeader,
        payload: u64,
        input: &mut &[u8],
        block: &mut Block,
    ) -> Result<Option<Assembled>, Violation> {
        self.check_place(kind, header.rsv1)?;
        let is_compressed = self.message.as_ref().map_or(header.rsv1, Partial::is_compressed);
        if !is_compressed && payload > self.max_message_size as u64 {
            return Err(Violation::Size(payload, self.max_message_size));
        }
        if let Some(kind) = kind {
            let is_all = header.is_final && !is_compressed && payload <= input.len() as u64;
            // Nearly all messages come so, and need nothing of what the others do.
            if is_all {
                let payload = split_off(input, payload);
                self.count_plain(payload.len());
                return whole(kind, block.copy(payload, header.mask, input.len())).map(Some);
            }
            self.message = Some(Partial::new(kind, is_compressed));
        }
        if let Some(decompressor) = self.decompressor.as_mut().filter(|_| header.rsv1) {
            decompressor.start();
        }
        let content = if is_compressed { Content::Compressed } else { Content::Plain };
        self.frame = Some(Frame::new(content, header, payload));
        Ok(None)
    }

    /// Checks that a frame may stand where it does (RFC 6455 §5.4). Only the first one of a message is marked as
    /// compressed (RFC 7692 §6.1).
    fn check_place(&self, kind: Option<Kind>, is_marked: bool) -> Result<(), Violation> {
        match (kind, &self.message) {
            (None, None) => Err(Violation::NothingToContinue),
            (Some(_), Some(_)) => Err(Violation::Interleaved),
            (None, Some(_)) if is_marked => Err(Violation::ReservedBit),
            (Some(_), None) if is_marked && self.decompressor.is_none() => Err(Violation::ReservedBit),
            _ => Ok(()),
        }
    }

    fn read_control(
        &mut self,
        opcode: Control,
        mut frame: Frame,
        input: &mut &[u8],
    ) -> Result<Option<Assembled>, Violation> {
        frame.take_into(&mut self.control, input);
        if frame.remaining > 0 {
            self.frame = Some(frame);
            return Ok(Some(Assembled::NeedsInput));
        }
        let payload = std::mem::take(&mut self.control);
        Ok(Some(Assembled::Item(match opcode {
            Control::Ping => Item::Ping(payload),
            Control::Pong => Item::Pong(payload),
            // No header has a reserved opcode.
            Control::Close | Control::Reserved(_) => Item::Close(close_frame(&payload)?),
        })))
    }

    fn read_plain(&mut self, mut frame: Frame, input: &mut &[u8]) -> Result<Option<Assembled>, Violation> {
        let Some(message) = &mut self.message else { return Ok(None) };
        let piece = split_off(input, frame.remaining);
        message.append(piece, frame.mask, frame.remaining, self.max_message_size)?;
        self.count_plain(piece.len());
        frame.advance(piece.len());
        if frame.remaining > 0 {
            self.frame = Some(frame);
            return Ok(Some(Assembled::NeedsInput));
        }
        if frame.is_final { self.finish_message() } else { Ok(None) }
    }

    fn read_compressed(&mut self, mut frame: Frame, input: &mut &[u8]) -> Result<Option<Assembled>, Violation> {
        let is_read = frame.remaining == 0;
        if is_read && !frame.is_final {
            return Ok(None);
        }
        let pause = if !is_read && input.is_empty() {
            Some(Assembled::NeedsInput)
        } else if self.budget.deflated_left() == 0 {
            Some(Assembled::Exhausted)
        } else if self.inflate(&mut frame, input)? {
            return self.finish_message();
        } else {
            None
        };
        self.frame = Some(frame);
        Ok(pause)
    }

    /// Decompresses what there is room for. Returns whether that was the end of the message.
    fn inflate(&mut self, frame: &mut Frame, input: &mut &[u8]) -> Result<bool, Violation> {
        let (Some(message), Some(decompressor)) = (&mut self.message, &mut self.decompressor) else { return Ok(true) };
        // One byte more than a message may have, so that one too many shows.
        let room = INFLATED.min(self.max_message_size.saturating_sub(message.len()).saturating_add(1));
        let output = &mut [0; INFLATED][..room];
        let is_whole;
        let (consumed, produced);
        if frame.remaining > 0 {
            let allowed = input.len().min(self.budget.deflated_left());
            let piece = split_off(&mut &input[..allowed], frame.remaining);
            (consumed, produced) = inflate_masked(decompressor, piece, frame.mask, output)?;
            is_whole = false;
        } else {
            (produced, is_whole) = decompressor.finish(output).map_err(Violation::Compression)?;
            consumed = 0;
        }
        *input = &input[consumed..];
        frame.advance(consumed);
        self.budget.count_frames(decompressor.take_final_blocks());
        self.budget.count_inflated(consumed, produced);
        message.append(&output[..produced], None, u64::MAX, self.max_message_size)?;
        Ok(is_whole)
    }

    fn finish_message(&mut self) -> Result<Option<Assembled>, Violation> {
        let Some(message) = self.message.take() else { return Ok(None) };
        Ok(Some(Assembled::Item(Item::Message(message.finish()?))))
    }

    fn count_plain(&mut self, len: usize) {
        if let Some(decompressor) = &mut self.decompressor {
            decompressor.count_plain(len as u64);
        }
    }
}

/// What a message is that begins with this opcode; `None` if none does.
fn kind_of(opcode: Data) -> Option<Kind> {
    match opcode {
        Data::Text => Some(Kind::Text),
        Data::Binary => Some(Kind::Binary),
        // No header has a reserved opcode.
        Data::Continue | Data::Reserved(_) => None,
    }
}

/// A message that came whole.
fn whole(kind: Kind, payload: Bytes) -> Result<Assembled, Violation> {
    if kind == Kind::Text && simdutf8::basic::from_utf8(&payload).is_err() {
        return Err(Violation::Text);
    }
    Ok(Assembled::Item(Item::Message(Message::new(kind, payload))))
}

/// Takes up to so many bytes off the front.
fn split_off<'a>(input: &mut &'a [u8], most: u64) -> &'a [u8] {
    let len = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    let (front, rest) = input.split_at(len);
    *input = rest;
    front
}

/// Decompresses, without its mask, what there is room for. Returns how much was read and how much was written.
fn inflate_masked(
    decompressor: &mut Decompressor,
    piece: &[u8],
    mask: Option<Mask>,
    output: &mut [u8],
) -> Result<(usize, usize), Violation> {
    let result = match mask {
        None => decompressor.inflate(piece, output),
        Some(mask) => {
            let piece = &piece[..piece.len().min(UNMASKED)];
            let block = &mut [0; UNMASKED][..piece.len()];
            copy_masked(block, piece, mask);
            decompressor.inflate(block, output)
        }
    };
    result.map_err(Violation::Compression)
}

/// What a close frame says (RFC 6455 §5.5.1).
fn close_frame(payload: &[u8]) -> Result<CloseFrame, Violation> {
    match *payload {
        [_] => Err(Violation::HalfCloseCode),
        [high, low, ..] if !may_be_sent(u16::from_be_bytes([high, low])) => {
            Err(Violation::CloseCode(u16::from_be_bytes([high, low])))
        }
        _ => CloseFrame::from_payload(payload).map_err(|_| Violation::Text),
    }
}
