//! What a stream of frames means, read in the plainest way: it is all there, a frame is looked at whole, and a message
//! is decompressed once its frame is.

use flate2::{Decompress, FlushDecompress, Status};
use tungsten_core::Kind;

use crate::wire::{BINARY, CLOSE, FIN, PING, RSV1, TAIL, TEXT, masked};

/// An empty last block: valid wherever a block may start (RFC 1951 §3.2.4).
const LAST_BLOCK: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];

/// How the side that reads is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) is_server: bool,
    /// Messages may be compressed; with this, they may refer to earlier ones.
    pub(crate) takeover: Option<bool>,
    pub(crate) max_message_size: usize,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// More may follow.
    Open,
    /// With a close frame that has this code; 1005 stands for none (RFC 6455 §7.1.5).
    Closed(u16),
    /// With a violation.
    Failed,
    /// Within a frame that is not valid, which one need not know yet.
    Undecided,
}

/// The messages, and what comes behind them.
pub(crate) type Meaning = (Vec<(Kind, Vec<u8>)>, End);

/// Reads a stream.
pub(crate) fn read(wire: &[u8], setup: Setup) -> Meaning {
    let inflater = setup.takeover.map(|takeover| Inflater { stream: Decompress::new(false), takeover, is_fresh: true });
    let mut reader = Reader { setup, inflater, message: None, messages: Vec::new() };
    let end = reader.read(wire);
    (reader.messages, end)
}

/// A frame, or the part of it that is there.
struct Frame {
    first: u8,
    is_masked: bool,
    is_shortest: bool,
    length: u64,
    payload: Vec<u8>,
    /// Its bytes with the header.
    len: usize,
}

/// `None` if not even the header is whole.
fn parse(wire: &[u8]) -> Option<Frame> {
    let [first, second, rest @ ..] = wire else { return None };
    let extended = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let number = rest.get(..extended)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (length, is_shortest) = match extended {
        0 => (u64::from(second & 0x7F), true),
        2 => (number, number > 125),
        _ => (number, number > 65535 && number >> 63 == 0),
    };
    let is_masked = second & 0x80 != 0;
    let header = 2 + extended + if is_masked { 4 } else { 0 };
    let mask = if is_masked { *wire.get(header - 4..)?.first_chunk()? } else { [0; 4] };
    let there = usize::try_from(length).unwrap_or(usize::MAX).min(wire.len() - header);
    let payload = masked(&wire[header..header + there], mask).collect();
    Some(Frame { first: *first, is_masked, is_shortest, length, payload, len: header + there })
}

struct Message {
    kind: Kind,
    is_compressed: bool,
    payload: Vec<u8>,
}

struct Reader {
    setup: Setup,
    inflater: Option<Inflater>,
    /// What the next frame continues.
    message: Option<Message>,
    messages: Vec<(Kind, Vec<u8>)>,
}

impl Reader {
    fn read(&mut self, mut wire: &[u8]) -> End {
        while !wire.is_empty() {
            let Some(frame) = parse(wire) else { return End::Undecided };
            wire = &wire[frame.len..];
            let is_whole = frame.payload.len() as u64 == frame.length;
            let is_valid = frame.first & 0x30 == 0 && frame.is_shortest && frame.is_masked == self.setup.is_server;
            let end = match frame.first & 0x0F {
                0..=2 if is_valid => self.read_data(&frame, is_whole),
                CLOSE..=0xA if is_valid => read_control(&frame, is_whole),
                _ if is_whole => Some(End::Failed),
                _ => Some(End::Undecided),
            };
            if let Some(end) = end {
                return end;
            }
        }
        End::Open
    }

    /// `None` if the connection goes on.
    fn read_data(&mut self, frame: &Frame, is_whole: bool) -> Option<End> {
        let is_marked = frame.first & RSV1 != 0;
        let mut message = match (frame.first & 0x0F, self.message.take()) {
            (0, Some(message)) if !is_marked => message,
            (TEXT | BINARY, None) if !is_marked || self.inflater.is_some() => {
                let kind = if frame.first & 0x0F == TEXT { Kind::Text } else { Kind::Binary };
                Message { kind, is_compressed: is_marked, payload: Vec::new() }
            }
            _ => return Some(if is_whole { End::Failed } else { End::Undecided }),
        };
        let max = self.setup.max_message_size;
        if !message.is_compressed && frame.length > max as u64 {
            return Some(End::Failed);
        }
        let is_last = frame.first & FIN != 0 && is_whole;
        if !self.extend(&mut message, &frame.payload, is_last) {
            return Some(End::Failed);
        }
        if message.payload.len() > max || !is_text_valid(&message, is_last) {
            return Some(End::Failed);
        }
        if is_last {
            self.messages.push((message.kind, message.payload));
        } else {
            self.message = Some(message);
        }
        (!is_whole).then_some(End::Open)
    }

