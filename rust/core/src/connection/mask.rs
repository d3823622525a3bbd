//! Masking (RFC 6455 §5.3).

/// A key: each byte of a payload is combined with one of these in turn.
pub(super) type Mask = [u8; 4];

/// Bytes that are made room for and masked at a time, so that the second step finds its bytes in the nearest cache.
const PIECE: usize = 4096;

/// Words that are masked at a time. The compiler makes vectors of them, and needs no loop within.
const BLOCK: usize = 8;

/// Copies and masks in one pass, or unmasks. Both slices have one length.
pub(super) fn copy_masked(out: &mut [u8], payload: &[u8], mask: Mask) {
    debug_assert_eq!(out.len(), payload.len());
    let narrow = u64::from(u32::from_ne_bytes(mask));
    let wide = narrow << 32 | narrow;
    let masked = |word: &[u8; 8]| (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    let (words_out, rest_out) = out.as_chunks_mut::<8>();
    let (words, rest) = payload.as_chunks::<8>();
    let (blocks_out, single_out) = words_out.as_chunks_mut::<BLOCK>();
    let (blocks, single) = words.as_chunks::<BLOCK>();
    for (out, block) in blocks_out.iter_mut().zip(blocks) {
        *out = block.each_ref().map(masked);
    }
    for (out, word) in single_out.iter_mut().zip(single) {
        *out = masked(word);
    }
    for ((out, byte), mask) in rest_out.iter_mut().zip(rest).zip(wide.to_ne_bytes()) {
        *out = byte ^ mask;
    }
}

/// Appends `payload` to `out`, masked if there is a mask.
pub(super) fn extend_masked(out: &mut Vec<u8>, payload: &[u8], mask: Option<Mask>) {
    match mask {
        None => out.extend_from_slice(payload),
        Some(mask) => {
            out.reserve_exact(payload.len());
            // A piece is a multiple of the mask, so that each starts with its first byte.
            for piece in payload.chunks(PIECE) {
                let start = out.len();
                out.resize(start + piece.len(), 0);
                copy_masked(&mut out[start..], piece, mask);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_masked_as_byte_by_byte() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let payload: Vec<u8> = (0..5000).map(|i| (i * 7) as u8).collect();
        for len in (0..70).chain([4095, 4096, 4097, 5000]) {
            let mut out = vec![1];
            extend_masked(&mut out, &payload[..len], Some(mask));
            let expected: Vec<u8> = payload[..len].iter().enumerate().map(|(i, b)| b ^ mask[i % 4]).collect();
            assert_eq!(out[1..], expected, "length {len}");
        }
    }
}
