//! Numbers that follow from a seed, and bytes that are read one after the other.

/// Numbers by xorshift: the same ones for the same seed, on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u8) -> Self {
        Self(u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    /// Cuts bytes into pieces as a network may do. The seed 0 leaves them whole.
    pub(crate) fn pieces(mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let (is_whole, mut rest, mut pieces) = (self.0 == 1, bytes, Vec::new());
        while !rest.is_empty() {
            let longest = [2, 20, 5000][self.below(3)];
            let len = if is_whole { rest.len() } else { rest.len().min(1 + self.below(longest)) };
            let (piece, after) = rest.split_at(len);
            pieces.push(piece.to_vec());
            rest = after;
        }
        pieces
    }
}

/// What is left of an input.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// As many bytes as a first one says, or as there are.
    pub(crate) fn string(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte().unwrap_or_default()).min(self.0.len());
        let (string, rest) = self.0.split_at(len);
        self.0 = rest;
        string
    }
}