    /// False if a compressed message is malformed, or is known to be too big.
    fn extend(&mut self, message: &mut Message, payload: &[u8], is_last: bool) -> bool {
        match &mut self.inflater {
            Some(inflater) if message.is_compressed => {
                inflater.extend(&mut message.payload, payload, self.setup.max_message_size)
                    && (!is_last || inflater.finish(&mut message.payload, self.setup.max_message_size))
            }
            _ => {
                message.payload.extend(payload);
                true
            }
        }
    }
}

/// Whether what is there of it is UTF-8, or may become it unless it `is_last`.
fn is_text_valid(message: &Message, is_last: bool) -> bool {
    message.kind == Kind::Binary
        || match std::str::from_utf8(&message.payload) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && !is_last,
        }
}

/// `None` if the connection goes on.
fn read_control(frame: &Frame, is_whole: bool) -> Option<End> {
    let is_valid = frame.first & (FIN | RSV1) == FIN && frame.length <= 125;
    match (frame.first & 0x0F, frame.payload.as_slice()) {
        _ if !is_valid => Some(if is_whole { End::Failed } else { End::Undecided }),
        (PING.., _) => (!is_whole).then_some(End::Open),
        _ if !is_whole => Some(End::Undecided),
        (_, []) => Some(End::Closed(1005)),
        (_, [high, low, reason @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            // RFC 6455 §7.4, and what was registered since.
            let is_code = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            Some(if is_code && str::from_utf8(reason).is_ok() { End::Closed(code) } else { End::Failed })
        }
        _ => Some(End::Failed),
    }
}

struct Inflater {
    stream: Decompress,
    takeover: bool,
    /// Nothing of a block was read in this message, or since a last block (RFC 7692 §7.2.3.4).
    is_fresh: bool,
}

impl Inflater {
    /// Adds what `input` is to `output`. False if it is malformed, or more than `max` in all.
    fn extend(&mut self, output: &mut Vec<u8>, mut input: &[u8], max: usize) -> bool {
        while !input.is_empty() && output.len() <= max {
            input = match self.step(output, input) {
                Some(rest) => rest,
                None => return false,
            };
        }
        self.drain(output, max);
        output.len() <= max
    }

    /// Returns what is left of `input`; `None` if it is malformed.
    fn step<'a>(&mut self, output: &mut Vec<u8>, input: &'a [u8]) -> Option<&'a [u8]> {
        let mut room = [0; 1024];
        let (read, written) = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.decompress(input, &mut room, FlushDecompress::Sync).ok()?;
        let rest = &input[(self.stream.total_in() - read) as usize..];
        output.extend(&room[..(self.stream.total_out() - written) as usize]);
        self.is_fresh = status == Status::StreamEnd;
        if self.is_fresh {
            self.stream = Decompress::new(false);
        }
        Some(rest)
    }

    /// What was read may have more in it than there was room for.
    fn drain(&mut self, output: &mut Vec<u8>, max: usize) {
        while !self.is_fresh && output.len() <= max {
            let mut room = [0; 1024];
            let written = self.stream.total_out();
            let status = self.stream.decompress(&[], &mut room, FlushDecompress::Sync);
            let len = (self.stream.total_out() - written) as usize;
            output.extend(&room[..len]);
            if matches!(status, Ok(Status::StreamEnd)) {
                self.is_fresh = true;
                self.stream = Decompress::new(false);
            }
            if len == 0 {
                break;
            }
        }
    }

    /// The message is over. What is left of the tail behind a last block means nothing.
    fn finish(&mut self, output: &mut Vec<u8>, max: usize) -> bool {
        let mut tail = TAIL.as_slice();
        let mut is_whole = true;
        while !self.is_fresh && !tail.is_empty() && is_whole {
            match self.step(output, tail) {
                Some(rest) => tail = rest,
                None => is_whole = false,
            }
            is_whole &= output.len() <= max;
        }
        if is_whole {
            self.drain(output, max);
            is_whole = output.len() <= max;
        }
        if self.takeover {
            self.is_fresh = true;
            return is_whole;
        }
        let is_at_block = self.is_fresh || {
            let status = self.stream.decompress(&LAST_BLOCK, &mut [0], FlushDecompress::Sync);
            matches!(status, Ok(Status::StreamEnd))
        };
        *self = Self { stream: Decompress::new(false), takeover: false, is_fresh: true };
        is_whole && is_at_block
    }
}
