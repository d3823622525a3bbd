//! A data frame whose payload reaches tungstenite in fragments of our making.

use super::super::deflate::Decompressor;
use super::super::mask::apply_mask;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// Unmasked at a time for the decompressor.
const BLOCK: usize = 1024;

/// A frame that is on its way.
#[derive(Debug)]
pub(super) struct Fragmented {
    /// What the next fragment is called.
    opcode: Data,
    is_final: bool,
    is_compressed: bool,
    /// As the next byte of the payload is masked.
    mask: Option<[u8; 4]>,
    /// Bytes of the payload that were not used yet.
    remaining: u64,
    /// The last fragment was made.
    is_over: bool,
}

/// A fragment that was decompressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inflated {
    /// Its bytes with the header; 0 if there is none yet.
    pub(super) len: usize,
    pub(super) payload: usize,
}

impl Fragmented {
    pub(super) fn new(header: &FrameHeader, opcode: Data, payload: u64, is_compressed: bool) -> Self {
        let FrameHeader { is_final, mask, .. } = *header;
        Self { opcode, is_final, is_compressed, mask, remaining: payload, is_over: false }
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Whether all of the frame was handed on.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether it can go on without more input.
    pub(super) fn needs_no_input(&self) -> bool {
        self.remaining == 0
    }

    /// Makes a fragment of what is at hand: its header, and how many bytes follow as they are.
    pub(super) fn cut(&mut self, at_hand: usize) -> (FrameHeader, u64) {
        let len = self.remaining.min(at_hand as u64);
        let mask = self.mask;
        self.use_up(len);
        self.is_over = self.remaining == 0;
        let is_final = self.is_final && self.is_over;
        (FrameHeader { is_final, mask, ..self.next_header() }, len)
    }

    /// Writes a fragment with what can be decompressed into `buf`, which has room for a header and more. No more than so
    /// many final blocks are read.
    ///
    /// # Errors
    /// Why the payload is no compressed data.
    pub(super) fn inflate(
        &mut self,
        decompressor: &mut Decompressor,
        max_final_blocks: usize,
        role: Role,
        input: &mut &[u8],
        buf: &mut [u8],
    ) -> Result<Inflated, String> {
        let is_first = self.opcode != Data::Continue;
        // A server only takes what is masked; zeros change nothing.
        let mask = (role == Role::Server).then_some([0; 4]);
        let longest = FrameHeader { mask, ..FrameHeader::default() }.len(buf.len() as u64);
        let (payload, is_final) = self.inflate_payload(decompressor, max_final_blocks, input, &mut buf[longest..])?;
        self.is_over = is_final || (self.remaining == 0 && !self.is_final);
        // tungstenite has to know of a message before it sees what may not come within one.
        if payload == 0 && !is_final && !is_first {
            return Ok(Inflated { len: 0, payload });
        }
        let header = FrameHeader { is_final, mask, ..self.next_header() };
        let len = header.len(payload as u64);
        buf.copy_within(longest..longest + payload, len);
        header.format(payload as u64, &mut &mut buf[..len]).expect("the room for a header was left");
        Ok(Inflated { len: len + payload, payload })
    }

    /// Returns how much was written, and whether the message has ended with it.
    fn inflate_payload(
        &mut self,
        decompressor: &mut Decompressor,
        max_final_blocks: usize,
        input: &mut &[u8],
        output: &mut [u8],
    ) -> Result<(usize, bool), String> {
        let mut written = 0;
        while written < output.len() && decompressor.final_blocks() < max_final_blocks {
            let room = &mut output[written..];
            if self.remaining == 0 {
                if !self.is_final {
                    break;
                }
                let (produced, is_whole) = decompressor.finish(room)?;
                written += produced;
                if is_whole {
                    return Ok((written, true));
                }
                continue;
            }
            if input.is_empty() {
                break;
            }
            let at_hand = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(input.len());
            let (consumed, produced) = match self.mask {
                None => decompressor.inflate(&input[..at_hand], room)?,
                Some(mask) => decompressor.inflate(unmasked(&mut [0; BLOCK], &input[..at_hand], mask), room)?,
            };
            *input = &input[consumed..];
            self.use_up(consumed as u64);
            written += produced;
        }
        Ok((written, false))
    }

    fn use_up(&mut self, len: u64) {
        self.remaining -= len;
        if let Some(mask) = &mut self.mask {
            mask.rotate_left((len % 4) as usize);
        }
    }

    /// The header of the next fragment; the one behind it continues it.
    fn next_header(&mut self) -> FrameHeader {
        let opcode = OpCode::Data(std::mem::replace(&mut self.opcode, Data::Continue));
        FrameHeader { opcode, ..FrameHeader::default() }
    }
}

/// The first bytes of `payload` without their mask.
fn unmasked<'a>(block: &'a mut [u8; BLOCK], payload: &[u8], mask: [u8; 4]) -> &'a [u8] {
    let block = &mut block[..payload.len().min(BLOCK)];
    block.copy_from_slice(&payload[..block.len()]);
    apply_mask(block, mask);
    block
}
