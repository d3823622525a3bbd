//! Between UTF-8 and the engine's strings, which hold 32 bits for each character.
//!
//! The engine copies and checks what strings are made of, one character after the other. So what is known to be right is
//! written straight into a string's memory, and ASCII, which most text is, by loops that become vector instructions.

use godot::builtin::GString;
use godot::sys;
use std::mem::MaybeUninit;
use std::slice;

/// So many characters are ASCII together or are taken one by one: the bytes of one vector.
const BLOCK: usize = 16;

/// Text from the network. A Godot string cannot hold NUL, so it becomes U+FFFD. A byte order mark stays, which the engine
/// drops when it reads UTF-8: at the start of a message it is part of the text (RFC 6455 §5.6).
pub(crate) fn text(text: &str) -> GString {
    let len = text.chars().count();
    let mut string = GString::new();
    // An empty string has no memory at all.
    if len == 0 {
        return string;
    }
    // SAFETY: the string is ours alone. Resized, it has room for its characters and the NUL at its end, all of which is
    // written before anybody reads it.
    unsafe {
        let interface = sys::thread_safe();
        let error = (interface.string_resize)(string.string_sys_mut(), len as i64 + 1);
        assert_eq!(error, 0, "no memory for a string of {len} characters");
        let first = (interface.string_operator_index)(string.string_sys_mut(), 0);
        let chars = slice::from_raw_parts_mut(first.cast::<MaybeUninit<char>>(), len + 1);
        chars[len].write('\0');
        assert_eq!(widen(text, &mut chars[..len]), len);
    }
    string
}

/// A string as UTF-8.
pub(crate) fn utf8(text: &GString) -> String {
    narrow(text.chars())
}

/// Writes the characters of a text, as many as there is room for, and returns how many these are.
fn widen(text: &str, chars: &mut [MaybeUninit<char>]) -> usize {
    let (mut text, mut done) = (text, 0);
    while done < chars.len() && !text.is_empty() {
        while let (Some(block), Some(slots)) = (text.as_bytes().first_chunk(), chars[done..].first_chunk_mut::<BLOCK>())
            && is_plain(block)
        {
            for (slot, &byte) in slots.iter_mut().zip(block) {
                slot.write(char::from(byte));
            }
            text = &text[BLOCK..];
            done += BLOCK;
        }
        let mut rest = text.chars();
        let end = chars.len().min(done + BLOCK);
        for slot in &mut chars[done..end] {
            let Some(c) = rest.next() else { break };
            slot.write(if c == '\0' { char::REPLACEMENT_CHARACTER } else { c });
            done += 1;
        }
        text = rest.as_str();
    }
    done
}

/// Whether all of it is ASCII without NUL. No early end: the compiler makes one comparison of it.
fn is_plain(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |is_plain, &byte| is_plain & (byte.cast_signed() > 0))
}

fn narrow(chars: &[char]) -> String {
    let mut utf8 = Vec::with_capacity(chars.len());
    for block in chars.chunks(BLOCK) {
        if block.iter().fold(0, |bits, &c| bits | u32::from(c)) < 0x80 {
            utf8.extend(block.iter().map(|&c| c as u8));
        } else {
            push_all(&mut utf8, block);
        }
    }
    // SAFETY: these are the characters, one after the other.
    unsafe { String::from_utf8_unchecked(utf8) }
}

/// Appends characters of any kind. What `String::push` checks for each of them takes half of the time.
fn push_all(utf8: &mut Vec<u8>, block: &[char]) {
    utf8.reserve(block.len() * 4);
    let mut len = utf8.len();
    for c in block.iter().map(|&c| u32::from(c)) {
        let low = |shift: u32| (0x80 | (c >> shift) & 0x3F) as u8;
        // SAFETY: there is room for four bytes of each character.
        unsafe {
            let end = utf8.as_mut_ptr().add(len);
            len += match c {
                ..0x80 => put(end, [c as u8]),
                0x80..0x800 => put(end, [(0xC0 | c >> 6) as u8, low(0)]),
                0x800..0x1_0000 => put(end, [(0xE0 | c >> 12) as u8, low(6), low(0)]),
                _ => put(end, [(0xF0 | c >> 18) as u8, low(12), low(6), low(0)]),
            };
        }
    }
    // SAFETY: so much was written.
    unsafe { utf8.set_len(len) };
}

/// Writes bytes and returns how many.
///
/// # Safety
/// There is room for them.
unsafe fn put<const N: usize>(place: *mut u8, bytes: [u8; N]) -> usize {
    // SAFETY: as above; bytes may be anywhere.
    unsafe { place.cast::<[u8; N]>().write(bytes) };
    N
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and last character of each length in UTF-8, and those around what UTF-16 needs.
    const KINDS: [char; 12] = [
        '\u{1}',
        'a',
        '\u{7F}',
        '\u{80}',
        '\u{7FF}',
        '\u{800}',
        '\u{D7FF}',
        '\u{E000}',
        '\u{FEFF}',
        '\u{FFFF}',
        '\u{10000}',
        '\u{10FFFF}',
    ];

    fn widened(text: &str) -> Vec<char> {
        let mut chars = vec![MaybeUninit::uninit(); text.chars().count()];
        assert_eq!(widen(text, &mut chars), chars.len());
        // SAFETY: so many were written.
        chars.into_iter().map(|c| unsafe { c.assume_init() }).collect()
    }

    fn assert_there_and_back(chars: &[char]) {
        let text: String = chars.iter().collect();
        assert_eq!(narrow(chars), text);
        assert_eq!(widened(&text), chars);
    }

    #[test]
    fn texts_of_one_kind_are_the_same_there_and_back_whatever_their_length() {
        for kind in KINDS {
            (0..=70).for_each(|len| assert_there_and_back(&vec![kind; len]));
        }
    }

    #[test]
    fn any_kind_may_be_anywhere_in_text_of_any_other() {
        for (kind, other) in KINDS.iter().flat_map(|kind| KINDS.map(|other| (*kind, other))) {
            for len in 1..=2 * BLOCK + 2 {
                for place in 0..len {
                    let mut chars = vec![other; len];
                    chars[place] = kind;
                    assert_there_and_back(&chars);
                }
            }
        }
    }

    #[test]
    fn kinds_in_turns_are_the_same_there_and_back() {
        for step in 1..KINDS.len() {
            let chars: Vec<char> = (0..1000).map(|idx| KINDS[idx * step / 3 % KINDS.len()]).collect();
            assert_there_and_back(&chars);
        }
    }

    #[test]
    fn nul_becomes_the_replacement_character_wherever_it_is() {
        for len in 1..=70 {
            for place in 0..len {
                let mut chars = vec!['a'; len];
                chars[place] = '\0';
                let text: String = chars.iter().collect();
                chars[place] = '\u{FFFD}';
                assert_eq!(widened(&text), chars);
            }
        }
    }

    #[test]
    fn no_more_is_written_than_there_is_room_for() {
        for text in [&"a".repeat(40), &"ü".repeat(40)] {
            for room in 0..40 {
                let mut chars = vec![MaybeUninit::uninit(); room];
                assert_eq!(widen(text, &mut chars), room);
            }
        }
    }
}
