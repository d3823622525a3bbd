//! Masking (RFC 6455 §5.3).

/// Copied and masked at a time, so that the second step finds its bytes in the nearest cache.
const BLOCK: usize = 4096;

/// Appends `payload` to `out`, masked.
pub(super) fn extend_masked(out: &mut Vec<u8>, payload: &[u8], mask: [u8; 4]) {
    // A block is a multiple of four, so that each one starts with the first byte of the mask.
    for block in payload.chunks(BLOCK) {
        let start = out.len();
        out.extend_from_slice(block);
        apply_mask(&mut out[start..], mask);
    }
}

/// Masks in place, or unmasks.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_masked_as_byte_by_byte() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let payload: Vec<u8> = (0..3 * BLOCK).map(|i| (i * 7) as u8).collect();
        for len in (0..70).chain([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5]) {
            let mut out = vec![1];
            extend_masked(&mut out, &payload[..len], mask);
            let expected: Vec<u8> = payload[..len].iter().enumerate().map(|(i, b)| b ^ mask[i % 4]).collect();
            assert_eq!(out[1..], expected, "length {len}");
        }
    }
}
