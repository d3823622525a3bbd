//! For the tests: an engine without its own WebSocket classes, made of one that has them.
//!
//! It is a GDExtension that loads the real one (the library that the variable `TUNGSTEN_LIBRARY` names) and stands
//! between it and the engine. Whatever the library says about `WebSocketPeer` and `WebSocketMultiplayerPeer`, the engine
//! hears `AbsentWebSocketPeer` and `AbsentWebSocketMultiplayerPeer`: so the library finds no such classes, and what it
//! registers under the plain names can be told from those of the engine.

use libloading::{Library, Symbol};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::OnceLock;

type Function = Option<unsafe extern "C" fn()>;
type GetProcAddress = unsafe extern "C" fn(*const c_char) -> Function;
type Entry = unsafe extern "C" fn(GetProcAddress, *mut c_void, *mut c_void) -> u8;
type NewFromLatin1 = unsafe extern "C" fn(*mut c_void, *const c_char, u8);
type NewFromUtf8 = unsafe extern "C" fn(*mut c_void, *const c_char);
type NewFromUtf8AndLen = unsafe extern "C" fn(*mut c_void, *const c_char, i64);

const ABSENT: [&str; 2] = ["WebSocketPeer", "WebSocketMultiplayerPeer"];

static ENGINE: OnceLock<GetProcAddress> = OnceLock::new();
/// Never unloaded: the engine keeps pointers into it.
static LIBRARY: OnceLock<Library> = OnceLock::new();

/// What `lean_engine.gdextension` names as `entry_symbol`.
///
/// # Safety
/// Called by Godot, once, with what the GDExtension interface promises.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lean_engine_init(engine: GetProcAddress, library: *mut c_void, init: *mut c_void) -> u8 {
    ENGINE.get_or_init(|| engine);
    let Some(path) = std::env::var_os("TUNGSTEN_LIBRARY") else {
        eprintln!("ERROR: lean_engine: the variable TUNGSTEN_LIBRARY does not name the library of the extension");
        return 0;
    };
    // SAFETY: it is the extension, whose entry has this type; the arguments are passed on as they came.
    let entered = unsafe {
        Library::new(path).and_then(|loaded| {
            let loaded = LIBRARY.get_or_init(|| loaded);
            let entry: Symbol<'_, Entry> = loaded.get(b"tungsten_init")?;
            Ok(entry(lean_get_proc_address, library, init))
        })
    };
    entered.unwrap_or_else(|error| {
        eprintln!("ERROR: lean_engine: {error}");
        0
    })
}

/// Hands out the functions of the engine, except for those that make a `StringName`.
unsafe extern "C" fn lean_get_proc_address(name: *const c_char) -> Function {
    // SAFETY: the caller passes a C string; function pointers have one size, and the types are those of the interface.
    unsafe {
        match CStr::from_ptr(name).to_bytes() {
            b"string_name_new_with_latin1_chars" => std::mem::transmute::<NewFromLatin1, Function>(from_latin1),
            b"string_name_new_with_utf8_chars" => std::mem::transmute::<NewFromUtf8, Function>(from_utf8),
            b"string_name_new_with_utf8_chars_and_len" => {
                std::mem::transmute::<NewFromUtf8AndLen, Function>(from_utf8_and_len)
            }
            _ => engine(name),
        }
    }
}

unsafe extern "C" fn from_latin1(target: *mut c_void, text: *const c_char, is_static: u8) {
    // SAFETY: the arguments are passed on; a replaced text does not outlive the call, so it is not said to be static.
    unsafe {
        let real: NewFromLatin1 = real(c"string_name_new_with_latin1_chars");
        match absent(CStr::from_ptr(text).to_bytes()) {
            Some(other) => real(target, other.as_ptr(), 0),
            None => real(target, text, is_static),
        }
    }
}

unsafe extern "C" fn from_utf8(target: *mut c_void, text: *const c_char) {
    // SAFETY: as above.
    unsafe {
        let real: NewFromUtf8 = real(c"string_name_new_with_utf8_chars");
        match absent(CStr::from_ptr(text).to_bytes()) {
            Some(other) => real(target, other.as_ptr()),
            None => real(target, text),
        }
    }
}

unsafe extern "C" fn from_utf8_and_len(target: *mut c_void, text: *const c_char, len: i64) {
    // SAFETY: as above; `len` bytes are there.
    unsafe {
        let real: NewFromUtf8AndLen = real(c"string_name_new_with_utf8_chars_and_len");
        let bytes = std::slice::from_raw_parts(text.cast(), usize::try_from(len).unwrap_or_default());
        match absent(bytes) {
            Some(other) => real(target, other.as_ptr(), other.as_bytes().len() as i64),
            None => real(target, text, len),
        }
    }
}

/// The name that the engine hears, if this is that of an absent class or of something inside one.
fn absent(text: &[u8]) -> Option<CString> {
    let text = std::str::from_utf8(text).ok()?;
    let class = text.split('.').next()?;
    ABSENT.contains(&class).then(|| CString::new(format!("Absent{text}")).ok())?
}

unsafe fn engine(name: *const c_char) -> Function {
    // SAFETY: the caller passes a C string.
    ENGINE.get().and_then(|engine| unsafe { engine(name) })
}

/// A function of the engine.
///
/// # Safety
/// `F` is its type.
unsafe fn real<F: Copy>(name: &CStr) -> F {
    // SAFETY: function pointers have one size; the caller vouches for the type.
    unsafe {
        let function = engine(name.as_ptr()).expect("the engine has the function that it was asked for");
        std::mem::transmute_copy::<unsafe extern "C" fn(), F>(&function)
    }
}
