//! Headers of frames (RFC 6455 §5.2), whatever the pieces that they come in.

use super::MAX_CONTROL_PAYLOAD;
use super::violation::Violation;
use std::io::Cursor;
use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;

/// The longest header: 2 bytes, 8 of length, and 4 of mask.
const LONGEST: usize = 14;

/// The length of a payload has 63 bits.
const MAX_LENGTH: u64 = u64::MAX >> 1;

/// Collects the bytes of a header.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    bytes: [u8; LONGEST],
    held: usize,
}

impl HeaderReader {
    /// Takes a header off the front of `input`, with the length of the payload. `None` if it is not whole; then all of
    /// the input was taken.
    ///
    /// # Errors
    /// That there is no frame which starts so.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<(FrameHeader, u64)>, Violation> {
        if self.held == 0
            && let Some((header, payload, len)) = parse(input)?
        {
            *input = &input[len..];
            return Ok(Some((header, payload)));
        }
        let taken = input.len().min(LONGEST - self.held);
        self.bytes[self.held..self.held + taken].copy_from_slice(&input[..taken]);
        let Some((header, payload, len)) = parse(&self.bytes[..self.held + taken])? else {
            self.held += taken;
            *input = &input[taken..];
            return Ok(None);
        };
        // What was taken beyond the header is payload, and stays in the input.
        *input = &input[len - self.held..];
        self.held = 0;
        Ok(Some((header, payload)))
    }
}

/// The header that `bytes` start with, the length of the payload, and its own. `None` if it is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(FrameHeader, u64, usize)>, Violation> {
    let mut cursor = Cursor::new(&bytes[..bytes.len().min(LONGEST)]);
    let (header, payload) = match FrameHeader::parse(&mut cursor) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(Error::Protocol(ProtocolError::InvalidOpcode(opcode))) => return Err(Violation::Opcode(opcode)),
        // There is no other reason for bytes in memory.
        Err(_) => return Err(Violation::Opcode(bytes[0] & 0x0F)),
    };
    let len = header.len(payload);
    if cursor.position() != len as u64 || payload > MAX_LENGTH {
        return Err(Violation::Length);
    }
    Ok(Some((header, payload, len)))
}

/// Whether a frame is well-formed as far as this shows without those before it, but for its first reserved bit, which
/// compression gives a meaning. `role` is that of the side that reads.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(header: &FrameHeader, payload: u64, role: Role) -> Result<(), Violation> {
    if header.rsv2 || header.rsv3 {
        return Err(Violation::ReservedBit);
    }
    match (role, header.mask) {
        (Role::Server, None) => return Err(Violation::Unmasked),
        (Role::Client, Some(_)) => return Err(Violation::Masked),
        _ => {}
    }
    match header.opcode {
        OpCode::Control(_) if header.rsv1 => Err(Violation::ReservedBit),
        OpCode::Control(_) if !header.is_final => Err(Violation::FragmentedControl),
        OpCode::Control(_) if payload > MAX_CONTROL_PAYLOAD as u64 => Err(Violation::ControlLength(payload)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads headers of a stream without payloads, in pieces of this size.
    fn read(bytes: &[u8], step: usize) -> Result<Vec<(u8, u64)>, Violation> {
        let mut reader = HeaderReader::default();
        let mut headers = Vec::new();
        for mut piece in bytes.chunks(step) {
            while !piece.is_empty() {
                if let Some((header, payload)) = reader.read(&mut piece)? {
                    headers.push((u8::from(header.opcode), payload));
                }
            }
        }
        assert_eq!(reader.held, 0, "no header is left over");
        Ok(headers)
    }

    #[test]
    fn headers_are_found_whatever_the_pieces() {
        let stream = [
            &[0x81, 5][..],
            &[0x82, 126, 0, 126],
            &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0],
            &[0x89, 0x80, 1, 2, 3, 4],
            &[0x02, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4],
        ];
        let expected = [(1, 5), (2, 126), (2, 65536), (9, 0), (2, MAX_LENGTH)];
        for step in 1..=stream.concat().len() {
            assert_eq!(read(&stream.concat(), step).as_deref(), Ok(&expected[..]), "step {step}");
        }
    }

    #[test]
    fn length_that_is_not_in_its_shortest_form_is_refused() {
        for bytes in [
            &[0x81, 126, 0, 125][..],
            &[0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] {
            for step in 1..=bytes.len() {
                assert_eq!(read(bytes, step), Err(Violation::Length), "{bytes:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn reserved_opcode_is_refused() {
        for opcode in [3, 7, 11, 15] {
            assert_eq!(read(&[0x80 | opcode, 0], 1), Err(Violation::Opcode(opcode)));
        }
    }
}
